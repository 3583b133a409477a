"""Memory use does not grow with the size of an artifact."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import pytest

from tests.conftest import LOCAL
from tests.support.servers import serving_folder

pytestmark = pytest.mark.thorough

NAME = "torch-2.0-py3-none-any.whl"
SIZE = 2 * 1000**3
LIMIT = 120 * 1000**2


#: The command line, which saves Linux's memory figures of its own process. The figures that a
#: parent gets for its child include the memory that the fork shared with the parent.
MEASURED = """
import atexit, pathlib
from wheelhouse_hashes.__main__ import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: pathlib.Path("status").write_text(status.read_text()))
main()
"""


def peak_memory(*args: str) -> int:
    """Run the command line; return the peak resident memory of its process in bytes."""
    subprocess.run([sys.executable, "-c", MEASURED, *args], check=True)
    (kilobytes,) = re.findall(
        r"^VmHWM:\s+(\d+) kB$", pathlib.Path("status").read_text(), re.MULTILINE
    )
    return int(kilobytes) * 1024


class Sparse(io.FileIO):
    """A file with holes in place of zeros."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if bytes(data).strip(b"\0"):
            return super().write(data)
        self.seek(len(data), os.SEEK_CUR)
        return len(data)


@pytest.fixture
def large(dist: pathlib.Path, container: pathlib.Path) -> pathlib.Path:
    """A sparse artifact of 2 GB, which takes no disk space until it is copied."""
    zeros = bytes(1 << 20)
    digest = hashlib.sha256()
    info = "torch-2.0.dist-info"
    with Sparse(dist / NAME, "w") as file, zipfile.ZipFile(file, "w") as archive:
        with archive.open("torch/zeros.bin", "w", force_zip64=True) as member:
            for _ in range(SIZE >> 20):
                member.write(zeros)
                digest.update(zeros)
        encoded = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        files = {
            "METADATA": b"Metadata-Version: 2.1\nName: torch\nVersion: 2.0\n",
            "WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
        }
        rows = f"torch/zeros.bin,sha256={encoded},{SIZE >> 20 << 20}\n"
        for path, content in files.items():
            archive.writestr(f"{info}/{path}", content)
            value = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            rows += f"{info}/{path},sha256={value.rstrip('=')},{len(content)}\n"
        archive.writestr(f"{info}/RECORD", rows)
    return dist / NAME


def test_two_gigabyte_artifact_takes_little_memory(
    large: pathlib.Path, container: pathlib.Path
) -> None:
    size = large.stat().st_size
    try:
        assert peak_memory("upload", "--hashfile", *LOCAL, "wheels") < LIMIT
        with serving_folder(container) as server:
            fetch = ("fetch", "--verify", "--local-folder", "got", "torch", server.url)
            assert peak_memory(*fetch) < LIMIT
        assert pathlib.Path("got", NAME).stat().st_size == size
    finally:
        # pytest keeps the folders of its last runs.
        for path in (large, container / NAME, pathlib.Path("got", NAME)):
            path.unlink(missing_ok=True)
