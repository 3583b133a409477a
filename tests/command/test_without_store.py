"""A release without a store: three build jobs hash, a release job verifies."""

from __future__ import annotations

import pathlib
import re
import shlex
import shutil
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import flip_a_bit, make_sdist, make_wheel

PAGE = ROOT / "docs" / "without-store.rst"

#: The artifacts of each build job.
JOBS = {
    "linux": [
        "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "demo-1.0.tar.gz",
    ],
    "macos": ["demo-1.0-cp311-cp311-macosx_11_0_arm64.whl"],
    "windows": ["demo-1.0-cp311-cp311-win_amd64.whl"],
}
LOST = "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
SWAPPED = "demo-1.0-cp311-cp311-win_amd64.whl"
EXTRA = "demo-1.0-cp313-cp313-win_amd64.whl"
DIST = pathlib.Path("dist")


def documented(verb: str) -> list[str]:
    """Return the arguments of the page's first command with a verb."""
    text = PAGE.read_text().replace("\\\n", " ")
    command = re.search(rf"^   \$ python -m wheelhouse_uploader ({verb} .*)$", text, re.MULTILINE)
    assert command is not None
    return shlex.split(command[1].replace("--expect 39", "--expect 5"))


@pytest.fixture
def verify(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> list[str]:
    """The release job's command; its folder has what the build jobs handed over."""
    DIST.mkdir()
    for job, names in JOBS.items():
        wheelhouse = tmp_path / job / "wheelhouse"
        wheelhouse.mkdir(parents=True)
        for name in names:
            (make_sdist if name.endswith(".gz") else make_wheel)(wheelhouse, name, job.encode())
        with monkeypatch.context() as patched:
            patched.chdir(tmp_path / job)
            command = [word.replace("linux", job) for word in documented("hash")]
            result = cli(*command)
        assert (result.code, result.err) == (0, f"hashed {len(names)}\n")
        shutil.copytree(wheelhouse, DIST, dirs_exist_ok=True)
        shutil.copy(tmp_path / job / f"SHA256SUMS-{job}", ".")
    return documented("verify")


def row(event: str) -> tuple[int, str]:
    """Return the exit code and the cause in the page's row about an event."""
    match = re.search(rf"^{event} +(\d)  .*?(\S+): ", PAGE.read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]), match[2]


def test_release_job_accepts_what_three_jobs_built(cli: Cli, verify: list[str]) -> None:
    result = cli(*verify)
    assert result.code == 0
    assert "verified 5 of 5 artifacts (weakest tier: pinned)" in result.out


def lose() -> str:
    (DIST / LOST).unlink()
    return LOST


def swap() -> str:
    """Put another build in the place of a wheel."""
    make_wheel(DIST, SWAPPED, b"built by somebody else")
    return SWAPPED


def damage() -> str:
    flip_a_bit(DIST / SWAPPED)
    return SWAPPED


def add_wheel() -> str:
    make_wheel(DIST, EXTRA)
    return EXTRA


def add_copy() -> str:
    """Leave what a browser makes of a second download."""
    name = f"{SWAPPED[:-4]} (1).whl"
    shutil.copy(DIST / SWAPPED, DIST / name)
    return name


def rename() -> str:
    """Give a wheel the name of another one, so that the number is right."""
    (DIST / LOST).rename(DIST / EXTRA)
    return EXTRA


@pytest.mark.parametrize(
    ("happens", "event"),
    [
        (lose, "a wheel was lost"),
        (swap, "a wheel was swapped or damaged"),
        (damage, "a wheel was swapped or damaged"),
        (add_wheel, "a wheel that no job listed"),
        (rename, "a wheel that no job listed"),
        (add_copy, "another file that twine would"),
    ],
)
def test_release_job_sees_what_happened(
    cli: Cli, verify: list[str], happens: Callable[[], str], event: str
) -> None:
    name = happens()
    code, cause = row(event)
    result = cli(*verify)
    assert result.code == code
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    (line,) = [line for line in refused if f"  {name}  " in line]
    assert f"  {cause}: " in line


def test_release_job_sees_lost_job(cli: Cli, verify: list[str]) -> None:
    pathlib.Path("SHA256SUMS-macos").unlink()
    (DIST / JOBS["macos"][0]).unlink()
    result = cli(*verify)
    assert (result.code, "SHA256SUMS-macos" in result.err) == (2, True), result
    # A matrix that forgets the list as well is noticed by the number.
    index = verify.index("SHA256SUMS-macos")
    result = cli(*verify[: index - 1], *verify[index + 1 :])
    assert result.code == 4
    assert "expected 5 good artifacts, found 4" in result.out


def test_build_job_fails_with_unsound_wheel(cli: Cli, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "wheelhouse"
    path = make_wheel(folder, LOST)
    path.write_bytes(path.read_bytes()[:-100])
    assert cli(*documented("hash")).code == 1
    assert not pathlib.Path("SHA256SUMS-linux").exists()
