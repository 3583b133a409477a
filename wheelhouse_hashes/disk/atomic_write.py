"""Write files atomically, and their names to disk."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import tempfile

from wheelhouse_hashes.disk.files import disk_errors


def write_file(name: str, text: str) -> None:
    """Write a text file in UTF-8 with line feeds, atomically replacing an existing file.

    Devices such as ``/dev/stdout`` are opened and written to instead of replaced.

    :param name: the file's name.
    :param text: the file's content.
    :raises DiskError: if the file cannot be written.
    """
    path = pathlib.Path(name)
    with disk_errors(f"write {name}"):
        if path.exists() and not path.is_file():
            with open(path, "w", encoding="utf-8", newline="\n") as device:
                device.write(text)
            return
        target = path.resolve()  # keep a symbolic link, and replace its target
        number, made = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(number, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(made, 0o666 & ~mask)  # mkstemp grants access to the owner only
            os.replace(made, target)
        except BaseException:
            os.unlink(made)
            raise


def sync_folder(path: pathlib.Path) -> None:
    """Flush the names in a folder to disk, where the system supports it (POSIX)."""
    with contextlib.suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
