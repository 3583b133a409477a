"""``python setup.py fetch_artifacts``: the host's other door to its download function."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.conftest import Result
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.environments import Environment, run, wheel_of_tree
from tests.support.servers import Server, serving
from wheelhouse_hashes._startup import DISABLE, VERIFY

pytestmark = pytest.mark.thorough

BAD = "demo-1.0-1build-py3-none-any.whl"

#: The last setuptools that has what the host's module imports, and the first without.
LAST, FIRST_WITHOUT = "setuptools==74.1.3", "setuptools==75.0.0"

#: As scikit-learn's had it.
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
    setuptools: str, what: str, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    environment = Environment.create(tmp_path_factory.mktemp("distutils"))
    environment.install(f"{wheel_of_tree(tmp_path_factory.getbasetemp())}{what}", setuptools)
    return environment


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment_with(LAST, "[fetch]", tmp_path_factory)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment_with(FIRST_WITHOUT, "", tmp_path_factory)


@pytest.fixture
def index(tmp_path: pathlib.Path) -> Iterator[Server]:
    """A page with one wheel as it was announced, and one that is another."""
    good = make_wheel(tmp_path / "made", A).read_bytes()
    bad = make_wheel(tmp_path / "made", BAD).read_bytes()
    page = f'<a href="{A}#sha256={sha256(good)}">x</a> <a href="{BAD}#sha256={"0" * 64}">x</a>'
    # The page is not a folder's: the host joins links to "/" by hand.
    only = page.partition(" <a")[0].encode()
    with serving({"/good.html": only, "/": page.encode(), f"/{A}": good, f"/{BAD}": bad}) as server:
        yield server


def setup_py(environment: Environment, url: str, command: str, **environ: str) -> Result:
    """Run a command of a project's setup.py, in the current folder."""
    pathlib.Path("setup.py").write_text(SETUP)
    pathlib.Path("setup.cfg").write_text(
        f"[wheelhouse_uploader]\nartifact_indexes =\n    {url}\n    # another one\n"
    )
    return run(environment.python, "-W", "ignore", "setup.py", "-q", command, **environ)


def kept() -> set[str]:
    return {path.name for path in pathlib.Path("dist").glob("*.whl")}


ON = {VERIFY: "1", "WHEELHOUSE_UPLOADER_WAIT": "0"}


def test_it_verifies_where_it_imports(old: Environment, index: Server) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **ON)
    assert (done.code, done.err) == (1, "")
    assert "verified 1 of 2 artifacts (weakest tier: container, over plain HTTP)" in done.out
    assert f"refused    {BAD}" in done.out
    assert kept() == {A}


def test_each_address_is_fetched_until_one_fails(old: Environment, index: Server) -> None:
    good = index.url + "good.html"
    done = setup_py(old, f"{good}\n    {index.url}\n    {good}", "fetch_artifacts", **ON)
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("verified")] == [
        "verified 1 of 1 artifacts (weakest tier: container, over plain HTTP)",
        "verified 1 of 2 artifacts (weakest tier: container, over plain HTTP), refused 1",
    ]
    assert kept() == {A}


@pytest.mark.parametrize("environ", [{}, {VERIFY: "0"}])
def test_it_is_the_hosts_alone_without_the_variable(
    old: Environment, index: Server, environ: dict[str, str]
) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **environ)
    assert (done.code, done.err) == (0, "")
    assert "Found 1 artifacts to download" in done.out  # it knows no build tags
    assert kept() == {A}


def test_where_it_cannot_be_imported_one_line_names_the_command(
    new: Environment, index: Server
) -> None:
    done = setup_py(new, index.url, "fetch_artifacts", **ON)
    (line,) = done.err.splitlines()
    assert "fetch_artifacts requires setuptools<75" in line
    assert line.endswith(
        "python -m wheelhouse_uploader fetch --verify --version VERSION PROJECT URL"
    )
    assert (done.code, done.out) == (2, "")
    assert not pathlib.Path("dist").exists()
    assert index.paths() == []


def test_without_the_variable_the_hosts_error_is_its_own(new: Environment, index: Server) -> None:
    done = setup_py(new, index.url, "fetch_artifacts")
    assert done.code == 1
    # Python 3.15 appends a suggestion.
    assert done.err.splitlines()[-1].startswith(
        "ModuleNotFoundError: No module named 'distutils.command.upload'"
    )
    assert "wheelhouse-hashes: " not in done.err


def test_other_commands_of_the_project_go_on(new: Environment, index: Server) -> None:
    done = setup_py(new, index.url, "--version", **ON)
    assert (done.code, done.out.strip(), done.err) == (0, "1.0", "")


def test_without_the_extra_it_says_so_and_fetches_nothing(
    old: Environment, index: Server, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "pycurl.py").write_text("raise ImportError('no', name='pycurl')")
    done = setup_py(old, index.url, "fetch_artifacts", PYTHONPATH=str(tmp_path / "lacking"), **ON)
    (line,) = done.err.splitlines()
    assert "wheelhouse-hashes[fetch]" in line
    assert done.code == 2
    assert index.paths() == []


def test_switched_off_and_asked_for_is_refused(old: Environment, index: Server) -> None:
    done = setup_py(old, index.url, "fetch_artifacts", **ON, **{DISABLE: "1"})
    assert DISABLE in done.err
    assert done.code == 2
    assert index.paths() == []


def test_a_script_that_imports_the_function_is_checked_too(new: Environment, index: Server) -> None:
    code = (
        "from wheelhouse_uploader.fetch import download_artifacts;"
        f"download_artifacts({index.url!r}, 'dist', 'demo', version='1.0', max_workers=2)"
    )
    done = new.run("-c", code, **ON)
    assert done.code == 2  # no libcurl in this environment
    assert "wheelhouse-hashes[fetch]" in done.err
    done = new.run("-c", code)
    assert (done.code, done.err) == (0, "")
    assert kept() == {A}
