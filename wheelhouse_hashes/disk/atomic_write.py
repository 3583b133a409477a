"""Write files atomically, and their names to disk."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import stat

from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.ownership import is_trusted
from wheelhouse_hashes.errors import disk_errors

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def write_file(name: str, content: str | bytes, *, sync: bool = False) -> None:
    """Write a file, atomically replacing an existing one.

    Devices such as ``/dev/stdout`` are opened and written to instead of replaced.  Symbolic
    links are followed, except those of other users.

    :param name: the file's name.
    :param content: the file's content; text is encoded as UTF-8.
    :param sync: whether the file must survive a power cut after the function returns.
    :raises DiskError: if the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    path = pathlib.Path(name)
    with disk_errors(f"write {name}"):
        if path.exists() and not path.is_file():
            _write_to_device(path, data)
            return
        folder, target = Folder.reached_of(path)  # keep a symbolic link, and replace its target
        with folder:
            _replace_file(folder, target, data, sync=sync)


def _replace_file(folder: Folder, name: str, data: bytes, *, sync: bool) -> None:
    made = f".{name}.{os.urandom(4).hex()}"
    number = folder.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with open(number, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        folder.move(made, folder, name)
    except BaseException:
        folder.unlink(made)
        raise
    if sync:
        folder.sync()


def _write_to_device(path: pathlib.Path, data: bytes) -> None:
    """Write to a device or pipe.

    :raises OSError: if nothing reads from a named pipe, or it belongs to another user, who
        could leave it unread forever.
    """
    # Without O_NONBLOCK, opening a named pipe without a reader waits forever.
    with open(os.open(path, os.O_WRONLY | _NO_WAIT), "wb") as device:
        status = os.fstat(device.fileno())
        if stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no longer a device")
        if stat.S_ISFIFO(status.st_mode) and _has_name(status) and not is_trusted(status):
            raise PermissionError(0, "it is a named pipe of another user")
        if _NO_WAIT:
            os.set_blocking(device.fileno(), True)
        device.write(data)


def _has_name(pipe: os.stat_result) -> bool:
    """Return whether a pipe has a name in a file system, unlike those between programs."""
    reading, writing = os.pipe()
    try:
        return os.fstat(reading).st_dev != pipe.st_dev
    finally:
        os.close(reading)
        os.close(writing)


def sync_folder(folder: pathlib.Path) -> None:
    """Flush the names in a folder to disk, where the system supports it (POSIX)."""
    with contextlib.suppress(OSError), Folder(folder) as opened:
        opened.sync()


def rename_new(path: pathlib.Path, final: pathlib.Path) -> None:
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
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from None
        path.replace(final)
    else:
        path.unlink()
