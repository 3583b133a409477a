"""Files of this machine: hashing them by descriptor, their sizes, errors of the system."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, Interrupted, Refusal
from wheelhouse_hashes.formats.seen import Digester, Seen
from wheelhouse_hashes.runtime.activity import ByteCount

if TYPE_CHECKING:
    import io
    import pathlib
    import threading

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


def read_small_file(path: str | pathlib.Path, max_bytes: int) -> bytes:
    """Return the content of a small file; one byte too many shows that it is longer.

    :param path: the file.
    :param max_bytes: the most bytes that it may have.
    :returns: at most one byte more than that.
    :raises DiskError: if it cannot be read; its cause is the :exc:`OSError`.
    """
    with disk_errors(f"read {path}"), open(path, "rb") as file:
        return file.read(max_bytes + 1)


def hash_file_on_disk(
    path: pathlib.Path,
    algorithms: tuple[str, ...],
    stop: threading.Event,
    *,
    follow: bool = False,
    counter: ByteCount | None = None,
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
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags), "rb", buffering=0) as file:
        return hash_file(file, algorithms, stop, counter)


def hash_file(
    file: io.FileIO,
    algorithms: tuple[str, ...],
    stop: threading.Event,
    counter: ByteCount | None = None,
) -> Seen:
    """Read an open file to its end, as :func:`hash_file_on_disk` does."""
    digester = Digester(algorithms)
    buffer = memoryview(bytearray(BUFFER))
    counter = counter or ByteCount()
    while count := file.readinto(buffer):
        if stop.is_set():
            raise Interrupted("interrupted")
        digester.update(buffer[:count])
        counter.bytes = digester.size
    return digester.seen(on_disk=True)


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
    return _identity(path.stat())


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def irregular_kind(mode: int) -> str | None:
    """Say what something in a folder is, None if it is a regular file.

    :param mode: its ``st_mode``, as :func:`os.lstat` has it.
    """
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"))
    return next((kind for test, kind in kinds if test(mode)), "a special file")


class LocalFile:
    """A regular file that is opened once, without following links; a context manager.

    Whatever its name leads to later, what is read here is one file.

    :param path: the file.
    :raises Refusal: if it is a link or a special file.
    :raises DiskError: if it cannot be opened.
    """

    def __init__(self, path: pathlib.Path) -> None:
        #: The name under which it was opened.
        self.path = path
        # A named pipe without a writer would block for ever.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with disk_errors(f"read {path}"):
            check_regular(path)
            self._file = open(os.open(path, flags), "rb", buffering=0)  # noqa: SIM115
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                self._file.close()
                raise DiskError(f"cannot read {path}: it was replaced by something else")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def identity(self) -> tuple[int, ...]:
        """What tells this version of the file from another one: also after a change in place."""
        status = os.fstat(self._file.fileno())
        # The time of the last change of the inode cannot be put back.
        return (*_identity(status), status.st_ctime_ns)

    @property
    def reopened(self) -> str:
        """A path under which others can open this very file, where the system has one."""
        self.rewound()
        number = self._file.fileno()
        for path in (f"/proc/self/fd/{number}", f"/dev/fd/{number}"):
            with contextlib.suppress(OSError):
                if _identity(os.stat(path)) == self.identity[:-1]:
                    return path
        return str(self.path)

    def rewound(self) -> io.FileIO:
        """Return the open file, at its beginning."""
        self._file.seek(0)
        return self._file


def check_regular(path: pathlib.Path) -> None:
    """Check that a path is a regular file, and not a link to one.

    :raises Refusal: if it is not.
    :raises OSError: if it is not there.
    """
    if kind := irregular_kind(path.lstat().st_mode):
        text = f"it is {kind}; uploads take regular files only: put a copy of the file in its place"
        raise Refusal(Cause.NOT_A_DISTRIBUTION, text)
