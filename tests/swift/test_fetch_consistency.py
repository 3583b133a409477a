"""``fetch --verify`` from a real Swift that lags, forgets and loses servers.

The harness creates each state of the store on purpose (see ``cluster.py``). The tests check
the results for a release manager: verdict, cause, exit code, and that the folder contains
only verified bytes.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest import mock
from urllib.parse import unquote

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, B, make_wheel, sha256, wheel_bytes
from tests.swift.cluster import NODES, Cluster
from tests.swift.shelf import Shelf
from wheelhouse_hashes.http.response import ResponseReader
from wheelhouse_hashes.runtime.waiting import WaitBudget

#: The documented exit codes that occur in these tests.
EXIT = {
    "ok": 0,
    "withdrawn": 0,
    "mismatch": 1,
    "missing-hash": 3,
    "missing-artifact": 4,
    "nothing": 4,
    "stale": 5,
    "unreachable": 5,
}


@pytest.fixture
def shelf(cluster: Cluster, public_container: str, cli: Cli) -> Shelf:
    """A new public container."""
    return Shelf(cluster, public_container, cli)


@contextlib.contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Call a function when a command waits for the first time."""
    pause, called = WaitBudget.pause, threading.Event()

    def first(budget: WaitBudget, seconds: float) -> bool:
        if not called.is_set():
            called.set()
            act()
        return pause(budget, seconds)

    with mock.patch.object(WaitBudget, "pause", first):
        yield
    assert called.is_set()


def verdict(result: Result, name: str = A) -> tuple[str, str]:
    """Return the verdict on an artifact, ``ok`` or a cause, and its sources."""
    pattern = rf"^(ok|refused|withdrawn|unverified) +{re.escape(name)}  +(.*)$"
    found = re.findall(pattern, result.out, re.MULTILINE)
    assert len(found) == 1, result
    word, text = found[0]
    if word == "ok":
        return word, text.split("  ")[1]
    return (text.partition(":")[0], "") if word == "refused" else (word, "")


def waits(result: Result, name: str = A) -> int:
    """Count the messages about waiting for an artifact."""
    return len(re.findall(rf"^waiting +{re.escape(name)} ", result.out, re.MULTILINE))


def kept(folder: str = "got") -> dict[str, bytes]:
    """Return the artifacts in a target folder; check that nothing else is visible there."""
    files = pathlib.Path(folder).glob("[!.]*")
    return {path.name: path.read_bytes() for path in files}


def check(result: Result, cause: str, content: bytes | None = None, folder: str = "got") -> None:
    """Check the verdict on wheel A, the exit code, and that the folder has A only if it is good."""
    assert verdict(result)[0] == cause, result
    assert result.code == EXIT[cause], result
    assert kept(folder) == ({} if content is None else {A: content})
    assert "Traceback" not in result.out + result.err


# States of an artifact and its hash file


@pytest.mark.parametrize("header", [True, False], ids=["header", "no header"])
@pytest.mark.parametrize(
    ("artifact", "hash_file", "expected", "without_header"),
    [
        ("", "", "nothing", "nothing"),
        ("", "old", "missing-artifact", "missing-artifact"),
        ("", "new", "missing-artifact", "missing-artifact"),
        ("old", "", "ok", "missing-hash"),
        ("old", "old", "ok", "ok"),
        ("old", "new", "stale", "mismatch"),
        ("new", "", "ok", "missing-hash"),
        ("new", "old", "stale", "mismatch"),
        ("new", "new", "ok", "ok"),
    ],
)
def test_verdict_for_each_state_of_pair(
    shelf: Shelf, artifact: str, hash_file: str, expected: str, without_header: str, header: bool
) -> None:
    if artifact:
        shelf.put_artifact(wheel_bytes(artifact), header=header)
    if hash_file:
        shelf.put_hash_file(wheel_bytes(hash_file))
    result = shelf.fetch()
    cause = expected if header else without_header
    if cause == "nothing":
        assert "nothing matches demo" in result.out
        assert (result.code, kept()) == (EXIT[cause], {})
        return
    check(result, cause, wheel_bytes(artifact) if cause == "ok" else None)
    if cause == "ok":
        sources = ["hash file"] * bool(hash_file) + ["header"] * header
        assert verdict(result)[1] == ", ".join(sources)


# Stale reads


