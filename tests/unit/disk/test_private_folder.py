"""Private folders are leftovers if no run holds their lock, in this process or another."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.support.processes import living_elsewhere
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.private_folder import LOCK, PRIVATE_PREFIX, PrivateFolder, remove_dead


@pytest.fixture
def parent(tmp_path: pathlib.Path) -> Iterator[Folder]:
    """The open folder that contains the private folders."""
    with Folder(tmp_path) as folder:
        yield folder


def test_folder_of_this_process_is_alive(tmp_path: pathlib.Path, parent: Folder) -> None:
    with PrivateFolder(parent) as private:
        (private / "object").touch()
        remove_dead(parent)
        with PrivateFolder(parent) as other:
            assert other != private
            remove_dead(parent)
        assert (private / "object").exists()
    assert list(tmp_path.iterdir()) == []


def test_folder_of_another_process_is_alive_until_that_ends(
    tmp_path: pathlib.Path, parent: Folder
) -> None:
    with living_elsewhere(tmp_path) as private:
        remove_dead(parent)
        assert (private / "object").exists()
    remove_dead(parent)
    assert list(tmp_path.iterdir()) == []


def test_link_as_lock_file_is_not_followed(tmp_path: pathlib.Path, parent: Folder) -> None:
    victim = tmp_path / "victim"
    planted = tmp_path / f"{PRIVATE_PREFIX}planted"
    planted.mkdir()
    (planted / LOCK).symlink_to(victim)
    remove_dead(parent)
    assert not victim.exists()


def test_failed_lock_leaves_no_descriptor(tmp_path: pathlib.Path, parent: Folder) -> None:
    descriptors = pathlib.Path("/proc/self/fd")
    with PrivateFolder(parent):
        before = len(os.listdir(descriptors))
        remove_dead(parent)
        assert len(os.listdir(descriptors)) == before


def test_threads_do_not_remove_each_others_folders(tmp_path: pathlib.Path, parent: Folder) -> None:
    """Folders are created, checked and removed by several threads at the same time."""
    lost: list[pathlib.Path] = []

    def work() -> None:
        for _ in range(100):
            remove_dead(parent)
            with PrivateFolder(parent) as private:
                (private / "object").touch()
                remove_dead(parent)
                if not (private / "object").exists():
                    lost.append(private)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []
    assert list(tmp_path.iterdir()) == []


def test_filelock_is_imported_only_to_take_a_lock() -> None:
    check = "import sys, wheelhouse_hashes.disk.private_folder; sys.exit('filelock' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
