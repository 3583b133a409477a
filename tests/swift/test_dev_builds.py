"""Old dev builds on a real store: five of each kind are kept, and no orphan is left."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.support.waits import short_pauses
from tests.swift.cluster import Cluster
from tests.swift.containers import check_pairs, store_options

pytestmark = USES_LIBCLOUD

#: Eight builds of one dev wheel, with the stamps that uploads give them; the last five are kept.
BUILDS = [f"demo-1.1.dev0+2026010100000{number}-py3-none-any.whl" for number in range(8)]
PAIRS = [(name, f"{name}.sha256") for name in BUILDS]
LEFT = sorted(name for pair in PAIRS[3:] for name in pair)


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def upload(
    request: pytest.FixtureRequest,
    cli: Cli,
    cluster: Cluster,
    public_container: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Result]:
    """Run ``upload --hashfile`` through one of the two APIs, without pauses between retries."""
    short_pauses(monkeypatch)
    store = store_options(cluster, request.param)
    return lambda: cli("upload", "--hashfile", "--no-update-index", *store, public_container)


@pytest.fixture
def fetch(cli: Cli, cluster: Cluster, public_container: str) -> Callable[[], Result]:
    """Run ``fetch --verify``, each time into a new folder."""
    folders = (f"got-{number}" for number in range(9))
    url = f"{cluster.storage_url}/{public_container}/"
    options = ("--verify", "--wait", 0, "--local-folder")
    return lambda: cli("fetch", *options, next(folders), "demo", url)


def converge(cluster: Cluster) -> None:
    """Run all replication daemons once."""
    cluster.run_once("object-replicator")
    cluster.run_once("object-updater")
    cluster.run_once("container-replicator")


def test_rerun_after_convergence_keeps_five_dev_builds(
    upload: Callable[[], Result],
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
) -> None:
    cluster.lag(True)
    made = {}
    for name in BUILDS:
        path = make_wheel(dist, name, name.encode())
        made[name] = path.read_bytes()
        assert upload().code == 0
        path.unlink()
    cluster.lag(False)
    cluster.run_once("object-updater")
    # No run saw the other builds, so all of them are there.
    assert len(cluster.names(public_container)) == 16
    make_wheel(dist, BUILDS[-1], BUILDS[-1].encode())
    further = upload()
    assert (further.code, "already there" in further.out) == (0, True)
    assert len(re.findall("^pruned ", further.out, re.MULTILINE)) == 6
    assert cluster.names(public_container) == LEFT
    check_pairs(cluster, public_container, {name: made[name] for name in BUILDS[3:]})
    assert "verified 5 of 5 artifacts" in fetch().out


def before_delete(
    monkeypatch: pytest.MonkeyPatch, suffix: str, act: Callable[[], object]
) -> dict[str, list[int]]:
    """Call a function once, before the first delete of a name with this suffix.

    :returns: the statuses of all later deletes, by name.
    """
    from libcloud.http import LibcloudConnection

    original: Any = LibcloudConnection.request
    acts = [act]
    statuses: dict[str, list[int]] = {}

    def request(connection: Any, method: str, url: str, *args: object, **kw: object) -> object:
        name = url.partition("?")[0].rpartition("/")[2].replace("%2B", "+")
        if method == "DELETE" and name.endswith(suffix) and acts:
            acts.pop()()
        answer = original(connection, method, url, *args, **kw)
        if method == "DELETE":
            statuses.setdefault(name, []).append(connection.response.status_code)
        return answer

    monkeypatch.setattr(LibcloudConnection, "request", request)
    return statuses


@pytest.mark.parametrize(
    ("failing", "nodes"),
    [(".whl", (1, 2)), (".whl", (1, 2, 3)), (".sha256", (1, 2))],
    ids=["artifact", "artifact, on no server", "hash file"],
)
def test_next_run_completes_failed_delete(
    upload: Callable[[], Result],
    fetch: Callable[[], Result],
    cluster: Cluster,
    public_container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    nodes: tuple[int, ...],
) -> None:
    """A delete that two of three servers miss is a 503 and may still take effect later."""
    made = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in BUILDS[:5]}
    assert upload().code == 0
    for name in made:
        dist.joinpath(name).unlink()
    made[BUILDS[5]] = make_wheel(dist, BUILDS[5], BUILDS[5].encode()).read_bytes()
    victim = PAIRS[0]

    def die() -> None:
        for node in nodes:
            cluster.kill(node, "object")

    with monkeypatch.context() as patch:
        patch.setenv("WHEELHOUSE_UPLOADER_WAIT", "1")
        statuses = before_delete(patch, failing, die)
        broken = upload()
    artifact_gone = failing == ".sha256"
    refused = statuses.pop(victim[artifact_gone])
    assert set(refused) == {503}
    assert len(refused) > 1
    assert statuses == ({victim[0]: [204]} if artifact_gone else {})
    assert broken.code == 5
    assert f"problem: cannot delete {victim[artifact_gone]}: " in broken.out
    assert broken.line("sent")

    def expect_five(got: Result) -> None:
        assert got.code == 0, got.out
        # "missing" may occur only in the line about a withdrawn artifact.
        bad = "^refused|^problem|^(?!withdrawn ).*missing"
        assert not re.search(bad, got.out, re.MULTILINE), got.out
        assert all(re.search(f"^ok +{re.escape(n)} ", got.out, re.MULTILINE) for n in BUILDS[1:6])

    # Whichever half of the pair is left, a fetch must not report a missing artifact.
    for node in nodes:
        cluster.revive(node, "object")
    expect_five(fetch())
    converge(cluster)
    expect_five(fetch())

    # One more run sends nothing and deletes the rest.
    further = upload()
    assert (further.code, further.err) == (0, ""), further
    assert cluster.names(public_container) == sorted(n for pair in PAIRS[1:6] for n in pair)
    for name in victim:
        assert cluster.request("HEAD", f"{public_container}/{name}").status == 404
    check_pairs(cluster, public_container, {name: made[name] for name in BUILDS[1:6]})
    last = fetch()
    assert (last.code, "verified 5 of 5 artifacts" in last.out) == (0, True), last
