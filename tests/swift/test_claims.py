"""``--hashfile --no-replace``: the hash file is the claim, and the one that is left decides.

Swift may let two jobs create one object, as it asks each replica by itself.  What the other job
does in such a race is done here at the moment that matters, unconditionally.
"""

from __future__ import annotations

import pathlib

import pytest

from tests.artifacts import make_wheel, sha256
from tests.conftest import Cli
from tests.swift.cluster import Cluster
from tests.swift.interposing import around_puts
from tests.swift.shelf import A, Shelf
from tests.swift.test_uploads import check_pairs, content, store_options

# As in test_uploads.py.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

HASH_FILE = f"{A}.sha256"


@pytest.fixture
def shelf(cluster: Cluster, container: str, cli: Cli) -> Shelf:
    """The fresh container, as the other job uses it."""
    return Shelf(cluster, container, cli)


@pytest.fixture
def theirs(tmp_path: pathlib.Path) -> bytes:
    """Other bytes under the same name."""
    return make_wheel(tmp_path / "other", A, b"theirs").read_bytes()


@pytest.fixture
def upload(cli: Cli, cluster: Cluster, api: str, container: str) -> Cli:
    """Run ``upload --hashfile --no-replace`` into the fresh container."""
    given = ("--hashfile", "--no-replace", "--no-update-index", *store_options(cluster, api))
    return lambda *options: cli("upload", *given, *options, container)


def is_there(cluster: Cluster, container: str, name: str) -> bool:
    head = cluster.request("HEAD", f"{container}/{name}", {"X-Newest": "true"})
    assert head.status in (200, 404), head
    return head.status == 200


def test_who_is_not_the_last_to_announce_sends_nothing(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    shelf: Shelf,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(dist, A, b"ours")
    around_puts(monkeypatch, [HASH_FILE], after=lambda: shelf.put_hash_file(theirs))
    result = upload()
    assert result.code == 1
    refused = result.line("refused")
    assert f"another job announced other bytes (theirs: sha256:{sha256(theirs)}" in refused
    assert not is_there(cluster, container, A)
    assert sha256(theirs).encode() in content(cluster, f"{container}/{HASH_FILE}")


@pytest.mark.parametrize("moment", [HASH_FILE, A], ids=["before ours", "after ours"])
def test_the_last_to_announce_publishes(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    shelf: Shelf,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """The other job was let send, and sends before or after us: it will give way."""
    ours = make_wheel(dist, A, b"ours").read_bytes()
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs))
    result = upload()
    assert (result.code, result.err) == (0, ""), result
    check_pairs(cluster, container, {A: ours})


def test_an_artifact_from_before_the_announcement_stays(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    shelf: Shelf,
    theirs: bytes,
) -> None:
    """The listing does not show it yet, and its hash file is lost."""
    make_wheel(dist, A, b"ours")
    cluster.lag(True)
    shelf.put_artifact(theirs, days=1)
    result = upload()
    assert result.code == 1
    assert "another job published other bytes" in result.line("refused")
    assert content(cluster, f"{container}/{A}") == theirs
    assert not is_there(cluster, container, HASH_FILE)


@pytest.mark.parametrize(
    ("moment", "announced"), [(HASH_FILE, False), (A, True)], ids=["before ours", "after ours"]
)
def test_the_artifact_of_a_job_that_announces_nothing_stays(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    shelf: Shelf,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    announced: bool,
) -> None:
    """As the bare host's.  Our announcement stays if our bytes had been there."""
    make_wheel(dist, A, b"ours")
    around_puts(monkeypatch, [moment], after=lambda: shelf.put_artifact(theirs, header=False))
    result = upload()
    assert result.code == 1
    assert "conflict: " in result.line("refused")
    assert content(cluster, f"{container}/{A}") == theirs
    assert is_there(cluster, container, HASH_FILE) == announced


def test_an_announcement_in_two_algorithms_is_taken_back_whole(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    shelf: Shelf,
    theirs: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(dist, A, b"ours")
    around_puts(monkeypatch, [f"{A}.sha512"], after=lambda: shelf.put_hash_file(theirs))
    result = upload("--hash-algorithm", "sha512", "--hash-algorithm", "sha256")
    assert result.code == 1
    assert "another job announced other bytes" in result.line("refused")
    assert [is_there(cluster, container, name) for name in (A, f"{A}.sha512")] == [False, False]
    assert sha256(theirs).encode() in content(cluster, f"{container}/{HASH_FILE}")
