"""The guarantees of the cluster harness."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from libcloud.storage.providers import get_driver

from tests.swift.cluster import NODES, SERVERS, Cluster, ClusterError

ROOT = pathlib.Path(__file__).parent.parent.parent


def put(cluster: Cluster, path: str, body: bytes, **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return cluster.request("PUT", path, sent, body).status


def get(cluster: Cluster, path: str, **headers: str) -> tuple[int, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = cluster.request("GET", path, sent)
    return answer.status, answer.body if answer.status == 200 else b""


def leave_behind(cluster: Cluster, node: int, path: str, old: bytes, new: bytes) -> None:
    """Put an object twice, the second time without one node."""
    assert put(cluster, path, old) == 201
    cluster.kill(node, "object")
    assert put(cluster, path, new) == 201
    cluster.revive(node, "object")


def alive(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids: list[int], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(map(alive, pids))


# Start and end


def test_cluster_accepts_put_and_leaves_no_process(tmp_path: pathlib.Path) -> None:
    with Cluster(tmp_path / "swift") as own:
        own.create("wheels")
        assert put(own, "wheels/a.whl", b"A") == 201
        pids = own.pids()
        assert sorted(pids) == sorted([*SERVERS, "proxy"])
        assert all(map(alive, pids.values()))
        own.kill(2, "object")
        ports = own.ports
    assert not any(map(alive, pids.values()))
    with Cluster(tmp_path / "swift") as again:
        assert again.ports == ports
        assert get(again, "wheels/a.whl") == (200, b"A")


def test_cluster_processes_end_with_killed_tests(tmp_path: pathlib.Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tests.swift.cluster import Cluster\n"
        "with Cluster(pathlib.Path(sys.argv[1])) as cluster:\n"
        "    print(*cluster.pids().values(), flush=True)\n"
        "    time.sleep(600)\n"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with tests:
        assert tests.stdout is not None
        pids = [int(pid) for pid in tests.stdout.readline().split()]
        assert len(pids) == 10
        tests.send_signal(signal.SIGKILL)
    assert gone(pids)


def test_server_start_error_shows_log(cluster: Cluster) -> None:
    conf = cluster.folder / "account1.conf"
    good = conf.read_text()
    cluster.kill(1, "account")
    conf.write_text(good.replace("egg:swift#account", "egg:swift#nothing"))
    try:
        with pytest.raises(ClusterError, match=r"account1 did not start:\n[\s\S]*nothing"):
            cluster.revive(1, "account")
        assert "account1" not in cluster.pids()
    finally:
        conf.write_text(good)


def test_install_error_shows_command(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_HASHES_SWIFT_VENV", str(tmp_path / "venv"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ClusterError, match=r"not installed: .*-m pip install .*swift"):
        Cluster(tmp_path / "swift").__enter__()


def test_dead_server_refuses_and_keeps_port(cluster: Cluster) -> None:
    port = cluster.ports["object1"]
    cluster.kill(1, "object")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", port))


def test_server_revived_by_thread_outlives_thread(cluster: Cluster) -> None:
    def bounce() -> None:
        cluster.kill(3, "object")
        cluster.revive(3, "object")

    thread = threading.Thread(target=bounce)
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert alive(cluster.pids()["object3"])


# The listing is behind


def test_lag_hides_put_from_listing_until_updater_runs(cluster: Cluster, container: str) -> None:
    cluster.lag(True)
    assert put(cluster, f"{container}/new.whl", b"NEW") == 201
    assert get(cluster, f"{container}/new.whl") == (200, b"NEW")
    assert [cluster.names(container) for _ in range(6)] == [[]] * 6
    cluster.lag(False)
    assert cluster.names(container) == []
    cluster.run_once("object-updater")
    assert [cluster.names(container) for _ in range(6)] == [["new.whl"]] * 6


def test_lag_keeps_deleted_object_in_listing(cluster: Cluster, container: str) -> None:
    assert put(cluster, f"{container}/gone.whl", b"A") == 201
    cluster.lag(True)
    assert cluster.request("DELETE", f"{container}/gone.whl").status == 204
    assert get(cluster, f"{container}/gone.whl") == (404, b"")
    assert cluster.names(container) == ["gone.whl"]
    cluster.lag(False)
    cluster.run_once("object-updater")
    assert cluster.names(container) == []


def test_container_replica_lacks_missed_put(cluster: Cluster, container: str) -> None:
    cluster.kill(1, "container")
    assert put(cluster, f"{container}/new.whl", b"NEW") == 201
    cluster.revive(1, "container")
    cluster.prefer(1)
    assert [cluster.names(container) for _ in range(6)] == [[]] * 6
    cluster.prefer(2)
    assert [cluster.names(container) for _ in range(6)] == [["new.whl"]] * 6
    cluster.run_once("container-replicator")
    cluster.prefer(1)
    assert cluster.names(container) == ["new.whl"]


def test_object_server_dead_during_put_leaves_stale_listing(
    cluster: Cluster, container: str
) -> None:
    def listings() -> list[int]:
        found = []
        for node in NODES:
            cluster.prefer(node)
            found.append(len(cluster.names(container)))
        return sorted(found)

    cluster.kill(1, "object")
    assert put(cluster, f"{container}/new.whl", b"NEW") == 201
    cluster.revive(1, "object")
    cluster.run_once("object-updater")
    cluster.run_once("object-replicator")
    assert listings() == [0, 1, 1]
    cluster.run_once("container-replicator")
    assert listings() == [1, 1, 1]


# Reads are behind


def test_preferred_node_that_missed_put_serves_old_bytes(cluster: Cluster, container: str) -> None:
    path = f"{container}/a.whl"
    leave_behind(cluster, 1, path, b"OLD", b"NEW")
    cluster.prefer(1)
    assert [get(cluster, path) for _ in range(6)] == [(200, b"OLD")] * 6
    assert get(cluster, path, X_Newest="true") == (200, b"NEW")
    cluster.prefer(2)
    assert [get(cluster, path) for _ in range(6)] == [(200, b"NEW")] * 6
    cluster.prefer(1)
    cluster.run_once("object-replicator")
    assert [get(cluster, path) for _ in range(6)] == [(200, b"NEW")] * 6


def test_preferred_node_that_missed_delete_still_serves(cluster: Cluster, container: str) -> None:
    path = f"{container}/a.whl"
    assert put(cluster, path, b"A") == 201
    cluster.kill(1, "object")
    assert cluster.request("DELETE", path).status == 204
    cluster.revive(1, "object")
    cluster.prefer(1)
    assert get(cluster, path) == (200, b"A")
    assert get(cluster, path, X_Newest="true") == (404, b"")
    cluster.run_once("object-replicator")
    assert get(cluster, path) == (404, b"")


def test_age_makes_replica_days_old(cluster: Cluster, container: str) -> None:
    path = f"{container}/numpy-1.0+a b.whl"
    quoted = path.replace(" ", "%20")
    assert put(cluster, quoted, b"OLD", X_Object_Meta_Sha256="00") == 201
    cluster.age(path, days=3)
    cluster.kill(1, "object")
    assert put(cluster, quoted, b"NEW") == 201
    cluster.revive(1, "object")
    cluster.prefer(1)
    answer = cluster.request("GET", quoted)
    assert (answer.body, answer.headers["x-object-meta-sha256"]) == (b"OLD", "00")
    date, modified = (parsedate_to_datetime(answer.headers[n]) for n in ("date", "last-modified"))
    assert 2.9 < (date - modified).total_seconds() / 86400 < 3.1
    assert get(cluster, quoted, X_Newest="true") == (200, b"NEW")


# Nothing, and errors


def test_object_missing_on_two_nodes_is_404_if_third_is_dead(
    cluster: Cluster, container: str
) -> None:
    path = f"{container}/a.whl"
    cluster.kill(1, "object")
    assert put(cluster, path, b"A") == 201
    cluster.revive(1, "object")
    cluster.kill(2, "object")
    cluster.wipe(2, path)
    cluster.revive(2, "object")
    assert get(cluster, path) == (200, b"A")
    cluster.kill(3, "object")
    assert get(cluster, path) == (404, b"")
    cluster.run_once("container-replicator")
    assert cluster.names(container) == ["a.whl"]
    cluster.revive(3, "object")
    cluster.run_once("object-replicator")
    cluster.kill(3, "object")
    assert get(cluster, path) == (200, b"A")


def test_writes_are_503_with_two_object_servers_dead(cluster: Cluster, container: str) -> None:
    assert put(cluster, f"{container}/a.whl", b"A") == 201
    cluster.kill(1, "object")
    cluster.kill(2, "object")
    assert put(cluster, f"{container}/b.whl", b"B") == 503
    assert get(cluster, f"{container}/a.whl") == (200, b"A")
    assert get(cluster, f"{container}/never.whl")[0] == 503


def test_requests_are_503_with_all_container_servers_dead(cluster: Cluster, container: str) -> None:
    for node in NODES:
        cluster.kill(node, "container")
    assert cluster.request("GET", container).status == 503
    assert put(cluster, f"{container}/a.whl", b"A") == 503


def test_stopped_proxy_refuses_and_tokens_stay_valid(cluster: Cluster, container: str) -> None:
    cluster.stop_proxy()
    with pytest.raises(ConnectionRefusedError):
        cluster.request("GET", container)
    cluster.start_proxy()
    assert cluster.request("GET", container).status in (200, 204)


def test_reset_revives_servers_and_undoes_switches(cluster: Cluster, container: str) -> None:
    cluster.lag(True)
    cluster.kill(1, "object")
    cluster.kill(2, "container")
    cluster.prefer(3)
    cluster.stop_proxy()
    cluster.reset()
    assert sorted(cluster.pids()) == sorted([*SERVERS, "proxy"])
    assert cluster.preferred is None
    assert put(cluster, f"{container}/a.whl", b"A") == 201
    assert cluster.names(container) == ["a.whl"]


# Who may read


def test_anonymous_and_unprivileged_users_are_refused(cluster: Cluster, container: str) -> None:
    assert put(cluster, f"{container}/a.whl", b"A") == 201
    assert cluster.request("GET", f"{container}/a.whl", user=None).status == 401
    assert cluster.request("GET", f"{container}/a.whl", user="guest").status == 403
    assert cluster.request("PUT", f"{container}/b.whl", user="guest").status == 403


def test_public_container_is_listed_as_web_page(cluster: Cluster, public_container: str) -> None:
    assert put(cluster, f"{public_container}/a-1.0.whl", b"A") == 201
    assert cluster.request("GET", f"{public_container}/a-1.0.whl", user=None).body == b"A"
    page = cluster.request("GET", f"{public_container}/", user=None)
    assert page.status == 200
    assert b"a-1%2E0%2Ewhl" in page.body


# libcloud


def driver(cluster: Cluster, provider: str) -> Any:
    return get_driver(provider.lower())(**cluster.libcloud(provider))


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("provider", ["OPENSTACK_SWIFT", "S3"])
def test_libcloud_puts_and_gets_with_metadata(
    cluster: Cluster, container: str, provider: str, tmp_path: pathlib.Path
) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(os.urandom(100_000))
    store = driver(cluster, provider).get_container(container)
    store.upload_object(str(wheel), "a.whl", extra={"meta_data": {"sha256": "00ff"}})
    assert get(cluster, f"{container}/a.whl") == (200, wheel.read_bytes())
    (listed,) = driver(cluster, provider).get_container(container).list_objects()
    assert (listed.name, int(listed.size)) == ("a.whl", 100_000)
    found = driver(cluster, provider).get_object(container, "a.whl")
    assert found.meta_data["sha256"] == "00ff"
    assert found.download(str(tmp_path / "got.whl"))
    assert (tmp_path / "got.whl").read_bytes() == wheel.read_bytes()
