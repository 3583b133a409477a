"""The example plugins: public names only, short, and run in CI."""

from __future__ import annotations

import ast
import pathlib

import pytest

from tests.support import ROOT

EXAMPLES = sorted(ROOT.glob("examples/wheelhouse-hashes-*"))
NAMES = [example.name for example in EXAMPLES]

#: Maximum number of lines of a module; the tutorial shows all of the gpg plugin, with a verb.
MAX_LINES = {"wheelhouse-hashes-gpg": 320}
DEFAULT_MAX_LINES = 200


def modules_of(example: pathlib.Path) -> list[pathlib.Path]:
    return sorted(example.joinpath("src").glob("*.py"))


def imported(path: pathlib.Path) -> set[str]:
    """Return the modules of the package that a file imports from."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name for name in names if name.split(".")[0] == "wheelhouse_hashes"}


def test_there_are_four_examples() -> None:
    assert [name.removeprefix("wheelhouse-hashes-") for name in NAMES] == [
        *("approved", "gpg", "sums", "zip")
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_example_imports_only_public_modules(example: pathlib.Path) -> None:
    public = {f"wheelhouse_hashes.{path.stem}" for path in ROOT.glob("wheelhouse_hashes/[a-z]*.py")}
    files = [*modules_of(example), *example.glob("tests/*.py")]
    assert {name for file in files for name in imported(file)} - public == {"wheelhouse_hashes"}


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_example_is_one_short_module_with_license_and_readme(example: pathlib.Path) -> None:
    (module,) = modules_of(example)
    limit = MAX_LINES.get(example.name, DEFAULT_MAX_LINES)
    assert len(module.read_text("utf-8").splitlines()) < limit
    assert example.joinpath("LICENSE").read_text("utf-8") == ROOT.joinpath("LICENSE").read_text()
    assert example.joinpath("README.rst").read_text("utf-8").startswith(f"{example.name}\n===")


@pytest.mark.parametrize("name", NAMES)
def test_example_is_checked_in_ci_and_named_in_the_tutorial(name: str) -> None:
    assert f"{{tox_root}}/examples/{name}" in ROOT.joinpath("tox.ini").read_text("utf-8")
    assert f"examples/{name}/tests" in ROOT.joinpath("tox.ini").read_text("utf-8")
    setup = ROOT.joinpath("setup.cfg").read_text("utf-8")
    assert setup.count(f"examples/{name}/") == 3  # source, tests, and the path of the source
    assert f"``{name}``" in ROOT.joinpath("docs/plugin-tutorial.rst").read_text("utf-8")
