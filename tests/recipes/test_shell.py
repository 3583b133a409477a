"""The recipes for plain shell and GitLab CI, from ``hash`` to an index on loopback."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import Result
from tests.recipes.package_index import PackageIndex, package_index
from tests.recipes.running import CI, bash, bash_in, describe
from tests.support.artifacts import flip_a_bit

SHELL = CI / "shell"
GITLAB = CI / "gitlab" / "gitlab-ci.yml"
WHEELS = [f"demo-1.0-cp31{n}-cp31{n}-manylinux_2_28_x86_64.whl" for n in (1, 2, 3)]
SDIST = "demo-1.0.tar.gz"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    """The package index."""
    with package_index() as index:
        yield index


def test_shell_scripts_from_hash_to_index(tmp_path: pathlib.Path, index: PackageIndex) -> None:
    for job, name in (("linux", WHEELS[0]), ("sdist", SDIST)):
        folder = tmp_path / job / "wheelhouse"
        describe(folder, name)
        done = bash_in(tmp_path / job, SHELL / "hash-wheels.sh", job)
        assert done.code == 0, done
        shutil.copytree(folder, tmp_path / "dist", dirs_exist_ok=True)
        shutil.copy(tmp_path / job / f"SHA256SUMS-{job}", tmp_path)
    release = (SHELL / "release.sh", 2, index.page, "SHA256SUMS-linux", "SHA256SUMS-sdist")
    index.lag = 1

    assert bash_in(tmp_path, *release, DRY_RUN="1", **index.variables).code == 0
    assert bash_in(tmp_path, *release[:2], *release[2:4], **index.variables).code == 3
    assert bash_in(tmp_path, release[0], 3, *release[2:], **index.variables).code == 4
    assert index.files == {}
    done = bash_in(tmp_path, *release, WAIT="30", **index.variables)
    assert done.code == 0, done
    assert set(index.files) == {WHEELS[0], SDIST}
    assert index.pages == 2

    flip_a_bit(tmp_path / "dist" / WHEELS[0])
    assert bash_in(tmp_path, *release, **index.variables).code == 1
    assert bash(SHELL / "release.sh", 2).err.startswith("usage: ")
    assert bash_in(tmp_path, SHELL / "hash-wheels.sh", "-x", "--").code == 2


@pytest.mark.parametrize(
    ("path", "schema"), [("gitlab/gitlab-ci.yml", "gitlab-ci"), ("multibuild/travis.yml", "travis")]
)
def test_recipe_matches_service_schema(path: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*command, str(CI / path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install check-jsonschema"


class Pipeline:
    """A GitLab pipeline: each job runs in a folder with the artifacts of those that it needs.

    Installing Docker and building are replaced: the job's wheels are put into ``dist``.
    """

    def __init__(self, folder: pathlib.Path, variables: dict[str, str]) -> None:
        self.parsed: Any = YAML(typ="safe").load(GITLAB)
        self._folder = folder
        self._variables = variables

    def run(self, name: str) -> Result:
        """Run the script of a job in one shell, as GitLab's runner does."""
        job = self.parsed[name]
        folder = self._folder / name
        folder.mkdir(parents=True)
        for need in job.get("needs", ()):
            for path in self.parsed[need].get("artifacts", {}).get("paths", ()):
                source = self._folder / need / path
                if source.is_dir():
                    shutil.copytree(source, folder / path, dirs_exist_ok=True)
                else:
                    shutil.copy(source, folder / path)
        lines = [self._stand_in(line) for line in job["script"]]
        variables = {**self._variables, **job.get("variables", {})}
        return bash_in(folder, "-eo", "pipefail", "-c", "\n".join(lines), **variables)

    def _stand_in(self, line: str) -> str:
        if line.startswith("apt-get"):
            return ":"
        if "-m pip install" in line:
            return line.replace("cibuildwheel==4.3.3 ", "")
        if line.startswith(("python -m cibuildwheel", "python -m build")):
            wanted = WHEELS if "cibuildwheel" in line else [SDIST]
            assert line.endswith(" --output-dir dist" if wanted is WHEELS else " --outdir dist")
            return f"mkdir dist && cp {' '.join(str(self._folder / each) for each in wanted)} dist"
        return line


def test_gitlab_pipeline_from_hash_to_index(tmp_path: pathlib.Path, index: PackageIndex) -> None:
    describe(tmp_path, *WHEELS, SDIST)
    index.lag = 1
    pipeline = Pipeline(tmp_path, {"INDEX": index.page, **index.variables})
    jobs = [name for name, job in pipeline.parsed.items() if "script" in job]
    assert [pipeline.parsed[name]["stage"] for name in jobs][-3:] == ["check", "publish", "index"]
    results = {name: pipeline.run(name) for name in jobs}
    assert {name: each.code for name, each in results.items()} == dict.fromkeys(jobs, 0), results
    assert len(index.files) == 4
    assert "(weakest tier: pinned)" in results["check"].out
    # Only what publishes has an identity.
    assert [name for name in jobs if "id_tokens" in pipeline.parsed[name]] == ["publish"]


def test_gitlab_pipeline_publishes_nothing_if_a_wheel_is_lost(tmp_path: pathlib.Path) -> None:
    describe(tmp_path, *WHEELS, SDIST)
    pipeline = Pipeline(tmp_path, {})
    assert [pipeline.run(name).code for name in ("wheels", "sdist")] == [0, 0]
    (tmp_path / "wheels" / "dist" / WHEELS[0]).unlink()
    assert pipeline.run("check").code == 4
