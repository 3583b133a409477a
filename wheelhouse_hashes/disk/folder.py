"""Open folders: names are relative to a descriptor.

Another user who may write to a folder, or to the one above it, can replace it by a
symbolic link at any time.  A descriptor still leads to the folder that was opened.  No
operation follows a link, and none waits for a named pipe or a device.

Systems without such calls (Windows) use paths instead.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import stat
from io import FileIO
from typing import Self

from wheelhouse_hashes.disk.ownership import other_writers
from wheelhouse_hashes.disk.walk import walk

#: Whether the system has calls that are relative to an open folder.
_RELATIVE = os.open in os.supports_dir_fd

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

#: Flags for every file.  Without ``O_NONBLOCK``, opening a named pipe can wait forever.
_FILE = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Folder:
    """An open folder; a context manager that closes it.

    :param path: the folder; links in it are followed.
    :param name: the name of a folder inside it to open instead; it may not be a link.
    :raises OSError: if it cannot be opened.
    """

    def __init__(self, path: pathlib.Path | Folder, name: str = "") -> None:
        #: The path by which the folder was opened, for messages and plugins.
        self.path: pathlib.Path = path.path / name if isinstance(path, Folder) else path
        self._number: int | None = None
        if isinstance(path, Folder):
            if _RELATIVE:
                self._number = os.open(name, _FOLDER | _NO_LINK, dir_fd=path._number)  # noqa: SLF001 (the same class)
            elif not stat.S_ISDIR(path.stat(name).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        elif _RELATIVE:
            self._number = os.open(path, _FOLDER)

    @classmethod
    def reached(cls, path: pathlib.Path, *, create: bool = False) -> Self:
        """Open a folder without following links of other users, in any part of its path.

        :param path: the folder.
        :param create: whether to create it, and those above it.
        """
        if not _RELATIVE:
            if create:
                path.mkdir(parents=True, exist_ok=True)
            return cls(path)
        number, name = walk(str(path), to_folder=True, create=create)
        return cls._from(path, number, name)

    @classmethod
    def reached_of(cls, path: pathlib.Path) -> tuple[Self, str]:
        """Open the folder of a file without following links of other users.

        :param path: the file; it need not exist.
        :returns: the folder, and the name of the file in it, which is not a link.
        """
        if not _RELATIVE:
            target = path.resolve()
            return cls(target.parent), target.name
        number, name = walk(str(path), to_folder=False)
        return cls._from(path.parent, number, "."), name

    @classmethod
    def _from(cls, path: pathlib.Path, number: int, name: str) -> Self:
        """Open a folder by a descriptor that only leads to it, and close that."""
        folder = cls.__new__(cls)
        folder.path = path
        try:
            folder._number = os.open(name, _FOLDER, dir_fd=number)  # noqa: SLF001 (the same class)
        finally:
            os.close(number)
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder; call it once."""
        if self._number is not None:
            os.close(self._number)

    @property
    def other_writers(self) -> str:
        """Which other users can write to the folder, empty if there are none."""
        return other_writers(self.status, self._number)

    @property
    def status(self) -> os.stat_result:
        """The status of the folder itself."""
        return os.stat(self.path if self._number is None else self._number)

    @property
    def reopened(self) -> pathlib.Path:
        """A path to the open folder itself, or its own path if the system has none.

        It is valid in this process and its children.
        """
        if self._number is not None:
            path = pathlib.Path(f"/proc/{os.getpid()}/fd/{self._number}")
            with contextlib.suppress(OSError):
                if os.path.samestat(path.stat(), self.status):
                    return path
        return self.path

    def names(self) -> list[str]:
        """Return the names in the folder, sorted."""
        return sorted(os.listdir(self.path if self._number is None else self._number))

    def stat(self, name: str) -> os.stat_result:
        """Return the status of an entry, without following a link."""
        return os.stat(self._at(name), dir_fd=self._number, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Return whether an entry exists; a link counts as one."""
        try:
            self.stat(name)
        except FileNotFoundError:
            return False
        return True

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a regular file, without following a link or waiting.

        :param name: its name.
        :param flags: the flags of :func:`os.open`.
        :param mode: the mode of a new file; the umask is applied to it.
        :returns: a descriptor.
        :raises OSError: if it cannot be opened, or is not a regular file.
        """
        number = os.open(self._at(name), flags | _FILE, mode, dir_fd=self._number)
        try:
            check_regular_file(number)
        except OSError:
            os.close(number)
            raise
        return number

    def open_file(self, name: str) -> FileIO:
        """Open a regular file for reading; see :meth:`open`."""
        return FileIO(self.open(name, os.O_RDONLY))

    def create(self, name: str, mode: int = 0o666) -> int:
        """Create a new file for writing, in place of an existing one; see :meth:`open`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        try:
            return self.open(name, flags, mode)
        except FileExistsError:
            self.unlink(name)
            return self.open(name, flags, mode)

    def make_folder(self, name: str, mode: int) -> None:
        """Create a folder; the umask is applied to its mode."""
        os.mkdir(self._at(name), mode, dir_fd=self._number)

    def change_mode(self, mode: int) -> None:
        """Change the mode of the folder itself."""
        os.chmod(self.path if self._number is None else self._number, mode)

    def unlink(self, name: str) -> None:
        """Remove a file, or a link itself."""
        os.unlink(self._at(name), dir_fd=self._number)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(self._at(name), dir_fd=self._number)

    def move(self, name: str, folder: Folder, new: str) -> None:
        """Move an entry to a folder, replacing a file or link of that name there."""
        os.replace(
            self._at(name),
            folder._at(new),
            src_dir_fd=self._number,
            dst_dir_fd=folder._number,
        )

    def sync(self) -> None:
        """Flush the names in the folder to disk, where the system supports it (POSIX)."""
        if self._number is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._number)

    def _at(self, name: str) -> str | pathlib.Path:
        return self.path / name if self._number is None else name


def check_regular_file(number: int) -> None:
    """Check that an open file is a regular file.

    :raises OSError: if it is not.
    """
    mode = os.fstat(number).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
