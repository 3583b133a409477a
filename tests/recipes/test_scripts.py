"""Scripts that projects have today, and what takes their place (``docs/scripts.rst``).

Each pair gets the same faults.  The first script publishes them, the second one does not.
"""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.recipes.package_index import PackageIndex, package_index
from tests.recipes.running import CI, bash
from tests.support.artifacts import flip_a_bit
from tests.support.servers import serving_folder
from wheelhouse_hashes.testing import make_sdist, make_wheel

SCRIPTS = CI / "scripts"
LINUX = [f"demo-1.0-cp31{n}-cp31{n}-manylinux_2_28_x86_64.whl" for n in (2, 3)]
WINDOWS = "demo-1.0-cp313-cp313-win_amd64.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    """The package index."""
    with package_index() as index:
        yield index


@pytest.fixture
def release(cli: Cli, tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder ``made`` with a release of four artifacts, and a list for each of two jobs."""
    made = tmp_path / "made"
    linux = [make_wheel(made, name) for name in LINUX]
    others = [make_wheel(made, WINDOWS), make_sdist(made, SDIST)]
    assert cli("hash", *linux, "--sums", "SHA256SUMS-linux").code == 0
    assert cli("hash", *others, "--sums", "SHA256SUMS-windows").code == 0
    shutil.copy(SCRIPTS / "expected.txt", tmp_path)
    return made


def script(name: str, index: PackageIndex, *arguments: object) -> Result:
    """Run a script in the current folder, and forget what was published before."""
    index.files.clear()
    if arguments:
        shutil.rmtree("dist", ignore_errors=True)
    path = SCRIPTS / name
    if path.suffix == ".py":
        return bash("-c", 'python "$@"', "bash", path, *arguments)
    return bash(path, *arguments, WAIT="5", WHEELHOUSE_UPLOADER_WAIT="0", **index.variables)


@pytest.mark.parametrize(
    ("fault", "code", "without_a_wheel"),
    [("damaged", 1, 1), ("of another release", 3, 3), ("none", 0, 4)],
)
def test_count(
    release: pathlib.Path, index: PackageIndex, fault: str, code: int, without_a_wheel: int
) -> None:
    dist = pathlib.Path("dist")
    shutil.copytree(release, dist)
    if fault == "damaged":
        flip_a_bit(dist / WINDOWS)
    if fault == "of another release":
        (dist / WINDOWS).unlink()
        make_wheel(dist, "demo-0.9-cp313-cp313-win_amd64.whl")
    before = script("count-before.sh", index)
    assert (before.code, len(index.files)) == (0, 4), before
    after = script("count-after.sh", index)
    assert (after.code, len(index.files)) == (code, 0 if code else 4), after
    # What the count is for: both find that a wheel is missing.
    (dist / LINUX[0]).unlink()
    assert script("count-before.sh", index).code == 1
    assert script("count-after.sh", index).code == without_a_wheel


@pytest.mark.parametrize("fault", ["damaged", "lost", "another version", "none"])
def test_download_and_fetch(
    cli: Cli, release: pathlib.Path, container: pathlib.Path, index: PackageIndex, fault: str
) -> None:
    assert cli("upload", "--hashfile", "--local-folder", release, *LOCAL, "wheels").code == 0
    (container / "index.html").unlink()
    if fault == "damaged":
        flip_a_bit(container / WINDOWS)
    if fault == "lost":
        (container / WINDOWS).unlink()
        (container / f"{WINDOWS}.sha256").unlink()
    if fault == "another version":
        make_wheel(container, WINDOWS.replace("1.0", "1.0.1"))
    count = {"lost": 3, "another version": 5}.get(fault, 4)
    code = {"damaged": 1, "lost": 4}.get(fault, 0)
    with serving_folder(container) as server:
        before = script("download-before.py", index, server.url, "1.0")
        assert (before.code, len(list(pathlib.Path("dist").iterdir()))) == (0, count), before
        after = script("download-after.sh", index, server.url, "1.0")
        assert after.code == code, after
        assert code or len(list(pathlib.Path("dist").iterdir())) == 4

        before = script("fetch-before.sh", index, server.url, "1.0")
        # The host alone fetches no sdists.
        assert (before.code, len(index.files)) == (0, min(count, 4) - 1), before
        after = script("fetch-after.sh", index, server.url, "1.0", index.page)
        assert (after.code, len(index.files)) == (code, 0 if code else 4), after
