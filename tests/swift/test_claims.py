"""``--hashfile --no-replace``: the hash file is the claim, and the last one written decides.

Swift may let two jobs create the same object, because it asks each replica separately. Here
the other job's part of such a race happens unconditionally, at the critical moment.
"""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, hash_file, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import Cluster
from tests.swift.containers import check_pairs, store_options
from tests.swift.interposing import around_puts
from tests.swift.shelf import Shelf

pytestmark = USES_LIBCLOUD


@pytest.fixture
def shelf(cluster: Cluster, container: str, cli: Cli) -> Shelf:
    """The new container, as the other job uses it."""
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
    """Run ``upload --hashfile --no-replace`` into the new container."""
    given = ("--hashfile", "--no-replace", "--no-update-index", *store_options(shelf.cluster, api))
    return lambda *options: cli("upload", *given, *options, shelf.name)


def newest(shelf: Shelf, name: str) -> bytes | None:
    """Return an object's content, None if it does not exist."""
    answer = shelf.cluster.request("GET", f"{shelf.name}/{name}", {"X-Newest": "true"})
    assert answer.status in (200, 404), answer
    return answer.body if answer.status == 200 else None


def test_job_that_announced_first_sends_nothing(
    upload: Cli, shelf: Shelf, theirs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    around_puts(monkeypatch, [HASH_FILE], after=lambda: shelf.put_hash_file(theirs))
    result = upload()
    assert result.code == 1
    refused = result.line("refused")
    why = "another job announced different content for this artifact"
    assert f"{why} (container: sha256:{sha256(theirs)}" in refused
    assert newest(shelf, A) is None
    assert newest(shelf, HASH_FILE) == hash_file(theirs)


@pytest.mark.parametrize("moment", [HASH_FILE, A], ids=["before ours", "after ours"])
def test_job_that_announced_last_publishes(
    upload: Cli,
    shelf: Shelf,
    ours: bytes,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """The other job was allowed to send, before or after this one: it will give way."""
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs))
    result = upload()
    assert (result.code, result.err) == (0, ""), result
    check_pairs(shelf.cluster, shelf.name, {A: ours})


def test_artifact_older_than_announcement_is_kept(upload: Cli, shelf: Shelf, theirs: bytes) -> None:
    """The listing does not show it yet, and its hash file is lost."""
    shelf.cluster.lag(True)
    shelf.put_artifact(theirs, days=1)
    result = upload()
    assert result.code == 1
    assert "another job published this artifact with different content" in result.line("refused")
    assert newest(shelf, A) == theirs
    assert newest(shelf, HASH_FILE) is None


@pytest.mark.parametrize("moment", [HASH_FILE, A], ids=["before ours", "after ours"])
def test_artifact_of_job_without_announcement_is_kept(
    upload: Cli,
    shelf: Shelf,
    ours: bytes,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """Like the host alone. The announcement stays if this job's bytes had been there."""
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs, header=False))
    result = upload()
    assert result.code == 1
    assert "conflict: " in result.line("refused")
    assert newest(shelf, A) == theirs
    assert newest(shelf, HASH_FILE) == (hash_file(ours) if moment == A else None)


def test_announcement_in_two_algorithms_is_withdrawn(
    upload: Cli, shelf: Shelf, theirs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    around_puts(monkeypatch, [f"{A}.sha512"], after=lambda: shelf.put_hash_file(theirs))
    result = upload("--hash-algorithm", "sha512", "--hash-algorithm", "sha256")
    assert result.code == 1
    assert "another job announced different content" in result.line("refused")
    assert newest(shelf, A) is newest(shelf, f"{A}.sha512") is None
    assert newest(shelf, HASH_FILE) == hash_file(theirs)
