"""A replacement that a real store refuses for good leaves the pair that was there."""

from __future__ import annotations

import os
import pathlib
import re
import threading
import uuid
from collections.abc import Callable

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, hash_file, make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.support.waits import short_pauses
from tests.swift.cluster import Cluster
from tests.swift.containers import check_pairs, content, store_options
from tests.swift.interposing import around_puts
from tests.swift.stores import moto, s3_options
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import TEXT
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.opening import open_store
from wheelhouse_hashes.stores.requests import StoreRequests

pytestmark = USES_LIBCLOUD

HASH_FILE = f"{A}.sha256"
STILL_THERE = "the container still has the previous artifact and its hash file"


@pytest.fixture
def upload(
    cli: Cli,
    cluster: Cluster,
    api: str,
    public_container: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    """Upload ``dist`` into a container that anyone may read."""
    short_pauses(monkeypatch)
    store = store_options(cluster, api)
    return lambda *options: cli(
        "upload", "--hashfile", "--no-update-index", *options, *store, public_container
    )


@pytest.fixture
def fetch(cli: Cli, cluster: Cluster, public_container: str) -> Callable[[], Result]:
    """Fetch from that container."""
    url = f"{cluster.storage_url}/{public_container}/"
    return lambda: cli("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", url)


def test_artifact_over_the_quota_leaves_the_previous_pair(
    upload: Cli,
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
) -> None:
    old = make_wheel(dist, A, b"old").read_bytes()
    assert upload().code == 0
    cluster.request("POST", public_container, {"X-Container-Meta-Quota-Bytes": "100000"})
    new = make_wheel(dist, A, os.urandom(200_000)).read_bytes()
    result = upload()
    assert result.code == 5
    assert result.line("failed").endswith(STILL_THERE)
    check_pairs(cluster, public_container, {A: old})
    assert fetch().code == 0
    assert pathlib.Path("got", A).read_bytes() == old
    cluster.request("POST", public_container, {"X-Container-Meta-Quota-Bytes": ""})
    assert upload().line("replaced")
    check_pairs(cluster, public_container, {A: new})


def test_hash_file_over_the_quota_changes_nothing(
    upload: Cli,
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
) -> None:
    old = make_wheel(dist, A, b"old").read_bytes()
    assert upload().code == 0
    cluster.request("POST", public_container, {"X-Container-Meta-Quota-Bytes": "1"})
    make_wheel(dist, A, b"new")
    result = upload()
    assert (result.code, HASH_FILE in result.line("failed")) == (5, True)
    assert result.line("failed").endswith(STILL_THERE)
    check_pairs(cluster, public_container, {A: old})
    assert fetch().code == 0


def test_killed_replacement_is_mended_by_the_next_run(
    upload: Cli,
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
) -> None:
    """The run ended between the hash file and the artifact; the artifact is refused again."""
    old = make_wheel(dist, A, b"old").read_bytes()
    assert upload().code == 0
    new = make_wheel(dist, A, os.urandom(200_000)).read_bytes()
    cluster.request("PUT", f"{public_container}/{HASH_FILE}", body=hash_file(new))
    assert fetch().code != 0
    cluster.request("POST", public_container, {"X-Container-Meta-Quota-Bytes": "100000"})
    assert upload().line("failed").endswith(STILL_THERE)
    check_pairs(cluster, public_container, {A: old})
    assert fetch().code == 0


def test_newer_pair_of_another_job_is_left(
    upload: Cli,
    fetch: Callable[[], Result],
    python: Cli,
    cluster: Cluster,
    api: str,
    public_container: str,
    dist: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another job publishes, and the quota is used up, while this job sends its artifact."""
    make_wheel(dist, A, b"old")
    assert upload().code == 0
    theirs = make_wheel(tmp_path / "theirs", A, b"theirs").read_bytes()
    make_wheel(dist, A, os.urandom(200_000))
    other = ("--local-folder", str(tmp_path / "theirs"), *store_options(cluster, api))

    def publish() -> None:
        command = ("-m", "wheelhouse_hashes", "upload", "--hashfile")
        done = python(*command, "--no-update-index", *other, public_container)
        assert done.code == 0, done
        cluster.request("POST", public_container, {"X-Container-Meta-Quota-Bytes": "100000"})

    with monkeypatch.context() as patch:
        around_puts(patch, [A], before=publish)
        result = upload()
    assert (result.code, result.err) == (5, ""), result
    assert "another job has changed this artifact or its hash file" in result.line("failed")
    check_pairs(cluster, public_container, {A: theirs})
    assert fetch().code == 0


def test_artifact_of_this_job_decides_over_another_hash_file(
    upload: Cli,
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another job announced its bytes meanwhile, and ended before it sent them."""
    make_wheel(dist, A, b"old")
    assert upload().code == 0
    new = make_wheel(dist, A, b"new").read_bytes()
    theirs = hash_file(b"theirs")
    path = f"{public_container}/{HASH_FILE}"
    around_puts(monkeypatch, [A], after=lambda: cluster.request("PUT", path, body=theirs))
    assert upload().line("replaced")
    assert content(cluster, path) == hash_file(new)
    assert fetch().code == 0


def test_s3_replaces_only_the_object_that_was_read(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another job's hash file arrives between the read and the put of the replacement."""
    with moto(tmp_path) as port:
        account = _account(*s3_options(port))
        requests = StoreRequests(WaitBudget(1.0, threading.Event()))
        store = open_store(account, f"wheels-{uuid.uuid4().hex[:8]}", requests)
        store.open()
        store.put_bytes(HASH_FILE, b"ours", TEXT)
        assert store.replace_bytes(HASH_FILE, b"ours", b"before", TEXT)
        assert store.read(HASH_FILE, 100) == b"before"
        assert not store.replace_bytes(HASH_FILE, b"ours", b"again", TEXT)

        def arrive() -> None:
            open_store(account, store.container_name, requests).put_bytes(
                HASH_FILE, b"theirs", TEXT
            )

        around_puts(monkeypatch, [HASH_FILE], before=arrive)
        assert not store.replace_bytes(HASH_FILE, b"before", b"ours", TEXT)
        assert store.read(HASH_FILE, 100) == b"theirs"


def _account(*options: str) -> Account:
    values = dict(re.findall(r"--([\w-]+) (\S+)", " ".join(options)))
    given = [word for word in options if re.fullmatch(r"\w+=\S+", word)]
    return Account(
        values["provider-name"], values["username"], values["secret"], None, tuple(given)
    )
