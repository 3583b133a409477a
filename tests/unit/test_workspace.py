"""The files, state folders and containers that a run gives plugins access to."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

from tests.support.artifacts import A, B, make_wheel, sha256
from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.state_folder import STATE, open_state, state_root
from wheelhouse_hashes.errors import (
    AlreadyExists,
    DiskError,
    Interrupted,
    Refusal,
    StoreError,
    TransferError,
    UsageError,
)
from wheelhouse_hashes.options import IndexOptions, Options
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import OpenRequest

#: Seconds that a test may take to see something that happens at once.
SOON = 60.0


@pytest.fixture
def run() -> Run[IndexOptions]:
    """A run with the options of a store."""
    options = IndexOptions(
        container_name="wheels", provider_name="LOCAL", username="store", secret="none"
    )
    return Run("index", options)


@pytest.fixture
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The folder that contains all state folders."""
    root = tmp_path / "state"
    monkeypatch.setenv(STATE, str(root))
    return root


def test_hash_files_returns_every_file_in_order(run: Run[IndexOptions], dist: pathlib.Path) -> None:
    paths = [make_wheel(dist, B), dist / "missing", make_wheel(dist, A), dist / "link"]
    paths[-1].symlink_to(A)
    results = run.hash_files(paths, ["sha256", "blake2b"])
    assert list(results) == paths
    for path in (paths[0], paths[2]):
        found = results[path]
        assert isinstance(found, LocalArtifact)
        assert found.size == path.stat().st_size
        assert found.digests["sha256"] == sha256(path.read_bytes())
        assert found.digests["blake2b"] == hashlib.blake2b(path.read_bytes()).hexdigest()
    refusals = [results[paths[1]], results[paths[3]]]
    assert [type(refusal) for refusal in refusals] == [DiskError, Refusal]
    assert "No such file" in str(refusals[0])
    assert "symbolic link" in str(refusals[1])


def test_hash_files_ends_if_the_run_must_end(run: Run[IndexOptions], dist: pathlib.Path) -> None:
    path = make_wheel(dist, A)
    run.stop.set()
    with pytest.raises(Interrupted):
        run.hash_files([path])


def test_write_file_replaces_a_file_completely_and_keeps_links(
    run: Run[IndexOptions], tmp_path: pathlib.Path
) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    link.symlink_to(path)
    path.write_text("a longer text")
    run.write_file(link, "text\n")
    assert (path.read_bytes(), link.is_symlink()) == (b"text\n", True)
    run.write_file(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]
    with pytest.raises(DiskError, match="no-folder"):
        run.write_file(tmp_path / "no-folder" / "file", "")


