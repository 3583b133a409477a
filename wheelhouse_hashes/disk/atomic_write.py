"""Write files atomically, and their names to disk."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import tempfile

from wheelhouse_hashes.errors import disk_errors


def write_file(name: str, content: str | bytes, *, sync: bool = False) -> None:
    """Write a file, atomically replacing an existing one.

    Devices such as ``/dev/stdout`` are opened and written to instead of replaced.

    :param name: the file's name.
    :param content: the file's content; text is encoded as UTF-8.
    :param sync: whether the file must survive a power cut after the function returns.
    :raises DiskError: if the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    path = pathlib.Path(name)
    with disk_errors(f"write {name}"):
        if path.exists() and not path.is_file():
            with open(path, "wb") as device:
                device.write(data)
            return
        target = path.resolve()  # keep a symbolic link, and replace its target
        number, made = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(number, "wb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(made, 0o666 & ~mask)  # mkstemp grants access to the owner only
            os.replace(made, target)
        except BaseException:
            os.unlink(made)
            raise
        if sync:
            sync_folder(target.parent)


def sync_folder(folder: pathlib.Path) -> None:
    """Flush the names in a folder to disk, where the system supports it (POSIX)."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


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
