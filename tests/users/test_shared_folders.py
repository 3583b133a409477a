"""A LOCAL container that several users share, and what its files look like on disk."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import A, B, make_wheel
from tests.support.commands import UPLOAD

#: Two users, and their common group.
USERS = (2001, 2002)
GROUP = 3000


def mode(path: pathlib.Path) -> str:
    """Return the permissions of a file as in ``chmod``."""
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def setpriv(user: int, umask: str, *command: str) -> list[str]:
    """Return a command that runs another one as a user with a umask; it can read all files."""
    assert os.geteuid() == 0, "run as root: this test changes users with setpriv"
    assert shutil.which("setpriv"), "install setpriv: apt-get install util-linux"
    # The interpreter and the tests may be in the home of root, which others cannot read.
    reads = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    login = (f"--reuid={user}", f"--regid={GROUP}", "--clear-groups", *reads)
    return ["setpriv", *login, "sh", "-c", 'umask "$0"; exec "$@"', umask, *command]


def as_user(user: int, umask: str, *command: str) -> Result:
    """Run this package as another user with a umask; the user can read all files."""
    done = subprocess.run(
        setpriv(user, umask, sys.executable, "-m", "wheelhouse_hashes", *command),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def shared(container: pathlib.Path) -> pathlib.Path:
    """A container folder that belongs to the group of both users."""
    container.mkdir()
    os.chown(container, USERS[0], GROUP)
    container.chmod(0o2775)
    return container


def upload(user: int, folder: str, umask: str = "022") -> Result:
    """Upload a folder as a user."""
    return as_user(user, umask, "upload", "--hashfile", *LOCAL, "--local-folder", folder, "wheels")


@pytest.mark.parametrize("umask", ["022", "002", "077"])
def test_two_users_replace_and_add_artifacts(
    tmp_path: pathlib.Path, shared: pathlib.Path, umask: str
) -> None:
    make_wheel(tmp_path / "one", A, b"one")
    theirs = make_wheel(tmp_path / "other", A, b"other").read_bytes()
    make_wheel(tmp_path / "other", B)
    first = upload(USERS[0], "one", umask)
    assert (first.code, first.err) == (0, ""), first
    second = upload(USERS[1], "other", umask)
    assert (second.code, second.err) == (0, ""), second
    assert second.line("replaced")
    assert second.line("sent")
    assert (shared / A).read_bytes() == theirs
    for name in (A, B, f"{A}.sha256", "index.html"):
        status = (shared / name).stat()
        assert status.st_gid == GROUP
        assert mode(shared / name)[:3] == "066", name
    assert mode(shared / ".hash") == "2775"
    assert os.listdir(shared / ".hash") == []
    again = upload(USERS[0], "one", umask)
    assert again.line("replaced"), again


def test_staging_folder_of_an_older_version(tmp_path: pathlib.Path, shared: pathlib.Path) -> None:
    """Older versions, and libcloud, made it with the umask of the first user."""
    make_wheel(tmp_path / "dist", A)
    (shared / ".hash").mkdir(mode=0o755)
    os.chown(shared / ".hash", USERS[0], GROUP)
    refused = upload(USERS[1], "dist")
    assert refused.code == 6
    assert "Permission denied; its owner must run chmod 2775 on it" in refused.line("failed")
    owner = upload(USERS[0], "dist")
    assert owner.code == 0, owner
    make_wheel(tmp_path / "dist", A, b"new")
    assert upload(USERS[1], "dist").line("replaced")


@pytest.mark.parametrize(
    ("folder", "umask", "wanted"),
    [
        ("0755", "022", "0644"),
        ("0755", "077", "0600"),
        ("0700", "002", "0664"),
        ("0775", "022", "0664"),
        ("2775", "077", "0660"),
    ],
)
def test_modes_follow_the_folder_and_the_umask(
    python: Cli, container: pathlib.Path, dist: pathlib.Path, folder: str, umask: str, wanted: str
) -> None:
    make_wheel(dist, A)
    container.mkdir()
    container.chmod(int(folder, 8))
    code = "import os, runpy, sys; os.umask(int(sys.argv.pop(1), 8)); "
    code += "runpy.run_module('wheelhouse_hashes', run_name='__main__')"
    result = python("-c", code, umask, *UPLOAD)
    assert result.code == 0, result
    assert mode(container / ".hash") == folder
    names = (A, f"{A}.sha256", "index.html")
    assert {mode(container / name) for name in names} == {wanted}


def test_files_are_on_disk_before_their_names(dist: pathlib.Path, container: pathlib.Path) -> None:
    assert shutil.which("strace"), "install strace: apt-get install strace"
    make_wheel(dist, A)
    trace = ("strace", "-f", "-y", "-o", "trace", "-e", "trace=fsync,rename,link,linkat,write")
    done = subprocess.run(
        [*trace, sys.executable, "-m", "wheelhouse_hashes", *UPLOAD, "--no-update-index"],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done
    calls = pathlib.Path("trace").read_text(errors="replace").splitlines()
    folder = re.escape(str(container.resolve()))
    for name in (f"{A}.sha256", A):
        [named] = [
            number
            for number, call in enumerate(calls)
            if re.search(rf'(link|rename)\w*\(.*store/wheels/{re.escape(name)}"', call)
        ]
        before = [call for call in calls[:named] if "/.hash/" in call and "/object>" in call]
        assert "fsync" in before[-1], (name, before)
        assert re.search(rf"fsync\(\d+<{folder}>", "\n".join(calls[named:])), name


@pytest.mark.parametrize("name", [f"{A}.sha256", A, "index.html"])
def test_named_pipe_of_another_user_in_a_container_does_not_block(
    tmp_path: pathlib.Path, shared: pathlib.Path, name: str
) -> None:
    make_wheel(tmp_path / "dist", A)
    os.mkfifo(shared / name)
    os.chown(shared / name, USERS[1], GROUP)
    (shared / name).chmod(0o666)
    done = upload(USERS[0], "dist")
    assert done.code in (0, 6), done
