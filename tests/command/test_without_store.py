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
    lists = "".join(path.read_text() for path in sorted(pathlib.Path().glob("SHA256SUMS-*")))
    candidate = lists.replace("demo-1.0-", "demo-1.0rc1-").replace("demo-1.0.", "demo-1.0rc1.")
    pathlib.Path("SHA256SUMS-rc1").write_text(candidate)
    return documented("verify")


class Grid:
    """The table that the release job's command printed, and the page that it wrote."""

    def __init__(self, printed: str) -> None:
        lines = printed.splitlines()
        (start,) = (n for n, each in enumerate(lines) if each.split()[:1] == ["cp311"])
        places = [match.start() for match in re.finditer(r"(?<=  )\S", lines[start])]
        ends = [*places[1:], None]
        #: The words of the cells: row and column.
        self.cells = {
            (text[: places[0]].strip(), lines[start][place:end].strip()): word
            for text in lines[start + 1 :]
            for place, end in zip(places, ends, strict=True)
            if (word := text[place:end].strip())
        }
        page = pathlib.Path("report.html").read_text()
        #: The states of the artifacts on the page, by name.
        self.states = dict(
            re.findall(r'<span class="name">([^<]+)</span></th><td class="state (\w+)">', page)
        )


PLACES = {
    LOST: ("manylinux x86_64", "cp312"),
    SWAPPED: ("win_amd64", "cp311"),
    EXTRA: ("win_amd64", "cp313"),
}


def row(event: str) -> tuple[int, str]:
    """Return the exit code and the cause in the page's row about an event."""
    cells = rf"\* - {event}\n +- (\d)\n +- .*?([\w-]+): "
    match = re.search(cells, PAGE.read_text("utf-8"))
    assert match is not None
    return int(match[1]), match[2]


def test_release_job_accepts_what_three_jobs_built(cli: Cli, verify: list[str]) -> None:
    result = cli(*verify)
    assert result.code == 0
    assert "expected the 5 kinds of demo 1.0rc1 at SHA256SUMS-rc1\n" in result.out
    assert "verified 5 of 5 artifacts (weakest tier: pinned)" in result.out
    grid = Grid(result.out)
    assert list(grid.cells.values()) == ["verified"] * 5
    names = sorted(name for job in JOBS.values() for name in job)
    assert grid.states == dict.fromkeys(names, "verified")


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
    ("happens", "event", "word"),
    [
        (lose, "a wheel was lost", "missing"),
        (swap, "a wheel was swapped or damaged", "refused"),
        (damage, "a wheel was swapped or damaged", "refused"),
        (add_wheel, "a wheel that no job listed", "refused"),
        (rename, "a wheel that no job listed", "refused"),
        (add_copy, "another file that twine would send", "unexpected"),
    ],
)
def test_release_job_sees_what_happened(
    cli: Cli, verify: list[str], happens: Callable[[], str], event: str, word: str
) -> None:
    """Its exit code, the artifact's line, the grid, and the page."""
    name = happens()
    code, cause = row(event)
    result = cli(*verify)
    assert result.code == code
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    (line,) = [line for line in refused if f"  {name}  " in line]
    assert f"  {cause}: " in line
    grid = Grid(result.out)
    assert grid.states[name] == word
    if name in PLACES:
        assert grid.cells[PLACES[name]] == word
    # The candidate had the wheel that is not there, or not good.
    assert (": 1 in 1.0rc1" in result.out) == (happens not in (add_wheel, add_copy))


@pytest.mark.parametrize("name", JOBS["linux"])
def test_release_job_sees_wheel_that_was_never_built(
    cli: Cli, verify: list[str], name: str
) -> None:
    """No list of this release has it, but the candidate had one."""
    (DIST / name).unlink()
    for path in pathlib.Path().glob("SHA256SUMS-*"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.endswith(f"  {name}\n")))
    number = verify.index("--expect")
    code, cause = row("a wheel was never built")
    result = cli(*verify[:number], *verify[number + 2 :])
    assert (result.code, result.out.count(f"{cause}: ")) == (code, 1)
    assert list(Grid(result.out).cells.values()).count("missing") == 1


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
    assert "incomplete: no wheels for macosx arm64 at all: 1 in 1.0rc1" in result.out
    assert Grid(result.out).cells["macosx arm64", "cp311"] == "missing"


def test_build_job_fails_with_unsound_wheel(cli: Cli, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "wheelhouse"
    path = make_wheel(folder, LOST)
    path.write_bytes(path.read_bytes()[:-100])
    assert cli(*documented("hash")).code == 1
    assert not pathlib.Path("SHA256SUMS-linux").exists()