def fall_behind(shelf: Shelf, behind: str, *, header: bool = True) -> None:
    """Overwrite a pair while node 1 misses the new artifact, the new hash file, or both."""
    old, new = wheel_bytes("old"), wheel_bytes("new")
    shelf.put_hash_file(old)
    shelf.put_artifact(old, header=header)
    if behind == "artifact":
        shelf.put_hash_file(new)
    with shelf.missed_by(1):
        if behind != "artifact":
            shelf.put_hash_file(new)
        if behind != "hash file":
            shelf.put_artifact(new, header=header)
    if behind == "hash file":
        shelf.put_artifact(new, header=header)


@pytest.mark.parametrize("behind", ["artifact", "hash file"])
def test_stale_half_of_pair_is_refused_and_heals(shelf: Shelf, behind: str) -> None:
    fall_behind(shelf, behind)
    stale = A if behind == "artifact" else f"{A}.sha256"
    shelf.cluster.prefer(1)
    status, before = shelf.get(stale)
    assert status == 200
    # Immediately, because the second attempt asks all replicas.
    check(shelf.fetch(), "ok", wheel_bytes("new"))
    # Not at all if the old replica is the only one.
    shelf.leave_alive(1)
    result = shelf.fetch(0.6, into="alone")
    check(result, "stale", folder="alone")
    assert waits(result) == 1
    # For every reader, once the replicator has run.
    for node in NODES:
        shelf.cluster.revive(node, "object")
    shelf.cluster.run_once("object-replicator")
    status, after = shelf.get(stale)
    assert (status, after != before) == (200, True)
    check(shelf.fetch(into="after"), "ok", wheel_bytes("new"), "after")


@pytest.mark.parametrize("behind", ["artifact", "hash file"])
def test_stale_half_of_pair_without_header_heals_at_once(shelf: Shelf, behind: str) -> None:
    fall_behind(shelf, behind, header=False)
    shelf.leave_alive(1)
    check(shelf.fetch(), "mismatch")
    shelf.cluster.revive(2, "object")
    shelf.cluster.prefer(1)
    assert (shelf.get()[1] == wheel_bytes("old")) == (behind == "artifact")
    check(shelf.fetch(), "ok", wheel_bytes("new"))


def test_completely_stale_pair_is_accepted(shelf: Shelf) -> None:
    old, new = wheel_bytes("old"), wheel_bytes("new")
    fall_behind(shelf, "both")
    shelf.cluster.prefer(1)
    assert shelf.get() == (200, old)
    result = shelf.fetch()
    (content,) = kept().values()
    assert content in (old, new)
    check(result, "ok", content)
    shelf.leave_alive(1)
    check(shelf.fetch(into="alone"), "ok", old, "alone")
    for node in NODES:
        shelf.cluster.revive(node, "object")
    shelf.cluster.run_once("object-replicator")
    # Files in the folder are judged like fetched ones: the old file has to go.
    check(shelf.fetch(into="alone"), "ok", new, "alone")


def test_stale_page_does_not_validate_old_digest(shelf: Shelf) -> None:
    def put_page(content: bytes) -> None:
        page = f'<a href="{A}#sha256={sha256(content)}">{A}</a>'.encode()
        assert shelf.cluster.request("PUT", f"{shelf.name}/index.html", {}, page).status == 201

    for content in (wheel_bytes("old"), wheel_bytes("new")):
        shelf.put_pair(content)
        with shelf.missed_by(1) if content == wheel_bytes("new") else contextlib.nullcontext():
            put_page(content)
    shelf.cluster.prefer(1)
    assert sha256(wheel_bytes("old")).encode() in shelf.get("index.html")[1]
    # Not at all if the old replica is the only one.
    shelf.leave_alive(1)
    check(shelf.fetch(page="index.html"), "stale")
    # Immediately, because a page is requested from all replicas.
    shelf.cluster.revive(2, "object")
    assert sha256(wheel_bytes("old")).encode() in shelf.get("index.html")[1]
    result = shelf.fetch(page="index.html")
    check(result, "ok", wheel_bytes("new"))
    assert verdict(result)[1] == "link, hash file, header"


@pytest.mark.parametrize("age", ["all is days old", "only the stale copy is"])
def test_old_date_does_not_end_wait_for_stale_replica(shelf: Shelf, age: str) -> None:
    """Without a header the cause is mismatch, which is waited for only while an object is young."""
    header = age == "all is days old"
    shelf.put_hash_file(wheel_bytes("old"))
    shelf.put_artifact(wheel_bytes("old"), header=header)
    for name in (A, f"{A}.sha256"):
        shelf.cluster.age(f"{shelf.name}/{name}", 5)
    days = 1 if header else 0
    shelf.put_hash_file(wheel_bytes("new"), days=days)
    with shelf.missed_by(1):
        shelf.put_artifact(wheel_bytes("new"), header=header, days=days)
    shelf.leave_alive(1)
    assert shelf.get() == (200, wheel_bytes("old"))
    with meanwhile(lambda: shelf.cluster.revive(2, "object")):
        result = shelf.fetch(30)
    check(result, "ok", wheel_bytes("new"))
    assert waits(result) == 1


