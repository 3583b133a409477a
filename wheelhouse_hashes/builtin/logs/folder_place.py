"""A log in a local folder; see :class:`~wheelhouse_hashes.builtin.logs.places.WritablePlace`."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.errors import DiskError, StoreError, disk_errors
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.run import Run

#: From this number of new files on, flushing all file systems is faster than each file.
_MANY = 64


def other_content(shown: str) -> StoreError:
    """Return the error about an object that should not exist with this content."""
    error = StoreError(
        f"{shown} exists with other content: another append to this log is in progress, or was "
        "interrupted; nothing was signed"
    )
    error.next = (
        "wait until it has ended, then run this again; if it was interrupted and the batch that "
        "it wrote is lost, delete this object: no checkpoint covers it"
    )
    return error


class FolderPlace:
    """A log in a local folder.

    :param run: the command in progress.
    :param folder: the folder; created when something is written.
    """

    def __init__(self, run: Run[Any], folder: pathlib.Path) -> None:
        self._run = run
        self._folder = folder
        self._unsynced: list[pathlib.Path] = []
        #: Its address, to be shown.
        self.shown = printable(str(folder))

    def read(self, path: str, max_bytes: int, *, fresh: bool = False) -> bytes | None:  # noqa: ARG002 (there are no caches)
        """Return the content of an object, see :class:`Place`."""
        try:
            return self._run.read_file(self._folder / path, max_bytes)
        except DiskError as error:
            if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
                return None
            raise

    def create(self, path: str, content: bytes) -> bool:
        """Write an object, see :class:`WritablePlace`."""
        final = self._folder / path
        with disk_errors(f"write {final}"):
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary = _write_beside(final, content)
            try:
                # Unlike a rename, a link never replaces the file of another program.
                os.link(temporary, final)
            except FileExistsError:
                if self._run.read_file(final, len(content)) != content:
                    raise other_content(printable(str(final))) from None
                return False
            finally:
                temporary.unlink()
        self._unsynced.append(final)
        return True

    def sync(self) -> None:
        """Wait until everything was flushed to disk, see :class:`WritablePlace`."""
        paths, self._unsynced = self._unsynced, []
        with disk_errors(f"write {self._folder}"):
            if len(paths) > _MANY and hasattr(os, "sync"):
                os.sync()
                return
            folders = {folder for path in paths for folder in path.parents}
            for path in (*paths, *sorted(folders)):
                if self._folder == path or self._folder in path.parents:
                    _flush(path)

    def replace(self, path: str, expected: bytes | None, content: bytes) -> bool:
        """Replace an object, see :class:`WritablePlace`."""
        final = self._folder / path
        if self.read(path, max(len(expected or b""), 1)) != expected:
            return False
        with disk_errors(f"write {final}"):
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary = _write_beside(final, content)
            try:
                _flush(temporary)
                temporary.replace(final)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
            _flush(final.parent)
        return True

    def delete(self, path: str) -> None:
        """Delete an object, see :class:`WritablePlace`."""
        with disk_errors(f"delete {self._folder / path}"):
            (self._folder / path).unlink(missing_ok=True)

    def names(self) -> Collection[str]:
        """Return the names of the files, see :class:`WritablePlace`."""
        with disk_errors(f"list {self._folder}"):
            try:
                return os.listdir(self._folder)
            except FileNotFoundError:
                return ()


def _write_beside(final: pathlib.Path, content: bytes) -> pathlib.Path:
    """Write a new file in the folder of another one."""
    temporary = final.with_name(f".{final.name}.{secrets.token_hex(6)}")
    with temporary.open("xb") as file:
        file.write(content)
    return temporary


def _flush(path: pathlib.Path) -> None:
    """Flush a file or a folder to disk, as far as the system can."""
    with contextlib.suppress(PermissionError):  # Windows cannot open folders
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
