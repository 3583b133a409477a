"""The artifacts of a release: built twice, compared, checked and verified as the workflow does."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

import wheelhouse_hashes
from tests.support import ROOT
from tests.support.environments import tree

#: The programs of this environment.
BIN = pathlib.Path(sys.executable).parent
VERSION = wheelhouse_hashes.__version__
NAMES = [f"wheelhouse_hashes-{VERSION}-py3-none-any.whl", f"wheelhouse_hashes-{VERSION}.tar.gz"]


def run(
    *command: object, folder: pathlib.Path = ROOT, umask: int = 0o022
) -> subprocess.CompletedProcess[str]:
    """Run a program, with those of this environment first on PATH."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": path, "SOURCE_DATE_EPOCH": "1700000000"},
        umask=umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )


def build(source: pathlib.Path, umask: int) -> pathlib.Path:
    """Build the sdist and wheel in a copy of the repository; return their folder."""
    done = run("bash", source / ".ci" / "build", "dist", folder=source, umask=umask)
    assert done.returncode == 0, done.stdout
    return source / "dist"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    source = tmp_path_factory.mktemp("first") / "source"
    shutil.copytree(tree(tmp_path_factory.getbasetemp()), source)
    return build(source, 0o022)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A build elsewhere, later, by a user with another umask."""
    source = tmp_path_factory.mktemp("second") / "copy of the source"
    shutil.copytree(tree(tmp_path_factory.getbasetemp()), source)
    for path in [source, *source.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (time.time() + 5,) * 2)
    return build(source, 0o077)


def test_two_builds_are_the_same_bytes(first: pathlib.Path, second: pathlib.Path) -> None:
    assert sorted(path.name for path in first.iterdir()) == NAMES
    assert sorted(path.name for path in second.iterdir()) == NAMES
    for name in NAMES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.parametrize(
    ("command", "last"),
    [
        (("twine", "check", "--strict", *NAMES), "PASSED"),
        (("pyroma", "--min", "10", NAMES[1]), "Final rating: 10/10"),
        (("check-wheel-contents", "--config", ROOT / "setup.cfg", NAMES[0]), ": OK"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_checker_accepts_artifacts(
    first: pathlib.Path, command: tuple[object, ...], last: str
) -> None:
    done = run(*command, folder=first)
    assert done.returncode == 0, done.stdout
    assert last in done.stdout


def verified(
    folder: pathlib.Path, one: pathlib.Path, other: pathlib.Path, tag: str
) -> subprocess.CompletedProcess[str]:
    return run(ROOT / ".ci" / "verify-release", BIN, one, other, tag, folder=folder)


def test_release_is_verified_with_this_tool(
    first: pathlib.Path, second: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = verified(tmp_path, first, second, f"v{VERSION}")
    assert done.returncode == 0, done.stdout
    assert "verified 2 of 2 artifacts" in done.stdout
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert sorted(line.split()[1].lstrip("*") for line in lines) == NAMES


def test_another_tag_is_not_released(first: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = verified(tmp_path, first, first, "v99.1")
    assert done.returncode == 1
    assert "the tag must be v and the version" in done.stdout


@pytest.mark.parametrize("change", ["byte", "file", "missing"])
def test_different_builds_are_not_released(
    first: pathlib.Path, tmp_path: pathlib.Path, change: str
) -> None:
    other = shutil.copytree(first, tmp_path / "other")
    if change == "byte":
        with (other / NAMES[1]).open("ab") as file:
            file.write(b"\0")
    elif change == "file":
        (other / "SHA256SUMS").write_text("")
    else:
        (other / NAMES[0]).unlink()
    done = verified(tmp_path, first, other, f"v{VERSION}")
    assert done.returncode == 1, done.stdout
    assert not (tmp_path / "SHA256SUMS").exists()
