"""CONTRIBUTING.rst: its commands, environments, subpackages and files exist and agree."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT
from tests.support.sampling import CASES, spread

PAGE = ROOT.joinpath("CONTRIBUTING.rst").read_text("utf-8")
TOX = ROOT.joinpath("tox.ini").read_text("utf-8")
TOWNCRIER = ROOT.joinpath("towncrier.toml").read_text("utf-8")
COMMANDS = re.findall(r"^    (\.?\S+/python\S* .*|\.venv/.*|python3 .*)$", PAGE, re.MULTILINE)
TYPES = re.findall(r'^directory = "(\w+)"$', TOWNCRIER, re.MULTILINE)


def table(title: str) -> list[tuple[str, str]]:
    """Return the lines of a table with this title, split in two columns."""
    (ruler, body) = re.findall(rf"^(=+)  =+\n{title} .*\n=.*\n((?:.*\n)*?)=", PAGE, re.MULTILINE)[0]
    width = len(ruler)
    return [(line[:width], line[width:]) for line in body.splitlines()]


def environments() -> set[str]:
    """Return the environments that tox.ini has."""
    (listed,) = re.findall(r"^env_list = (.*)$", TOX, re.MULTILINE)
    found = set(listed.split(", "))
    for section in re.findall(r"^\[testenv:(.+)\]$", TOX, re.MULTILINE):
        name, _, factors = section.partition("{")
        found |= {name + factor for factor in factors.rstrip("}").split(",")}
    return found


def test_the_first_command_is_the_readmes_second() -> None:
    readme = ROOT.joinpath("README.rst").read_text("utf-8")
    demo, tests = re.findall(r"^    (python3 -m venv .*)$", readme, re.MULTILINE)
    assert demo not in COMMANDS
    assert COMMANDS[0] == tests


def test_the_quick_loop_runs_pytest_as_tox_does() -> None:
    (loop,) = (command for command in COMMANDS if " -m pytest " in command)
    (marked,) = re.findall(r"^    PYTEST_ADDOPTS = (-m \"not thorough\")$", TOX, re.MULTILINE)
    options = set(re.findall(r"\{posargs:(-q -n \d+ --dist loadfile)\}", TOX))
    assert [f"{loop.partition(' -m pytest ')[2]}"] == [f"{each} {marked}" for each in options]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (2, [1, 9]), (3, [1, 5, 9]), (9, [*range(1, 10)])]
)
def test_quick_cases_are_spread_over_the_table(count: int, expected: list[int]) -> None:
    assert spread(range(1, 10), count) == expected
    assert spread([1], count) == [1]


def test_number_of_quick_cases_is_the_one_described() -> None:
    assert f"the quick tests run {['no', 'one', 'two', 'three'][CASES]} cases" in PAGE


def test_the_quick_loop_uses_the_environment_that_it_makes() -> None:
    (folder,) = (command.split()[-1] for command in COMMANDS if " devenv " in command)
    assert any(command.startswith(f"{folder}/bin/python ") for command in COMMANDS)


def test_its_environments_are_those_of_tox() -> None:
    lines = ["  ".join(columns) for columns in table("``tox run -e``")]
    named = set(re.findall(r"``([a-z][\w-]*)``", "\n".join(lines)))
    exist = environments()
    assert named - exist == set()
    assert {name for name in exist - named if not re.fullmatch(r"py3\d+", name)} == set()


def test_its_hook_exists() -> None:
    (hook,) = re.findall(r"``-- (\S+)``", PAGE)
    hooks = ROOT.joinpath(".pre-commit-config.yaml").read_text("utf-8")
    assert f"      - id: {hook}\n" in hooks


def test_its_subpackages_are_in_the_order_of_the_layers() -> None:
    package = ROOT / "wheelhouse_hashes"
    subpackages = {path.parent.name for path in package.glob("*/__init__.py")}
    contracts = ROOT.joinpath(".importlinter").read_text("utf-8")
    layers = contracts.partition("layers =\n")[2].partition("\n\n")[0].splitlines()
    expected = [sorted(subpackages.intersection(layer.split())) for layer in layers]
    shown = [sorted(re.findall(r"``(\w+)``", names)) for names, _ in table("subpackage")]
    assert shown == [layer for layer in expected if layer]
    assert {name for row in shown for name in row} == subpackages


def test_the_files_that_it_names_exist() -> None:
    named = set(re.findall(r"``([\w./-]+/[\w.-]+|[\w-]+\.(?:rst|ini|py))``", PAGE))
    patterns = ("SUBPACKAGE", ".tox/")
    bases = (ROOT, ROOT / "wheelhouse_hashes")
    missing = [name for name in named if not any((base / name).exists() for base in bases)]
    assert [name for name in missing if not any(part in name for part in patterns)] == []
    assert len(named) > 15


def test_its_types_of_fragments_are_those_of_towncrier() -> None:
    (said,) = re.findall(r"Keep a\nChangelog: (.*?)\.\n", PAGE, re.DOTALL)
    assert re.findall(r"``(\w+)``", said) == TYPES


def test_each_news_fragment_has_a_name_that_towncrier_takes() -> None:
    name = re.compile(rf"(?:\d+|\+[\w-]+)\.(?:{'|'.join(TYPES)})(?:\.\d+)?\.rst")
    (example,) = re.findall(r"``(\+[\w-]+\.\w+\.rst)``::", PAGE)
    assert name.fullmatch(example)
    fragments = [path for path in ROOT.joinpath("changelog.d").iterdir() if path.stem != "README"]
    for path in fragments:
        assert name.fullmatch(path.name), path.name
        assert path.read_text("utf-8").strip(), path.name


def test_the_changelog_has_one_place_for_new_entries() -> None:
    changelog = ROOT.joinpath("CHANGELOG.rst").read_text("utf-8")
    assert changelog.count("\n.. towncrier release notes start\n") == 1


@pytest.mark.parametrize("name", ["CONTRIBUTING.rst", "SECURITY.rst"])
def test_it_names_no_address(name: str) -> None:
    text = ROOT.joinpath(name).read_text("utf-8")
    assert re.findall(r"\w+://|\b[\w.]+@[\w.]+\b", text) == []
