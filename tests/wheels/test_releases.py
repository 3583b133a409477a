"""Real releases are sound, except for those that are known not to be: ``tox run -e wheels``."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.conftest import Cli, Result
from tests.wheels.releases import NAMED, PLATFORM, PROJECTS, SMALL, UNSOUND, index_url

FULL = ("-m", "wheelhouse_hashes", "{}", "--check-contents", "full", "--report", "report.json")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder for the artifacts, which are downloaded once."""
    kept = os.environ.get("WHEELHOUSE_HASHES_TEST_CACHE")
    return pathlib.Path(kept, "releases") if kept else tmp_path_factory.mktemp("releases")


def check(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that the refused artifacts are those that are known to be unsound."""
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["artifacts"], result
    for artifact in report["artifacts"]:
        name = artifact["name"]
        if name in UNSOUND:
            assert artifact["cause"] == "unsound", artifact
            assert UNSOUND[name] in artifact["text"], artifact
        else:
            assert artifact["outcome"] in ("ok", "unverified"), artifact
    with capsys.disabled():
        print("".join(f"\n{line}" for line in result.out.splitlines() if line.startswith("note")))


def check_release(
    python: Cli, cache: pathlib.Path, release: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetch all artifacts of a release from the package index, and check their contents."""
    project, version = release
    folder = cache / f"{project}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [part.format("fetch") for part in FULL]
    options = ("--verify", "--quiet", "--version", version, "--local-folder", folder)
    check(python(*command, *options, project, f"{index_url()}/{project}/"), capsys)


@pytest.mark.parametrize("release", SMALL, ids="-".join)
def test_small_release_is_sound(
    python: Cli,
    cache: pathlib.Path,
    release: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_release(python, cache, release, capsys)


@pytest.mark.parametrize(
    "release",
    [(p, v) for p, versions in PROJECTS.items() for v in versions if (p, v) not in SMALL],
    ids="-".join,
)
def test_release_is_sound(
    python: Cli,
    cache: pathlib.Path,
    release: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_release(python, cache, release, capsys)


@pytest.mark.parametrize("requirement", NAMED)
def test_named_wheel_has_no_other_fault_than_known(
    python: Cli, cache: pathlib.Path, requirement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = cache / requirement
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
    wheels = ("--only-binary", ":all:", *PLATFORM, "--dest", str(folder))
    subprocess.run([*download, *wheels, requirement], check=True)
    command = [part.format("verify") for part in FULL]
    check(python(*command, "--missing-hash", "accept", folder), capsys)
