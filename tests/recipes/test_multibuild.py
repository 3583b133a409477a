"""The multibuild recipe: its scripts and the configuration files that call them."""

from __future__ import annotations

import pathlib
import re
import shutil
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import LOCAL, Result
from tests.recipes.running import CI, bash
from tests.support.commands import names
from tests.support.servers import serving_folder
from wheelhouse_hashes.testing import make_wheel

RECIPE = CI / "multibuild"
SECRET = "open sesame"
#: A job's UPLOAD_ARGS select the store; here the account is a folder.
JOB = {
    "CONTAINER": "wheels",
    "UPLOAD_ARGS": "--no-update-index --provider-name LOCAL",
    "WHEELHOUSE_UPLOADER_USERNAME": "store",
    "WHEELHOUSE_UPLOADER_SECRET": SECRET,
}
WHEEL = "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
PAIR = [WHEEL, f"{WHEEL}.sha256"]


def upload(*arguments: object, **environ: str) -> Result:
    """Run the upload script with the variables of a job."""
    result = bash(RECIPE / "upload-wheels.sh", *arguments, **{**JOB, **environ})
    assert SECRET not in result.out + result.err
    return result


def load(name: str) -> Any:
    """Return a parsed file of the recipe."""
    return YAML(typ="safe").load(RECIPE / name)


@pytest.fixture
def wheelhouse(container: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder ``wheelhouse`` with one wheel."""
    return make_wheel(tmp_path / "wheelhouse", WHEEL).parent


def test_upload_script_uploads_pairs_without_index(
    wheelhouse: pathlib.Path, container: pathlib.Path
) -> None:
    done = upload()
    assert (done.code, done.err) == (0, "")
    assert names(container) == PAIR
    again = upload(wheelhouse)
    assert (again.code, "already there" in again.out) == (0, True)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"WHEELHOUSE_UPLOADER_SECRET": ""}, "skipping package upload"),
        ({"TRAVIS_PULL_REQUEST": "7"}, "Skipping upload of packages for pull request"),
        ({"APPVEYOR_PULL_REQUEST_NUMBER": "7"}, "Skipping upload of packages for pull request"),
    ],
    ids=["no secret", "Travis", "AppVeyor"],
)
def test_upload_script_skips_without_secret_or_for_pull_request(
    wheelhouse: pathlib.Path, container: pathlib.Path, environ: dict[str, str], message: str
) -> None:
    done = upload(**environ)
    assert (done.code, message in done.out) == (0, True)
    assert names(container) == []


def test_upload_script_uploads_other_builds(
    wheelhouse: pathlib.Path, container: pathlib.Path
) -> None:
    # Travis sets "false" for other builds; pull requests can be uploaded on request.
    assert upload(TRAVIS_PULL_REQUEST="false").line("sent")
    forced = f"{JOB['UPLOAD_ARGS']} --upload-pull-request"
    shutil.rmtree(container)
    assert upload(TRAVIS_PULL_REQUEST="7", UPLOAD_ARGS=forced).line("sent")
    assert names(container) == PAIR


def test_upload_script_fails_with_missing_setting(
    wheelhouse: pathlib.Path, container: pathlib.Path
) -> None:
    assert upload(CONTAINER="").code != 0
    assert upload(WHEELHOUSE_UPLOADER_USERNAME="").code == 1  # the host's own error
    assert upload(UPLOAD_ARGS="--no-such-option").code == 2
    assert names(container) == []


def test_collect_script_collects_complete_release(
    built: pathlib.Path, wheelhouse: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (wheelhouse / WHEEL).unlink()
    shutil.copy(built, wheelhouse)
    assert upload().code == 0
    collect = RECIPE / "collect-release.sh"
    with serving_folder(container) as server:
        short = bash(collect, "demo", "1.0", 2, server.url, WHEELHOUSE_UPLOADER_WAIT="0")
        assert (short.code, "PASSED" in short.out) == (4, False)
        done = bash(collect, "demo", "1.0", 1, server.url)
    assert done.code == 0, done
    assert "PASSED" in done.line(f"Checking {pathlib.Path('demo-1.0', built.name)}")
    assert names(tmp_path / "demo-1.0") == [built.name]
    listed = bash("-c", "cd demo-1.0 && sha256sum -c --strict ../SHA256SUMS")
    assert (listed.code, listed.out) == (0, f"{built.name}: OK\n")
    assert bash(collect, "demo").err.startswith("usage: ")


#: A stand-in for the multibuild submodule of real repositories. It builds nothing and takes an
#: existing wheel.
MULTIBUILD = """\
function before_install { :; }
function clean_code { :; }
function build_wheel { mkdir -p wheelhouse && cp "$BUILT" wheelhouse; }
function install_run { return "${TESTS_FAIL:-0}"; }
"""


def test_travis_configuration(
    built: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    travis = load("travis.yml")
    variables = dict(line.split("=", 1) for line in travis["env"]["global"])
    assert variables["CONTAINER"] == "wheels"
    build = tmp_path / "build"
    (build / "multibuild").mkdir(parents=True)
    (build / "multibuild" / "common_utils.sh").write_text(MULTIBUILD)
    (build / "multibuild" / "travis_steps.sh").touch()
    shutil.copy(RECIPE / "upload-wheels.sh", build)
    container.parent.rename(build / "store")
    # A failing command of ``script`` decides the job's result but does not end the job.
    steps = [*travis["before_install"], *travis["install"]]
    phases = ["set -e", *steps, "set +e", "result=0"]
    phases += [f"{command} || result=$?" for command in travis["script"]]
    job = "\n".join([f"cd {build}", *phases, "exit $result"])
    environ = {
        **{name: value.strip('"') for name, value in variables.items()},
        "UPLOAD_ARGS": JOB["UPLOAD_ARGS"],
        "WHEELHOUSE_UPLOADER_USERNAME": "store",
        "WHEELHOUSE_UPLOADER_SECRET": SECRET,
        "TRAVIS_BUILD_DIR": str(build),
        "TRAVIS_PULL_REQUEST": "false",
        "BUILT": str(built),
    }
    assert bash("-c", job, **{**environ, "TESTS_FAIL": "1"}).code == 1
    assert names(build / "store") == []
    assert bash("-c", job, **{**environ, "UPLOAD_ARGS": "--no-such-option"}).code == 2
    done = bash("-c", job, **environ)
    assert done.code == 0, done
    assert names(build / "store" / "wheels") == [built.name, f"{built.name}.sha256"]


def test_appveyor_configuration(
    wheelhouse: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    # AppVeyor uses the Windows shell; bash runs the line with ``%NAME%`` rewritten as ``$NAME``.
    (command,) = load("appveyor.yml")["after_test"]
    wheelhouse.rename(tmp_path / "dist")
    done = bash("-c", re.sub(r"%(\w+)%", r"$\1", command), **JOB)
    assert (done.code, done.err) == (0, "")
    assert names(container) == PAIR


@pytest.mark.parametrize("name", ["travis.yml", "appveyor.yml"])
def test_configured_upload_options_exist(
    name: str, wheelhouse: pathlib.Path, container: pathlib.Path
) -> None:
    text = (RECIPE / name).read_text()
    (given,) = re.findall(r'UPLOAD_ARGS(?:=|: )"?([^"\n]+)', text)
    assert upload(UPLOAD_ARGS=f"{given} {' '.join(LOCAL[:2])}").code == 0
