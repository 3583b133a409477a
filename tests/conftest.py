"""Fixtures: the command line in this process and in subprocesses, servers, artifacts."""

from __future__ import annotations

import importlib
import os
import pathlib
from collections.abc import Callable, Iterator

import pytest

from tests.support.artifacts import download_real_wheels
from tests.support.sampling import CASES, mark_others, slow_first
from tests.support.servers import Server, serving_folder
from wheelhouse_hashes import testing
from wheelhouse_hashes.host import attach
from wheelhouse_hashes.testing import FOREIGN, Result

__all__ = ["FOREIGN", "LOCAL", "Cli", "Result"]


def _without_time_limits() -> None:
    """Let no example of hypothesis fail because the machine is busy."""
    try:
        from hypothesis import HealthCheck, settings  # noqa: PLC0415 (some environments lack it)
    except ImportError:
        return
    ignored = [HealthCheck.too_slow]
    settings.register_profile(
        "tests", settings.default, deadline=None, suppress_health_check=ignored
    )
    settings.load_profile("tests")


_without_time_limits()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--cases``, for environments that run fewer cases of each table."""
    text = "cases of each table of command tests without the marker thorough (default: %(default)s)"
    parser.addoption("--cases", type=int, default=CASES, metavar="COUNT", help=text)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark most cases of long tables ``thorough``, before ``-m`` selects the tests."""
    mark_others(items, config.getoption("--cases"))
    slow_first(items)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Run each test in its own folder with a clean environment."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", os.devnull)
    # argparse looks for translations of each text, unless the language has none.
    monkeypatch.setenv("LANGUAGE", "C")
    monkeypatch.chdir(tmp_path)


Cli = Callable[..., Result]


@pytest.fixture
def cli() -> Cli:
    """Run ``python -m wheelhouse_uploader`` with this package, in this process."""
    return testing.run


@pytest.fixture
def python() -> Cli:
    """Run this environment's interpreter in a subprocess."""
    return testing.run_python


#: Store options for a LOCAL container in the folder ``store``.
LOCAL = testing.local_options("store")


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
    """Real numpy wheels for Linux, Windows, macOS and PyPy, from the package index."""
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
    """The host's command-line module, extended."""
    attach.watch()
    return importlib.import_module("wheelhouse_uploader.commandline")
