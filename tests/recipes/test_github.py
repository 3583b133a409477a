"""The recipes for GitHub Actions: schema, zizmor, and a run of all jobs, up to the index.

Building is not run: it would need the machines of the matrix.  cibuildwheel itself lists the
wheels it would build on each machine, and a wheel built with ``python -m build`` is retagged as
each of them.  Everything else runs unchanged, against a container that is a folder, and a
package index on loopback.
"""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conftest import Cli
from tests.recipes.package_index import PackageIndex, package_index
from tests.recipes.workflow import FOLDER, OURS, Workflow
from tests.support.artifacts import flip_a_bit
from tests.support.logs import VKEY, entries, make_log
from tests.support.servers import serving_folder

SECRET = "open sesame"
RELEASES = ("without-store.yml", "with-store.yml")
WORKFLOWS = ("build.yml", *RELEASES, "nightly.yml")
AUDIT = "log-audit.yml"
COUNT = 13
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
#: Actions that the recipes use, with the commit of the version in the comment.
PINS = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact": "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "pypa/gh-action-pypi-publish": "dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2",
    # To be filled in: docs/ci.rst.
    OURS: f"{'0' * 40} # v0.1.0",
}


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment."""
    command = [str(pathlib.Path(sys.executable).with_name(name)), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_recipes_match_service_schema() -> None:
    schema = ("--builtin-schema", "vendor.github-workflows")
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted([*WORKFLOWS, AUDIT])
    done = tool("check-jsonschema", *schema, *FOLDER.iterdir())
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install check-jsonschema"
    spoilt = pathlib.Path("spoilt.yml")
    spoilt.write_text((FOLDER / "build.yml").read_text().replace("\njobs:", "\njobs: 7\nold:"))
    assert tool("check-jsonschema", *schema, spoilt).returncode == 1


def test_zizmor_has_no_findings() -> None:
    # .pre-commit-config.yaml runs the same, and the schemas, in "tox run -e lint".
    files = sorted(FOLDER.iterdir())
    options = ("--offline", "--persona", "auditor", "--quiet")
    done = tool("zizmor", *options, *files, FOLDER.parents[2] / "action.yml")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install zizmor"
    spoilt = pathlib.Path("spoilt.yml")
    text = (FOLDER / "build.yml").read_text()
    spoilt.write_text(text.replace("persist-credentials: false", "fetch-depth: 0"))
    assert "artipacked" in tool("zizmor", *options, spoilt).stdout


def test_actions_are_pinned_and_permissions_are_least() -> None:
    for name in (*WORKFLOWS, AUDIT):
        text = (FOLDER / name).read_text()
        for action, pin in re.findall(r"uses: ([^$@\s]+)@(.*)$", text, re.MULTILINE):
            assert PINS[action] == pin
        parsed = Workflow.load(name, pathlib.Path(), {}).parsed
        if name == AUDIT:
            # It commits a file, and runs nothing of the project.
            assert parsed["permissions"] == {}
            assert [job["permissions"] for job in parsed["jobs"].values()] == [
                {"contents": "write"}
            ]
            assert "${{" not in str([step.get("run") for step in parsed["jobs"]["audit"]["steps"]])
            continue
        assert parsed["permissions"] == {}
        for job, each in parsed["jobs"].items():
            writing = {key: value for key, value in each["permissions"].items() if value == "write"}
            assert writing == ({"id-token": "write"} if job == "publish" else {})
            # Where there is a secret, or an identity, no code of the project or its tests runs.
            if "secrets." in str(each) or writing:
                assert each["environment"]
                assert not [step for step in each["steps"] if "run" in step]
            assert "${{" not in str([step.get("run") for step in each.get("steps", ())])
    text = (FOLDER / "build.yml").read_text()
    (pin,) = re.findall(r"cibuildwheel==(\S+)", text)
    assert pin == importlib.metadata.version("cibuildwheel"), "the one that says what it builds"


def would_build(step: Mapping[str, Any], machine: str, project: pathlib.Path) -> list[str]:
    """Ask cibuildwheel which wheels it would build on one machine of the matrix."""
    environ = {**step["env"], "PATH": "/usr/bin:/bin"}
    assert environ.pop("CIBW_ARCHS") == "native"
    platform, architecture = MACHINES[machine]
    command = [sys.executable, "-m", "cibuildwheel", "--print-build-identifiers"]
    command += ["--platform", platform, "--archs", architecture, str(project)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environ)
    assert done.returncode == 0, f"{done.stderr}\npip install cibuildwheel"
    return done.stdout.split()


def retag(built: pathlib.Path, identifiers: list[str]) -> str:
    """Return commands that put a wheel for each identifier into ``dist``."""
    commands = [f"mkdir dist && cp {shlex.quote(str(built))} dist"]
    for identifier in identifiers:
        python, _, platform = identifier.partition("-")
        commands.append(
            f"python -m wheel tags --python-tag {python} --abi-tag {python} "
            f"--platform-tag {PLATFORMS[platform]} dist/{built.name}"
        )
    return "\n".join([*commands, f"rm dist/{built.name}"])


def run_build(folder: pathlib.Path, project: pathlib.Path, built: pathlib.Path) -> pathlib.Path:
    """Run the jobs that build; return the folder of their artifacts."""

    def prepare(workflow: Workflow, values: Mapping[str, str]) -> None:
        if machine := values.get("matrix.os"):
            (step,) = (x for x in workflow.parsed["jobs"]["wheels"]["steps"] if "env" in x)
            workflow.stand_ins["Build and test"] = retag(built, would_build(step, machine, project))

    workflow = Workflow.load("build.yml", folder, {}, source=project, before=prepare)
    assert workflow.run() == {"wheels": 0, "sdist": 0}, workflow.ran
    assert len([path for path in workflow.artifacts.glob("dist-*/*") if path.is_file()]) == COUNT
    return workflow.artifacts


@pytest.fixture(scope="module")
def built_release(
    tmp_path_factory: pytest.TempPathFactory, project: pathlib.Path, built: pathlib.Path
) -> pathlib.Path:
    """The artifacts of the jobs that build."""
    return run_build(tmp_path_factory.mktemp("build"), project, built)


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    """The package index."""
    with package_index() as index:
        yield index


@pytest.fixture
def settings(container: pathlib.Path, index: PackageIndex) -> dict[str, str]:
    """The variables and secrets of the repository."""
    container.mkdir()
    return {
        "vars.CONTAINER": "wheels",
        "vars.NIGHTLY_CONTAINER": "wheels/nightly",
        "vars.STORE_ARGS": "--provider-name=LOCAL\n--no-ssl-check",
        "vars.WHEELHOUSE_UPLOADER_USERNAME": str(container.parent),
        "vars.INDEX": index.page,
        "secrets.WHEELHOUSE_UPLOADER_SECRET": SECRET,
        "github.ref_name": "v1.0",
    }


def workflow_after_build(
    name: str, built_release: pathlib.Path, folder: pathlib.Path, settings: dict[str, str],
    index: PackageIndex, **environ: str
) -> Workflow:  # fmt: skip
    """Return a workflow whose build has run; its jobs need not build again."""
    workflow = Workflow.load(name, folder, settings, environ={**index.variables, **environ})
    shutil.copytree(built_release, workflow.artifacts)
    workflow.ran["build"] = []
    del workflow.parsed["jobs"]["build"]
    return workflow


def test_release_without_store_from_hash_to_index(
    built_release: pathlib.Path,
    tmp_path: pathlib.Path,
    settings: dict[str, str],
    index: PackageIndex,
) -> None:
    index.lag = 1
    workflow = workflow_after_build(
        "without-store.yml", built_release, tmp_path / "good", settings, index
    )
    assert workflow.run() == {"build": 0, "check": 0, "publish": 0, "index": 0}, workflow.ran
    out = str(workflow.ran["check"])
    assert f"verified {COUNT} of {COUNT} artifacts (weakest tier: pinned)" in out
    assert out.count("PASSED") == COUNT == len(index.files)
    assert index.pages == 2
    assert "verified 13 of 13" in str(workflow.ran["index"])
    # If the index serves other bytes, the last job fails.
    name = next(iter(index.files))
    index.files[name] += b"more"
    shutil.rmtree(workflow.folder / "index")
    assert workflow.run("index")["index"] == 1, workflow.ran
    # Nor does it pass if the variable is not set.
    workflow.values = {**settings, "vars.INDEX": ""}
    shutil.rmtree(workflow.folder / "index")
    assert workflow.run("index")["index"] == 2, workflow.ran


def test_pull_request_is_verified_and_not_published(
    built_release: pathlib.Path,
    tmp_path: pathlib.Path,
    settings: dict[str, str],
    index: PackageIndex,
) -> None:
    for name, verified in (("without-store.yml", {"check": 0}), ("with-store.yml", {})):
        folder = tmp_path / name
        workflow = workflow_after_build(name, built_release, folder, settings, index)
        workflow.event = "pull_request"
        assert workflow.run() == {"build": 0, **verified}
    assert index.files == {}


@pytest.mark.parametrize("damage", ["wheel lost", "job lost", "list lost", "wheel changed", "more"])
def test_nothing_is_published_if_something_went_wrong_on_the_way(
    built_release: pathlib.Path,
    tmp_path: pathlib.Path,
    settings: dict[str, str],
    index: PackageIndex,
    damage: str,
) -> None:
    workflow = workflow_after_build(
        "without-store.yml", built_release, tmp_path / "bad", settings, index
    )
    artifacts = workflow.artifacts
    wheel = next(artifacts.joinpath("dist-windows-2025").iterdir())
    if damage == "wheel lost":
        wheel.unlink()
    if damage in ("job lost", "list lost"):
        shutil.rmtree(artifacts / "sums-windows-2025")
    if damage == "job lost":
        shutil.rmtree(artifacts / "dist-windows-2025")
    if damage == "wheel changed":
        flip_a_bit(wheel)
    if damage == "more":
        wheel.with_name(wheel.name.replace("win_amd64", "win32")).write_bytes(wheel.read_bytes())
    codes = {"wheel lost": 4, "job lost": 2, "list lost": 2, "wheel changed": 1, "more": 3}
    assert workflow.run() == {"build": 0, "check": codes[damage]}, workflow.ran
    assert index.files == {}


def test_release_with_store_from_hash_to_index(
    built_release: pathlib.Path,
    tmp_path: pathlib.Path,
    settings: dict[str, str],
    container: pathlib.Path,
    index: PackageIndex,
) -> None:
    with serving_folder(container) as server:
        settings["vars.WHEELHOUSE_URL"] = server.url
        workflow = workflow_after_build(
            "with-store.yml", built_release, tmp_path / "good", settings, index
        )
        codes = workflow.run()
        assert codes == {"build": 0, "store": 0, "check": 0, "publish": 0, "index": 0}, workflow.ran
        assert SECRET not in str(workflow.ran)
        assert len(list(container.glob("*.sha256"))) == COUNT == len(index.files)
        assert f"verified {COUNT} of {COUNT}" in str(workflow.ran["check"])

        # If a wheel is lost or damaged in the store, nothing is published.
        victim = next(container.glob("*win_amd64.whl"))
        for number, code in enumerate((1, 4)):
            if code == 1:
                flip_a_bit(victim)
            else:
                victim.unlink()
                victim.with_name(f"{victim.name}.sha256").unlink()
            folder = tmp_path / f"bad{number}"
            bad = workflow_after_build("with-store.yml", built_release, folder, settings, index)
            del bad.parsed["jobs"]["store"]
            bad.ran["store"] = []
            assert bad.run()["check"] == code, bad.ran
            assert "publish" not in bad.ran


def test_nightly_keeps_dev_builds_of_the_container(
    cli: Cli,
    built_release: pathlib.Path,
    tmp_path: pathlib.Path,
    settings: dict[str, str],
    container: pathlib.Path,
    index: PackageIndex,
) -> None:
    workflow = workflow_after_build(
        "nightly.yml", built_release, tmp_path / "night", settings, index
    )
    assert workflow.run() == {"build": 0, "store": 0}, workflow.ran
    with serving_folder(container / "nightly") as server:
        options = ("--verify", "--wait", "0", "--local-folder", "got", "--expect", COUNT)
        assert cli("fetch", *options, "demo", server.url).code == 0
    # Without the secret, as in a fork, the upload is skipped.
    del settings["secrets.WHEELHOUSE_UPLOADER_SECRET"]
    fork = workflow_after_build("nightly.yml", built_release, tmp_path / "fork", settings, index)
    assert fork.run() == {"build": 0, "store": 0}, fork.ran
    assert "skipping package upload" in str(fork.ran["store"])


def git(folder: pathlib.Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_audit_of_the_log_commits_each_good_checkpoint(tmp_path: pathlib.Path) -> None:
    """A second history of the log is exit code 7, and its checkpoint is not committed."""
    bare, work, log = tmp_path / "forge" / "demo.git", tmp_path / "work", tmp_path / "log"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    subprocess.run(["git", "init", "--quiet", str(work)], check=True)
    repository = {"GITHUB_REPOSITORY": "forge/demo.git"}
    forge = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://x-access-token:{SECRET.replace(' ', '')}@github.com/",
    }
    values = {"vars.LOG_KEY": VKEY, "github.token": SECRET.replace(" ", "")}

    def audit(number: int) -> int:
        folder = tmp_path / f"run{number}"
        environ = {**repository, **forge, "WHEELHOUSE_HASHES_STATE": str(folder / "state")}
        workflow = Workflow.load(AUDIT, folder, values, source=work, environ=environ)
        workflow.parsed["jobs"]["audit"]["env"]["LOG"] = str(log)
        code = workflow.run()["audit"]
        assert values["github.token"] not in str(workflow.ran)
        ran.append(str(workflow.ran))
        return code

    ran: list[str] = []
    make_log(log, entries(1, 2))
    assert audit(1) == 0, ran
    (branch,) = git(bare, "branch", "--format=%(refname:short)").split()
    first = git(bare, "show", f"{branch}:log.checkpoint")
    assert first.splitlines()[1] == "2"
    git(work, "pull", "--quiet", str(bare), branch)
    assert audit(2) == 0  # nothing new to commit
    assert git(bare, "rev-list", "--count", branch).strip() == "1"
    shutil.rmtree(log)
    make_log(tmp_path / "second", entries(1, 3, 4)).rename(log)
    assert audit(3) == 7, ran
    assert git(bare, "show", f"{branch}:log.checkpoint") == first
