"""Memory does not grow with the size of an artifact."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.conftest import LOCAL
from tests.servers import serving_folder

NAME = "torch-2.0-py3-none-any.whl"
SIZE = 2 * 1000**3
LIMIT = 120 * 1000**2


def peak_memory(*args: str) -> int:
    """Run our command line; return the peak resident memory of its process, in bytes."""
    command = subprocess.Popen([sys.executable, "-m", "wheelhouse_hashes", *args])
    _, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode == 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture
def large(dist: pathlib.Path, container: pathlib.Path) -> pathlib.Path:
    """An artifact of 2 GB that takes no room until it is copied."""
    with open(dist / NAME, "wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(SIZE)
    return dist / NAME


def test_two_gigabytes_take_little_memory(large: pathlib.Path, container: pathlib.Path) -> None:
    try:
        assert peak_memory("upload", "--hashfile", *LOCAL, "wheels") < LIMIT
        with serving_folder(container) as server:
            fetch = ("fetch", "--verify", "--local-folder", "got", "torch", server.url)
            assert peak_memory(*fetch) < LIMIT
        assert pathlib.Path("got", NAME).stat().st_size == SIZE
    finally:
        # pytest keeps the folders of its last runs.
        for path in (large, container / NAME, pathlib.Path("got", NAME)):
            path.unlink(missing_ok=True)
