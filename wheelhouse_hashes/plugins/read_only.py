"""Files that plugins may read but not change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import version
from wheelhouse_hashes.errors import Refusal, disk_errors

if TYPE_CHECKING:
    import pathlib

#: The time within which two changes of a file can have one time stamp, in seconds: twice
#: the longest clock tick of Linux kernels (10 ms at 100 Hz).
TICK = 0.02


@contextmanager
def refusing_changes(path: pathlib.Path | None, plugins: str, hook: str) -> Iterator[None]:
    """Refuse a file that changes in the ``with`` block.

    :param path: the file; None if there is none.
    :param plugins: the plugins that are called in the block, for the message.  Nothing is
        checked if it is empty: built-in plugins change no file.
    :param hook: the hook that is called, for the message.
    :raises Refusal: if the file changed.
    :raises DiskError: if the file cannot be accessed.
    """
    if path is None or not plugins:
        yield
        return
    with disk_errors(f"read {path}"):
        before = version(path)
    # A file that changes again within one tick keeps its time stamps.
    age = time.time() - before[-1] / 1e9
    if age < TICK:
        time.sleep(min(TICK - age, TICK))
    yield
    try:
        unchanged = version(path) == before
    except OSError:
        unchanged = False
    if not unchanged:
        raise Refusal(
            Cause.PLUGIN, f"the file changed in {hook} of plugin {plugins}, which must only read it"
        )
