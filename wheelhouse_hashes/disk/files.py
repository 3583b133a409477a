"""The folder that artifacts are fetched into.

Bytes are received in a private folder inside it, where a file bears its own
name; one rename puts a verified file under its final name.  Refused bytes that
may be worth a look go to ``.rejected``, under names that ``*.whl`` does not
match.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
import threading
from collections.abc import Iterator

from wheelhouse_hashes.artifacts import new_hasher
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import DiskError, Interrupted
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.runtime.activity import Counter
from wheelhouse_hashes.verdict.rules import HEAD_BYTES, TAIL_BYTES, Seen

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
    path: pathlib.Path,
    algorithms: tuple[str, ...],
    stop: threading.Event,
    *,
    follow: bool = False,
    counter: Counter | None = None,
) -> Seen:
    """Read a file once, with a fixed buffer.

    :param path: the file.
    :param algorithms: the digests to compute.
    :param stop: set when the run must end.
    :param follow: whether to read what a symbolic link leads to.
    :param counter: gets to know how many bytes were read.
    :raises OSError: if it cannot be read.
    :raises Interrupted: if the run was told to end.
    """
    hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    head = tail = b""
    size = 0
    counter = counter or Counter()
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags), "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            if stop.is_set():
                raise Interrupted("interrupted")
            if not size:
                head = bytes(view[: min(count, HEAD_BYTES)])
            tail = (tail + bytes(view[max(0, count - TAIL_BYTES) : count]))[-TAIL_BYTES:]
            size += count
            for hasher in hashers.values():
                hasher.update(view[:count])
            counter.bytes = size
    digests = {algorithm: hasher.hexdigest() for algorithm, hasher in hashers.items()}
    return Seen(size, digests, head, tail, on_disk=True)


def size_on_disk(path: pathlib.Path) -> int | None:
    """Return the size of a file in bytes for the display, None if it cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return None  # reading it will say why


def identity(path: pathlib.Path) -> tuple[int, ...]:
    """Return what tells this version of a file from another one under its name.

    :raises OSError: if it is not there.
    """
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class TargetFolder:
    """A folder that one run fetches into; a context manager.

    :param path: the folder; it is made if it is not there.
    :raises DiskError: if it cannot be used.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with disk_errors(f"make the folder {path}"):
            path.mkdir(parents=True, exist_ok=True)
        remove_dead(path)
        with disk_errors(f"write to the folder {path}"):
            self._private = PrivateFolder(path)
        #: Where files are received, under their own names.
        self.private = self._private.path

    def __enter__(self) -> TargetFolder:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._private.__exit__(*exc_info)

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
            file = os.open(path, os.O_RDWR)  # Windows syncs only what can be written
            try:
                os.fsync(file)
            finally:
                os.close(file)
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
