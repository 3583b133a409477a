"""The multibuild recipe with a real Swift, from CI jobs to a release."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from tests.recipes.running import CI, bash, make_project
from tests.swift.cluster import Cluster

RECIPE = CI / "multibuild"


def test_multibuild_recipe_with_two_jobs(
    cluster: Cluster, public_container: str, tmp_path: pathlib.Path
) -> None:
    url = f"{cluster.storage_url}/{public_container}/"
    job = {
        "CONTAINER": public_container,
        "UPLOAD_ARGS": "--no-update-index --provider-name OPENSTACK_SWIFT",
        "WHEELHOUSE_UPLOADER_USERNAME": "test:tester",
        "WHEELHOUSE_UPLOADER_SECRET": "testing",
        "WHEELHOUSE_UPLOADER_DRIVER_OPTIONS": (
            f"ex_force_auth_url={cluster.auth_url} ex_force_base_url={cluster.storage_url}"
        ),
    }
    source = make_project(tmp_path)
    for number, kind in enumerate(("--wheel", "--sdist")):
        command = [sys.executable, "-m", "build", kind, "--outdir", f"job-{number}", str(source)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    upload = RECIPE / "upload-wheels.sh"
    for skipped in ({"WHEELHOUSE_UPLOADER_SECRET": ""}, {"TRAVIS_PULL_REQUEST": "7"}):
        done = bash(upload, "job-0", **{**job, **skipped})
        assert (done.code, "kipping" in done.out) == (0, True)
    assert cluster.names(public_container) == []
    wrong = bash(upload, "job-0", **{**job, "WHEELHOUSE_UPLOADER_SECRET": "open sesame"})
    assert (wrong.code, "open sesame" in wrong.out + wrong.err) == (5, False)

    assert bash(upload, "job-0", **job).code == 0
    collect = RECIPE / "collect-release.sh"
    short = bash(collect, "demo", "1.0", 2, url, WHEELHOUSE_UPLOADER_WAIT="0")
    assert (short.code, "expected 2 good artifacts, found 1" in short.out) == (4, True)
    assert bash(upload, "job-1", **job).code == 0
    names = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    assert cluster.names(public_container) == sorted([*names, *(f"{x}.sha256" for x in names)])
    done = bash(collect, "demo", "1.0", 2, url)
    assert (done.code, done.out.count("PASSED")) == (0, 2), done
    assert sorted(path.name for path in pathlib.Path("demo-1.0").iterdir()) == names
    sums = subprocess.run(
        ["sha256sum", "-c", "--strict", "../SHA256SUMS"], check=False, cwd="demo-1.0"
    )
    assert sums.returncode == 0
