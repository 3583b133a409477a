"""libcloud's LOCAL provider, made safe for readers and concurrent jobs.

The provider copies directly to the final name, so readers can see half an artifact,
and its listing fails if a file vanishes meanwhile.  Here every object is first written
under a staging name, in a private folder below ``.hash`` that libcloud omits from its
listings, and then renamed.  A file is on disk (fsync) before it has its name.

Several users may share a container whose folder their group can write to: the staging
folder has the container's mode, and objects follow the umask, but the group may always
read and write them.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.atomic_write import rename_new, sync_folder
from wheelhouse_hashes.disk.files import LocalFile, check_unchanged, hash_file_on_disk, open_regular
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import (
    AlreadyExists,
    DiskError,
    Interrupted,
    NoContainer,
    StoreError,
    TransferError,
    disk_errors,
)
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.stored import Stored
from wheelhouse_hashes.stores.streams import PIECE
from wheelhouse_hashes.transport import Opened, OpenRequest

if TYPE_CHECKING:
    import threading
    from io import FileIO

    from libcloud.storage.base import Object

    from wheelhouse_hashes.runtime.activity import ByteCount

T = TypeVar("T")

#: Folders that libcloud's LOCAL provider omits from its listings.
_HIDDEN = frozenset({".hash", ".lock"})
_STAGING = ".hash"

#: Permission of a folder's group to create files in it, and those that its files then have.
_GROUP_WRITES = stat.S_IWGRP
_GROUP_MODE = stat.S_IRGRP | stat.S_IWGRP

#: Size in bytes of the pieces in which artifacts are copied.
_PIECE = 1024 * 1024


class LocalStore(Store):
    """A container of libcloud's LOCAL provider."""

    algorithms = ()
    is_remote = False
    eventually_consistent = False

    @property
    def _stop(self) -> threading.Event:
        return self._requests.budget.stop

    @property
    def _folder(self) -> pathlib.Path:
        return pathlib.Path(self.account.username, self._name.container, self._name.prefix)

    def open(self, *, create: bool = True) -> None:
        """Look up the container.

        A run that may create it also removes the leftovers of dead jobs; others only read.
        """
        super().open(create=create)
        if create:
            with contextlib.suppress(OSError), Folder(self._folder / _STAGING) as staging:
                remove_dead(staging)

    def _list(self, *, nested: bool) -> Iterator[Stored]:
        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        for folder, subfolders, files in os.walk(self._folder, onerror=fail):
            subfolders[:] = [n for n in subfolders if nested and n not in _HIDDEN]
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
                with open_regular(self._folder / name) as file:
                    return file.read(max_bytes)
            except FileNotFoundError:
                return None

    def open_object(self, name: str, request: OpenRequest) -> Opened:
        """Open an object; see :meth:`Store.open_object`.

        :raises DiskError: if it cannot be read.
        """
        with disk_errors(f"read {name}"):
            try:
                file = open_regular(self._folder / name)
            except (FileNotFoundError, NotADirectoryError):
                text = f"cannot read {name}: the object does not exist"
                raise TransferError(Cause.MISSING_ARTIFACT, text, HTTPStatus.NOT_FOUND) from None
            return _opened(name, file, request)

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
        final = self._folder / name
        with disk_errors(f"send {name}"):
            with self._private_folder(name) as private:
                path = private / "object"
                with path.open("xb") as file:
                    file.writelines(pieces)
                    file.flush()
                    os.fsync(file.fileno())
                status = path.stat()
                if self._folder.stat().st_mode & _GROUP_WRITES:
                    path.chmod(stat.S_IMODE(status.st_mode) | _GROUP_MODE)
                version = _version(name, status)
                try:
                    if create_only:
                        rename_new(path, final)
                    else:
                        path.replace(final)
                except FileExistsError:
                    raise AlreadyExists(name) from None
            sync_folder(final.parent)
        return version

    @contextlib.contextmanager
    def _private_folder(self, name: str) -> Iterator[pathlib.Path]:
        """Make a folder for a new object, in the staging folder; remove it at the end.

        :param name: the name of the object.
        :raises DiskError: if the staging folder belongs to another user, and only that
            user may write to it.
        """
        self._make_folders(name)
        staging = self._folder / _STAGING
        staging.mkdir(exist_ok=True)
        wanted, found = stat.S_IMODE(self._folder.stat().st_mode), staging.lstat().st_mode
        # The umask may have removed the group's permission to write.
        if stat.S_ISDIR(found) and stat.S_IMODE(found) != wanted:
            with contextlib.suppress(PermissionError):  # it belongs to another user
                staging.chmod(wanted)
        with Folder(staging) as opened:
            try:
                private = PrivateFolder(opened)
            except PermissionError:
                raise DiskError(
                    f"cannot write to {staging}: Permission denied; its owner must run "
                    f"chmod {wanted:04o} on it, or upload once with this version"
                ) from None
            with private as path:
                yield path

    def _make_folders(self, name: str) -> None:
        """Create the folders of the prefix and of an object, with the mode of the container."""
        folder = pathlib.Path(self.account.username, self._name.container)
        mode = stat.S_IMODE(folder.stat().st_mode)
        for part in filter(None, f"{self._name.prefix}{name}".split("/")[:-1]):
            parent, folder = folder, folder / part
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                folder.chmod(mode)  # whatever the umask is
                sync_folder(parent)

    def _object(self, name: str) -> Object | None:
        # libcloud reports any failure to look up a file as a missing object, even
        # if the container itself has vanished.
        if not self._folder.is_dir():
            raise NoContainer(f"container {self.container_name!r} does not exist")
        return super()._object(name)

    def has_bytes_of(self, stored: Stored, artifact: LocalArtifact) -> bool:
        """Return whether an object has an artifact's bytes, by reading it."""
        digest = artifact.digests[DEFAULT_ALGORITHM]
        return stored.size == artifact.size and self.sha256_of(stored) == digest

    def sha256_of(self, stored: Stored) -> str:
        """Return an object's SHA-256 in hex by reading it, empty if it is gone."""
        try:
            path = self._folder / stored.name
            seen = hash_file_on_disk(path, (DEFAULT_ALGORITHM,), self._stop, follow=True)
        except OSError:
            return ""
        return seen.digests[DEFAULT_ALGORITHM]

    def _repeat(self, call: Callable[[], T]) -> T:
        answer = call()  # once: a disk does not recover while a run waits
        self._requests.budget.throttle.answered()
        return answer

    def _failure(self, doing: str, error: Exception) -> StoreError | DiskError:
        failure = super()._failure(doing, error)
        return DiskError(str(failure)) if isinstance(error, OSError) else failure


def _version(name: str, status: os.stat_result) -> Stored:
    """Return a file's version; its etag is unique, because each put creates a new inode."""
    etag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}"
    return Stored(name, status.st_size, etag)


def _opened(name: str, file: FileIO, request: OpenRequest) -> Opened:
    """Return an open file as an object, from the requested position if it is that version."""
    status = os.fstat(file.fileno())
    etag = f'"{_version(name, status).etag}"'
    offset = request.offset if request.validator == etag else 0
    headers = {
        "content-length": str(status.st_size),
        "etag": etag,
        "last-modified": formatdate(status.st_mtime, usegmt=True),
        "date": formatdate(usegmt=True),
    }
    return Opened(headers, _pieces(name, file, offset), secure=True, offset=offset)


def _pieces(name: str, file: FileIO, offset: int) -> Iterator[bytes]:
    with disk_errors(f"read {name}"), file:
        file.seek(offset)
        while piece := file.read(PIECE):
            yield piece
