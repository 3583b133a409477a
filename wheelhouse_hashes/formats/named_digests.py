"""Artifacts and releases with their digests, as lists, lock files and reports name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.digests import ALGORITHMS, BLAKE2B_256, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    from packaging.version import Version

#: Algorithms by the names that other programs use.
_ALGORITHMS = {"blake2b_256": BLAKE2B_256, "sha-256": "sha256", "sha-512": "sha512"}

#: Shared by all texts without sizes.
_NO_SIZES: Mapping[str, object] = MappingProxyType({})

#: The advice about texts of other kinds.
GIVE_A_LIST = "give a digest list such as SHA256SUMS, a lock file, a requirements file or a report"


@dataclass(frozen=True, slots=True)
class Named:
    """An artifact with its digests."""

    #: Its name, without folders.
    name: str
    #: Its digests.
    digests: tuple[Digest, ...]
    #: Its size in bytes, None if unknown.
    size: int | None = None


@dataclass(frozen=True)
class DigestSource:
    """The content of a text with digests."""

    #: The kind of text, a noun: ``digest list``.
    kind: str
    #: The name of such a source on the lines about artifacts.
    source: str
    #: The artifacts, without duplicates.
    artifacts: tuple[Named, ...] = ()
    #: Whether all of them must be there.
    announces: bool = False
    #: Releases, of whose digests each artifact must have one.
    releases: Mapping[tuple[str, Version], tuple[Digest, ...]] = field(default_factory=dict)
    #: Notes for the user, one sentence each.
    notes: tuple[str, ...] = ()


def digests_in(values: object) -> Iterator[Digest]:
    """Yield the digests in a table of algorithms and hex digits.

    Digests of unsupported algorithms are left out, and values that stand for none.

    :param values: the table, as JSON or TOML has it.
    :raises HashFileError: if a digest is not valid.
    """
    for name, value in values.items() if isinstance(values, dict) else ():
        algorithm = str(name).lower()
        algorithm = _ALGORITHMS.get(algorithm, algorithm)
        # Old clients of anaconda.org wrote "None".
        if algorithm in ALGORITHMS and value not in (None, "", "None"):
            yield digest_in(algorithm, value)


def digest_in(algorithm: str, value: object) -> Digest:
    """Return a digest of a supported algorithm.

    :raises HashFileError: if it is not valid.
    """
    try:
        return Digest(algorithm, value if isinstance(value, str) else "")
    except ValueError as error:
        raise HashFileError(f"a digest is not valid: {printable(str(error)[:200])}") from None


def tagged_digests(text: object) -> Iterator[Digest]:
    """Yield the digest in a text such as ``sha256:HEX``; none if it is of another kind."""
    if isinstance(text, str):
        algorithm, colon, value = text.partition(":" if ":" in text else "=")
        if colon:
            yield from digests_in({algorithm: value})


def gathered(
    kind: str,
    found: Iterable[tuple[str, Iterable[Digest]]],
    sizes: Mapping[str, object] = _NO_SIZES,
) -> tuple[Named, ...]:
    """Return artifacts with all of their digests.

    :param kind: the kind of text, for messages.
    :param found: names with digests; a name may occur several times.
    :param sizes: what the text has as the sizes of artifacts, by name.
    :raises HashFileError: if an artifact has two digests of one algorithm, or no artifact has
        a digest.
    """
    names: dict[str, dict[str, Digest]] = {}
    for name, digests in found:
        if not name:
            continue
        known = names.setdefault(name, {})
        for digest in digests:
            if known.setdefault(digest.algorithm, digest) != digest:
                raise HashFileError(
                    f"ambiguous: the {kind} has two {digest.algorithm} digests for "
                    f"{printable(name)!r}",
                    next="correct it, or give a digest list",
                )
    if not any(names.values()):
        raise HashFileError(f"the {kind} has no digests of artifacts", next=GIVE_A_LIST)
    return tuple(
        Named(name, tuple(known.values()), _size(sizes.get(name)))
        for name, known in names.items()
        if known
    )


def _size(value: object) -> int | None:
    """Return a size, None if the value is not one."""
    return value if type(value) is int and value >= 0 else None
