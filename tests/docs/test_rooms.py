"""The floors of ``.importlinter``: the package keeps them, and an upward import is refused."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest

from tests.support import ROOT

#: Run without the start-up files: they import the installed package, which would be
#: looked at in place of the copy.
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

#: The most lines of a module of the package, and of a function in one.
MAX_MODULE = 320
MAX_FUNCTION = 60


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the package and of its contracts."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(
        ROOT / "wheelhouse_hashes", tmp_path / "wheelhouse_hashes", ignore=ignored
    )


def lint(package: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Run ``lint-imports`` on a copy of the package."""
    path = os.pathsep.join([str(package.parent), sysconfig.get_path("purelib")])
    return subprocess.run(
        [sys.executable, "-S", "-c", LINT, "--no-cache"],
        check=False,
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "300"},
        capture_output=True,
        text=True,
    )


@pytest.mark.thorough
def test_the_package_keeps_its_floors(copy: pathlib.Path) -> None:
    done = lint(copy)
    assert (done.returncode, "0 broken." in done.stdout) == (0, True), done


@pytest.mark.thorough
@pytest.mark.parametrize(
    "planted",
    [
        "from wheelhouse_hashes.stores.base import Store\n",
        "def later():\n    from wheelhouse_hashes.stores.base import Store\n",
        (
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from wheelhouse_hashes.stores.base import Store\n"
        ),
    ],
    ids=["at the top", "in a function", "for types only"],
)
def test_an_upward_import_is_refused(copy: pathlib.Path, planted: str) -> None:
    with (copy / "formats" / "dates.py").open("a") as module:
        module.write(planted)
    done = lint(copy)
    assert done.returncode == 1, done
    said = "wheelhouse_hashes.formats.dates -> wheelhouse_hashes.stores.base"
    assert said in done.stdout, done


@pytest.mark.thorough
def test_a_circle_in_one_room_is_refused(copy: pathlib.Path) -> None:
    with (copy / "stores" / "base.py").open("a") as module:
        module.write("def later():\n    from wheelhouse_hashes.stores.opening import open_store\n")
    done = lint(copy)
    assert done.returncode == 1, done
    assert "No module imports itself, directly or through others BROKEN" in done.stdout, done


@pytest.mark.thorough
def test_a_folder_without_a_floor_is_refused(copy: pathlib.Path) -> None:
    (copy / "cellar").mkdir()
    (copy / "cellar" / "__init__.py").touch()
    done = lint(copy)
    assert (done.returncode, "wheelhouse_hashes.cellar" in done.stdout) == (1, True), done


def test_the_design_page_shows_the_rooms_that_exist() -> None:
    package = ROOT / "wheelhouse_hashes"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    inner = {path.parent.name for path in package.glob("*/*/__init__.py")}
    page = ROOT.joinpath("docs", "design.rst").read_text()
    assert set(re.findall(r"^      (\w+)/", page, re.MULTILINE)) == rooms
    assert set(re.findall(r"^        (\w+)/", page, re.MULTILINE)) == inner
    root = page.partition("wheelhouse_hashes/\n")[2].partition("host/")[0]
    modules = {path.stem for path in package.glob("*.py")}
    shown = {line[:53] for line in root.splitlines()}
    assert set(re.findall(r"\b\w+\b", " ".join(shown))) == modules


def test_no_module_of_the_package_is_longer_than_320_lines() -> None:
    package = ROOT / "wheelhouse_hashes"
    lengths = {path: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    assert {path.name: lines for path, lines in lengths.items() if lines > MAX_MODULE} == {}


def test_no_function_of_the_package_is_longer_than_60_lines() -> None:
    lengths = {
        f"{path.stem}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in ROOT.joinpath("wheelhouse_hashes").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION} == {}


def test_the_design_page_shows_the_floors() -> None:
    contracts = ROOT.joinpath(".importlinter").read_text()
    layers = contracts.partition("layers =\n")[2].partition("\n\n")[0]
    page = ROOT.joinpath("docs", "design.rst").read_text()
    floors = page.partition("never import each other::\n\n")[2].partition("\n\n")[0]
    assert [line.replace("|", " ").split() for line in layers.splitlines()] == [
        line.split() for line in floors.splitlines()
    ]


def test_the_unit_tests_of_a_room_are_named_after_its_modules() -> None:
    package, unit = ROOT / "wheelhouse_hashes", ROOT / "tests" / "unit"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    assert {path.parent.name for path in unit.glob("*/__init__.py")} <= rooms
    for path in unit.rglob("test_*.py"):
        room = path.parent.relative_to(unit)
        inside = package.glob("*.py") if room == pathlib.Path() else (package / room).rglob("*.py")
        about = f"{path.stem.removeprefix('test_')}_"
        names = [module.stem.strip("_") for module in inside]
        assert any(about.startswith(f"{name}_") for name in names), path


def test_the_design_page_shows_the_folders_of_the_tests() -> None:
    folders = {path.parent.name for path in ROOT.glob("tests/*/__init__.py")}
    page = ROOT.joinpath("docs", "design.rst").read_text()
    assert set(re.findall(r"^    tests/(\w+)/", page, re.MULTILINE)) == folders


def test_the_files_that_the_design_page_names_exist() -> None:
    page = ROOT.joinpath("docs", "design.rst").read_text()
    named = set(re.findall(r"\b([\w/]+\.py)\b", page)) - {"setup.py"}
    bases = (ROOT / "wheelhouse_hashes", ROOT)
    assert [name for name in named if not any((base / name).exists() for base in bases)] == []
