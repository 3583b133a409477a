"""The folder that artifacts are fetched into.

Files are received in a private folder inside it, under their own names; a single
rename moves a verified file to its final name.  Refused files that are worth
inspecting go to ``.rejected``, under names that ``*.whl`` does not match.

The folder may be shared with other users.  It is opened once, and everything in it is
reached through that descriptor, so that nobody can lead the run to another folder.
"""

from __future__ import annotations

import contextlib
import enum
import os
import queue
import stat
import threading
from typing import TYPE_CHECKING, Self

from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.ownership import is_private
from wheelhouse_hashes.disk.private_folder import PrivateFolder, remove_dead
from wheelhouse_hashes.errors import DiskError, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name

if TYPE_CHECKING:
    import pathlib
    from io import FileIO

REJECTED = ".rejected"


REJECTED_SUFFIX = ".rejected"

#: Maximum size of all files that one run moves there, in bytes.  Without it, a listing of
#: artifacts with wrong digests could fill the disk.
MAX_REJECTED = 1024**3


#: How many files are flushed to disk at a time: more of them wait for each other.
_SYNCING = 4


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
        with contextlib.ExitStack() as stack:
            with disk_errors(f"create the folder {path}"):
                self._folder = stack.enter_context(Folder.reached(path, create=True))
            with disk_errors(f"write to the folder {path}"):
                remove_dead(self._folder)
                private = PrivateFolder(self._folder)
            stack.push(private)
            self._stack = stack.pop_all()
        #: Which other users can write to the folder, empty if there are none.
        self.other_writers = self._folder.other_writers
        #: The open folder in which files are received, under their own names.
        self.receiving = private.folder
        #: The path to it.
        self.private = private.folder.reopened if self.other_writers else private.folder.path
        self._rejecting = threading.Lock()
        #: As many items as files may be flushed at a time; faster than a semaphore.
        self._syncing: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(_SYNCING):
            self._syncing.put(None)
        self._rejected_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def exists(self, name: str) -> bool:
        """Return whether a file has a final name.

        :raises DiskError: if something other than a regular file has that name.
        """
        try:
            mode = self._folder.stat(name).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise DiskError(f"cannot access {self.path / name}: {error.strerror}") from error
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise DiskError(f"{self.path / name} is {kind}; remove it")
        return True

    def open(self, name: str) -> FileIO:
        """Open the file that has a final name, for reading.

        :raises OSError: if there is none, or it is not a regular file.
        """
        return self._folder.open_file(name)

    def status(self, name: str) -> os.stat_result:
        """Return the status of the file that has a final name.

        :raises OSError: if there is none.
        """
        return self._folder.stat(name)

    def publish(self, name: str) -> None:
        """Move a verified file from the private folder to its final name.

        The data is on disk (fsync) before the name is.

        :raises DiskError: if that fails.
        """
        with disk_errors(f"save {name}"):
            file = self.receiving.open(name, os.O_RDWR)  # Windows syncs writable ones only
            try:
                self._syncing.get()
                try:
                    os.fsync(file)
                finally:
                    self._syncing.put(None)
            finally:
                os.close(file)
            self.receiving.move(name, self._folder, name)

    def sync(self) -> None:
        """Flush the final names to disk, where the system supports it (POSIX)."""
        self._folder.sync()

    def reject(self, name: str, *, received: bool) -> Rejected:
        """Move a refused file to ``.rejected``, replacing an earlier one of that name.

        :param name: the name of the artifact.
        :param received: whether to move the received file, not that with the final name.
        :returns: what was done; the file is removed if ``.rejected`` cannot be used, belongs
            to another user, or is full.
        :raises DiskError: if it can be neither moved nor removed.
        """
        source = self.receiving if received else self._folder
        try:
            done = self._keep(source, name)
        except OSError:
            done = Rejected.REMOVED
        if done is not Rejected.MOVED:
            with (
                disk_errors(f"remove the refused file {source.path / name}"),
                contextlib.suppress(FileNotFoundError),
            ):
                source.unlink(name)
        return done

    def _keep(self, source: Folder, name: str) -> Rejected:
        """Move a refused file to ``.rejected``, unless that is full.

        :raises OSError: if it cannot be moved.
        """
        with self._rejecting:
            size = source.stat(name).st_size
            if self._rejected_bytes + size > MAX_REJECTED:
                return Rejected.FULL
            with contextlib.suppress(FileExistsError):
                self._folder.make_folder(REJECTED, 0o700)
            with Folder(self._folder, REJECTED) as rejected:
                if self.other_writers and not is_private(rejected.status):
                    raise PermissionError(0, "another user can write to it")
                source.move(name, rejected, name + REJECTED_SUFFIX)
            self._rejected_bytes += size
        return Rejected.MOVED

    def unjudged(self, judged: set[str]) -> list[str]:
        """Return the names of the artifacts in the folder that are not in *judged*."""
        with disk_errors(f"list the folder {self.path}"):
            names = self._folder.names()
        return [name for name in names if name not in judged and parse_artifact_name(name)]