# Waiting


def _put_other_pair(shelf: Shelf) -> None:
    """Publish a hash file; one that is missing is waited for only if the container has some."""
    shelf.put_pair(wheel_bytes("other"), "other-1.0-py3-none-any.whl")


def late_hash_file(shelf: Shelf) -> Callable[[], object]:
    _put_other_pair(shelf)
    shelf.put_artifact(wheel_bytes("new"), header=False)
    return lambda: shelf.put_hash_file(wheel_bytes("new"))


def late_artifact(shelf: Shelf) -> Callable[[], object]:
    shelf.put_hash_file(wheel_bytes("new"))
    return lambda: shelf.put_artifact(wheel_bytes("new"))


def _missing_until_revived(shelf: Shelf, name: str) -> Callable[[], object]:
    """Only node 3 has an object, and it is dead: a majority answers 404."""
    shelf.cluster.kill(2, "object")
    shelf.cluster.wipe(2, f"{shelf.name}/{name}")
    shelf.cluster.revive(2, "object")
    shelf.cluster.kill(3, "object")
    assert shelf.get(name)[0] == 404
    return lambda: shelf.cluster.revive(3, "object")


def unreplicated_artifact(shelf: Shelf) -> Callable[[], object]:
    shelf.put_hash_file(wheel_bytes("new"))
    with shelf.missed_by(1):
        shelf.put_artifact(wheel_bytes("new"))
    return _missing_until_revived(shelf, A)


def unreplicated_hash_file(shelf: Shelf) -> Callable[[], object]:
    _put_other_pair(shelf)
    with shelf.missed_by(1):
        shelf.put_hash_file(wheel_bytes("new"))
    shelf.put_artifact(wheel_bytes("new"), header=False)
    return _missing_until_revived(shelf, f"{A}.sha256")


def _unavailable_until_revived(shelf: Shelf, name: str) -> Callable[[], object]:
    """Node 1 lacks an object, and the others are dead: 503."""
    shelf.leave_alive(1)
    assert shelf.get(name)[0] == 503
    return lambda: shelf.cluster.revive(2, "object")


def unavailable_artifact(shelf: Shelf) -> Callable[[], object]:
    shelf.put_hash_file(wheel_bytes("new"))
    with shelf.missed_by(1):
        shelf.put_artifact(wheel_bytes("new"))
    return _unavailable_until_revived(shelf, A)


def unavailable_hash_file(shelf: Shelf) -> Callable[[], object]:
    with shelf.missed_by(1):
        shelf.put_hash_file(wheel_bytes("new"))
    shelf.put_artifact(wheel_bytes("new"))
    return _unavailable_until_revived(shelf, f"{A}.sha256")


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        (late_hash_file, "missing-hash"),
        (late_artifact, "missing-artifact"),
        (unreplicated_artifact, "missing-artifact"),
        (unreplicated_hash_file, "missing-hash"),
        (unavailable_artifact, "unreachable"),
        (unavailable_hash_file, "unreachable"),
    ],
)
def test_store_not_converging_in_time_is_refused(
    shelf: Shelf, trouble: Callable[[Shelf], Callable[[], object]], cause: str
) -> None:
    heal = trouble(shelf)
    result = shelf.fetch(0.7)
    check(result, cause)
    assert waits(result) == 1
    with meanwhile(heal):
        result = shelf.fetch(30)
    check(result, "ok", wheel_bytes("new"))
    assert waits(result) == 1


def test_unavailable_page_is_waited_for(shelf: Shelf) -> None:
    shelf.put_pair(wheel_bytes("new"))
    with shelf.missed_by(1):
        index = f'<a href="{A}">{A}</a>'.encode()
        answer = shelf.cluster.request("PUT", f"{shelf.name}/index.html", {}, index)
        assert answer.status == 201
    heal = _unavailable_until_revived(shelf, "index.html")
    refused = shelf.fetch(0.6, page="index.html")
    assert (refused.code, kept()) == (5, {})
    assert "503" in refused.err
    with meanwhile(heal):
        result = shelf.fetch(30, page="index.html")
    check(result, "ok", wheel_bytes("new"))
    # Each wait is printed once, so that the command does not seem to hang.
    assert len(re.findall("^waiting ", result.out, re.MULTILINE)) == 1, result


