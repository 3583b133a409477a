"""Folders for data that plugins keep between runs."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes.disk.atomic_write import write_file
from wheelhouse_hashes.disk.files import read_small_file
from wheelhouse_hashes.errors import DiskError, Interrupted, UsageError, disk_errors
from wheelhouse_hashes.formats.lazy_patterns import lazily

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

#: Environment variable: the folder that contains all state folders.
STATE = "WHEELHOUSE_HASHES_STATE"

_LOCK = ".lock"

_NAME = lazily(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)

#: Maximum time to wait for another run that has the folder open, in seconds.  Runs keep it
#: open only while they read and write a few small files.
_PATIENCE = 60.0

#: Seconds between tries to lock the folder.
_POLL = 0.1


class StateFolder:
    """An open state folder; no other run can open it at the same time.

    :param path: the folder.
    """

    def __init__(self, path: pathlib.Path) -> None:
        #: The folder.
        self.path = path

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the content of a file, None if it does not exist.

        :param name: the name of the file.
        :param max_bytes: the maximum size of the file.
        :raises DiskError: if it cannot be read, or is larger.
        """
        try:
            content = read_small_file(self._file(name), max_bytes)
        except DiskError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        if len(content) > max_bytes:
            raise DiskError(f"cannot read {self.path / name}: larger than {max_bytes} bytes")
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file; a crash or power cut leaves the old or the new content.

        :param name: the name of the file.
        :param content: its content.
        :raises DiskError: if it cannot be written.
        """
        write_file(str(self._file(name)), content, sync=True)

    def _file(self, name: str) -> pathlib.Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r}: use lower-case letters, digits, '-', '_' and '.'")
        return self.path / name


def state_root(environ: Mapping[str, str] | None = None) -> pathlib.Path:
    """Return the folder that contains all state folders.

    :param environ: the environment; that of the process by default.
    :raises UsageError: if :data:`STATE` is not an absolute path.
    """
    environ = os.environ if environ is None else environ
    if named := environ.get(STATE):
        if not os.path.isabs(named):
            raise UsageError(f"{STATE}={named}: must be an absolute path")
        return pathlib.Path(named)
    # Imported here because few runs need it.
    import platformdirs

    return platformdirs.user_state_path("wheelhouse-hashes", appauthor=False)


@contextlib.contextmanager
def open_state(name: str, stop: threading.Event, root: pathlib.Path) -> Iterator[StateFolder]:
    """Create and lock a state folder.

    :param name: the name of the folder: lower-case letters, digits, ``-``, ``_`` and ``.``.
    :param stop: set when the run must end.
    :param root: the folder that contains it.
    :raises DiskError: if it cannot be created, or another run keeps it locked.
    :raises Interrupted: if the run must end first.
    :raises ValueError: if the name is not valid.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: use lower-case letters, digits, '-', '_' and '.'")
    # Imported here because few runs need it.
    import filelock

    path = root / name
    with disk_errors(f"open the state folder {path}"):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(path / _LOCK)
        tries = int(_PATIENCE / _POLL)
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except filelock.Timeout:
                tries -= 1
                if tries <= 0:
                    raise DiskError(
                        f"cannot open the state folder {path}: another run keeps it locked; "
                        "wait for that run to end"
                    ) from None
                if stop.wait(_POLL):
                    raise Interrupted("interrupted") from None
    try:
        yield StateFolder(path)
    finally:
        lock.release()
