"""Digests: the supported algorithms, and a digest with its algorithm.

:mod:`wheelhouse_hashes.artifacts` offers these names as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: BLAKE2b with 32 bytes (:rfc:`7693`), which names the place of a file on the package index.
BLAKE2B_256 = "blake2b-256"

#: Supported digest algorithms: name to number of hex digits.
ALGORITHMS: Mapping[str, int] = MappingProxyType(
    {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, BLAKE2B_256: 64, "md5": 32}
)

#: The algorithm of hash files unless ``--hash-algorithm`` names another one.
DEFAULT_ALGORITHM = "sha256"

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def new_hasher(algorithm: str) -> hashlib._Hash:
    """Return a new hash object for one of :data:`ALGORITHMS`.

    :raises ValueError: if the algorithm is not supported.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {algorithm!r}; supported: {', '.join(ALGORITHMS)}")
    if algorithm == BLAKE2B_256:
        return hashlib.blake2b(digest_size=32, usedforsecurity=False)  # type: ignore[return-value]
    # Digests are not used as signatures here; the flag keeps md5 available on FIPS systems.
    return hashlib.new(algorithm, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest and its algorithm.

    :param algorithm: one of :data:`ALGORITHMS`.
    :param hex: the hex digits; converted to lower case.
    :raises ValueError: if the algorithm is unknown or the number of digits does not match it.
    """

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "hex", self.hex.lower())
        length = ALGORITHMS.get(self.algorithm)
        if length is None:
            raise ValueError(f"unknown algorithm {self.algorithm!r}")
        if len(self.hex) != length or not _HEX.fullmatch(self.hex):
            raise ValueError(f"{self.algorithm} has {length} hex digits, got {self.hex!r}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
