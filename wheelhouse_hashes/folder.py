"""The folder that artifacts are fetched into.

Bytes are received in a private folder inside it, where a file bears its own
name; one rename puts a verified file under its final name.  The private folder
is locked while its run lives, so that a later run can tell and remove those of
runs that died.  Refused bytes that may be worth a look go to ``.rejected``,
under names that ``*.whl`` does not match.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import stat
import tempfile
from collections.abc import Iterator

import fasteners

from wheelhouse_hashes.artifacts import new_hasher
from wheelhouse_hashes.errors import DiskError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.verification import HEAD_BYTES, TAIL_BYTES, Seen

PRIVATE_PREFIX = ".wheelhouse-hashes-"
LOCK = ".lock"
REJECTED = ".rejected"
REJECTED_SUFFIX = ".rejected"

#: The size of the buffer that files on disk are hashed with, in bytes.
BUFFER = 1024 * 1024


@contextlib.contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn what the operating system raises into :exc:`DiskError`.

    :param doing: what is being done, for the message.
    """
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot {doing}: {error.strerror or error}") from error


def hash_file_on_disk(
    path: pathlib.Path, algorithms: tuple[str, ...], *, follow: bool = False
) -> Seen:
    """Read a file once, with a fixed buffer.

    :param path: the file.
    :param algorithms: the digests to compute.
    :param follow: whether to read what a symbolic link leads to.
    :raises OSError: if it cannot be read.
    """
    hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    head = tail = b""
    size = 0
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags), "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            if not size:
                head = bytes(view[: min(count, HEAD_BYTES)])
            tail = (tail + bytes(view[max(0, count - TAIL_BYTES) : count]))[-TAIL_BYTES:]
            size += count
            for hasher in hashers.values():
                hasher.update(view[:count])
    digests = {algorithm: hasher.hexdigest() for algorithm, hasher in hashers.items()}
    return Seen(size, digests, head, tail, on_disk=True)


def identity(path: pathlib.Path) -> tuple[int, ...]:
    """Return what tells this version of a file from another one under its name.

    :raises OSError: if it is not there.
    """
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _try_lock(private: pathlib.Path) -> fasteners.InterProcessLock | None:
    """Take the lock of a private folder, None if its run lives."""
    lock = fasteners.InterProcessLock(private / LOCK)
    if lock.acquire(blocking=False):
        return lock
    lock.lockfile.close()  # fasteners keeps it open
    return None


class TargetFolder:
    """A folder that one run fetches into; a context manager.

    :param path: the folder; it is made if it is not there.
    :raises DiskError: if it cannot be used.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with disk_errors(f"make the folder {path}"):
            path.mkdir(parents=True, exist_ok=True)
        self._remove_dead()
        with disk_errors(f"write to the folder {path}"):
            self.private, self._lock = self._make_private()

    def __enter__(self) -> TargetFolder:
        return self

    def __exit__(self, *exc_info: object) -> None:
        shutil.rmtree(self.private, ignore_errors=True)
        self._lock.release()

    def _make_private(self) -> tuple[pathlib.Path, fasteners.InterProcessLock]:
        while True:
            made_at = tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=self.path)
            private = self.path / pathlib.Path(made_at).name
            try:
                made = private.stat()
            except FileNotFoundError:
                continue  # another run took it for a dead one
            # Until it is locked it looks dead: another run may take the lock
            # first, or remove the folder, which locking would make again.
            lock = _try_lock(private)
            if lock is not None:
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(made, private.stat()):
                        return private, lock
                shutil.rmtree(private, ignore_errors=True)
                lock.release()

    def _remove_dead(self) -> None:
        for private in self.path.glob(PRIVATE_PREFIX + "*"):
            if private.is_symlink() or not private.is_dir():
                continue
            # Somebody else's folder, or gone meanwhile: not ours to remove.
            with contextlib.suppress(OSError):
                lock = _try_lock(private)
                if lock is not None:
                    shutil.rmtree(private, ignore_errors=True)
                    lock.release()

    def existing(self, name: str) -> pathlib.Path | None:
        """Return the file under a final name, None if there is none.

        :raises DiskError: if something else than a file is in its place.
        """
        path = self.path / name
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(f"cannot look at {path}: {error.strerror}") from error
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise DiskError(f"{path} is {kind}; remove it")
        return path

    def publish(self, path: pathlib.Path) -> None:
        """Put a verified file of the private folder under its final name.

        Its data are on the disk (fsync) before the name is.

        :raises DiskError: if that fails.
        """
        with disk_errors(f"keep {path.name}"):
            with open(path, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(path, self.path / path.name)

    def sync(self) -> None:
        """Put the final names on the disk, where the system can (POSIX)."""
        with contextlib.suppress(OSError):
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def reject(self, path: pathlib.Path) -> str:
        """Move a refused file to ``.rejected``, one file a name.

        :returns: what was done, for the user: it is removed if ``.rejected``
            cannot be used.
        :raises DiskError: if it can be neither moved nor removed.
        """
        rejected = self.path / REJECTED
        target = rejected / (path.name + REJECTED_SUFFIX)
        try:
            rejected.mkdir(mode=0o700, exist_ok=True)
            if rejected.is_symlink():
                raise NotADirectoryError(str(rejected))
            os.replace(path, target)
        except OSError:
            with disk_errors(f"remove the refused {path}"):
                path.unlink(missing_ok=True)
            return "removed"
        return f"moved to {REJECTED}"

    def unjudged(self, judged: set[str]) -> list[str]:
        """Return the names of artifacts in the folder that are not among the judged."""
        with disk_errors(f"list the folder {self.path}"):
            names = sorted(os.listdir(self.path))
        return [name for name in names if name not in judged and parse_artifact_name(name)]
