"""Paths are followed, and folders created, beside other runs that do the same."""

from __future__ import annotations

import pathlib
import threading
from concurrent.futures import ThreadPoolExecutor

from wheelhouse_hashes.disk.folder import Folder

RUNS, ROUNDS = 8, 100


def test_folder_that_several_runs_create_at_the_same_time(tmp_path: pathlib.Path) -> None:
    start = threading.Barrier(RUNS, timeout=300)

    def reach(number: int) -> int:
        start.wait()
        with Folder.reached(tmp_path / str(number) / "dist", create=True) as folder:
            return folder.status.st_ino

    with ThreadPoolExecutor(RUNS) as pool:
        for number in range(ROUNDS):
            assert len(set(pool.map(reach, [number] * RUNS))) == 1
