"""Artifacts to test with: small ones made here, real ones from the package index."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import zipfile

#: Real wheels: what ``pip download`` is told about each, and what it is for.
REAL_PROJECT = "numpy"
REAL_VERSION = "2.3.5"
REAL_PLATFORMS = (
    ("manylinux_2_28_x86_64", "3.11", "cp", "cp311"),
    ("win_amd64", "3.13", "cp", "cp313"),
    ("macosx_14_0_arm64", "3.12", "cp", "cp312"),
    ("manylinux_2_28_x86_64", "3.11", "pp", "pypy311_pp73"),
)


def make_wheel(folder: pathlib.Path, name: str, payload: bytes = b"payload") -> pathlib.Path:
    """Write a small valid wheel of any wheel name; return its path."""
    project, version = name.split("-")[:2]
    info = f"{project}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
    files = {
        f"{project}/data.bin": payload,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return target


def make_sdist(folder: pathlib.Path, name: str, payload: bytes = b"payload") -> pathlib.Path:
    """Write a small sdist (``.tar.gz``); return its path."""
    stem = name.removesuffix(".tar.gz")
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        member = tarfile.TarInfo(f"{stem}/data.bin")
        member.size = len(payload)
        archive.addfile(member, io.BytesIO(payload))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    target.write_bytes(gzip.compress(body.getvalue(), mtime=0))
    return target


def sha256(content: bytes) -> str:
    """Return the hex digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def download_real_wheels(folder: pathlib.Path) -> list[pathlib.Path]:
    """Download wheels for several platforms with pip, unless they are there."""
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
