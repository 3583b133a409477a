"""The files for GitHub and Read the Docs: schemas, zizmor, pinned actions, and their steps."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support import ROOT
from tests.support.artifacts import make_wheel, sha256

BIN = pathlib.Path(sys.executable).parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
USES = re.compile(r"^ *(?:- )?uses: (\S+)@(\S+)(.*)$", re.MULTILINE)


def run(*command: object, folder: pathlib.Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


def load(path: pathlib.Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("github-workflows", path.relative_to(ROOT).as_posix()) for path in WORKFLOWS),
        ("dependabot", ".github/dependabot.yml"),
        ("readthedocs", ".readthedocs.yaml"),
    ],
)
def test_file_has_valid_schema(schema: str, path: str) -> None:
    done = run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)
    assert done.returncode == 0, done.stdout


def zizmor(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return run(BIN / "zizmor", "--offline", "--persona", "auditor", folder)


def test_zizmor_has_no_finding() -> None:
    done = zizmor(ROOT / ".github")
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout
    assert all(path.name in done.stdout for path in WORKFLOWS)


def test_zizmor_reports_an_unpinned_action(tmp_path: pathlib.Path) -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    folder.joinpath("release.yml").write_text(re.sub(r"@[0-9a-f]{40} # v", "@v", text))
    done = zizmor(tmp_path)
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout


def test_each_action_has_one_hash_and_its_version() -> None:
    pins = [pin for path in WORKFLOWS for pin in USES.findall(path.read_text("utf-8"))]
    assert len(pins) >= 8
    assert [pin for pin in pins if not re.fullmatch(r"[0-9a-f]{40}", pin[1])] == []
    assert [pin for pin in pins if not re.fullmatch(r" # v\d+\.\d+\.\d+", pin[2])] == []
    assert len({action for action, _, _ in pins}) == len(set(pins))


def test_only_the_last_job_of_the_release_may_publish() -> None:
    jobs = load(ROOT / ".github/workflows/release.yml")["jobs"]
    assert [jobs[name].get("needs") for name in jobs] == [None, "build", "verify"]
    rights = {name: jobs[name]["permissions"] for name in jobs}
    assert rights == {
        "build": {"contents": "read"},
        "verify": {"contents": "read"},
        "publish": {"id-token": "write"},
    }
    assert jobs["publish"]["environment"] == "release"
    publish = jobs["publish"]["steps"][-1]
    assert "gh-action-pypi-publish" in publish["uses"]
    assert publish["with"]["attestations"] is True


@pytest.fixture
def release(tmp_path: pathlib.Path) -> pathlib.Path:
    """What the job ``publish`` downloads."""
    made = make_wheel(tmp_path / "dist", "demo-1.0-py3-none-any.whl")
    tmp_path.joinpath("SHA256SUMS").write_text(f"{sha256(made.read_bytes())}  {made.name}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "good"), [("none", True), ("added", False), ("changed", False), ("lost", False)]
)
def test_publish_compares_with_the_verified_list(
    release: pathlib.Path, change: str, good: bool
) -> None:
    steps = load(ROOT / ".github/workflows/release.yml")["jobs"]["publish"]["steps"]
    (step,) = (each for each in steps if "run" in each)
    (wheel,) = (release / "dist").iterdir()
    if change == "added":
        (release / "dist" / ".hidden.whl").touch()
    elif change == "changed":
        wheel.write_bytes(wheel.read_bytes() + b"\0")
    elif change == "lost":
        wheel.unlink()
    done = run("bash", "-e", "-c", step["run"], folder=release / step["working-directory"])
    assert (done.returncode == 0) is good, done.stdout


def test_workflow_environments_are_those_of_tox() -> None:
    tox = ROOT.joinpath("tox.ini").read_text("utf-8")
    (default,) = re.findall(r"^env_list = (.*)$", tox, re.MULTILINE)
    matrix = load(ROOT / ".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    named = {env for job in matrix["include"] for env in job["environments"].split(",")}
    assert named == {*default.split(", "), "py312", "py315", "package"}
