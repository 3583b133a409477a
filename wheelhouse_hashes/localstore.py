"""libcloud's LOCAL provider, made safe for readers and for jobs side by side.

The provider copies onto the final name, so readers see half an artifact, and
its listing fails when a file vanishes meanwhile.  Here everything is put under
a staging name first, in the folder ``.hash`` that libcloud leaves out of its
listings, and then renamed.
"""

from __future__ import annotations

import errno
import os
import pathlib
import secrets
import time
from collections.abc import Callable, Iterator

from libcloud.storage.base import Object

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact
from wheelhouse_hashes.errors import AlreadyExists, DiskError, StoreError
from wheelhouse_hashes.folder import disk_errors, hash_file_on_disk
from wheelhouse_hashes.store import Store, Stored, check_unchanged

#: Folders that libcloud's LOCAL provider leaves out of its listings.
_HIDDEN = frozenset({".hash", ".lock"})
_STAGING = ".hash"

#: Staging files older than this, in seconds, were left behind by a dead job.
_DEAD = 24 * 3600.0


class LocalStore(Store):
    """A container of libcloud's LOCAL provider."""

    algorithms = ()
    eventually_consistent = False

    @property
    def _folder(self) -> pathlib.Path:
        return pathlib.Path(self.account.username, self.container_name)

    def open(self, create: bool = True) -> None:
        """Look the container up, and remove what dead jobs left in it."""
        super().open(create)
        for path in self._folder.joinpath(_STAGING).glob("*"):
            try:
                if time.time() - path.stat().st_mtime > _DEAD:
                    path.unlink()
            except OSError:
                continue  # it was renamed, another job was first, or it is not ours

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
        """Return one object as it is now, None if it is not there.

        :raises DiskError: if it cannot be looked at.
        """
        with disk_errors(f"look at {name}"):
            try:
                return _version(name, self._folder.joinpath(name).stat())
            except FileNotFoundError:
                return None

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Read a small object, None if it is not there.

        :raises DiskError: if it cannot be read.
        """
        with disk_errors(f"read {name}"):
            try:
                with open(self._folder / name, "rb") as file:
                    return file.read(max_bytes)
            except FileNotFoundError:
                return None

    def _put(self, artifact: LocalArtifact, create_only: bool) -> Stored:
        def send(staged: str) -> None:
            self.driver.upload_object(str(artifact.path), self._container, staged)
            check_unchanged(artifact)

        return self._stage(artifact.name, send, create_only)

    def _put_bytes(self, name: str, content: bytes, create_only: bool) -> Stored:
        def send(staged: str) -> None:
            self.driver.upload_object_via_stream(iter([content]), self._container, staged)

        return self._stage(name, send, create_only)

    def _stage(self, name: str, send: Callable[[str], object], create_only: bool) -> Stored:
        staged = f"{_STAGING}/{secrets.token_hex(8)}"
        path, final = self._folder / staged, self._folder / name
        try:
            send(staged)
            version = _version(name, path.stat())
            if create_only:
                _create(path, final)
            else:
                os.replace(path, final)
        except FileExistsError:
            raise AlreadyExists(name) from None
        finally:
            path.unlink(missing_ok=True)
        return version

    def _object(self, name: str) -> Object | None:
        # libcloud takes whatever keeps it from looking at a file for "it does
        # not exist"; a container that vanished is another matter.
        if not self._folder.is_dir():
            raise StoreError(f"there is no container {self.container_name!r}")
        return super()._object(name)

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool:
        """Tell whether an object has an artifact's bytes, by reading it."""
        if stored.size != artifact.size:
            return False
        try:
            path = self._folder / stored.name
            seen = hash_file_on_disk(path, (DEFAULT_ALGORITHM,), follow=True)
        except OSError:
            return False
        return seen.digests[DEFAULT_ALGORITHM] == artifact.digests[DEFAULT_ALGORITHM]

    def _failure(self, doing: str, error: Exception) -> StoreError | DiskError:
        failure = super()._failure(doing, error)
        return DiskError(str(failure)) if isinstance(error, OSError) else failure


def _create(path: pathlib.Path, final: pathlib.Path) -> None:
    """Give a file a name that nobody has.

    :raises FileExistsError: if somebody has it.
    """
    try:
        os.link(path, final)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        # A file system without hard links: looking first is the best there is.
        if final.exists():
            raise FileExistsError(str(final)) from None
        os.replace(path, final)


def _version(name: str, status: os.stat_result) -> Stored:
    """Tell versions of a file apart: each put makes a new inode."""
    etag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}"
    return Stored(name, status.st_size, etag)