def test_read_file_shows_that_a_file_is_too_large(
    run: Run[IndexOptions], tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert run.read_file(path, 5) == b"12345"
    assert len(run.read_file(path, 3)) == 4
    with pytest.raises(DiskError, match="cannot read"):
        run.read_file(tmp_path / "missing", 5)


def test_state_keeps_files_between_runs(run: Run[IndexOptions], state: pathlib.Path) -> None:
    with run.state("a-log") as folder:
        assert folder.read("latest", 10) is None
        folder.write("latest", b"one")
        folder.write("latest", b"two")
        assert folder.path == state / "a-log"
    with Run("index", run.options).state("a-log") as folder:
        assert folder.read("latest", 10) == b"two"
        with pytest.raises(DiskError, match="larger than 2 bytes"):
            folder.read("latest", 2)
    assert (state / "a-log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "A", "x" * 101, ".lock"])
def test_state_refuses_other_names(run: Run[IndexOptions], state: pathlib.Path, name: str) -> None:
    with pytest.raises(ValueError, match="use lower-case"), run.state(name):
        pass
    with run.state("plugin") as folder, pytest.raises(ValueError, match="use lower-case"):
        folder.write(name, b"")
    assert os.listdir(state) == ["plugin"]


def test_state_is_open_in_one_run_at_a_time(state: pathlib.Path) -> None:
    root, order = state_root(), []
    opened, stop = threading.Event(), threading.Event()

    def hold() -> None:
        with open_state("plugin", stop, root):
            opened.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=hold)
    thread.start()
    assert opened.wait(SOON)
    with open_state("plugin", stop, root):
        order.append("second")
    thread.join(SOON)
    assert order == ["first", "second"]


def test_state_held_by_another_process_ends_the_wait_on_ctrl_c(
    run: Run[IndexOptions], state: pathlib.Path
) -> None:
    holder = (
        "import sys, threading\n"
        "from wheelhouse_hashes.disk.state_folder import open_state, state_root\n"
        "with open_state('plugin', threading.Event(), state_root()):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        threading.Timer(0.3, run.stop.set).start()
        with pytest.raises(Interrupted), run.state("plugin"):
            pass
        process.communicate(timeout=SOON)
    with Run("index", run.options).state("plugin") as folder:
        assert folder.path.is_dir()


def test_state_root_is_the_users_or_absolute(tmp_path: pathlib.Path) -> None:
    assert state_root({STATE: str(tmp_path)}) == tmp_path
    assert state_root({}).name == "wheelhouse-hashes"
    with pytest.raises(UsageError, match="must be an absolute path"):
        state_root({STATE: "state"})


def test_store_puts_reads_and_deletes_small_objects(
    run: Run[IndexOptions], container: pathlib.Path
) -> None:
    store = run.store()
    assert store.name == "wheels"
    store.put("page", b"one")
    assert (store.read("other"), store.stat("other")) == (None, None)
    with pytest.raises(AlreadyExists):
        store.put("page", b"two")
    assert (container / "page").read_bytes() == b"one"
    store.put("page", b"three", replace=True)
    assert store.read("page") == b"three"
    found = store.stat("page")
    assert found is not None
    assert (found.name, found.size, list(store.list())) == ("page", 5, ["page"])
    with pytest.raises(StoreError, match="larger than 4 bytes"):
        store.read("page", 4)
    store.delete("page")
    store.delete("page")
    assert list(store.list()) == []


def test_store_in_a_worker_thread_and_in_another_container(
    run: Run[IndexOptions], container: pathlib.Path
) -> None:
    store = run.store("others")
    with pytest.raises(StoreError, match="'others' does not exist"):
        store.list()
    store.put("main", b"")
    worker = threading.Thread(target=lambda: store.put("worker", b""))
    worker.start()
    worker.join(SOON)
    assert sorted(store.list()) == ["main", "worker"]
    assert (container.parent / "others" / "worker").is_file()


def test_store_needs_the_options_of_a_store() -> None:
    with pytest.raises(UsageError, match="verify has no options for a store"):
        Run("verify", Options()).store()


def test_store_reports_all_missing_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHEELHOUSE_UPLOADER_USERNAME", raising=False)
    monkeypatch.delenv("WHEELHOUSE_UPLOADER_SECRET", raising=False)
    options = IndexOptions(container_name="wheels", provider_name="LOCAL")
    with pytest.raises(UsageError) as raised:
        Run("index", options).store()
    assert [message.partition(":")[0] for message in raised.value.messages] == [
        "no username",
        "no secret",
    ]


def test_store_in_the_main_thread_keeps_its_limits(
    run: Run[IndexOptions], container: pathlib.Path
) -> None:
    store = run.store()
    store.put("one", b"")
    idle = store._store._idle
    first = idle.get_nowait()
    idle.put(first)
    store.put("two", b"")
    assert idle.get_nowait() == first
    assert idle.empty()


def test_store_opens_an_object_from_a_position(
    run: Run[IndexOptions], container: pathlib.Path
) -> None:
    store = run.store()
    store.put("page", b"0123456789")
    whole = store.open("page")
    assert (b"".join(whole.pieces), whole.offset) == (b"0123456789", 0)
    assert whole.headers["content-length"] == "10"
    rest = store.open("page", OpenRequest(4, whole.headers["etag"]))
    assert (b"".join(rest.pieces), rest.offset) == (b"456789", 4)
    # Another version begins anew.
    store.put("page", b"abcdefghij", replace=True)
    other = store.open("page", OpenRequest(4, whole.headers["etag"]))
    assert (b"".join(other.pieces), other.offset) == (b"abcdefghij", 0)
    with pytest.raises(TransferError) as raised:
        store.open("absent")
    assert (raised.value.cause, raised.value.status) == (Cause.MISSING_ARTIFACT, 404)
    (container / "folder").mkdir()
    with pytest.raises(DiskError):
        store.open("folder")


def test_store_is_opened_once(run: Run[IndexOptions]) -> None:
    assert run.store() is run.store("wheels")
    assert run.store() is not run.store("others")
