"""The build identifiers of cibuildwheel itself, as ``docs/completeness.rst`` asks for them."""

from __future__ import annotations

import pathlib
import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import make_wheel
from tests.support.docpages import PAGES, commands
from tests.support.environments import run
from wheelhouse_hashes.formats.build_identifiers import parse_identifier

PAGE = "docs/completeness.rst"


def identifiers(found: object) -> Iterator[str]:
    """Yield all identifiers in a part of cibuildwheel's table of builds."""
    if isinstance(found, dict):
        if isinstance(found.get("identifier"), str):
            yield found["identifier"]
        found = list(found.values())
    if isinstance(found, list):
        for each in found:
            yield from identifiers(each)


def test_all_identifiers_of_cibuildwheel_are_known() -> None:
    table = files("cibuildwheel").joinpath("resources", "build-platforms.toml").read_text()
    known = set(identifiers(tomllib.loads(table)))
    assert len(known) > 200
    assert [each for each in known if parse_identifier(each) is None] == []


def test_release_has_a_wheel_for_each_identifier(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (typed,) = (c.typed for c in commands(PAGES[PAGE]) if "--print-build-identifiers" in c.typed)
    command = typed.replace("python ", f"{sys.executable} ", 1)
    project = tmp_path / "project"
    project.mkdir()
    project.joinpath("pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    monkeypatch.setenv("CIBW_BUILD", "cp31[23]*-manylinux_*")
    done = run("bash", "-c", f"cd {project} && {command}")
    assert done.code == 0, f"{done.err}\npip install cibuildwheel"
    listed = project / "builds-linux.txt"
    expected = ROOT / "examples" / "completeness" / "builds-linux.txt"
    assert set(listed.read_text().split()) <= set(expected.read_text().split())
    for python in ("cp312-cp312", "cp313-cp313"):
        make_wheel(tmp_path / "dist", f"demo-1.0-{python}-manylinux_2_28_x86_64.whl")
    options = ("--missing-hash", "accept", "--expect-cibuildwheel", listed)
    assert cli("verify", "dist", *options).code == 0
    (tmp_path / "dist" / "demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl").unlink()
    result = cli("verify", "dist", *options)
    assert (result.code, "no cp313 wheels at all: 1 in the build identifiers" in result.out) == (
        4,
        True,
    )
