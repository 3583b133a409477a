"""Errors of a real store are one line each, through Swift's API and the S3 API.

``test_uploads.py`` covers more: a wrong secret and a user without rights (upload), a missing
container (``index``), an endpoint that is down (upload), object servers that are down, a
damaged body, a wrong clock, a store without CDN.
"""

from __future__ import annotations

import pathlib
import threading
import uuid

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, B, make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.support.waits import short_pauses
from tests.swift.cluster import NODES, Cluster
from tests.swift.containers import check_pairs, store_options
from tests.swift.interposing import around_puts
from wheelhouse_hashes.errors import StoreError, TransferError
from wheelhouse_hashes.http.client import Client
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.opening import open_store
from wheelhouse_hashes.stores.requests import StoreRequests

pytestmark = USES_LIBCLOUD


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the pauses between retries."""
    short_pauses(monkeypatch)


def only_line(result: Result) -> str:
    """Return the single line of a command that could not start."""
    assert (result.code, result.out.strip(), result.err.count("\n")) == (5, "", 1), result
    return result.err


# Credentials and permissions


def test_index_reports_wrong_secret(cli: Cli, cluster: Cluster, api: str, container: str) -> None:
    line = only_line(cli("index", *store_options(cluster, api, "tester", "wrong"), container))
    words = {"OPENSTACK_SWIFT": "the user or secret is not accepted", "S3": "rejected the secret"}
    assert words[api] in line
    assert "check --" in line
    assert "wrong" not in line


def test_read_only_user_is_refused_per_artifact(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    """The listing can be read, so the hash file is the first request that is refused."""
    cluster.request("POST", container, {"X-Container-Read": "test:guest"})
    make_wheel(dist, A)
    guest = store_options(cluster, api, "guest", "guesting")
    result = cli("upload", "--hashfile", "--no-update-index", *guest, container)
    assert (result.code, result.err) == (5, "")
    assert f"cannot send {A}.sha256: permission denied: check " in result.line("failed")
    assert cluster.names(container) == []
    assert "permission denied: check " in only_line(cli("index", *guest, container))


# Missing objects


@pytest.mark.parametrize("place", ["nowhere/", "private/", "public/index.html"])
def test_unreadable_page_is_one_line_error_with_next_step(
    cli: Cli, cluster: Cluster, container: str, public_container: str, place: str
) -> None:
    """To anonymous users Swift does not reveal whether an unreadable object exists."""
    places = {"private": container, "public": public_container}
    name, _, page = place.partition("/")
    url = f"{cluster.storage_url}/{places.get(name, name)}/{page}"
    line = only_line(cli("fetch", "--verify", "--local-folder", "got", "demo", url))
    status, step = {
        True: (404, "check the URL"),
        False: (401, "check the container's read permission"),
    }[name == "public"]
    assert f"{url}: HTTP status {status}; {step}" in line
    assert not list(pathlib.Path().glob("got/*"))


def test_container_deleted_during_upload_is_reported(
    cli: Cli,
    cluster: Cluster,
    api: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """libcloud reports it as a hash mismatch or a missing etag."""
    make_wheel(dist, A)
    container = cluster.create(f"going-{uuid.uuid4().hex[:8]}")
    around_puts(monkeypatch, [f"{A}.sha256"], before=lambda: cluster.request("DELETE", container))
    store = store_options(cluster, api)
    result = cli("upload", "--hashfile", "--no-update-index", *store, container)
    assert result.code == 5
    failed = result.line("failed")
    assert "the container" in failed
    assert "does not exist" in failed
    assert "hash" not in failed.replace("sha256", "").replace("--hashfile", "")


# Servers that are down


def test_index_and_fetch_report_endpoint_down(
    cli: Cli, cluster: Cluster, api: str, container: str
) -> None:
    cluster.stop_proxy()
    line = only_line(cli("index", "--wait", "0", *store_options(cluster, api), container))
    assert "no connection to the store: check its address" in line
    url = f"{cluster.storage_url}/{container}/"
    line = only_line(cli("fetch", "--verify", "--wait", "0", "demo", url))
    assert "check the URL and the network, then fetch it again" in line


def test_unavailable_listing_is_one_line_error(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    for node in NODES:
        cluster.kill(node, "container")
    store = ("--wait", "0", *store_options(cluster, api))
    for command in (("upload", "--hashfile"), ("index",)):
        assert "the store is not available (503)" in only_line(cli(*command, *store, container))


def test_temporary_503_errors_are_retried(
    cli: Cli,
    cluster: Cluster,
    api: str,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheels = {A: make_wheel(dist, A).read_bytes()}
    statuses: list[int] = []

    def storm() -> None:
        for node in NODES[:2]:
            cluster.kill(node, "object")
        statuses.append(cluster.request("PUT", f"{container}/probe.txt", body=b"x").status)
        calming.start()

    def calm() -> None:
        for node in NODES[:2]:
            cluster.revive(node, "object")

    calming = threading.Timer(0.5, calm)
    # Servers need some time to restart on a busy machine.
    short_pauses(monkeypatch, [1.0, 8.0, 30.0, 30.0])
    around_puts(monkeypatch, [A], before=storm)
    store = store_options(cluster, api)
    result = cli("upload", "--hashfile", "--no-update-index", *store, container)
    calming.join()
    assert (result.code, statuses) == (0, [503]), result
    check_pairs(cluster, container, wheels)


# Misleading answers from libcloud


@pytest.fixture
def store(cluster: Cluster, api: str, container: str) -> Store:
    """The container as the commands open it."""
    options = store_options(cluster, api)
    given = tuple(options[index + 1] for index, word in enumerate(options) if word[2:8] == "driver")
    account = Account(api, "test:tester", "testing", driver_options=given)
    return open_store(account, container, StoreRequests(WaitBudget(5, threading.Event())))


@pytest.mark.usefixtures("hasty")
def test_refused_delete_is_an_error(cluster: Cluster, container: str, store: Store) -> None:
    """Swift refuses to delete an object that is newer than its clock."""
    assert cluster.request("PUT", f"{container}/{A}", body=b"x").status == 201
    cluster.age(f"{container}/{A}", -1)
    with pytest.raises(StoreError, match=f"^cannot delete {A}: the store "):
        store.delete(A)
    assert store.stat(A) is not None


def test_delete_of_missing_object_succeeds(store: Store) -> None:
    store.delete(A)
    assert store.stat(A) is None


def test_false_from_delete_object_is_checked(
    cluster: Cluster, container: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libcloud returns False for an S3 store's 404 and for a 409, which is a refusal."""
    assert cluster.request("PUT", f"{container}/{A}", body=b"x").status == 201
    monkeypatch.setattr(type(store.driver), "delete_object", lambda driver, obj: False)
    with pytest.raises(StoreError, match=f"^cannot delete {A}: the store refused"):
        store.delete(A)
    store.delete(B)


