"""LOCAL containers through libcloud's API and through the staged put."""

from __future__ import annotations

import hashlib
import pathlib
import threading

import pytest

from tests.support.artifacts import A, make_wheel, sha256
from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.disk.files import LocalFile
from wheelhouse_hashes.errors import AlreadyExists
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.local import LocalStore
from wheelhouse_hashes.stores.requests import StoreRequests


def budget(seconds: float = 5.0) -> WaitBudget:
    """Return a budget that is never interrupted."""
    return WaitBudget(seconds, threading.Event())


@pytest.fixture(params=[Store, LocalStore])
def store(request: pytest.FixtureRequest, container: pathlib.Path) -> Store:
    """A LOCAL container, once through libcloud's API only and once with the staged put."""
    made: Store = request.param(
        Account("LOCAL", "store", "none", "ord"), "wheels", StoreRequests(budget())
    )
    made.open()
    return made


def test_store_put_stat_read_and_delete(store: Store, dist: pathlib.Path) -> None:
    path = make_wheel(dist, A)
    content = path.read_bytes()
    digests = {
        "sha256": sha256(content),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
    with LocalFile(path) as file:
        artifact = LocalArtifact(path, len(content), digests, file.identity)
        sent = store.put(artifact, file)
        with pytest.raises(AlreadyExists):
            store.put(artifact, file, create_only=True)
    assert store.stat(A) == sent
    assert store.objects() == {A: sent}
    assert store.read(A, len(content)) == content
    assert store.read(A, 3) == content[:3]
    assert store.read("other", 3) is None
    assert store.stat("other") is None
    with pytest.raises(AlreadyExists):
        store.put_bytes(A, b"", create_only=True)
    store.delete(A)
    store.delete(A)
    assert store.objects() == {}


def test_disk_errors_are_not_retried(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append("put")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_put_bytes", failing)
    with pytest.raises(Exception, match=r"cannot send x: .*No space left on device") as caught:
        store.put_bytes("x", b"content")
    assert caught.value.exit_code in (5, 6)  # type: ignore[attr-defined]
    assert calls == ["put"]
