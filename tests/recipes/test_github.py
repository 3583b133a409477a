"""The recipe for GitHub Actions: schema validation, and a run of its ``run:`` steps.

Steps that ``uses:`` an action and cibuildwheel's builds are not run: the builds would need
the machines of the matrix. cibuildwheel itself lists the wheels it would build on each
machine, and a wheel built with ``python -m build`` is retagged as each of them. Everything
else runs unchanged, against a container that is a folder.
"""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from tests.conftest import Result
from tests.recipes.running import CI
from tests.recipes.workflow import Workflow
from tests.support.artifacts import flip_a_bit
from tests.support.servers import serving_folder

RECIPE = CI / "github" / "release.yml"
SECRET = "open sesame"
#: The platform and architecture that cibuildwheel uses for each runner.
MACHINES = {
    "ubuntu-24.04": ("linux", "x86_64"),
    "ubuntu-24.04-arm": ("linux", "aarch64"),
    "windows-2025": ("windows", "AMD64"),
    "macos-15": ("macos", "arm64"),
}
#: The platform in cibuildwheel's identifiers, and the platform tag in wheel names.
PLATFORMS = {
    "manylinux_x86_64": "manylinux_2_28_x86_64",
    "manylinux_aarch64": "manylinux_2_28_aarch64",
    "win_amd64": "win_amd64",
    "macosx_arm64": "macosx_11_0_arm64",
}


@pytest.fixture
def workflow(container: pathlib.Path) -> Workflow:
    """The recipe in a repository with its settings, for a release."""
    container.mkdir()
    settings = {
        "CONTAINER": "wheels",
        "STORE_ARGS": "--provider-name LOCAL --no-ssl-check",
        "WHEELHOUSE_UPLOADER_USERNAME": str(container.parent),
    }
    contexts = {"vars": settings, "secrets": {"WHEELHOUSE_UPLOADER_SECRET": SECRET}}
    return Workflow.load(RECIPE, contexts)


def build(
    workflow: Workflow, built: pathlib.Path, project: pathlib.Path, folder: pathlib.Path
) -> list[Result]:
    """Run all jobs except the last one, each in its own folder."""
    results = []
    wheels = workflow.parsed["jobs"]["wheels"]
    for machine in wheels["strategy"]["matrix"]["os"]:
        identifiers = would_build(workflow, machine, project)
        workflow.stand_ins = {"Build and test": retag(built, identifiers)}
        (folder / machine).mkdir()
        results += workflow.run_job("wheels", folder / machine)
    workflow.stand_ins = {}
    sdist = folder / "sdist"
    sdist.mkdir()
    for path in project.iterdir():
        if path.is_file():
            (sdist / path.name).write_bytes(path.read_bytes())
    results += workflow.run_job("sdist", sdist)
    return results