@pytest.mark.usefixtures("hasty")
def test_put_over_newer_object_is_an_error(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    """Swift answers 202 and keeps its newer object."""
    options = store_options(cluster, api)
    upload = ("upload", "--hashfile", "--no-update-index", *options, container)
    make_wheel(dist, A, b"old")
    assert cli(*upload).code == 0
    for name in (A, f"{A}.sha256"):
        cluster.age(f"{container}/{name}", -1)
    make_wheel(dist, A, b"new")
    result = cli(*upload)
    if api == "OPENSTACK_SWIFT":
        assert (result.code, "the store has a newer object" in result.out) == (5, True), result
    else:
        # The S3 API hides the 202, so only the check after the upload can detect it.
        assert (result.code, "not visible in the store" in result.line("failed")) == (5, True)


def test_delete_missed_by_two_nodes_is_gone_for_newest(
    cluster: Cluster, container: str, store: Store
) -> None:
    """Swift answers 200 with the headers of the old copy it found first, and no body."""
    path = f"{container}/{A}"
    assert cluster.request("PUT", path, body=b"x" * 5000).status == 201
    for node in (1, 2):
        cluster.kill(node, "object")
    assert cluster.request("DELETE", path).status == 503
    for node in (1, 2):
        cluster.revive(node, "object")
    cluster.prefer(1)
    answer = cluster.request("GET", path, {"X-Newest": "true"})
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "0", b"")
    assert store.stat(A) is None
    assert store.read(A, 9999) is None
    assert cluster.request("PUT", f"{container}/{B}", body=b"").status == 201
    assert store.read(B, 9999) == b""
    client = Client(threading.Event())
    token = {"X-Auth-Token": cluster.token()}
    for fresh, status in ((True, 404), (False, 200)):
        try:
            got = client.get(
                f"{cluster.storage_url}/{path}", max_bytes=9999, headers=token, fresh=fresh
            ).status
        except TransferError as error:
            got = error.status
        assert got == status
    client.close()
