"""Write a file that is whole or not there."""

from __future__ import annotations

import os
import pathlib
import tempfile

from wheelhouse_hashes.disk.files import disk_errors


def write_file(name: str, text: str) -> None:
    """Write a text file in UTF-8 with line feeds, in place of what is there.

    Devices such as ``/dev/stdout`` are written to as they are.

    :param name: the file's name.
    :param text: its content.
    :raises DiskError: if it cannot be written.
    """
    path = pathlib.Path(name)
    with disk_errors(f"write {name}"):
        if path.exists() and not path.is_file():
            with open(path, "w", encoding="utf-8", newline="\n") as device:
                device.write(text)
            return
        target = path.resolve()  # a link stays a link
        number, made = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(number, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(made, 0o666 & ~mask)  # mkstemp's are for their owner alone
            os.replace(made, target)
        except BaseException:
            os.unlink(made)
            raise
