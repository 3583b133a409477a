"""Another local user attacks runs that use a folder both can write to."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import pathlib
import stat
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Result
from tests.support.artifacts import A, hash_file, make_wheel
from tests.support.servers import serving
from tests.users.test_shared_folders import GROUP, as_user, setpriv
from wheelhouse_hashes.disk.private_folder import PRIVATE_PREFIX

VICTIM, ATTACKER = 2001, 2002

RUNS = 200

#: Seconds after which a run hangs, on a busy machine.
SOON = 60

HERE = pathlib.Path(__file__).parent

BAD = "demo-1.0-1bad-py3-none-any.whl"

#: The shared folders: mode, and owner.
FOLDERS = {"sticky": (0o1777, 0), "group": (0o2770, VICTIM), "own": (0o1777, VICTIM)}


def python(user: int, script: str, *arguments: object) -> list[str]:
    """Return a command that runs a script of this folder as another user."""
    return setpriv(user, "022", sys.executable, str(HERE / script), *map(str, arguments))


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """The victim's home, which nobody else can write to."""
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    for name in (".bashrc", "notes", "folder/file", ".lock"):
        (home / name).write_text("precious")
    for path in (home, *home.rglob("*")):
        os.chown(path, VICTIM, GROUP)
    home.chmod(0o700)
    return home


