"""The files of versions in ``.ci`` agree with setup.cfg and tox.ini."""

from __future__ import annotations

import configparser
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT


def read(path: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / path, "utf-8")
    return parser


def requirements(text: str) -> list[Requirement]:
    """Return the requirements of a list, without comments, options and hashes."""
    lines = [line.split("#")[0].removesuffix("\\").strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("-", "{"))]


def file(name: str) -> list[Requirement]:
    return requirements(ROOT.joinpath(".ci", name).read_text("utf-8"))


def version(requirement: Requirement) -> str:
    (only,) = requirement.specifier
    assert only.operator == "=="
    return only.version


SETUP = read("setup.cfg")
EXTRAS = SETUP["options.extras_require"]
RUNTIME = [
    *requirements(SETUP["options"]["install_requires"]),
    *requirements(EXTRAS["fetch"]),
    *requirements(EXTRAS["completion"]),
]


def test_lowest_versions_are_those_that_setup_cfg_allows() -> None:
    bounds = {
        requirement.name: spec.version
        for requirement in RUNTIME
        for spec in requirement.specifier
        if spec.operator == ">="
    }
    assert {each.name: version(each) for each in file("lowest.txt")} == bounds


def test_each_requirement_has_a_bound_except_certificates() -> None:
    assert {each.name for each in RUNTIME if not each.specifier} == {"certifi"}


@pytest.mark.parametrize("environment", ["", ":coverage", ":docs", ":package", ":lint", ":typing"])
def test_constraints_have_what_tox_installs(environment: str) -> None:
    section = read("tox.ini")[f"testenv{environment}"]
    wanted = [*RUNTIME, *requirements(section["deps"])]
    constraints = {canonicalize_name(each.name): version(each) for each in file("constraints.txt")}
    assert {canonicalize_name(each.name) for each in wanted} - set(constraints) == set()
    for each in wanted:
        assert each.specifier.contains(constraints[canonicalize_name(each.name)]), each


def test_build_requirements_are_those_of_the_build_system() -> None:
    text = ROOT.joinpath(".ci", "build-requirements.txt").read_text("utf-8")
    names = {each.name for each in file("build-requirements.txt")}
    asked = re.findall(r'"([a-z]+)>=', ROOT.joinpath("pyproject.toml").read_text("utf-8"))
    assert {"build", *asked} <= names
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text)) >= len(names)


@pytest.mark.parametrize(
    "name", ["constraints.txt", "constraints.in", "build-requirements.txt", "lowest.txt"]
)
def test_no_file_of_versions_names_an_index(name: str) -> None:
    assert "://" not in ROOT.joinpath(".ci", name).read_text("utf-8")
