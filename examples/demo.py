"""Demo with real artifacts: upload with hash files, fetch, refuse, verify.

Downloads a release of one project for several platforms from the package index, then
prints and runs the commands that a CI job and a release manager would use.  The demo
runs in a temporary folder, which is removed afterwards; the container is a folder
(libcloud's LOCAL provider), served on loopback.  Exits with 0 if all commands had the
expected results.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

PROJECT, VERSION = "coverage", "7.6.1"

#: Options of ``pip download`` for platforms other than this one.
WHEELS = {
    "a manylinux wheel": "--platform manylinux2014_x86_64 --python-version 3.11",
    "a Windows wheel": "--platform win_amd64 --python-version 3.12",
    "a wheel with PyPy tags": "--implementation pp --python-version 3.9 --abi none",
}

UPLOAD = (
    "python -m wheelhouse_uploader upload --hashfile "
    "--provider-name LOCAL --username store --secret none wheels"
)
FETCH = f"python -m wheelhouse_uploader fetch --verify --wait 2 --version {VERSION} {PROJECT}"
VERIFY = "python -m wheelhouse_uploader verify --against SHA256SUMS --expect 4"


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n# {text}", flush=True)


def run(command: str, expected: int = 0, *, quiet: bool = False) -> None:
    """Print and run a command; exit unless its exit code is the expected one."""
    words = shlex.split(command)
    if not quiet:
        print(f"$ {command}", flush=True)
    words[0] = sys.executable if words[0] == "python" else words[0]
    code = subprocess.run(words, check=False).returncode
    if not quiet:
        print(f"(exit code {code})", flush=True)
    if code != expected:
        sys.exit(f"demo: expected exit code {expected}, got {code}: {command}")


def download() -> None:
    """Download the artifacts of one release into ``dist``."""
    pip = "python -m pip --disable-pip-version-check download --quiet --no-deps --dest dist"
    for what, options in WHEELS.items():
        print(f"downloading {what}", flush=True)
        run(f"{pip} --only-binary :all: {options} {PROJECT}=={VERSION}", quiet=True)
    print("downloading an sdist", flush=True)
    run(f"{pip} --no-binary :all: {PROJECT}=={VERSION}", quiet=True)


@contextlib.contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder on loopback; yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"python -m http.server --bind 127.0.0.1 --directory {folder} {port}"
    print(f"$ {command} &", flush=True)
    server = subprocess.Popen(
        [sys.executable, *shlex.split(command)[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


def damage(path: pathlib.Path) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def main() -> None:
    """Run the demo in the current folder, which should be empty."""
    say(f"A release: {PROJECT} {VERSION} for several platforms")
    download()
    pathlib.Path("store").mkdir()

    say("The CI job uploads it, with a hash file for each artifact")
    run(UPLOAD)
    if shutil.which("sha256sum"):
        say("Anyone can check the container with sha256sum")
        print("$ (cd store/wheels && sha256sum -c *.sha256)", flush=True)
        subprocess.run("sha256sum -c *.sha256", shell=True, check=True, cwd="store/wheels")  # noqa: S602

    with served("store/wheels") as url:
        say("The release manager fetches it and keeps verified artifacts only")
        run(f"{FETCH} --sums SHA256SUMS --local-folder release {url}")

        victim = next(pathlib.Path("store/wheels").glob("*win_amd64.whl"))
        say(f"One bit of {victim.name} flips in the store")
        damage(victim)
        run(f"{FETCH} --local-folder release-2 {url}", expected=1)

    say("Only good files have final names")
    for folder in ("release", "release-2"):
        names = sorted(path.name for path in pathlib.Path(folder).glob(f"{PROJECT}-*"))
        print(f"{folder}: {len(names)} artifacts", *names, sep="\n  ", flush=True)
        if len(names) != {"release": 4, "release-2": 3}[folder]:
            sys.exit(f"demo: unexpected number of artifacts in {folder}")

    say("Before twine upload: check that the folder is intact and complete")
    run(f"{VERIFY} release")
    run(f"{VERIFY} release-2", expected=4)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="wheelhouse-demo-") as empty:
        before = pathlib.Path.cwd()
        os.chdir(empty)
        try:
            main()
        finally:
            os.chdir(before)