def test_listing_with_dead_servers_is_forbidden(shelf: Shelf) -> None:
    """Swift then cannot know that anyone may list the container, and answers 401 instead of 503."""
    shelf.put_pair(wheel_bytes("new"))
    for node in NODES:
        shelf.cluster.kill(node, "container")
    result = shelf.fetch()
    assert (result.code, kept()) == (5, {})
    assert "HTTP status 401" in result.err
    shelf.cluster.revive(2, "container")
    check(shelf.fetch(), "ok", wheel_bytes("new"))


# Servers that die during a fetch


def test_fetch_real_wheels_while_servers_die(
    shelf: Shelf, real_wheels: list[pathlib.Path], dist: pathlib.Path
) -> None:
    smallest = min(real_wheels, key=lambda path: path.stat().st_size)
    sources = [*real_wheels, *[smallest] * 16]
    for number, source in enumerate(sources):
        project, version, rest = source.name.split("-", 2)
        os.link(source, dist / f"{project}-{version}-{number}-{rest}")
    done = shelf.cli("upload", "--hashfile", "--no-update-index", *by_swift(shelf), shelf.name)
    assert done.code == 0, done
    wheels = {path.name: sha256(path.read_bytes()) for path in dist.iterdir()}
    assert len(wheels) == 20
    died: list[int] = []
    over = threading.Event()

    def torment() -> None:
        """Kill the object servers in turn, never two at a time."""
        while not over.is_set():
            died.append(NODES[len(died) % 3])
            shelf.cluster.kill(died[-1], "object")
            time.sleep(0.2)
            shelf.cluster.revive(died[-1], "object")

    with ThreadPoolExecutor(1) as pool:
        tormented = pool.submit(torment)
        try:
            while set(died) != set(NODES) and not tormented.done():
                result = shelf.fetch(600, project="numpy")
                assert result.code == 0, result
                assert "verified 20 of 20 artifacts" in result.out
                assert {name: sha256(body) for name, body in kept().items()} == wheels
                shutil.rmtree("got")
        finally:
            over.set()
    tormented.result()
    assert set(died) == set(NODES)


# Deleted objects that are still listed


def test_deleted_pair_still_listed_is_withdrawn(shelf: Shelf) -> None:
    shelf.put_pair(wheel_bytes("old"))
    shelf.put_pair(wheel_bytes("sibling", B), B)
    shelf.cluster.lag(True)
    shelf.delete(A)
    shelf.delete(f"{A}.sha256")
    assert {A, f"{A}.sha256"} <= set(shelf.cluster.names(shelf.name))
    result = shelf.fetch()
    assert verdict(result) == ("withdrawn", "")
    assert verdict(result, B) == ("ok", "hash file, header")
    assert (result.code, kept()) == (0, {B: wheel_bytes("sibling", B)})


def test_deleted_artifact_with_hash_file_is_missing(shelf: Shelf) -> None:
    shelf.put_pair(wheel_bytes("old"))
    shelf.put_pair(wheel_bytes("sibling", B), B)
    shelf.cluster.lag(True)
    shelf.delete(A)
    assert A in shelf.cluster.names(shelf.name)
    result = shelf.fetch()
    assert verdict(result) == ("missing-artifact", "")
    assert verdict(result, B) == ("ok", "hash file, header")
    assert (result.code, kept()) == (4, {B: wheel_bytes("sibling", B)})


@pytest.mark.parametrize(
    ("header", "hash_file", "expected"),
    [
        (True, "gone", "ok"),
        (False, "gone", "withdrawn"),
        (True, "another", "missing-artifact"),
        (False, "another", "missing-artifact"),
        (True, "a ghost, too", "ok"),
    ],
)
def test_deleted_artifact_still_served_is_judged_by_claims(
    shelf: Shelf, header: bool, hash_file: str, expected: str
) -> None:
    """A disagreement is read again from all replicas, and these know that the object is gone."""
    shelf.put_hash_file(wheel_bytes("old"))
    shelf.put_artifact(wheel_bytes("old"), header=header)
    shelf.put_pair(wheel_bytes("sibling", B), B)
    shelf.cluster.lag(True)
    if hash_file == "gone":
        shelf.delete(f"{A}.sha256")
    elif hash_file == "another":
        shelf.put_hash_file(wheel_bytes("new"))
    with shelf.missed_by(1):
        shelf.delete(A)
        if hash_file == "a ghost, too":
            shelf.delete(f"{A}.sha256")
    shelf.cluster.prefer(1)
    assert shelf.get() == (200, wheel_bytes("old"))
    result = shelf.fetch()
    assert verdict(result)[0] == expected, result
    assert result.code == EXIT[expected]
    assert verdict(result, B) == ("ok", "hash file, header")
    assert kept() == {B: wheel_bytes("sibling", B)} | (
        {A: wheel_bytes("old")} if expected == "ok" else {}
    )


