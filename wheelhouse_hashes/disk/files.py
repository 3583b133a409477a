"""Local files: hashing by descriptor, sizes, and operating system errors."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from io import FileIO
from typing import TYPE_CHECKING, Self

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.folder import check_regular_file
from wheelhouse_hashes.errors import DiskError, Interrupted, Refusal, disk_errors
from wheelhouse_hashes.formats.seen import Digester, Seen
from wheelhouse_hashes.runtime.activity import ByteCount

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable

    from wheelhouse_hashes.artifacts import LocalArtifact

#: Size in bytes of the buffer for hashing files on disk.
BUFFER = 1024 * 1024

_buffers = threading.local()

#: The names of files that the user passed open, such as pipes.
_OPEN_FILES = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")

#: Maximum time to wait for the next bytes of a pipe, in seconds.
_PATIENCE = 60.0


def read_small_file(path: str | pathlib.Path, max_bytes: int) -> bytes:
    """Return the content of a small file; an extra byte shows that the file is too long.

    :param path: the file.
    :param max_bytes: the maximum size of the file.
    :returns: at most *max_bytes* + 1 bytes.
    :raises DiskError: if the file cannot be read; ``__cause__`` is the :exc:`OSError`.
    """
    with disk_errors(f"read {path}"), open_regular(path, pipe=True) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            return _read_pipe(file, max_bytes + 1)
        with open(file.fileno(), "rb", closefd=False) as buffered:
            return buffered.read(max_bytes + 1)


def open_regular(path: str | pathlib.Path, *, follow: bool = True, pipe: bool = False) -> FileIO:
    """Open a regular file for reading, without waiting for anything else.

    :param path: the file.
    :param follow: whether to follow a symbolic link.
    :param pipe: whether a pipe that the user passed as an open file (``<(...)`` in a shell)
        is allowed.  It does not block: reading it can raise or return None.
    :raises OSError: if it cannot be opened, or is not a regular file.
    """
    # Without O_NONBLOCK, opening a named pipe that has no writer blocks forever.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    file = FileIO(os.open(path, flags))
    try:
        passed = pipe and str(path).startswith(_OPEN_FILES)
        if not (passed and stat.S_ISFIFO(os.fstat(file.fileno()).st_mode)):
            check_regular_file(file.fileno())
    except OSError:
        file.close()
        raise
    return file


def _read_pipe(file: FileIO, max_bytes: int) -> bytes:
    """Read a pipe to its end.

    :raises TimeoutError: if nothing comes for :data:`_PATIENCE` seconds.
    """
    # Imported here because pipes are rare.
    import selectors

    content = b""
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        while len(content) < max_bytes:
            if not selector.select(_PATIENCE):
                raise TimeoutError(errno.ETIMEDOUT, f"nothing came for {_PATIENCE:g} seconds")
            piece = file.read(max_bytes - len(content))
            if not piece:
                break
            content += piece
    return content


def hash_file_on_disk(
    path: pathlib.Path,
    algorithms: tuple[str, ...],
    stop: threading.Event,
    *,
    follow: bool = False,
    counter: ByteCount | None = None,
) -> Seen:
    """Read and hash a file once, with a fixed buffer.

    :param path: the file.
    :param algorithms: the digests to compute.
    :param stop: set when the run must end.
    :param follow: whether to follow a symbolic link.
    :param counter: receives the number of bytes read.
    :raises OSError: if the file cannot be read.
    :raises Interrupted: if the run must end.
    """
    with open_regular(path, follow=follow) as file:
        return hash_file(file, algorithms, stop, counter)


def hash_file(  # noqa: PLR0913 (two of them for copies only)
    file: FileIO,
    algorithms: Iterable[str],
    stop: threading.Event,
    counter: ByteCount | None = None,
    *,
    copy: FileIO | None = None,
    size: int | None = None,
) -> Seen:
    """Read and hash an open file to its end; see :func:`hash_file_on_disk`.

    :param copy: receives the same bytes.
    :param size: the most bytes to read; all by default.
    """
    digester = Digester(algorithms)
    buffer = _thread_buffer()
    counter = counter or ByteCount()
    while count := file.readinto(buffer if size is None else buffer[: size - digester.size]):
        if stop.is_set():
            raise Interrupted("interrupted")
        digester.update(buffer[:count])
        if copy is not None:
            written = 0
            while written < count:
                written += copy.write(buffer[written:count])
        counter.bytes = digester.size
    return digester.seen(on_disk=True)


def _thread_buffer() -> memoryview:
    """Return the buffer of this thread: allocating one costs more than hashing a small file."""
    buffer: memoryview | None = getattr(_buffers, "buffer", None)
    if buffer is None:
        buffer = _buffers.buffer = memoryview(bytearray(BUFFER))
    return buffer


def size_on_disk(path: pathlib.Path) -> int | None:
    """Return the size of a file in bytes for the display, None if unknown."""
    try:
        return path.stat().st_size
    except OSError:
        return None  # reading the file will report the error


def version(path: pathlib.Path) -> tuple[int, ...]:
    """Return a value that differs after every change of a file, even one in place.

    The last item is the time of the last change (ctime) in nanoseconds.

    :raises OSError: if the file does not exist.
    """
    return _version(path.stat())


def _version(status: os.stat_result) -> tuple[int, ...]:
    # Unlike the mtime, the ctime cannot be set back.
    return (*identity_of(status), status.st_ctime_ns)


def identity_of(status: os.stat_result) -> tuple[int, ...]:
    """Return a value that differs between versions of a file under one name."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def irregular_kind(mode: int) -> str | None:
    """Return the kind of a folder's entry for messages, None for a regular file.

    :param mode: the entry's ``st_mode`` from :func:`os.lstat`.
    """
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"))
    return next((kind for test, kind in kinds if test(mode)), "a special file")


