"""Processes that run beside the one under test."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

_HOLD = """
import pathlib, sys, time
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.private_folder import PrivateFolder
with PrivateFolder(Folder(pathlib.Path(sys.argv[1]))) as private:
    (private / "object").write_text("in use")
    print(private, flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def living_elsewhere(parent: pathlib.Path) -> Iterator[pathlib.Path]:
    """Hold a private folder's lock in another process, then kill that process."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(parent)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        yield pathlib.Path(holder.stdout.readline().strip())
    finally:
        holder.kill()
        holder.communicate()
