"""Concurrent jobs publish one artifact and leave a matching pair."""

from __future__ import annotations

import contextlib
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import UPLOAD
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.disk.files import LocalFile
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.options import UploadOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import UploadOutcome
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.local import LocalStore
from wheelhouse_hashes.stores.requests import StoreRequests
from wheelhouse_hashes.upload.artifact import ArtifactUpload
from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

Job = Callable[[pathlib.Path, bytes], ArtifactUpload]


@pytest.fixture
def artifact_upload() -> Iterator[Job]:
    """Return a function that prepares one job's upload of wheel A, with a fresh listing."""
    with contextlib.ExitStack() as files:

        def prepare(dist: pathlib.Path, payload: bytes) -> ArtifactUpload:
            file = files.enter_context(LocalFile(make_wheel(dist, A, payload)))
            options = UploadOptions(container_name="wheels", hashfile=True)
            store = LocalStore(
                Account("LOCAL", "store", "none", "ord"), "wheels", StoreRequests(budget())
            )
            store.open()
            run = Session("upload", options, Plugins.load(BUILT_IN, {}))
            return ArtifactUpload(run, store, ContainerSnapshot(store.objects(), run.plugins), file)

        yield prepare


def pair(container: pathlib.Path) -> tuple[str, str]:
    """Return the digest of A in the container and the digest in its hash file."""
    digest = sha256((container / A).read_bytes())
    return digest, (container / f"{A}.sha256").read_text().split()[0]


def test_two_jobs_with_different_bytes_one_is_refused(
    tmp_path: pathlib.Path, container: pathlib.Path, artifact_upload: Job
) -> None:
    one = artifact_upload(tmp_path / "one", b"one")
    other = artifact_upload(tmp_path / "other", b"other")
    assert one.publish().outcome is UploadOutcome.SENT
    with pytest.raises(Refusal, match="another job announced different content"):
        other.publish()
    digest, announced = pair(container)
    assert digest == announced == one.artifact.digests["sha256"]


def test_two_jobs_with_same_bytes_both_succeed(
    tmp_path: pathlib.Path, container: pathlib.Path, artifact_upload: Job
) -> None:
    one = artifact_upload(tmp_path / "one", b"same")
    other = artifact_upload(tmp_path / "other", b"same")
    assert one.publish().outcome is UploadOutcome.SENT
    assert other.publish().outcome is UploadOutcome.SENT


def test_job_that_loses_race_removes_its_hash_file(
    tmp_path: pathlib.Path, container: pathlib.Path, artifact_upload: Job
) -> None:
    ours = artifact_upload(tmp_path / "ours", b"ours")
    theirs = make_wheel(container, A, b"theirs").read_bytes()
    with pytest.raises(Refusal, match="another job published this artifact with different content"):
        ours.publish()
    assert (container / A).read_bytes() == theirs
    assert not (container / f"{A}.sha256").exists()


def test_second_replacement_is_refused(
    cli: Cli,
    dist: pathlib.Path,
    tmp_path: pathlib.Path,
    container: pathlib.Path,
    artifact_upload: Job,
) -> None:
    make_wheel(dist, A, b"old")
    cli(*UPLOAD)
    ours = artifact_upload(tmp_path / "ours", b"ours")
    assert (
        artifact_upload(tmp_path / "theirs", b"theirs").publish().outcome is UploadOutcome.REPLACED
    )
    with pytest.raises(Refusal, match="another job published this artifact with different content"):
        ours.publish()
    digest, announced = pair(container)
    assert digest == announced


def test_adding_companions_detects_replaced_artifact(
    cli: Cli,
    dist: pathlib.Path,
    tmp_path: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    artifact_upload: Job,
) -> None:
    make_wheel(dist, A, b"old")
    cli(*UPLOAD, "--no-update-index")
    (container / f"{A}.sha256").unlink()
    ours = artifact_upload(tmp_path / "ours", b"old")
    announce = ours._announce

    def announce_then_replace(*arguments: Any) -> str:
        note = announce(*arguments)
        make_wheel(container, A, b"replaced meanwhile")
        return note

    monkeypatch.setattr(ours, "_announce", announce_then_replace)
    with pytest.raises(Refusal, match="the artifact in the container has different content"):
        ours.publish()


def budget(seconds: float = 5.0) -> WaitBudget:
    """Return a budget that is never interrupted."""
    return WaitBudget(seconds, threading.Event())
