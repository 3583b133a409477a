"""The artifact and companions that a job finds in the container, and putting them back.

Companions are sent before their artifact.  If the store then refuses the artifact, the
artifact that was there would lie beside the hash file of bytes that never arrive, and a
fetch would refuse a release that was good before.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Digest, LocalArtifact
from wheelhouse_hashes.errors import AlreadyExists, HashFileError
from wheelhouse_hashes.formats.hash_file import format_hash_file, hash_file_name, parse_hash_file
from wheelhouse_hashes.upload.companions import media_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored

#: Maximum size in bytes of a companion that can be put back.
MAX_COMPANION = 1024 * 1024

#: Maximum number of looks at the container, each after another job's change.
_ROUNDS = 4

_CHANGED = "another job has changed this artifact or its hash file"


class PublishedPair:
    """An artifact with its companions in the container, and this job's changes to it.

    :param store: the container.
    :param artifact: the artifact that this job publishes.
    """

    def __init__(self, store: Store, artifact: LocalArtifact) -> None:
        self._store = store
        self._artifact = artifact
        #: The artifact that is to be replaced, None if there is none.
        self.replaced: Stored | None = None
        #: Whether the store has accepted this job's artifact.
        self.sent = False
        #: The companions beside it, by name; None for one that did not exist.
        self.previous: dict[str, bytes | None] = {}
        #: The companions that this job created, with a put that must not replace any.
        self.created: set[str] = set()
        #: The companions that this job deleted because they do not fit.
        self.deleted: set[str] = set()
        self._sent: dict[str, set[bytes]] = {}
        self._others: dict[str, bytes] = {}

    def keep(self, replaced: Stored, companions: Iterable[str]) -> None:
        """Read the pair that is to be replaced.

        :param replaced: the artifact, from a listing.
        :param companions: the names of its companions, whether they exist or not.
        :raises StoreError: if the store cannot be read.
        """
        self.replaced = replaced
        # The listing may lag behind, and does not have the digest.
        self.replaced = self._store.stat(self._artifact.name) or replaced
        for name in sorted(set(companions)):
            content = self._store.read(name, MAX_COMPANION + 1)
            if content is None or len(content) <= MAX_COMPANION:
                self.previous[name] = content

    def delete(self, name: str) -> None:
        """Delete a companion that does not fit the new artifact."""
        self.deleted.add(name)
        self._store.delete(name)

    def put(self, name: str, content: bytes, *, create_only: bool = False) -> None:
        """Send a companion.

        :raises AlreadyExists: if it exists and *create_only* is set.
        """
        # Before the put, because its answer may be lost.
        self._sent.setdefault(name, set()).add(content)
        self._store.put_bytes(name, content, media_type(name), create_only=create_only)
        if create_only:
            self.created.add(name)

    def put_over(self, name: str, content: bytes) -> None:
        """Send a companion over another job's, and keep that one."""
        found = self._read(name)
        if found is not None and found != content:
            self._others[name] = found
        self.put(name, content)

    def _read(self, name: str) -> bytes | None:
        return self._store.read(name, MAX_COMPANION)

    def is_sent(self, found: Stored) -> bool:
        """Return whether an object is certainly the artifact that this job publishes."""
        return self._store.has_bytes_of(found, self._artifact) is True

    def take_back(self, *, without_artifact: bool = False) -> None:
        """Make the companions that this job changed fit the artifact that is there.

        Companions of other jobs are left alone.  Every change is followed by another
        look, because another job may have published between the look and the change.

        :param without_artifact: whether to delete created companions also if there is no
            artifact.  Otherwise they stay, so that a fetch finds the artifact missing.
        :raises StoreError: if the store cannot be read or changed.
        """
        for _ in range(_ROUNDS):
            found = self._store.stat(self._artifact.name)
            if found is None:
                if without_artifact:
                    self._delete_created()
                return
            if self._may_be_sent(found) or not self._fit(found):
                return

    def _delete_created(self) -> None:
        for name in sorted(self.created):
            if self._is_ours(name, self._read(name)):
                self._store.delete(name)

    def _fit(self, found: Stored) -> bool:
        """Make the companions fit an artifact; return whether that changed any of them."""
        changed = False
        digest = self._store.sha256_of(found)
        for name in self._touched:
            current = self._read(name)
            fitting = self._fitting(name, found, digest)
            if current == fitting or not self._is_ours(name, current):
                continue
            changed = True
            if fitting is None:
                self._store.delete(name)
            elif current is None:
                with contextlib.suppress(AlreadyExists):  # by another job
                    self.put(name, fitting, create_only=True)
            else:
                self._sent[name].add(fitting)
                self._store.replace_bytes(name, current, fitting, media_type(name))
        return changed

    @property
    def _touched(self) -> list[str]:
        return sorted({*self._sent, *self.deleted})

    def _is_ours(self, name: str, current: bytes | None) -> bool:
        """Return whether this job has sent or deleted a companion."""
        if current is None:
            return name in self.deleted
        return current in self._sent.get(name, ())

    def _may_be_sent(self, found: Stored) -> bool:
        """Return whether an object can be the artifact that this job publishes."""
        if self._is_replaced(found):
            return self.sent  # a replica that lags behind
        return self._store.has_bytes_of(found, self._artifact) is not False

    def _is_replaced(self, found: Stored | None) -> bool:
        return self.replaced is not None and found == self.replaced

    def _fitting(self, name: str, found: Stored, digest: str) -> bytes | None:
        """Return what a companion of an artifact must contain, None if it must not exist.

        :param name: the companion's name.
        :param found: the artifact.
        :param digest: the artifact's SHA-256 in hex, empty if unknown.
        """
        artifact = self._artifact.name
        known: bytes | None = None
        if name == hash_file_name(artifact, DEFAULT_ALGORITHM):
            with contextlib.suppress(ValueError):  # unknown, or not written by this package
                known = format_hash_file(Digest(DEFAULT_ALGORITHM, digest), artifact)
        if not self._is_replaced(found):
            # Another job's artifact: a companion that it lacks is not added.
            return None if name in self.created else known or self._others.get(name)
        previous = self.previous.get(name)
        if previous is None or known is None:
            return previous
        # A hash file that was wrong already, because an earlier run was killed, is mended.
        claimed = digest_in(previous, artifact, DEFAULT_ALGORITHM)
        return previous if claimed is not None and claimed.hex == digest.lower() else known

    @property
    def state(self) -> str:
        """What the container has after :meth:`take_back`, and how to repair it."""
        found = self._store.stat(self._artifact.name)
        if found is None and self.replaced is None and not self.sent:
            announced = [n for n in self._touched if self._is_ours(n, self._read(n))]
            advice = "upload it again, or delete the hash file"
            return f"{', '.join(announced)} announces it: {advice}" if announced else ""
        if found is None or not self._is_replaced(found):
            ours = self.sent if found is None else self.is_sent(found)
            advice = "find out which file is correct and upload that one again"
            return "" if ours else f"{_CHANGED}: {advice}"
        digest = self._store.sha256_of(found)
        if self.sent:
            return ""  # the new one is not visible yet
        if any(self._read(n) != self._fitting(n, found, digest) for n in self._touched):
            return f"{_CHANGED}: if that job failed, upload the correct file again"
        hash_file = " and its hash file" if any(self.previous.values()) else ""
        return f"the container still has the previous artifact{hash_file}"

    @property
    def repair(self) -> str:
        """How to repair the container by hand if :meth:`take_back` failed."""
        if self.sent:
            return "it may now lie beside another job's hash file: upload it again"
        if self.replaced is None or not self._sent:
            return ""
        for name in sorted(self._sent):
            if content := self.previous.get(name):
                line = content.decode("ascii", "replace").strip()
                return (
                    f"the previous artifact may now lie beside the new {name}: upload it again, "
                    f"or put this line back into {name}: {line}"
                )
        listed = ", ".join(sorted(self._sent))
        return f"the previous artifact may now lie beside {listed}: upload it again, or delete it"


def digest_in(content: bytes, artifact: str, algorithm: str) -> Digest | None:
    """Return the digest in a hash file's content, None if it cannot be parsed."""
    try:
        return parse_hash_file(content, artifact, algorithm).digest
    except HashFileError:
        return None
