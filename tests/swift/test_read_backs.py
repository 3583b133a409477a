"""The check after an upload, with a stale node read first."""

from __future__ import annotations

import pathlib
import threading

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.support.waits import short_pauses
from tests.swift.cluster import Cluster
from tests.swift.containers import check_pairs, store_options
from tests.swift.interposing import around_puts

pytestmark = USES_LIBCLOUD


@pytest.mark.parametrize("there", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize(
    "behind",
    [(A,), (f"{A}.sha256",), (A, f"{A}.sha256")],
    ids=["artifact", "hash file", "both"],
)
def test_put_missed_by_preferred_node_is_not_a_conflict(
    cli: Cli,
    cluster: Cluster,
    api: str,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    behind: tuple[str, ...],
    there: bool,
) -> None:
    options = ("--hashfile", "--no-update-index", *store_options(cluster, api), container)
    if there:
        make_wheel(dist, A, b"old")
        assert cli("upload", *options).code == 0
    old = {name: cluster.request("GET", f"{container}/{name}").body for name in behind}
    wheels = {A: make_wheel(dist, A, b"new").read_bytes()}
    cluster.prefer(1)
    with monkeypatch.context() as patch:
        around_puts(
            patch,
            behind,
            before=lambda: cluster.kill(1, "object"),
            after=lambda: cluster.revive(1, "object"),
        )
        # One check is enough because it asks all replicas.
        short_pauses(patch, [0.01])
        result = cli("upload", *options)
    assert (result.code, result.err) == (0, ""), result
    assert result.line("replaced" if there else "sent")
    if there:
        # The node is still stale: a read that does not ask all replicas returns the old bytes.
        assert {n: cluster.request("GET", f"{container}/{n}").body for n in behind} == old
    check_pairs(cluster, container, wheels)


def test_read_back_waits_for_stale_node(
    cli: Cli,
    cluster: Cluster,
    api: str,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a while, the stale node is the only one that answers."""
    options = ("--hashfile", "--no-update-index", *store_options(cluster, api), container)
    make_wheel(dist, A, b"old")
    assert cli("upload", *options).code == 0
    old = cluster.request("GET", f"{container}/{A}").body
    wheels = {A: make_wheel(dist, A, b"new").read_bytes()}
    seen: list[bytes] = []
    timers: list[threading.Timer] = []

    def leave_alone() -> None:
        cluster.revive(1, "object")
        for node in (2, 3):
            cluster.kill(node, "object")
        seen.append(cluster.request("GET", f"{container}/{A}", {"X-Newest": "true"}).body)

        def heal() -> None:
            for node in (2, 3):
                cluster.revive(node, "object")

        timers.append(threading.Timer(1.0, heal))
        timers[-1].start()

    with monkeypatch.context() as patch:
        around_puts(patch, [A], before=lambda: cluster.kill(1, "object"), after=leave_alone)
        result = cli("upload", *options)
    for timer in timers:
        timer.join()
    assert seen == [old]
    assert (result.code, result.err) == (0, ""), result
    assert result.line("replaced")
    check_pairs(cluster, container, wheels)
