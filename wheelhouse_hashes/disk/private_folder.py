"""A working folder for one run, which later runs can recognize as a leftover.

The folder is locked while its run is alive, also for other runs of the same process.
The operating system releases the lock when the process ends, for any reason, so an
unlocked folder is a leftover.

The folder above it may be shared with other users.  Only folders of this user that
nobody else can write to are used or removed, so that their content comes from this
package.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.ownership import is_private, is_trusted

if TYPE_CHECKING:
    import pathlib

PRIVATE_PREFIX = ".wheelhouse-hashes-"
LOCK = ".lock"

#: Number of folders that a run creates before it gives up.  Two runs that start at the same
#: time can remove one of each other's; only another user can remove them all.
_TRIES = 100


class PrivateFolder:
    """A private folder of this run (mode 0700); a context manager that removes it.

    :param parent: the folder to create it in; stays open until the private one is removed.
    :raises OSError: if it cannot be created.
    """

    def __init__(self, parent: Folder) -> None:
        self._parent = parent
        #: The open folder, and its name in *parent*.
        self.folder, self.name, self._lock = _make(parent)

    def __enter__(self) -> pathlib.Path:
        return self.folder.path

    def __exit__(self, *exc_info: object) -> None:
        # Unlock first: listing needs a file descriptor, and none may be left.
        os.close(self._lock)
        with self.folder:
            _remove(self._parent, self.folder, self.name)


def _make(parent: Folder) -> tuple[Folder, str, int]:
    for _ in range(_TRIES):
        name = PRIVATE_PREFIX + os.urandom(6).hex()
        parent.make_folder(name, 0o700)
        # An unlocked folder looks like a leftover: another run may lock it first, or remove it.
        try:
            folder = Folder(parent, name)
        except FileNotFoundError:
            continue
        except OSError:
            with contextlib.suppress(OSError):
                parent.remove_folder(name)
            raise
        with contextlib.ExitStack() as stack:
            stack.push(folder)
            _check_new(parent, folder, name)
            if (lock := _lock_new(parent, folder, name)) is not None:
                stack.pop_all()
                return folder, name, lock
    raise PermissionError(0, "other runs or users remove every folder that this run creates")


def _check_new(parent: Folder, folder: Folder, name: str) -> None:
    """Check that another user has not put another folder in the place of a new one.

    :raises PermissionError: if that happened.
    """
    status = folder.status
    if parent.other_writers and (not is_trusted(status) or folder.names()):
        raise PermissionError(0, f"another user replaced the new folder {name}")
    if not is_private(status):
        # The file system has no modes or owners, or other defaults.
        with contextlib.suppress(PermissionError):
            folder.change_mode(0o700)


def _lock_new(parent: Folder, folder: Folder, name: str) -> int | None:
    """Lock a new folder; return None if another run took it for a leftover."""
    try:
        lock = _try_lock(folder.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileNotFoundError:
        return None
    except OSError:
        # Without listing it, because no descriptor may be left.
        with contextlib.suppress(FileNotFoundError):
            folder.unlink(LOCK)
        with contextlib.suppress(OSError):
            parent.remove_folder(name)
        raise
    if lock is not None and not _is_still(parent, folder, name):
        os.close(lock)
        return None
    return lock


def _try_lock(opened: int) -> int | None:
    """Lock the lock file of a private folder; return None if its run is alive.

    :param opened: a descriptor of the lock file; closed unless it is returned.
    :returns: the descriptor; closing it releases the lock.
    """
    # Imported here because it is slow to import, and most commands lock nothing.
    from filelock import lock_descriptor

    locked = False
    try:
        locked = lock_descriptor(opened, blocking=False)
    finally:
        if not locked:
            os.close(opened)
    return opened if locked else None


def _is_still(parent: Folder, folder: Folder, name: str) -> bool:
    """Return whether a name is still that of an open folder."""
    try:
        return os.path.samestat(parent.stat(name), folder.status)
    except FileNotFoundError:
        return False


def _remove(parent: Folder, folder: Folder, name: str) -> None:
    """Remove a private folder; on failure, the next run does it."""
    with contextlib.suppress(OSError):
        _clear(folder)
        if _is_still(parent, folder, name):
            parent.remove_folder(name)


def _clear(folder: Folder) -> None:
    """Remove everything in a folder; the lock file comes last, so that it stays a leftover.

    Another run may do the same.
    """
    for name in sorted(folder.names(), key=LOCK.__eq__):
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(folder.stat(name).st_mode):  # a plugin made it
                with Folder(folder, name) as inner:
                    _clear(inner)
                folder.remove_folder(name)
            else:
                folder.unlink(name)


def remove_dead(parent: Folder) -> None:
    """Remove the private folders of this user's dead runs, but not those of running ones.

    :param parent: the folder that contains them.
    """
    try:
        names = parent.names()
    except OSError:
        return  # creating a folder in it will report the error
    for name in names:
        if name.startswith(PRIVATE_PREFIX):
            # Ignore folders of other users, links, and folders that are already gone.
            with contextlib.suppress(OSError), Folder(parent, name) as folder:
                if is_private(folder.status):
                    _remove_if_dead(parent, folder, name)


def _remove_if_dead(parent: Folder, folder: Folder, name: str) -> None:
    """Remove a private folder unless its run is alive.

    A folder without a lock file is removed only if it is empty: another user may have
    given that name to any other folder of this user.
    """
    if not folder.has(LOCK):
        parent.remove_folder(name)
        return
    lock = _try_lock(folder.open(LOCK, os.O_RDWR))
    if lock is not None:
        try:
            _remove(parent, folder, name)
        finally:
            os.close(lock)
