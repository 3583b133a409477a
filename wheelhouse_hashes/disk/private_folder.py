"""A working folder for one run, which later runs can recognize as a leftover.

The folder is locked while its run is alive, also for other runs of the same process.
The operating system releases the lock when the process ends, for any reason, so an
unlocked folder is a leftover.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import tempfile

PRIVATE_PREFIX = ".wheelhouse-hashes-"
LOCK = ".lock"

#: Suffix of the name of a folder that is being removed.
_DEAD = ".dead"


#: How a lock file is opened.  Windows has no ``O_NOFOLLOW``.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


def _try_lock(private: pathlib.Path) -> int | None:
    """Lock a private folder; return None if its run is alive.

    :returns: a descriptor; closing it releases the lock.
    """
    # Imported here because it is slow to import, and most commands lock nothing.
    from filelock import lock_descriptor

    descriptor = os.open(private / LOCK, _FLAGS, 0o600)
    locked = False
    try:
        locked = lock_descriptor(descriptor, blocking=False)
    finally:
        if not locked:
            os.close(descriptor)
    return descriptor if locked else None


class PrivateFolder:
    """A private folder of this run (mode 0700); a context manager that removes it.

    :param parent: the existing folder to create it in.
    :raises OSError: if it cannot be created.
    """

    def __init__(self, parent: pathlib.Path) -> None:
        self.path, self._lock = _make(parent)

    def __enter__(self) -> pathlib.Path:
        return self.path

    def __exit__(self, *exc_info: object) -> None:
        # Unlock first: removing needs a file descriptor, and none may be left.
        os.close(self._lock)
        _remove(self.path)


def _make(parent: pathlib.Path) -> tuple[pathlib.Path, int]:
    while True:
        made_at = tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=parent)
        private = parent / pathlib.Path(made_at).name
        try:
            made = private.stat()
        except FileNotFoundError:
            continue  # another run removed it as a leftover
        # An unlocked folder looks like a leftover: another run may lock it first,
        # or remove it.
        try:
            lock = _try_lock(private)
        except OSError:
            if _is_still(private, made):
                with contextlib.suppress(OSError):
                    private.rmdir()
                raise
            continue
        if lock is not None:
            if _is_still(private, made):
                return private, lock
            _remove(private)
            os.close(lock)


def _is_still(private: pathlib.Path, made: os.stat_result) -> bool:
    """Return whether a path is still the folder that was created."""
    try:
        return os.path.samestat(made, private.stat())
    except FileNotFoundError:
        return False


def _remove(private: pathlib.Path) -> None:
    """Remove a folder with as few open files as possible; on failure, the next run does it."""
    try:
        for name in os.listdir(private):
            os.unlink(private / name)
        private.rmdir()
    except OSError:
        shutil.rmtree(private, ignore_errors=True)


def remove_dead(parent: pathlib.Path) -> None:
    """Remove the private folders of dead runs, but not those of running ones.

    :param parent: the folder that contains them; it need not exist.
    """
    try:
        names = os.listdir(parent)
    except OSError:
        return  # it does not exist, or creating a folder in it will report the error
    for name in names:
        private = parent / name
        if not name.startswith(PRIVATE_PREFIX) or private.is_symlink() or not private.is_dir():
            continue
        # Ignore folders of other users, and folders that are already gone.
        with contextlib.suppress(OSError):
            lock = _try_lock(private)
            if lock is not None:
                # Rename it first: its creator may be about to lock it, and must
                # not end up in a folder that is being removed.
                try:
                    _remove(private.rename(f"{private}{_DEAD}"))
                finally:
                    os.close(lock)
