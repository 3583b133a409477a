"""The folder that artifacts are fetched into.

Files are received in a private folder inside it, under their own names; a single
rename moves a verified file to its final name.  Refused files that are worth
inspecting go to ``.rejected``, under names that ``*.whl`` does not match.
"""

from __future__ import annotations

import enum
import os
import stat
import threading
from typing import TYPE_CHECKING, Self

from wheelhouse_hashes.disk.atomic_write import sync_folder
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import DiskError, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name

if TYPE_CHECKING:
    import pathlib

REJECTED = ".rejected"


REJECTED_SUFFIX = ".rejected"

#: Maximum size of all files that one run moves there, in bytes.  Without it, a listing of
#: artifacts with wrong digests could fill the disk.
MAX_REJECTED = 1024**3


class Rejected(enum.Enum):
    """What was done with a refused file.  The value is for the user."""

    MOVED = f"moved to {REJECTED}"
    REMOVED = "removed"
    FULL = f"removed, because {REJECTED} has {MAX_REJECTED} bytes of this run"


class TargetFolder:
    """The folder that one run fetches into; a context manager.

    :param path: the folder; created if it does not exist.
    :raises DiskError: if it cannot be used.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with disk_errors(f"create the folder {path}"):
            path.mkdir(parents=True, exist_ok=True)
        remove_dead(path)
        with disk_errors(f"write to the folder {path}"):
            self._private = PrivateFolder(path)
        self._counting = threading.Lock()
        self._rejected_bytes = 0
        #: The folder in which files are received, under their own names.
        self.private = self._private.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._private.__exit__(*exc_info)

    def existing(self, name: str) -> pathlib.Path | None:
        """Return the file with a final name, None if it does not exist.

        :raises DiskError: if something other than a regular file has that name.
        """
        path = self.path / name
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(f"cannot access {path}: {error.strerror}") from error
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise DiskError(f"{path} is {kind}; remove it")
        return path

    def publish(self, path: pathlib.Path) -> None:
        """Move a verified file from the private folder to its final name.

        The data is on disk (fsync) before the name is.

        :raises DiskError: if that fails.
        """
        with disk_errors(f"save {path.name}"):
            file = os.open(path, os.O_RDWR)  # Windows syncs writable descriptors only
            try:
                os.fsync(file)
            finally:
                os.close(file)
            path.replace(self.path / path.name)

    def sync(self) -> None:
        """Flush the final names to disk, where the system supports it (POSIX)."""
        sync_folder(self.path)

    def reject(self, path: pathlib.Path) -> Rejected:
        """Move a refused file to ``.rejected``, replacing an earlier one of that name.

        :returns: what was done; the file is removed if ``.rejected`` cannot be used or is full.
        :raises DiskError: if it can be neither moved nor removed.
        """
        if not self._has_room(path):
            with disk_errors(f"remove the refused file {path}"):
                path.unlink(missing_ok=True)
            return Rejected.FULL
        rejected = self.path / REJECTED
        target = rejected / (path.name + REJECTED_SUFFIX)
        try:
            rejected.mkdir(mode=0o700, exist_ok=True)
            if rejected.is_symlink():
                raise NotADirectoryError(str(rejected))
            path.replace(target)
        except OSError:
            with disk_errors(f"remove the refused file {path}"):
                path.unlink(missing_ok=True)
            return Rejected.REMOVED
        return Rejected.MOVED

    def _has_room(self, path: pathlib.Path) -> bool:
        """Return whether :data:`MAX_REJECTED` allows another file, and count it."""
        with disk_errors(f"read the refused file {path}"):
            size = path.stat().st_size
        with self._counting:
            fits = self._rejected_bytes + size <= MAX_REJECTED
            self._rejected_bytes += size if fits else 0
        return fits

    def unjudged(self, judged: set[str]) -> list[str]:
        """Return the names of the artifacts in the folder that are not in *judged*."""
        with disk_errors(f"list the folder {self.path}"):
            names = sorted(os.listdir(self.path))
        return [name for name in names if name not in judged and parse_artifact_name(name)]
