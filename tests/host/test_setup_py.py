"""``python setup.py fetch_artifacts``: the host's other entry point to its download function."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.conftest import Result
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.environments import Environment, run, wheel_under_test
from tests.support.servers import Server, serving
from wheelhouse_hashes._startup import DISABLE, VERIFY

pytestmark = pytest.mark.thorough

BAD = "demo-1.0-1build-py3-none-any.whl"

#: The last setuptools with the modules the host imports, and the first one without them.
LAST, FIRST_WITHOUT = "setuptools==74.1.3", "setuptools==75.0.0"

#: As in scikit-learn's setup.py.
SETUP = """\
import sys
from setuptools import setup
cmdclass = {}
if {"fetch_artifacts", "upload_all"} & set(sys.argv):
    import wheelhouse_uploader.cmd
    cmdclass.update(vars(wheelhouse_uploader.cmd))
setup(name="demo", version="1.0", cmdclass=cmdclass, py_modules=[])
"""


def environment_with(
    setuptools: str, extra: str, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    environment = Environment.create(tmp_path_factory.mktemp("distutils"))
    environment.install(f"{wheel_under_test(tmp_path_factory.getbasetemp())}{extra}", setuptools)
    return environment


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment_with(LAST, "[fetch]", tmp_path_factory)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment_with(FIRST_WITHOUT, "", tmp_path_factory)


@pytest.fixture
def index(tmp_path: pathlib.Path) -> Iterator[Server]:
    """A page with one wheel that matches its digest and one that doesn't."""
    good = make_wheel(tmp_path / "made", A).read_bytes()
    bad = make_wheel(tmp_path / "made", BAD).read_bytes()
    page = f'<a href="{A}#sha256={sha256(good)}">x</a> <a href="{BAD}#sha256={"0" * 64}">x</a>'
    # Not a folder's page: the host appends artifact names to "/".
    only = page.partition(" <a")[0].encode()
    with serving({"/good.html": only, "/": page.encode(), f"/{A}": good, f"/{BAD}": bad}) as server:
        yield server


def setup_py(environment: Environment, url: str, command: str, **environ: str) -> Result:
    """Run a command of a project's setup.py in the current folder."""
    pathlib.Path("setup.py").write_text(SETUP)
    pathlib.Path("setup.cfg").write_text(
        f"[wheelhouse_uploader]\nartifact_indexes =\n    {url}\n    # another one\n"
    )
    return run(environment.python, "-W", "ignore", "setup.py", "-q", command, **environ)


def kept() -> set[str]:
    return {path.name for path in pathlib.Path("dist").glob("*.whl")}


ON = {VERIFY: "1", "WHEELHOUSE_UPLOADER_WAIT": "0"}


def test_fetch_artifacts_verifies(old: Environment, index: Server) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **ON)
    assert (done.code, done.err) == (1, "")
    assert "verified 1 of 2 artifacts (weakest tier: container, over plain HTTP)" in done.out
    assert f"refused    {BAD}" in done.out
    assert kept() == {A}


def test_fetch_artifacts_stops_at_first_failing_url(old: Environment, index: Server) -> None:
    good = index.url + "good.html"
    done = setup_py(old, f"{good}\n    {index.url}\n    {good}", "fetch_artifacts", **ON)
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("verified")] == [
        "verified 1 of 1 artifacts (weakest tier: container, over plain HTTP)",
        "verified 1 of 2 artifacts (weakest tier: container, over plain HTTP), refused 1",
    ]
    assert kept() == {A}


@pytest.mark.parametrize("environ", [{}, {VERIFY: "0"}])
def test_fetch_artifacts_without_variable_is_unverified(
    old: Environment, index: Server, environ: dict[str, str]
) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **environ)
    assert (done.code, done.err) == (0, "")
    assert "Found 1 artifacts to download" in done.out  # the host does not support build tags
    assert kept() == {A}


def test_fetch_artifacts_import_error_names_the_command(new: Environment, index: Server) -> None:
    done = setup_py(new, index.url, "fetch_artifacts", **ON)
    (line,) = done.err.splitlines()
    assert "fetch_artifacts requires setuptools<75" in line
    assert line.endswith(
        "python -m wheelhouse_uploader fetch --verify --version VERSION PROJECT URL instead"
    )
    assert (done.code, done.out) == (2, "")
    assert not pathlib.Path("dist").exists()
    assert index.paths() == []


def test_import_error_without_variable_is_unchanged(new: Environment, index: Server) -> None:
    done = setup_py(new, index.url, "fetch_artifacts")
    assert done.code == 1
    # Python 3.15 appends a suggestion.
    assert done.err.splitlines()[-1].startswith(
        "ModuleNotFoundError: No module named 'distutils.command.upload'"
    )
    assert "wheelhouse-hashes: " not in done.err


def test_other_setup_py_commands_still_work(new: Environment, index: Server) -> None:
    done = setup_py(new, index.url, "--version", **ON)
    assert (done.code, done.out.strip(), done.err) == (0, "1.0", "")


def test_fetch_artifacts_without_extra_is_refused(
    old: Environment, index: Server, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "pycurl.py").write_text("raise ImportError('no', name='pycurl')")
    done = setup_py(old, index.url, "fetch_artifacts", PYTHONPATH=str(tmp_path / "lacking"), **ON)
    (line,) = done.err.splitlines()
    assert "wheelhouse-hashes[fetch]" in line
    assert done.code == 2
    assert index.paths() == []


def test_fetch_artifacts_with_disable_is_refused(old: Environment, index: Server) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **ON, **{DISABLE: "1"})
    assert DISABLE in done.err
    assert done.code == 2
    assert index.paths() == []


def test_direct_download_artifacts_call_is_verified(new: Environment, index: Server) -> None:
    code = (
        "from wheelhouse_uploader.fetch import download_artifacts;"
        f"download_artifacts({index.url!r}, 'dist', 'demo', version='1.0', max_workers=2)"
    )
    done = new.run("-c", code, **ON)
    assert done.code == 2  # this environment has no libcurl
    assert "wheelhouse-hashes[fetch]" in done.err
    done = new.run("-c", code)
    assert (done.code, done.err) == (0, "")
    assert kept() == {A}