# Uploads through the real command line


def by_swift(shelf: Shelf) -> tuple[str, ...]:
    """Return the store options for Swift's own API."""
    cluster = shelf.cluster
    return (
        *("--provider-name", "OPENSTACK_SWIFT", "--username", "test:tester"),
        *("--secret", "testing"),
        *("--driver-option", f"ex_force_auth_url={cluster.auth_url}"),
        *("--driver-option", f"ex_force_base_url={cluster.storage_url}"),
    )


def by_s3(shelf: Shelf) -> tuple[str, ...]:
    """Return the store options for the S3 API."""
    return (
        *("--provider-name", "S3", "--username", "test:tester", "--secret", "testing"),
        *("--driver-option", f"host={shelf.cluster.s3_host}"),
        *("--driver-option", f"port={shelf.cluster.s3_port}", "--driver-option", "secure=false"),
    )


# libcloud's signature uses a time function that Python 3.12 deprecates.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:libcloud")
@pytest.mark.parametrize("page", ["", "index.html"])
@pytest.mark.parametrize("store", [by_swift, by_s3])
def test_metadata_header_of_upload_needs_no_request(
    shelf: Shelf,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    store: Callable[[Shelf], tuple[str, ...]],
    page: str,
) -> None:
    content = make_wheel(dist, A).read_bytes()
    index = () if page else ("--no-update-index",)
    done = shelf.cli("upload", "--hashfile", *index, *store(shelf), shelf.name)
    assert done.code == 0, done
    requested: list[str] = []
    finish = ResponseReader.finish

    def counted(reader: ResponseReader, redirect: str | None) -> str | None:
        requested.append(unquote(reader.response.url))
        return finish(reader, redirect)

    monkeypatch.setattr(ResponseReader, "finish", counted)
    result = shelf.fetch(page=page)
    check(result, "ok", content)
    sources = {"hash file", "header"} | ({"link"} if page else set())
    assert set(verdict(result)[1].split(", ")) == sources
    urls = [shelf.url + page, f"{shelf.url}{A}.sha256", f"{shelf.url}{A}"]
    assert requested == urls


# Old dev builds


def dev_build(number: int) -> str:
    """Return the name of a dev build in the form that uploads give it."""
    return f"demo-1.0.dev0+202611210000{number:02}-py3-none-any.whl"


@pytest.mark.parametrize("listed", ["pair", "hash file"])
def test_pruned_dev_builds_still_listed_are_not_missing(
    shelf: Shelf, dist: pathlib.Path, listed: str
) -> None:
    for number in range(5):
        make_wheel(dist, dev_build(number))
    upload = ("upload", "--hashfile", "--no-update-index", *by_swift(shelf), shelf.name)
    assert shelf.cli(*upload).code == 0
    pruned, new = dev_build(0), dev_build(5)
    shutil.rmtree(dist)
    content = make_wheel(dist, new).read_bytes()
    shelf.cluster.lag(True)
    done = shelf.cli(*upload)
    assert done.code == 0, done
    shelf.cluster.lag(False)
    shelf.put_pair(content, new)  # adds its listing row
    if listed == "hash file":  # the listing drops the artifact
        shelf.put_artifact(content, pruned)
        shelf.delete(pruned)
    for name in (pruned, f"{pruned}.sha256"):
        assert re.search(rf"^pruned +{re.escape(name)}$", done.out, re.MULTILINE), done
        assert shelf.get(name)[0] == 404
    names = shelf.cluster.names(shelf.name)
    assert (pruned in names) == (listed == "pair")
    assert {f"{pruned}.sha256", new, f"{new}.sha256"} <= set(names)
    result = shelf.fetch(60)
    assert (result.code, sorted(kept())) == (0, [dev_build(number) for number in range(1, 6)])
    assert waits(result, pruned) == 0
    if listed == "pair":
        assert verdict(result, pruned) == ("withdrawn", "")
    else:
        assert re.search(rf"^note +{re.escape(pruned)} ", result.out, re.MULTILINE), result
        assert "verified 5 of 5 artifacts" in result.out
