"""Files of this machine: hashing them by descriptor, their sizes, errors of the system."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
from collections.abc import Iterator

from wheelhouse_hashes.artifacts import new_hasher
from wheelhouse_hashes.errors import DiskError, Interrupted
from wheelhouse_hashes.formats.seen import HEAD_BYTES, TAIL_BYTES, Seen
from wheelhouse_hashes.runtime.activity import ByteCount

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
    hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    head = tail = b""
    size = 0
    counter = counter or ByteCount()
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
