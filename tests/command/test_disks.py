"""Disk errors: full disks, read-only folders, file limits, and occupied names (exit code 6)."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import make_wheel, sha256
from tests.support.commands import FETCH, GOT, UPLOAD
from tests.support.servers import Server

SMALL = "demo-1.0-1small-py3-none-any.whl"
LARGE = "demo-1.0-2large-py3-none-any.whl"


FETCH_ONE_BY_ONE = (*FETCH, "--max-workers", "1")
UPLOAD_ONE_BY_ONE = (*UPLOAD, "--max-workers", "1", "--local-folder", "dist")

#: Enough space for the small artifact and its hash file, but not for the large one.
ROOM = 400 * 1024


@pytest.fixture
def wheels(tmp_path: pathlib.Path, dist: pathlib.Path) -> dict[str, bytes]:
    """A small and a large wheel to upload."""
    sizes = {SMALL: 50_000, LARGE: 2_000_000}
    return {n: make_wheel(dist, n, os.urandom(size)).read_bytes() for n, size in sizes.items()}


@pytest.fixture
def offered(served: Server, wheels: dict[str, bytes], container: pathlib.Path) -> Server:
    """The same wheels, published for fetching."""
    for name, content in wheels.items():
        (container / name).write_bytes(content)
        (container / f"{name}.sha256").write_text(f"{sha256(content)}  {name}\n")
    return served


def run_on_small_disk(place: str, prepare: str, *command: str) -> Result:
    """Run a command with a small file system mounted on a folder; copy that folder to ``after``.

    :param place: the folder.
    :param prepare: shell commands to run in the mount before the command.
    """
    assert shutil.which("unshare"), "install unshare: apt-get install util-linux"
    script = (
        f'set -e; mkdir -p "$0"; mount -t tmpfs -o size={ROOM} none "$0"; {prepare}\n'
        'code=0; "$@" || code=$?; cp -a "$0" after; exit $code'
    )
    python = (sys.executable, "-m", "wheelhouse_hashes")
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, place, *python, *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert "unshare:" not in done.stderr, f"user namespaces are needed: {done.stderr}"
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def test_fetch_to_full_disk(offered: Server, wheels: dict[str, bytes]) -> None:
    result = run_on_small_disk("got", "", *FETCH_ONE_BY_ONE, offered.url)
    assert result.code == 6
    assert "disk: cannot write" in result.line("refused")
    assert "No space left on device" in result.line("refused")
    assert result.line("ok").split()[1] == SMALL
    assert result.err == ""
    assert os.listdir("after") == [SMALL]
    assert pathlib.Path("after", SMALL).read_bytes() == wheels[SMALL]


@pytest.mark.thorough
def test_fetch_frees_space_of_failed_artifact(
    offered: Server, wheels: dict[str, bytes], container: pathlib.Path
) -> None:
    later = "demo-1.0-3later-py3-none-any.whl"
    for suffix in ("", ".sha256"):
        content = (
            (container / f"{SMALL}{suffix}").read_bytes().replace(SMALL.encode(), later.encode())
        )
        (container / f"{later}{suffix}").write_bytes(content)
    result = run_on_small_disk("got", "", *FETCH_ONE_BY_ONE, offered.url)
    assert result.code == 6
    assert sorted(os.listdir("after")) == [SMALL, later]


def test_fetch_into_read_only_folder(
    offered: Server, wheels: dict[str, bytes], dist: pathlib.Path
) -> None:
    prepare = f'cp dist/{SMALL} "$0"; mount -o remount,ro "$0"'
    result = run_on_small_disk("got", prepare, *FETCH_ONE_BY_ONE, offered.url)
    assert result.code == 6
    assert result.err == (
        "wheelhouse-hashes: error: disk: cannot write to the folder got: Read-only file system\n"
    )
    assert os.listdir("after") == [SMALL]


def test_upload_to_full_disk(wheels: dict[str, bytes], container: pathlib.Path) -> None:
    result = run_on_small_disk("store/wheels", "", *UPLOAD_ONE_BY_ONE)
    assert result.code == 6
    assert result.line("failed").split()[1] == LARGE
    assert "No space left on device" in result.line("failed")
    assert result.line("sent").split()[1] == SMALL
    assert result.err == ""
    left = {SMALL, f"{SMALL}.sha256", f"{LARGE}.sha256", "index.html", ".hash"}
    assert set(os.listdir("after")) == left
    assert os.listdir("after/.hash") == []
    assert pathlib.Path("after", SMALL).read_bytes() == wheels[SMALL]
    assert LARGE not in pathlib.Path("after/index.html").read_text()


def test_upload_into_read_only_container(wheels: dict[str, bytes], container: pathlib.Path) -> None:
    result = run_on_small_disk("store/wheels", 'mount -o remount,ro "$0"', *UPLOAD_ONE_BY_ONE)
    assert result.code == 6
    assert result.out.count("Read-only file system") >= len(wheels)
    assert os.listdir("after") == []


_WITH_LIMIT = """
import resource, sys
import wheelhouse_hashes.cli.fetch, wheelhouse_hashes.cli.upload, wheelhouse_hashes.stores.local
import wheelhouse_hashes.builtin.sources.page_links, wheelhouse_hashes.formats.relevance
import wheelhouse_hashes.formats.wheel_contents, wheelhouse_hashes.http.client
import libcloud.storage.drivers.local
from wheelhouse_hashes.host import attach
attach.watch()
__import__(attach.COMMANDLINE)
kind, limit = sys.argv[1:3]
del sys.argv[1:3]
hard = resource.getrlimit(getattr(resource, kind))[1]
resource.setrlimit(getattr(resource, kind), (int(limit), hard))
attach.run_host()
"""


@pytest.mark.parametrize("verb", ["fetch", "upload"])
def test_file_size_limit_is_disk_error(
    python: Cli, offered: Server, wheels: dict[str, bytes], container: pathlib.Path, verb: str
) -> None:
    # RLIMIT_FSIZE also sends a signal (SIGXFSZ), as a disk quota does.
    if verb == "upload":
        shutil.rmtree(container)
    command = (*FETCH_ONE_BY_ONE, offered.url) if verb == "fetch" else UPLOAD_ONE_BY_ONE
    result = python("-c", _WITH_LIMIT, "RLIMIT_FSIZE", 1_000_000, *command)
    assert result.code == 6
    assert "File too large" in result.out
    assert result.err == ""
    folder = GOT if verb == "fetch" else container
    assert sorted(path.name for path in folder.glob("*.whl")) == [SMALL]
    assert not list(folder.glob(".wheelhouse-hashes-*"))


@pytest.mark.thorough
def test_fetch_with_too_many_open_files(
    python: Cli, offered: Server, wheels: dict[str, bytes]
) -> None:
    codes = []
    for limit in (6, 7, 9, 20):
        shutil.rmtree(GOT, ignore_errors=True)
        result = python("-c", _WITH_LIMIT, "RLIMIT_NOFILE", limit, *FETCH_ONE_BY_ONE, offered.url)
        codes.append(result.code)
        assert "Traceback" not in result.err
        left = os.listdir(GOT) if GOT.exists() else []
        assert {name: GOT.joinpath(name).read_bytes() for name in left}.items() <= wheels.items()
    *few, enough = codes
    assert enough == 0
    assert few == [6] * len(few)


@pytest.mark.thorough
def test_upload_with_too_many_open_files(
    python: Cli, wheels: dict[str, bytes], container: pathlib.Path
) -> None:
    codes = []
    for limit in (4, 5, 20):
        shutil.rmtree(container, ignore_errors=True)
        result = python("-c", _WITH_LIMIT, "RLIMIT_NOFILE", limit, *UPLOAD_ONE_BY_ONE)
        codes.append(result.code)
        assert "Traceback" not in result.err
        left = {path.name: path.read_bytes() for path in container.glob("*.whl")}
        assert left.items() <= wheels.items()
        assert not list(container.glob(".hash/*"))
    assert codes == [6, 6, 0]


def test_fetch_refuses_file_in_place_of_folder(cli: Cli, offered: Server) -> None:
    GOT.write_text("mine")
    result = cli(*FETCH_ONE_BY_ONE, offered.url)
    assert result.code == 6
    assert (
        result.err == "wheelhouse-hashes: error: disk: cannot create the folder got: File exists\n"
    )
    assert GOT.read_text() == "mine"


@pytest.mark.parametrize("kind", ["folder", "link to a file", "dangling link", "pipe"])
def test_fetch_refuses_occupied_artifact_name(
    cli: Cli, offered: Server, wheels: dict[str, bytes], tmp_path: pathlib.Path, kind: str
) -> None:
    GOT.mkdir()
    other = tmp_path / "other"
    if kind == "folder":
        (GOT / LARGE).mkdir()
    elif kind == "pipe":
        os.mkfifo(GOT / LARGE)
    else:
        (GOT / LARGE).symlink_to(other)
        if kind == "link to a file":
            other.write_text("mine")
    before = (GOT / LARGE).lstat()
    result = cli(*FETCH_ONE_BY_ONE, offered.url)
    assert result.code == 6
    assert result.line("refused").endswith("; remove it")
    assert (GOT / LARGE).lstat().st_ino == before.st_ino
    assert (GOT / SMALL).read_bytes() == wheels[SMALL]
    assert sorted(os.listdir(GOT)) == [SMALL, LARGE]
    assert not other.exists() or other.read_text() == "mine"


@pytest.mark.thorough
def test_replacement_that_does_not_fit_leaves_the_previous_pair(
    served: Server, cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    """The disk has no space for the rebuilt wheel; a fetch still gets the one before."""
    old = make_wheel(dist, SMALL, os.urandom(50_000)).read_bytes()
    assert cli(*UPLOAD).code == 0
    shutil.copytree(container, "before")
    make_wheel(dist, SMALL, os.urandom(2_000_000))
    result = run_on_small_disk("store/wheels", 'cp -a before/. "$0"', *UPLOAD_ONE_BY_ONE)
    assert result.code == 6
    failed = result.line("failed")
    assert "No space left on device" in failed
    assert failed.endswith("the container still has the previous artifact and its hash file")
    shutil.rmtree(container)
    shutil.copytree("after", container)
    fetched = cli(*FETCH, "--wait", "0", served.url)
    assert (fetched.code, (GOT / SMALL).read_bytes()) == (0, old), fetched


@pytest.mark.parametrize("prepare", ['mount -o remount,ro "$0"', 'chmod 0555 "$0"; id -u'])
def test_dev_wheel_of_a_read_only_folder_is_uploaded(
    dist: pathlib.Path, container: pathlib.Path, tmp_path: pathlib.Path, prepare: str
) -> None:
    """A build system may make its output read-only; the published name has a time stamp."""
    names = ("demo-1.1.dev0-py3-none-any.whl", "demo-1.0-py3-none-any.whl")
    wheels = [make_wheel(tmp_path / "built", name).read_bytes() for name in names]
    (tmp_path / "tmp").mkdir()
    prepare = f'cp built/* "$0"; export TMPDIR="$PWD/tmp"; {prepare}'
    result = run_on_small_disk("dist", prepare, *UPLOAD_ONE_BY_ONE)
    assert result.code == 0, result
    sent = [path.name for path in container.glob("*.whl")]
    [stamped] = [name for name in sent if "dev0+" in name]
    assert sorted(sent) == [names[1], stamped]
    assert (container / stamped).read_bytes() == wheels[0]
    assert (container / f"{stamped}.sha256").exists()
    assert list((tmp_path / "tmp").iterdir()) == []
