"""What a store's metadata say about the bytes of an object.

In this order: the SHA-256 in the object's own metadata, an etag that is equal to the MD5
of the bytes, an etag that is known to be another MD5.  Any other etag says nothing: stores
that encrypt objects (KMS), join them from parts, or have etags of their own (Azure) differ.
"""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from libcloud.storage.types import ObjectDoesNotExistError

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact, new_hasher
from wheelhouse_hashes.stores.stored import Stored, md5_of

if TYPE_CHECKING:
    T = TypeVar("T")


class Comparison(abc.ABC):
    """The part of a store that compares objects with local bytes."""

    @abc.abstractmethod
    def _stream(self, name: str) -> Iterator[bytes] | None: ...

    @abc.abstractmethod
    def _retry(self, call: Callable[[], T], doing: str) -> T: ...

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool | None:
        """Return whether an object has an artifact's bytes, by the store's metadata.

        :param stored: the object, from a listing or from a look at it.
        :param artifact: the artifact.
        :returns: None if the metadata are inconclusive: an etag need not be a digest.
        """
        if stored.size != artifact.size:
            return False
        known = stored.sha256.lower()
        if known and known != artifact.digests[DEFAULT_ALGORITHM]:
            return False
        if stored.etag == artifact.digests.get("md5"):
            return True
        if stored.etag_is_md5:
            return False
        return True if known else None

    def reads_as(self, stored: Stored, artifact: LocalArtifact) -> bool:
        """Return whether an object has an artifact's bytes, by reading all of it.

        :raises StoreError: if the object cannot be read.
        """

        def read() -> bool:
            hasher = new_hasher(DEFAULT_ALGORITHM)
            with contextlib.suppress(ObjectDoesNotExistError):
                for chunk in self._stream(stored.name) or ():
                    hasher.update(chunk)
            return hasher.hexdigest() == artifact.digests[DEFAULT_ALGORITHM]

        return stored.size == artifact.size and self._retry(read, f"read {stored.name}")

    def sha256_of(self, stored: Stored) -> str:
        """Return an object's SHA-256 in hex, empty if the store does not know it."""
        return stored.sha256

    @staticmethod
    def is_known_content(stored: Stored, content: bytes) -> bool:
        """Return whether a listing alone shows that an object has some content.

        :returns: False also if the listing is inconclusive: only an etag that is
            an MD5 shows it.
        """
        return stored.etag == md5_of(content)
