"""``fetch`` and ``verify`` with ``--log``: the column *log* of the table in docs/trust.rst."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.commands import fetch, got
from tests.support.logs import KEY, VKEY, append, files, folder_place, wheel
from tests.support.servers import Server, serving_folder
from wheelhouse_hashes.builtin.logs import checking, newest
from wheelhouse_hashes.builtin.logs.appending import Appender
from wheelhouse_hashes.builtin.logs.sources import merged
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.run import Run, StateFolder
from wheelhouse_hashes.testing import make_wheel
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey
from wheelhouse_hashes.tlog.merkle import EMPTY_ROOT
from wheelhouse_hashes.tlog.note import Checkpoint, sign

LOG = pathlib.Path("log")
A, B = wheel(1), wheel(2)


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)


@pytest.fixture
def store(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> Iterator[Server]:
    """A container with two wheels and their hash files, served; the log has both wheels."""
    for name in (A, B):
        make_wheel(dist, name)
    assert cli("upload", "--hashfile", *LOCAL, "--local-folder", "dist", "wheels").code == 0
    record(dist)
    (container / "index.html").unlink()  # so that the server lists the folder
    with serving_folder(container) as server:
        yield server


def record(folder: pathlib.Path, *added: Entry) -> None:
    """Append the wheels of a folder to the log."""
    found = [Entry(p.name, sha256(p.read_bytes()).hexdigest()) for p in folder.glob("*.whl")]
    pathlib.Path("log-state").mkdir(exist_ok=True)
    append(folder_place(LOG), StateFolder(pathlib.Path("log-state")), merged([found, added]))


def grow(*numbers: int) -> None:
    """Append other entries to the log."""
    others = [Entry(f"other-{number}.tar.gz", f"{number:064x}") for number in numbers]
    record(pathlib.Path("absent"), *others)


def replace_everything(container: pathlib.Path, name: str) -> None:
    """Replace a wheel together with its hash file, a day ago."""
    digest = sha256(make_wheel(container, name, b"evil").read_bytes()).hexdigest()
    (container / f"{name}.sha256").write_text(f"{digest}  {name}\n")
    for path in (container / name, container / f"{name}.sha256"):
        os.utime(path, (1e9, 1e9))


def check(cli: Cli, store: Server, *options: object) -> Result:
    return fetch(cli, store.url, "--log", LOG, *options)


def test_logged_artifacts_are_kept(cli: Cli, store: Server) -> None:
    done = check(cli, store, "--require", "logged", "--report", "report.json", "--explain", A)
    assert (done.code, done.err, got()) == (0, "", [A, B])
    assert "logged+container" in done.out
    assert "weakest tier: logged" in done.out
    assert "log: example.org/log" in done.out
    report = json.loads(pathlib.Path("report.json").read_text())
    claims = [c for a in report["artifacts"] for c in a["claims"] if c["source"] == "log"]
    assert [c["tier"] for c in claims] == ["logged", "logged"]
    assert claims[0]["evidence"]["size"] == "2"


def test_log_at_a_url(cli: Cli, store: Server, container: pathlib.Path) -> None:
    shutil.copytree(LOG, container / "log")
    for where in (f"{store.url}log", f"{store.url}log/"):
        done = fetch(cli, store.url, "--log", where)
        assert (done.code, done.err) == (0, "")
        shutil.rmtree("got")


def test_log_in_a_container(cli: Cli, store: Server, container: pathlib.Path) -> None:
    shutil.copytree(LOG, container.parent / "audit/log")
    done = fetch(cli, store.url, *LOCAL, "--log", "container://audit/log")
    assert (done.code, done.err) == (0, "")
    assert "logged+container" in done.out
    done = fetch(cli, store.url, *LOCAL, "--log", "container://absent", "--wait", 0)
    assert done.code == 5


def test_verify_of_a_folder(cli: Cli, store: Server, dist: pathlib.Path) -> None:
    assert cli("verify", "dist", "--log", LOG).code == 0
    make_wheel(dist, A, b"other")
    done = cli("verify", "dist", "--log", LOG, "--wait", 0)
    assert done.code == 1
    assert "mismatch" in done.out


def test_replaced_after_logging_is_refused(
    cli: Cli, store: Server, container: pathlib.Path
) -> None:
    replace_everything(container, A)
    done = check(cli, store)
    assert (done.code, got()) == (7, [".rejected", B])
    assert f"refused    {A}  replaced: " in done.out
    # Without the log it is accepted.
    assert fetch(cli, store.url).code == 0


def test_replaced_before_logging_is_not_noticed(
    cli: Cli, store: Server, container: pathlib.Path
) -> None:
    shutil.rmtree(LOG)
    shutil.rmtree("log-state")
    replace_everything(container, A)
    record(container)
    assert check(cli, store).code == 0


def test_artifact_that_is_not_logged_is_refused(
    cli: Cli, store: Server, container: pathlib.Path
) -> None:
    other = wheel(3)
    path = make_wheel(container, other)
    digest = sha256(path.read_bytes()).hexdigest()
    (container / f"{other}.sha256").write_text(f"{digest}  {other}\n")
    done = check(cli, store)
    assert (done.code, got()) == (3, [A, B])
    assert f"refused    {other}  not-logged: the log at log has no entry for it" in done.out
    assert "append it to the log with the command log append" in done.out


def record_later(folder: pathlib.Path) -> None:
    end = time.monotonic() + 120
    while not list(pathlib.Path("state").glob("log-*/latest")) and time.monotonic() < end:
        time.sleep(0.01)
    record(folder)


@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_artifact_that_is_logged_later_is_waited_for(
    cli: Cli, store: Server, dist: pathlib.Path, container: pathlib.Path, verb: str
) -> None:
    other = wheel(3)
    path = make_wheel(dist, other)
    digest = sha256(path.read_bytes()).hexdigest()
    shutil.copy(path, container)
    (container / f"{other}.sha256").write_text(f"{digest}  {other}\n")
    # The run has read the log once it remembers its checkpoint.
    later = threading.Thread(target=record_later, args=[dist])
    later.start()
    arguments = ("dist",) if verb == "verify" else ("--local-folder", "got", "demo", store.url)
    extra = ("--verify",) if verb == "fetch" else ()
    done = cli(verb, *extra, "--wait", 120, "--log", LOG, *arguments)
    later.join()
    assert (done.code, done.err) == (0, "")
    if verb == "verify":  # fetch may find it in its second try, which is made at once
        assert "not in the log yet" in done.out


def test_name_with_two_digests_is_refused(cli: Cli, store: Server) -> None:
    entry = Entry(A, "0" * 64)
    appended = pathlib.Path("log-state")
    appender = Appender(Run("log append", Options()), folder_place(LOG), KEY, StateFolder(appended))
    appender.open([])
    appender.append([entry])
    done = check(cli, store)
    assert (done.code, got()) == (7, [B])
    assert "logged-twice: the log at log has two digests for it" in done.out


def flip(path: pathlib.Path) -> None:
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def other_key() -> None:
    key = SigningKey(KEY.name, bytes(32))
    (LOG / "checkpoint").write_bytes(sign(Checkpoint(KEY.name, 0, EMPTY_ROOT).encode(), key))


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda: flip(LOG / "checkpoint"), "is not valid"),
        (lambda: flip(LOG / "tile/entries/000.p/2"), "000.p/2 contradicts the checkpoint"),
        (other_key, "not signed by example.org/log+"),
        (lambda: (LOG / "checkpoint").write_bytes(b"<html>"), "not a signed note"),
    ],
)
def test_damaged_log_ends_the_run(
    cli: Cli, store: Server, damage: Callable[[], object], text: str
) -> None:
    damage()
    done = check(cli, store, "--report", "report.json")
    assert (done.code, got()) == (7, [])
    assert "error: forked: " in done.err
    assert text in done.err
    assert json.loads(pathlib.Path("report.json").read_text())["exit_code"] == 7


def remembered() -> bytes:
    (path,) = pathlib.Path("state").glob("log-*/latest")
    return path.read_bytes()


def test_rollback_is_a_fork(cli: Cli, store: Server) -> None:
    old = files(LOG)
    grow(1)
    assert check(cli, store).code == 0
    newest = remembered()
    shutil.rmtree(LOG)
    for path, content in old.items():
        (LOG / path).parent.mkdir(parents=True, exist_ok=True)
        (LOG / path).write_bytes(content)
    done = check(cli, store)
    assert done.code == 7
    assert "was rolled back" in done.err
    assert remembered() == newest
    (evidence,) = pathlib.Path("state").glob("log-*/evidence-*")
    assert newest in evidence.read_bytes()
    assert old["checkpoint"] in evidence.read_bytes()


def test_old_checkpoint_of_the_same_log_is_no_fork(cli: Cli, store: Server) -> None:
    old = files(LOG)["checkpoint"]
    grow(1)
    assert check(cli, store).code == 0
    newest = remembered()
    (LOG / "checkpoint").write_bytes(old)
    done = check(cli, store)
    assert (done.code, done.err) == (0, "")
    assert "is older (size 2) than the remembered checkpoint" in done.out
    assert remembered() == newest


@pytest.mark.parametrize("larger", [0, 1])
def test_fork_keeps_evidence(cli: Cli, store: Server, dist: pathlib.Path, larger: int) -> None:
    grow(1)
    assert check(cli, store).code == 0
    newest = remembered()
    shutil.rmtree(LOG)
    shutil.rmtree("log-state")
    record(dist)
    grow(2)
    if larger:
        grow(3)
    done = check(cli, store)
    assert (done.code, remembered()) == (7, newest)
    assert "contradicts the remembered checkpoint" in done.err
    (evidence,) = pathlib.Path("state").glob("log-*/evidence-*")
    assert str(evidence.resolve()) in done.err
    assert newest in evidence.read_bytes()


def test_committed_checkpoint_is_a_memory(cli: Cli, store: Server, dist: pathlib.Path) -> None:
    grow(1)
    committed = pathlib.Path("log.checkpoint")
    committed.write_bytes(files(LOG)["checkpoint"])
    assert check(cli, store, "--log-checkpoint", committed).code == 0
    shutil.rmtree("state")
    shutil.rmtree(LOG)
    shutil.rmtree("log-state")
    record(dist)
    grow(2)
    done = check(cli, store, "--log-checkpoint", committed)
    assert done.code == 7
    assert "contradicts log.checkpoint" in done.err
    # Without it, a job that remembers nothing cannot know.
    shutil.rmtree("state")
    assert check(cli, store).code == 0


def test_options_that_do_not_fit(cli: Cli, store: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(cli, store, "--log-checkpoint", "absent").code == 2
    done = fetch(cli, store.url, "--log-checkpoint", "absent")
    assert (done.code, "add --log" in done.err) == (2, True)
    assert check(cli, store, "--log-key", "wrong").code == 2
    monkeypatch.delenv("WHEELHOUSE_UPLOADER_LOG_KEY")
    done = check(cli, store)
    assert (done.code, "--log-key is missing" in done.err) == (2, True)
    done = fetch(cli, store.url, "--require", "logged")
    assert "with --log and --log-key" in done.err


def test_state_that_cannot_be_written(
    cli: Cli, store: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "file"))
    done = check(cli, store)
    assert (done.code, done.err) == (0, "")
    assert "the checkpoint of the log is not kept: " in done.out


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of two entries are too large to be mirrored."""
    monkeypatch.setattr(checking, "MIRROR_LIMIT", 2)