def would_build(workflow: Workflow, machine: str, project: pathlib.Path) -> list[str]:
    """Ask cibuildwheel which wheels it would build on one machine of the matrix."""
    (step,) = (x for x in workflow.parsed["jobs"]["wheels"]["steps"] if "cibuildwheel" in str(x))
    environ = workflow.environment(workflow.parsed["jobs"]["wheels"], step)
    assert environ.pop("CIBW_ARCHS") == "native"
    platform, architecture = MACHINES[machine]
    command = [sys.executable, "-m", "cibuildwheel", "--print-build-identifiers"]
    command += ["--platform", platform, "--archs", architecture, str(project)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**environ, "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, f"{done.stderr}\npip install cibuildwheel"
    return done.stdout.split()


def retag(built: pathlib.Path, identifiers: list[str]) -> str:
    """Return commands that put a wheel for each identifier into ``wheelhouse``."""
    commands = [f"mkdir wheelhouse && cp {shlex.quote(str(built))} wheelhouse"]
    for identifier in identifiers:
        python, _, platform = identifier.partition("-")
        commands.append(
            f"python -m wheel tags --python-tag {python} --abi-tag {python} "
            f"--platform-tag {PLATFORMS[platform]} wheelhouse/{built.name}"
        )
    return "\n".join([*commands, f"rm wheelhouse/{built.name}"])


def release(workflow: Workflow, folder: pathlib.Path, url: str, **environ: str) -> list[Result]:
    """Run the job that collects the release."""
    folder.mkdir()
    return workflow.run_job(
        "release",
        folder,
        WHEELHOUSE_URL=url,
        GITHUB_REF_NAME="v1.0",
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(folder / "summary.md"),
        WHEELHOUSE_UPLOADER_WAIT="1",
        **environ,
    )


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("github/release.yml", "github-workflows"),
        ("github/log-audit.yml", "github-workflows"),
        ("multibuild/travis.yml", "travis"),
    ],
)
def test_recipe_matches_service_schema(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*command, str(CI / name)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install check-jsonschema"
    spoilt = pathlib.Path("spoilt.yml")
    spoilt.write_text((CI / name).read_text().replace("\njobs:", "\njobs: 7\nold:"))
    done = subprocess.run([*command, str(spoilt)], check=False, capture_output=True, text=True)
    assert done.returncode == 1


def test_github_recipe_has_no_interpolated_commands() -> None:
    # Settings and tag names reach the shell as variables, never as code.
    parsed = Workflow.load(RECIPE, {}).parsed
    steps = [step for job in parsed["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 8
    assert not [script for script in scripts if "${{" in script]
    # Only the steps that need the secret have it.
    assert "secrets." not in str(parsed.get("env"))
    holders = [step.get("name") for step in steps if "secrets." in str(step)]
    assert holders == ["Upload", "Upload", "Write the index page"]
    (pin,) = re.findall(r"cibuildwheel==(\S+)", RECIPE.read_text())
    assert pin == importlib.metadata.version("cibuildwheel"), "the one that says what it builds"


def test_github_recipe_from_matrix_to_release(
    workflow: Workflow,
    built: pathlib.Path,
    project: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    uploads = build(workflow, built, project, tmp_path)
    assert {result.code for result in uploads} == {0}, uploads
    assert SECRET not in str(uploads)
    expected = int(workflow.environment()["EXPECT"])
    artifacts = {path.name for path in container.iterdir() if path.suffix in (".whl", ".gz")}
    assert len(artifacts) == expected == len(list(container.glob("*.sha256")))
    assert not (container / "index.html").exists()

    with serving_folder(container) as server:
        good = tmp_path / "good"
        results = release(workflow, good, server.url)
        assert [result.code for result in results] == [0, 0, 0, 0], results
        *_, fetched, looked = results
        assert f"verified {expected} of {expected} artifacts" in fetched.out
        assert "weakest tier: pinned" in looked.out
        assert looked.out.count("PASSED") == expected
        assert {path.name for path in (good / "release").iterdir()} == artifacts
        assert (good / "summary.md").read_text().count("| ok |") == 2 * expected

        # If one job of the matrix did not upload, nothing is published.
        gone = sorted(container.glob("*win_amd64.whl*"))
        kept = {path: path.read_bytes() for path in gone}
        for path in gone:
            path.unlink()
        short = release(workflow, tmp_path / "short", server.url)
        assert [result.code for result in short] == [0, 0, 4]
        message = f"expected {expected} good artifacts, found {expected - 3}"
        assert f"::error title=incomplete::{message}" in short[-1].out
        for path, content in kept.items():
            path.write_bytes(content)

        # If a wheel is damaged in the store, the job fails there with an annotation.
        victim = gone[0]
        flip_a_bit(victim)
        bad = release(workflow, tmp_path / "bad", server.url)
        assert [result.code for result in bad] == [0, 0, 1]
        assert f"::error title={victim.name}::mismatch" in bad[-1].out


def test_github_recipe_does_not_upload_pull_requests(
    workflow: Workflow,
    built: pathlib.Path,
    project: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    workflow.event = "pull_request"
    results = build(workflow, built, project, tmp_path)
    assert {result.code for result in results} == {0}
    assert len(list(tmp_path.glob("*/wheelhouse/*"))) == int(workflow.environment()["EXPECT"])
    assert not list(container.iterdir())
    assert release(workflow, tmp_path / "good", "http://127.0.0.1:9/") == []


def test_github_recipe_without_secret_uploads_nothing(
    workflow: Workflow, built: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    workflow.contexts = {**workflow.contexts, "secrets": {}}
    workflow.stand_ins = {"Build and test": retag(built, ["cp312-win_amd64"])}
    *_, upload = workflow.run_job("wheels", tmp_path)
    assert (upload.code, "skipping package upload" in upload.out) == (0, True)
    assert not list(container.iterdir())
