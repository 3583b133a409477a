"""The folder that artifacts are fetched into.

Bytes are received in a private folder inside it, where a file bears its own
name; one rename puts a verified file under its final name.  Refused bytes that
may be worth a look go to ``.rejected``, under names that ``*.whl`` does not
match.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from wheelhouse_hashes.disk.files import disk_errors
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import DiskError
from wheelhouse_hashes.filenames import parse_artifact_name

if TYPE_CHECKING:
    import pathlib

    from typing_extensions import Self

REJECTED = ".rejected"


REJECTED_SUFFIX = ".rejected"


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

    def __enter__(self) -> Self:
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
            path.replace(self.path / path.name)

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
            path.replace(target)
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