class LocalFile:
    """A regular file, opened once without following links; a context manager.

    Every read is from this file, even if its name later leads to another one.

    :param path: the file.
    :raises Refusal: if it is a link or a special file.
    :raises DiskError: if it cannot be opened.
    """

    def __init__(self, path: pathlib.Path) -> None:
        #: The path by which the file was opened.
        self.path = path
        # Without O_NONBLOCK, opening a named pipe that has no writer blocks forever.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with disk_errors(f"read {path}"):
            check_regular(path)
            self._file = open(os.open(path, flags), "rb", buffering=0)  # noqa: SIM115
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                self._file.close()
                raise DiskError(f"cannot read {path}: it is no longer a regular file")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def identity(self) -> tuple[int, ...]:
        """A value that differs between versions of the file, even after a change in place."""
        return _version(os.fstat(self._file.fileno()))

    @property
    def reopened(self) -> str:
        """A path that opens this very file, or the file's own path if the system has none."""
        self.rewound()
        number = self._file.fileno()
        for path in (f"/proc/self/fd/{number}", f"/dev/fd/{number}"):
            with contextlib.suppress(OSError):
                if identity_of(os.stat(path)) == self.identity[:-1]:
                    return path
        return str(self.path)

    def rewound(self) -> FileIO:
        """Return the open file, positioned at its start."""
        self._file.seek(0)
        return self._file


def check_regular(path: pathlib.Path) -> None:
    """Check that a path is a regular file and not a link to one.

    :raises Refusal: if it is a link, a folder or a special file.
    :raises OSError: if it does not exist.
    """
    if kind := irregular_kind(path.lstat().st_mode):
        text = f"it is {kind}; only regular files are accepted: replace it with one"
        raise Refusal(Cause.NOT_A_DISTRIBUTION, text)


def changed_text(path: pathlib.Path) -> str:
    """Return the text about a file that changed between two steps of a run."""
    return f"{path} changed while it was read: run the command again"


def check_unchanged(artifact: LocalArtifact, file: LocalFile) -> None:
    """Check that a file has not changed since it was hashed.

    :raises DiskError: if it has changed.
    """
    with disk_errors(f"read {artifact.path}"):
        if file.identity != artifact.identity:
            raise DiskError(changed_text(artifact.path))
