"""``verify --index`` against a real devpi, filled with files of a package index."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
from collections.abc import Iterator

import pytest

from tests.conftest import Cli
from tests.servers.starting import devpi
from tests.support.artifacts import REAL_PROJECT, REAL_VERSION, flip_a_bit, sha256


@pytest.fixture(scope="module")
def index(real_wheels: list[pathlib.Path]) -> Iterator[str]:
    """The page of the project at a devpi with the files that ``pip download`` got."""
    with tempfile.TemporaryDirectory(prefix="index-") as name:
        served = pathlib.Path(name, "wheels")
        served.mkdir()
        for wheel in real_wheels:
            shutil.copy(wheel, served)
        with devpi(pathlib.Path(name), served) as url:
            yield f"{url}rel/x/+simple/{REAL_PROJECT}/"


@pytest.fixture
def built(real_wheels: list[pathlib.Path], dist: pathlib.Path) -> list[pathlib.Path]:
    """The same files as a build made them."""
    return [pathlib.Path(shutil.copy(wheel, dist)) for wheel in real_wheels]


def test_devpi_agrees(cli: Cli, index: str, built: list[pathlib.Path]) -> None:
    for options in ((), ("--download",)):
        result = cli("verify", "dist", "--wait", 0, "--index", index, *options)
        assert (result.code, result.err) == (0, "")
        assert f"verified {len(built)} of {len(built)} artifacts" in result.out
        assert "weakest tier: elsewhere" in result.out
    sums = [f"{sha256(path.read_bytes())}  {path.name}\n" for path in built]
    pathlib.Path("SHA256SUMS").write_text("".join(sums))
    result = cli("verify", "SHA256SUMS", "--wait", 0, "--index", index)
    assert (result.code, result.err) == (0, "")


def test_devpi_disagrees(cli: Cli, index: str, built: list[pathlib.Path]) -> None:
    verify = ("verify", "dist", "--wait", 0, "--check-contents", "none", "--index", index)
    flip_a_bit(built[0])
    assert cli(*verify).code == 1
    built[0].unlink()
    result = cli(*verify)
    assert (result.code, f"not-built: {built[0].name}" in result.out) == (4, True)
    assert cli(*verify, "--allow-extra", built[0].name).code == 0
    shutil.copy(built[1], built[1].with_name(f"{REAL_PROJECT}-{REAL_VERSION}-py3-none-any.whl"))
    result = cli(*verify)
    assert (result.code, "not-served" in result.out) == (4, True)
