"""Fixtures: the command line in this process and in others, servers, artifacts."""

from __future__ import annotations

import importlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.artifacts import download_real_wheels
from tests.servers import Server, serving_folder
from wheelhouse_hashes import _host
from wheelhouse_hashes._startup import DISABLE, TWINS

#: Variables that would change what the commands under test do.
FOREIGN = (
    *TWINS,
    DISABLE,
    "WHEELHOUSE_HASHES_DISABLED_PLUGINS",
    "WHEELHOUSE_HASHES_TRACE",
    "WHEELHOUSE_UPLOADER_USERNAME",
    "WHEELHOUSE_UPLOADER_SECRET",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "TRAVIS_PULL_REQUEST",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Run each test in a folder and an environment of its own."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", os.devnull)
    monkeypatch.chdir(tmp_path)


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    def line(self, start: str) -> str:
        """Return the one line of the output that starts so."""
        (line,) = (line for line in self.out.splitlines() if line.startswith(start))
        return line


Cli = Callable[..., Result]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run ``python -m wheelhouse_uploader`` with our package, in this process."""

    def run(*args: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["wheelhouse_uploader", *map(str, args)])
        capsys.readouterr()
        code = 0
        try:
            _host.run_host()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def python() -> Cli:
    """Run this environment's interpreter in a process of its own."""

    def run(*args: object, **environ: str) -> Result:
        done = subprocess.run(
            [sys.executable, *map(str, args)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environ},
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


#: The store options of a container of the LOCAL provider in the folder ``store``.
LOCAL = ("--provider-name", "LOCAL", "--username", "store", "--secret", "none")


@pytest.fixture
def container(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder of the LOCAL container ``wheels``, which does not exist yet."""
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "wheels"


@pytest.fixture
def dist(tmp_path: pathlib.Path) -> pathlib.Path:
    """An empty folder for artifacts to upload."""
    (tmp_path / "dist").mkdir()
    return tmp_path / "dist"


@pytest.fixture
def served(container: pathlib.Path) -> Iterator[Server]:
    """The container, served over HTTP on loopback."""
    container.mkdir()
    with serving_folder(container) as server:
        yield server


@pytest.fixture(scope="session")
def real_wheels() -> list[pathlib.Path]:
    """Real wheels of numpy for Linux, Windows, macOS and PyPy, from the package index."""
    cache = os.environ.get("WHEELHOUSE_HASHES_TEST_CACHE") or pathlib.Path(
        __file__
    ).parent.parent.joinpath(".tox", "wheels")
    folder = pathlib.Path(cache)
    folder.mkdir(parents=True, exist_ok=True)
    wheels = download_real_wheels(folder)
    assert len(wheels) == 4, wheels
    return wheels


@pytest.fixture
def commandline() -> object:
    """The host's command line module, extended."""
    _host.watch()
    return importlib.import_module("wheelhouse_uploader.commandline")
