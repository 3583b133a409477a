"""Write files atomically."""

from __future__ import annotations

import os
import pathlib
import tempfile

from wheelhouse_hashes.errors import disk_errors


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
