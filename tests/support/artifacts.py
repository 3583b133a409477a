"""Artifacts for tests: small generated ones and real ones from the package index."""

from __future__ import annotations

import fcntl
import hashlib
import pathlib
import subprocess
import sys
import tempfile

from wheelhouse_hashes.testing import make_sdist, make_wheel

__all__ = [
    "ANOTHER_A",
    "HASH_FILE",
    "SDIST",
    "A",
    "B",
    "C",
    "download_real_wheels",
    "flip_a_bit",
    "hash_file",
    "make_sdist",
    "make_wheel",
    "publish",
    "sha256",
    "wheel_bytes",
]

#: Artifacts of one release. Most tests use wheel A.
A = "demo-1.0-py3-none-any.whl"
B = "demo-1.0-1build-cp311-cp311-manylinux_2_17_x86_64.whl"
C = "demo-1.0-pp311-pypy311_pp73-win_amd64.whl"
#: A name that differs from A in the build tag only: the bytes of A are sound under it, too.
ANOTHER_A = "demo-1.0-1-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
#: The hash file of A.
HASH_FILE = f"{A}.sha256"

#: Real wheels: the project, and the ``pip download`` options for each platform.
REAL_PROJECT = "numpy"
REAL_VERSION = "2.3.5"
REAL_PLATFORMS = (
    ("manylinux_2_28_x86_64", "3.11", "cp", "cp311"),
    ("win_amd64", "3.13", "cp", "cp313"),
    ("macosx_14_0_arm64", "3.12", "cp", "cp312"),
    ("manylinux_2_28_x86_64", "3.11", "pp", "pypy311_pp73"),
)


def sha256(content: bytes) -> str:
    """Return the hex digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_file(content: bytes, name: str = A) -> bytes:
    """Return a hash file for some bytes."""
    return f"{sha256(content)}  {name}\n".encode()


def wheel_bytes(payload: str | bytes = b"payload", name: str = A) -> bytes:
    """Return the bytes of a small wheel."""
    data = payload.encode() if isinstance(payload, str) else payload
    with tempfile.TemporaryDirectory() as folder:
        return make_wheel(folder, name, data).read_bytes()


def publish(folder: pathlib.Path, name: str, payload: bytes = b"payload") -> bytes:
    """Write an artifact and its hash file to a folder; return the artifact's bytes."""
    make = make_sdist if name.endswith(".tar.gz") else make_wheel
    content = make(folder, name, payload).read_bytes()
    (folder / f"{name}.sha256").write_bytes(hash_file(content, name))
    return content


def flip_a_bit(path: pathlib.Path) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def download_real_wheels(folder: pathlib.Path) -> list[pathlib.Path]:
    """Download wheels for several platforms with pip, unless they are already there.

    Test processes share the folder, so each waits until another one has downloaded them.
    """
    with folder.joinpath(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for platform, python, implementation, abi in REAL_PLATFORMS:
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                    *("--only-binary", ":all:", "--dest", str(folder)),
                    *("--platform", platform, "--platform", platform.replace("_28_", "_27_")),
                    *("--python-version", python, "--implementation", implementation, "--abi", abi),
                    f"{REAL_PROJECT}=={REAL_VERSION}",
                ],
                check=True,
            )
    return sorted(folder.glob("*.whl"))