def snapshot(folder: pathlib.Path) -> dict[str, tuple[object, ...]]:
    """Return what is in a folder: path to mode, owner, time of the last change and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (folder, *folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


def shared_folder(parent: pathlib.Path, kind: str) -> pathlib.Path:
    """Make a folder that both users can write to; it has a folder of the victim."""
    mode, owner = FOLDERS[kind]
    folder = parent / "shared"
    folder.mkdir()
    os.chown(folder, owner, GROUP)
    folder.chmod(mode)
    (folder / "work").mkdir(mode=0o700)
    (folder / "work" / "thesis").write_text("precious")
    for path in (folder / "work", folder / "work" / "thesis"):
        os.chown(path, VICTIM, GROUP)
    return folder


@contextlib.contextmanager
def attacking(*arguments: object) -> Iterator[None]:
    """Run the attacker until the end."""
    command = python(ATTACKER, "attacker.py", *arguments)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        assert process.poll() is None, "the attacker gave up"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("folder", ["sticky", "group"])
@pytest.mark.parametrize("kind", ["leftovers", "private", "target", "final", "others"])
def test_races_change_nothing_outside_the_folder(
    tmp_path: pathlib.Path, home: pathlib.Path, folder: str, kind: str
) -> None:
    wheel = make_wheel(tmp_path / "made", A, os.urandom(20_000))
    content = wheel.read_bytes()
    shared = shared_folder(tmp_path, folder)
    page = f'<a href="{A}">a</a> <a href="{BAD}">b</a>'.encode()
    routes = {"/": page, f"/{A}": content, f"/{A}.sha256": hash_file(content)}
    routes |= {f"/{BAD}": content, f"/{BAD}.sha256": hash_file(b"other", BAD)}
    before = snapshot(home)
    target = shared / "dist" if kind == "target" else shared
    with serving(routes) as server, attacking(kind, shared, home, wheel):
        done = subprocess.run(
            python(VICTIM, "victim.py", RUNS, server.url, target, A),
            check=False,
            capture_output=True,
            text=True,
            timeout=3600,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    assert snapshot(home) == before
    [thesis] = shared.rglob("thesis")
    assert thesis.read_text() == "precious"
    runs = json.loads(done.stdout)
    assert len(runs) == RUNS
    codes = collections.Counter(code for code, *_ in runs)
    # Not even the attacker can make a bad artifact good.  A planted link from one output file to
    # another is refused (2).
    assert set(codes) <= {1, 6, *([2] if kind == "others" else [])}, codes
    assert not [text for *_, text in runs if "Traceback" in text or "plugin: " in text]
    if folder == "sticky":  # in the other, the attacker can replace the file afterwards
        assert all(own for _, _, own, _ in runs)
    assert max(seconds for _, seconds, _, _ in runs) < SOON


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("lock", ["pipe", "link", "none", "folder"])
def test_planted_leftover_is_neither_opened_nor_removed(
    tmp_path: pathlib.Path, home: pathlib.Path, folder: str, lock: str
) -> None:
    shared = shared_folder(tmp_path, folder)
    planted = shared / f"{PRIVATE_PREFIX}x"
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    if lock == "pipe":
        os.mkfifo(planted / ".lock")
    elif lock == "link":
        (planted / ".lock").symlink_to(home / "new")
    elif lock == "folder":
        (planted / ".lock").mkdir()
    os.chown(planted, ATTACKER, GROUP)
    before = snapshot(home), snapshot(planted)
    done = fetch_one(tmp_path, shared)
    assert done.line("ok"), done
    assert (snapshot(home), snapshot(planted)) == before


def fetch_one(tmp_path: pathlib.Path, folder: pathlib.Path, umask: str = "022") -> Result:
    """Fetch a wheel as the victim."""
    content = make_wheel(tmp_path / "served", A, b"x").read_bytes()
    routes = {"/": f'<a href="{A}">a</a>'.encode(), f"/{A}": content}
    routes[f"/{A}.sha256"] = hash_file(content)
    with serving(routes) as server:
        options = ("--wait", "0", "--timeout", "120", "--local-folder", str(folder))
        return as_user(VICTIM, umask, "fetch", "--verify", *options, "demo", server.url)


@pytest.mark.parametrize("owner", ["other", "linked", "group"])
def test_file_that_others_can_change_is_replaced_by_a_copy(
    tmp_path: pathlib.Path, owner: str
) -> None:
    shared = shared_folder(tmp_path, "group" if owner == "group" else "own")
    right = make_wheel(tmp_path / "served", A, b"x").read_bytes()
    final = shared / A
    final.write_bytes(right)
    os.chown(final, VICTIM if owner == "linked" else ATTACKER, GROUP)
    if owner == "linked":
        os.link(final, tmp_path / "elsewhere")
    opened = final.open("ab")  # the other user keeps it open
    done = fetch_one(tmp_path, shared)
    assert done.code == 0, done
    assert "replaced by a copy" in done.line("ok")
    with opened:
        opened.write(b"more")
    status = final.stat()
    assert (status.st_uid, status.st_nlink, final.read_bytes()) == (VICTIM, 1, right)
    again = fetch_one(tmp_path, shared)
    assert "(already in the folder)" in again.line("ok")


def test_file_of_another_user_that_cannot_be_replaced_is_refused(tmp_path: pathlib.Path) -> None:
    shared = shared_folder(tmp_path, "sticky")
    (shared / A).write_bytes(make_wheel(tmp_path / "served", A, b"x").read_bytes())
    os.chown(shared / A, ATTACKER, GROUP)
    done = fetch_one(tmp_path, shared)
    assert done.code == 6
    assert f"cannot save {A}: Operation not permitted" in done.line("refused")


@pytest.mark.parametrize("option", ["--report", "--sums"])
@pytest.mark.parametrize("trap", ["link", "pipe", "parent"])
def test_report_is_not_written_through_files_of_another_user(
    tmp_path: pathlib.Path, home: pathlib.Path, option: str, trap: str
) -> None:
    shared = shared_folder(tmp_path, "sticky")
    wheels = tmp_path / "wheels"
    digest = make_wheel(wheels, A, b"x")
    (wheels / f"{A}.sha256").write_bytes(hash_file(digest.read_bytes()))
    name = shared / "out"
    if trap == "pipe":
        os.mkfifo(name)
        name.chmod(0o666)
        os.open(name, os.O_RDONLY | os.O_NONBLOCK)  # a reader that leaves it unread
    else:
        name.symlink_to(home / ".bashrc" if trap == "link" else home)
    os.chown(name, ATTACKER, GROUP, follow_symlinks=False)
    before = snapshot(home)
    target = name / ".bashrc" if trap == "parent" else name
    began = time.monotonic()
    done = as_user(VICTIM, "022", "verify", str(wheels), option, str(target))
    assert time.monotonic() - began < SOON
    assert done.code == 6, done
    assert "of another user" in done.out + done.err or "of user 2002" in done.out + done.err
    assert snapshot(home) == before


def test_target_folder_that_is_a_link_of_another_user_is_refused(
    tmp_path: pathlib.Path, home: pathlib.Path
) -> None:
    shared = shared_folder(tmp_path, "sticky")
    (shared / "dist").symlink_to(home)
    os.chown(shared / "dist", ATTACKER, GROUP, follow_symlinks=False)
    before = snapshot(home)
    for target in (shared / "dist", shared / "dist" / "folder", shared / "dist" / "new"):
        done = fetch_one(tmp_path, target)
        assert done.code == 6, done
        assert "is a symbolic link of user 2002; remove it" in done.err
    assert snapshot(home) == before


@pytest.mark.parametrize("umask", ["002", "000", "022", "077"])
def test_folders_of_every_umask_work_without_an_option(tmp_path: pathlib.Path, umask: str) -> None:
    parent = tmp_path / "mine"
    parent.mkdir()
    os.chown(parent, VICTIM, GROUP)
    for _ in range(2):
        done = fetch_one(tmp_path, parent / "dist", umask)
        assert done.code == 0, done
        noted = umask in ("002", "000")
        assert done.out.count("can write to this folder") == noted
    done = as_user(VICTIM, umask, "verify", str(parent / "dist"), "--missing-hash", "accept")
    assert done.code == 0, done
    assert done.out.count("can write to this folder") == noted
    strict = as_user(VICTIM, umask, "verify", str(parent / "dist"), "--strict-folder", "-q")
    assert (strict.code == 6) == noted


def test_private_group_of_a_user_is_no_other_user(tmp_path: pathlib.Path) -> None:
    """The group ``root`` of the user ``root``: what a umask of 0002 leaves on many systems."""
    folder = tmp_path / "dist"
    folder.mkdir()
    folder.chmod(0o775)
    make_wheel(folder, A)
    command = ("verify", str(folder), "--missing-hash", "accept", "--strict-folder")
    run = [sys.executable, "-m", "wheelhouse_hashes", *command]
    done = subprocess.run(run, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done
    os.chown(folder, 0, GROUP)
    assert subprocess.run(run, check=False, capture_output=True, timeout=300).returncode == 6
