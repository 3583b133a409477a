"""libcloud's LOCAL provider, made safe for readers and concurrent jobs.

The provider copies directly to the final name, so readers can see half an artifact,
and its listing fails if a file vanishes meanwhile.  Here every object is first written
under a staging name, in a private folder below ``.hash`` that libcloud omits from its
listings, and then renamed.
"""

from __future__ import annotations

import errno
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact
from wheelhouse_hashes.disk.files import LocalFile, disk_errors, hash_file_on_disk
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import AlreadyExists, DiskError, Interrupted, StoreError
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.stored import Stored, check_unchanged

if TYPE_CHECKING:
    import threading

    from libcloud.storage.base import Object

    from wheelhouse_hashes.runtime.activity import ByteCount

#: Folders that libcloud's LOCAL provider omits from its listings.
_HIDDEN = frozenset({".hash", ".lock"})
_STAGING = ".hash"

#: File mode of objects, as in libcloud.
_MODE = 0o664

#: Size in bytes of the pieces in which artifacts are copied.
_PIECE = 1024 * 1024


class LocalStore(Store):
    """A container of libcloud's LOCAL provider."""

    algorithms = ()
    eventually_consistent = False

    @property
    def _stop(self) -> threading.Event:
        return self._budget.stop

    @property
    def _folder(self) -> pathlib.Path:
        return pathlib.Path(self.account.username, self.container_name)

    def open(self, *, create: bool = True) -> None:
        """Look up the container, and remove the leftovers of dead jobs from it."""
        super().open(create=create)
        remove_dead(self._folder / _STAGING)

    def _list(self) -> Iterator[Stored]:
        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        for folder, subfolders, files in os.walk(self._folder, onerror=fail):
            subfolders[:] = [name for name in subfolders if name not in _HIDDEN]
            for file in files:
                path = pathlib.Path(folder, file)
                name = path.relative_to(self._folder).as_posix()
                try:
                    yield _version(name, path.stat())
                except FileNotFoundError:
                    continue  # it was deleted meanwhile

    def stat(self, name: str) -> Stored | None:
        """Return the current state of an object, None if it does not exist.

        :raises DiskError: if the object cannot be looked up.
        """
        with disk_errors(f"look up {name}"):
            try:
                return _version(name, self._folder.joinpath(name).stat())
            except FileNotFoundError:
                return None

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Read a small object; return None if it does not exist.

        :raises DiskError: if the object cannot be read.
        """
        with disk_errors(f"read {name}"):
            try:
                with self._folder.joinpath(name).open("rb") as file:
                    return file.read(max_bytes)
            except FileNotFoundError:
                return None

    def _put(
        self, artifact: LocalArtifact, file: LocalFile, counter: ByteCount, *, create_only: bool
    ) -> Stored:
        pieces = self._pieces(artifact, file, counter)
        return self._publish(artifact.name, pieces, create_only=create_only)

    def _put_bytes(
        self,
        name: str,
        content: bytes,
        media_type: str,  # noqa: ARG002 (files have none)
        *,
        create_only: bool,
    ) -> Stored:
        return self._publish(name, [content], create_only=create_only)

    def _pieces(
        self, artifact: LocalArtifact, file: LocalFile, counter: ByteCount
    ) -> Iterator[bytes]:
        """Yield an artifact in pieces, so that copying it stops when the run must end."""
        opened = file.rewound()
        while piece := opened.read(_PIECE):
            if self._stop.is_set():
                raise Interrupted("interrupted")
            yield piece
            counter.bytes = opened.tell()
        check_unchanged(artifact, file)

    def _publish(self, name: str, pieces: Iterable[bytes], *, create_only: bool) -> Stored:
        """Write a file under a staging name, then rename it.

        libcloud is not used here: with its lock disabled, it suppresses every
        exception, even for a full disk, and continues with half a file.
        """
        staging, final = self._folder / _STAGING, self._folder / name
        # Raise DiskError without a retry: a disk does not stop being full so soon.
        with disk_errors(f"send {name}"):
            staging.mkdir(exist_ok=True)
            with PrivateFolder(staging) as private:
                path = private / "object"
                with path.open("xb") as file:
                    file.writelines(pieces)
                path.chmod(_MODE)
                version = _version(name, path.stat())
                try:
                    if create_only:
                        _create(path, final)
                    else:
                        path.replace(final)
                except FileExistsError:
                    raise AlreadyExists(name) from None
        return version

    def _object(self, name: str) -> Object | None:
        # libcloud reports any failure to look up a file as a missing object, even
        # if the container itself has vanished.
        if not self._folder.is_dir():
            raise StoreError(f"container {self.container_name!r} does not exist")
        return super()._object(name)

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool:
        """Return whether an object has an artifact's bytes, by reading it."""
        if stored.size != artifact.size:
            return False
        try:
            path = self._folder / stored.name
            seen = hash_file_on_disk(path, (DEFAULT_ALGORITHM,), self._stop, follow=True)
        except OSError:
            return False
        return seen.digests[DEFAULT_ALGORITHM] == artifact.digests[DEFAULT_ALGORITHM]

    def _failure(self, doing: str, error: Exception) -> StoreError | DiskError:
        failure = super()._failure(doing, error)
        return DiskError(str(failure)) if isinstance(error, OSError) else failure


def _create(path: pathlib.Path, final: pathlib.Path) -> None:
    """Rename a file without replacing an existing one.

    :raises FileExistsError: if the final name exists.
    """
    try:
        os.link(path, final)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        # Without hard links, a check before the rename is the best available.
        if final.exists():
            raise FileExistsError(str(final)) from None
        path.replace(final)


def _version(name: str, status: os.stat_result) -> Stored:
    """Return a file's version; its etag is unique, because each put creates a new inode."""
    etag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}"
    return Stored(name, status.st_size, etag)