@pytest.mark.usefixtures("large")
def test_large_log_is_read_from_its_end(cli: Cli, store: Server) -> None:
    done = check(cli, store)
    assert (done.code, done.err) == (0, "")
    assert "whether it has two digests for a name is not checked" in done.out
    flip(LOG / "tile/entries/000.p/2")
    done = check(cli, store)
    assert done.code == 7
    assert "contradicts the checkpoint" in done.out


@pytest.mark.usefixtures("large")
def test_large_log_is_read_by_proofs(
    cli: Cli, store: Server, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (A, B):
        assert cli("log", "prove", LOG, name).code == 0
        shutil.move(f"{name}.tlog-proof", container)
    grow(*range(300))
    monkeypatch.setattr(newest, "MAX_BUNDLES", 1)
    done = check(cli, store, "--explain", A)
    assert (done.code, done.err) == (0, "")
    assert "checked: proof" in done.out
    shutil.copy(container / f"{A}.tlog-proof", container / f"{B}.tlog-proof")
    shutil.rmtree("got")
    done = check(cli, store)
    assert (done.code, got()) == (7, [A])
    assert "it is the proof of" in done.out
    (container / f"{B}.tlog-proof").unlink()
    assert check(cli, store).code == 3


@pytest.mark.usefixtures("large")
def test_proof_of_a_forked_log_is_refused(
    cli: Cli,
    store: Server,
    container: pathlib.Path,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.rmtree(LOG)
    shutil.rmtree("log-state")
    record(pathlib.Path("absent"), Entry(A, "0" * 64))
    assert cli("log", "prove", LOG, A).code == 0
    shutil.move(f"{A}.tlog-proof", container)
    shutil.rmtree(LOG)
    shutil.rmtree("log-state")
    shutil.rmtree("state")
    record(dist)
    grow(*range(300))
    monkeypatch.setattr(newest, "MAX_BUNDLES", 1)
    done = check(cli, store)
    assert done.code == 7
    assert f"refused    {A}  forked: " in done.out


def test_log_is_not_imported_without_its_options(cli: Cli, store: Server, python: Cli) -> None:
    code = (
        "import sys, runpy\n"
        "sys.argv = ['wheelhouse-hashes', 'verify', 'dist', '--missing-hash', 'accept']\n"
        "try: runpy.run_module('wheelhouse_hashes', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([n for n in sys.modules if '.tlog' in n or '.logs' in n or 'cryptography' in n])\n"
    )
    assert python("-c", code).out.splitlines()[-1] == "[]"
