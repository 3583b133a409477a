"""A folder that one run works in, and that later runs can tell from a dead one's.

It is locked while its run lives.  The lock ends with the process, however that
ends, so that a folder whose lock can be had is litter.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import tempfile

import fasteners

PRIVATE_PREFIX = ".wheelhouse-hashes-"
LOCK = ".lock"

#: What is appended to the name of a folder that is being removed.
_DEAD = ".dead"


def _try_lock(private: pathlib.Path) -> fasteners.InterProcessLock | None:
    """Take the lock of a private folder, None if its run lives."""
    lock = fasteners.InterProcessLock(private / LOCK)
    if lock.acquire(blocking=False):
        return lock
    lock.lockfile.close()  # fasteners keeps it open
    return None


class PrivateFolder:
    """A private folder of this run (mode 0700); a context manager that removes it.

    :param parent: the folder to make it in; it must exist.
    :raises OSError: if it cannot be made.
    """

    def __init__(self, parent: pathlib.Path) -> None:
        self.path, self._lock = _make(parent)

    def __enter__(self) -> pathlib.Path:
        return self.path

    def __exit__(self, *exc_info: object) -> None:
        # In this order: removing takes an open file, and there may be no other.
        self._lock.release()
        _remove(self.path)


def _make(parent: pathlib.Path) -> tuple[pathlib.Path, fasteners.InterProcessLock]:
    while True:
        made_at = tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=parent)
        private = parent / pathlib.Path(made_at).name
        try:
            made = private.stat()
        except FileNotFoundError:
            continue  # another run took it for a dead one
        # Until it is locked it looks dead: another run may take the lock
        # first, or remove the folder, which locking would make again.
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
            lock.release()


def _is_still(private: pathlib.Path, made: os.stat_result) -> bool:
    """Tell whether a folder is the one that was made."""
    try:
        return os.path.samestat(made, private.stat())
    except FileNotFoundError:
        return False


def _remove(private: pathlib.Path) -> None:
    """Remove a folder with as few open files as can be, or leave it to the next run."""
    try:
        for name in os.listdir(private):
            os.unlink(private / name)
        private.rmdir()
    except OSError:
        shutil.rmtree(private, ignore_errors=True)


def remove_dead(parent: pathlib.Path) -> None:
    """Remove the private folders of runs that died, and none of those that live.

    :param parent: the folder that they are in; it need not exist.
    """
    try:
        names = os.listdir(parent)
    except OSError:
        return  # it is not there, or whoever makes a folder in it will say why not
    for name in names:
        private = parent / name
        if not name.startswith(PRIVATE_PREFIX) or private.is_symlink() or not private.is_dir():
            continue
        # Somebody else's folder, or gone meanwhile: not ours to remove.
        with contextlib.suppress(OSError):
            lock = _try_lock(private)
            if lock is not None:
                # Out of the way at once: its maker may only now be about to
                # lock it, and must not find itself in a folder that vanishes.
                dead = private.rename(f"{private}{_DEAD}")
                _remove(dead)
                lock.release()
