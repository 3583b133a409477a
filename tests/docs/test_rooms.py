"""The layers of ``.importlinter``: the package follows them, and upward imports are refused."""

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
from wheelhouse_hashes import hookspecs

#: Runs with -S, without the start-up files: they import the installed package, which would be
#: checked instead of the copy.
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

#: The most lines of a module of the package, and of a function in one.
MAX_MODULE = 320
MAX_FUNCTION = 60


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the package and its contracts."""
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
def test_package_follows_layers(copy: pathlib.Path) -> None:
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
def test_upward_import_is_refused(copy: pathlib.Path, planted: str) -> None:
    with (copy / "formats" / "dates.py").open("a") as module:
        module.write(planted)
    done = lint(copy)
    assert done.returncode == 1, done
    expected = "wheelhouse_hashes.formats.dates -> wheelhouse_hashes.stores.base"
    assert expected in done.stdout, done


@pytest.mark.thorough
def test_import_cycle_in_subpackage_is_refused(copy: pathlib.Path) -> None:
    with (copy / "stores" / "base.py").open("a") as module:
        module.write("def later():\n    from wheelhouse_hashes.stores.opening import open_store\n")
    done = lint(copy)
    assert done.returncode == 1, done
    assert "There are no import cycles BROKEN" in done.stdout, done


@pytest.mark.thorough
def test_subpackage_without_layer_is_refused(copy: pathlib.Path) -> None:
    (copy / "cellar").mkdir()
    (copy / "cellar" / "__init__.py").touch()
    done = lint(copy)
    assert (done.returncode, "wheelhouse_hashes.cellar" in done.stdout) == (1, True), done


def test_design_page_shows_existing_subpackages() -> None:
    package = ROOT / "wheelhouse_hashes"
    subpackages = {path.parent.name for path in package.glob("*/__init__.py")}
    inner = {path.parent.name for path in package.glob("*/*/__init__.py")}
    page = ROOT.joinpath("docs", "design.rst").read_text()
    assert set(re.findall(r"^      (\w+)/", page, re.MULTILINE)) == subpackages
    assert set(re.findall(r"^        (\w+)/", page, re.MULTILINE)) == inner
    root = page.partition("wheelhouse_hashes/\n")[2].partition("host/")[0]
    modules = {path.stem for path in package.glob("*.py")}
    shown = {line[:53] for line in root.splitlines()}
    assert set(re.findall(r"\b\w+\b", " ".join(shown))) == modules


def test_no_module_of_the_package_is_longer_than_320_lines() -> None:
    package = ROOT / "wheelhouse_hashes"
    lengths = {path: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    # The specifications of all hooks have to be in one module, and most of it is docstrings.
    lengths.pop(package / "hookspecs.py")
    assert {path.name: lines for path, lines in lengths.items() if lines > MAX_MODULE} == {}


def test_no_function_of_the_package_is_longer_than_60_lines() -> None:
    lengths = {
        f"{path.stem}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in ROOT.joinpath("wheelhouse_hashes").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION} == {}


def test_design_page_shows_layers() -> None:
    contracts = ROOT.joinpath(".importlinter").read_text()
    layers = contracts.partition("layers =\n")[2].partition("\n\n")[0]
    page = ROOT.joinpath("docs", "design.rst").read_text()
    layer_rows = page.partition("never import each other::\n\n")[2].partition("\n\n")[0]
    assert [line.replace("|", " ").split() for line in layers.splitlines()] == [
        line.split() for line in layer_rows.splitlines()
    ]


def test_unit_tests_are_named_after_modules() -> None:
    package, unit = ROOT / "wheelhouse_hashes", ROOT / "tests" / "unit"
    subpackages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert {path.parent.name for path in unit.glob("*/__init__.py")} <= subpackages
    for path in unit.rglob("test_*.py"):
        subpackage = path.parent.relative_to(unit)
        inside = (
            package.glob("*.py")
            if subpackage == pathlib.Path()
            else (package / subpackage).rglob("*.py")
        )
        about = f"{path.stem.removeprefix('test_')}_"
        names = [module.stem.strip("_") for module in inside]
        assert any(about.startswith(f"{name}_") for name in names), path


def test_design_page_shows_test_folders() -> None:
    folders = {path.parent.name for path in ROOT.glob("tests/*/__init__.py")}
    page = ROOT.joinpath("docs", "design.rst").read_text()
    assert set(re.findall(r"^    tests/(\w+)/", page, re.MULTILINE)) == folders


def test_files_named_on_design_page_exist() -> None:
    page = ROOT.joinpath("docs", "design.rst").read_text()
    named = set(re.findall(r"\b([\w/]+\.py)\b", page)) - {"setup.py"}
    bases = (ROOT / "wheelhouse_hashes", ROOT)
    assert [name for name in named if not any((base / name).exists() for base in bases)] == []


def test_hooks_named_on_design_page_exist() -> None:
    page = ROOT.joinpath("docs", "design.rst").read_text()
    named = set(re.findall(r"\bwheelhouse_(?!hashes|uploader)\w+", page))
    assert len(named) > 5
    assert [name for name in named if not hasattr(hookspecs, name)] == []
