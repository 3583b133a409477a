"""``--hashfile --no-replace``: the hash file is the claim, and the one that is left decides.

Swift may let two jobs create one object, as it asks each replica by itself.  What the other job
does in such a race is done here at the moment that matters, unconditionally.
"""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, hash_file, make_wheel, sha256
from tests.swift.cluster import Cluster
from tests.swift.conftest import IN_PROCESS
from tests.swift.interposing import around_puts
from tests.swift.shelf import Shelf
from tests.swift.test_uploads import check_pairs, store_options

pytestmark = IN_PROCESS


@pytest.fixture
def shelf(cluster: Cluster, container: str, cli: Cli) -> Shelf:
    """The fresh container, as the other job uses it."""
    return Shelf(cluster, container, cli)


@pytest.fixture
def theirs(tmp_path: pathlib.Path) -> bytes:
    """Other bytes under the same name."""
    return make_wheel(tmp_path / "other", A, b"theirs").read_bytes()


@pytest.fixture
def ours(dist: pathlib.Path) -> bytes:
    """The bytes that are uploaded."""
    return make_wheel(dist, A, b"ours").read_bytes()


@pytest.fixture
def upload(cli: Cli, shelf: Shelf, api: str, ours: bytes) -> Cli:
    """Run ``upload --hashfile --no-replace`` into the fresh container."""
    given = ("--hashfile", "--no-replace", "--no-update-index", *store_options(shelf.cluster, api))
    return lambda *options: cli("upload", *given, *options, shelf.name)


def newest(shelf: Shelf, name: str) -> bytes | None:
    """Return an object's content, None if it is not there."""
    answer = shelf.cluster.request("GET", f"{shelf.name}/{name}", {"X-Newest": "true"})
    assert answer.status in (200, 404), answer
    return answer.body if answer.status == 200 else None


def test_who_is_not_the_last_to_announce_sends_nothing(
    upload: Cli, shelf: Shelf, theirs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    around_puts(monkeypatch, [HASH_FILE], after=lambda: shelf.put_hash_file(theirs))
    result = upload()
    assert result.code == 1
    refused = result.line("refused")
    assert f"another job announced different bytes (container: sha256:{sha256(theirs)}" in refused
    assert newest(shelf, A) is None
    assert newest(shelf, HASH_FILE) == hash_file(theirs)


@pytest.mark.parametrize("moment", [HASH_FILE, A], ids=["before ours", "after ours"])
def test_the_last_to_announce_publishes(
    upload: Cli,
    shelf: Shelf,
    ours: bytes,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """The other job was let send, and sends before or after us: it will give way."""
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs))
    result = upload()
    assert (result.code, result.err) == (0, ""), result
    check_pairs(shelf.cluster, shelf.name, {A: ours})


def test_an_artifact_from_before_the_announcement_stays(
    upload: Cli, shelf: Shelf, theirs: bytes
) -> None:
    """The listing does not show it yet, and its hash file is lost."""
    shelf.cluster.lag(True)
    shelf.put_artifact(theirs, days=1)
    result = upload()
    assert result.code == 1
    assert "another job published different bytes" in result.line("refused")
    assert newest(shelf, A) == theirs
    assert newest(shelf, HASH_FILE) is None


@pytest.mark.parametrize("moment", [HASH_FILE, A], ids=["before ours", "after ours"])
def test_the_artifact_of_a_job_that_announces_nothing_stays(
    upload: Cli,
    shelf: Shelf,
    ours: bytes,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """As the bare host's.  Our announcement stays if our bytes had been there."""
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs, header=False))
    result = upload()
    assert result.code == 1
    assert "conflict: " in result.line("refused")
    assert newest(shelf, A) == theirs
    assert newest(shelf, HASH_FILE) == (hash_file(ours) if moment == A else None)


def test_an_announcement_in_two_algorithms_is_taken_back_whole(
    upload: Cli, shelf: Shelf, theirs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    around_puts(monkeypatch, [f"{A}.sha512"], after=lambda: shelf.put_hash_file(theirs))
    result = upload("--hash-algorithm", "sha512", "--hash-algorithm", "sha256")
    assert result.code == 1
    assert "another job announced different bytes" in result.line("refused")
    assert newest(shelf, A) is newest(shelf, f"{A}.sha512") is None
    assert newest(shelf, HASH_FILE) == hash_file(theirs)
