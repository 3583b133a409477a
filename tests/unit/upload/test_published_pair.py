"""A replacement that fails leaves the pair that was there, or another job's newer one."""

from __future__ import annotations

import pathlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.artifacts import HASH_FILE, A, hash_file, make_wheel
from tests.support.memory_store import (
    ENCRYPTED,
    FOLDER,
    MD5_ONLY,
    OPAQUE,
    SWIFT,
    Fault,
    Killed,
    Kind,
    MemoryStore,
    Objects,
    Turns,
)
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.disk.files import LocalFile
from wheelhouse_hashes.errors import Refusal, StoreError, WheelhouseHashesError
from wheelhouse_hashes.options import UploadOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import UploadOutcome
from wheelhouse_hashes.stores.stored import Stored
from wheelhouse_hashes.upload.artifact import ArtifactUpload
from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

KINDS = {
    "Swift": SWIFT,
    "KMS": ENCRYPTED,
    "MD5 only": MD5_ONLY,
    "opaque": OPAQUE,
    "folder": FOLDER,
}
#: The kinds of stores that tell the digest of any artifact.
TELLING = [kind for kind in KINDS.values() if kind.metadata]

Faults = Mapping[int | str, Fault]


@dataclass(frozen=True)
class Wheels:
    """The folders and bytes of three versions of one wheel, which differ in size."""

    folders: Mapping[str, pathlib.Path]
    bodies: Mapping[str, bytes]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """The old wheel, this job's and another job's."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("old", "ours", "theirs")}
    bodies = {
        name: make_wheel(folder, A, name.encode() * (number + 1)).read_bytes()
        for number, (name, folder) in enumerate(folders.items())
    }
    assert len({len(body) for body in bodies.values()}) == 3
    return Wheels(folders, bodies)


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The built-in plugins."""
    return Plugins.load(BUILT_IN, {})


class Job:
    """An upload of one version of the wheel.

    :param objects: the container.
    :param faults: what happens to the job's requests.
    :param number: the job's number.
    """

    def __init__(
        self,
        objects: Objects,
        plugins: Plugins,
        *,
        faults: Faults | None = None,
        number: int = 0,
        turns: Turns | None = None,
    ) -> None:
        self.store = MemoryStore(objects, dict(faults or {}), number, turns)
        self.result: BaseException | UploadOutcome | None = None
        options = UploadOptions(container_name="wheels", hashfile=True, wait=0.05)
        self._run = Session("upload", options, plugins)
        self._run.budget.pauses = lambda: iter([0.001] * 1000)
        self._snapshot = ContainerSnapshot(self.store.objects(), plugins)

    def publish(self, folder: pathlib.Path) -> Job:
        """Publish the wheel, and keep the outcome or the error."""
        try:
            with LocalFile(folder / A) as file:
                upload = ArtifactUpload(self._run, self.store, self._snapshot, file)
                self.result = upload.publish().outcome
        except (WheelhouseHashesError, Killed) as error:
            self.result = error
        return self

    @property
    def succeeded(self) -> bool:
        """Whether the wheel was published."""
        return isinstance(self.result, UploadOutcome)


def with_old_pair(kind: Kind, wheels: Wheels) -> Objects:
    """Return a container with the old wheel and its hash file."""
    objects = Objects(kind)
    body = wheels.bodies["old"]
    objects.put(HASH_FILE, hash_file(body))
    objects.put(A, body, hash_file(body).split()[0].decode())
    return objects


def version(objects: Objects, wheels: Wheels) -> str | None:
    """Return the version that a fetch would accept, None if it would accept none."""
    body = objects.contents.get(A, b"")
    if objects.contents.get(HASH_FILE) != hash_file(body):
        return None
    return next(name for name, known in wheels.bodies.items() if known == body)


def check_end(objects: Objects, wheels: Wheels, plugins: Plugins, ours: Job) -> str | None:
    """Check the container after the end of a job, and of the next one if it was killed."""
    repair = "may now lie beside" in str(ours.result)
    if isinstance(ours.result, Killed) or repair:
        following = Job(objects, plugins).publish(wheels.folders["ours"])
        assert following.succeeded, following.result
    found = version(objects, wheels)
    assert found is not None, (ours.result, ours.store.requests)
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", [HASH_FILE, A])
def test_refused_put_leaves_previous_pair(
    kind: Kind, wheels: Wheels, plugins: Plugins, name: str
) -> None:
    """The store refuses each put of one object, but takes the old hash file again."""
    objects = with_old_pair(kind, wheels)
    job = Job(objects, plugins, faults={name: Fault.REFUSED}).publish(wheels.folders["ours"])
    assert isinstance(job.result, StoreError)
    assert version(objects, wheels) == "old"
    assert "the container still has the previous artifact and its hash file" in str(job.result)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_other_companions_are_put_back(kind: Kind, wheels: Wheels, plugins: Plugins) -> None:
    """A companion that would not fit the new artifact is deleted first, and comes back."""
    objects = with_old_pair(kind, wheels)
    objects.put(f"{A}.sha512", b"an older hash file")
    before = dict(objects.contents)
    job = Job(objects, plugins, faults={A: Fault.REFUSED}).publish(wheels.folders["ours"])
    assert f"delete {A}.sha512" in job.store.requests
    assert objects.contents == before


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_artifact_without_hash_file_gets_none(kind: Kind, wheels: Wheels, plugins: Plugins) -> None:
    """An artifact of the host alone has no hash file; a fetch may accept it anyway."""
    objects = with_old_pair(kind, wheels)
    del objects.contents[HASH_FILE]
    job = Job(objects, plugins, faults={A: Fault.REFUSED}).publish(wheels.folders["ours"])
    assert objects.contents == {A: wheels.bodies["old"]}
    assert str(job.result).endswith("the container still has the previous artifact")


def test_new_artifact_stays_announced(wheels: Wheels, plugins: Plugins) -> None:
    objects = Objects(SWIFT)
    job = Job(objects, plugins, faults={A: Fault.REFUSED}).publish(wheels.folders["ours"])
    assert objects.contents == {HASH_FILE: hash_file(wheels.bodies["ours"])}
    assert f"{HASH_FILE} announces it: upload it again, or delete the hash file" in str(job.result)


@pytest.mark.parametrize("kind", TELLING)
def test_second_refused_run_mends_a_killed_one(
    kind: Kind, wheels: Wheels, plugins: Plugins
) -> None:
    """The killed run left a wrong hash file; the store's own metadata tell the right one."""
    objects = with_old_pair(kind, wheels)
    Job(objects, plugins, faults={A: Fault.KILLED}).publish(wheels.folders["ours"])
    assert version(objects, wheels) is None
    Job(objects, plugins, faults={A: Fault.REFUSED}).publish(wheels.folders["ours"])
    assert version(objects, wheels) == "old"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_lost_answer_of_artifact_is_success(kind: Kind, wheels: Wheels, plugins: Plugins) -> None:
    objects = with_old_pair(kind, wheels)
    job = Job(objects, plugins, faults={A: Fault.DROPPED}).publish(wheels.folders["ours"])
    assert job.succeeded == (kind is not OPAQUE)
    assert version(objects, wheels) == "ours"


def test_store_that_refuses_everything_is_repaired_by_the_printed_line(
    wheels: Wheels, plugins: Plugins
) -> None:
    """The credentials expire while the artifact is sent, for good."""
    objects = with_old_pair(SWIFT, wheels)
    sent = Job(with_old_pair(SWIFT, wheels), plugins).publish(wheels.folders["ours"])
    first = sent.store.requests.index(f"put {A}")
    faults: Faults = dict.fromkeys(range(first, first + 50), Fault.REFUSED)
    job = Job(objects, plugins, faults=faults).publish(wheels.folders["ours"])
    assert version(objects, wheels) is None
    line = re.search(rf"put this line back into {re.escape(HASH_FILE)}: (.+)", str(job.result))
    assert line is not None, job.result
    objects.put(HASH_FILE, line[1].encode() + b"\n")
    assert version(objects, wheels) == "old"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_announcement_of_another_job_is_left(kind: Kind, wheels: Wheels, plugins: Plugins) -> None:
    """Another job announces its bytes while this one's artifact is refused."""
    objects = with_old_pair(kind, wheels)
    job = Job(objects, plugins, faults={A: Fault.REFUSED})
    theirs = hash_file(wheels.bodies["theirs"])

    class Announced(MemoryStore):
        def put(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
            objects.put(HASH_FILE, theirs)
            raise StoreError("refused")

    job.store.__class__ = Announced
    job.publish(wheels.folders["ours"])
    assert objects.contents == {A: wheels.bodies["old"], HASH_FILE: theirs}
    assert "another job has changed this artifact or its hash file" in str(job.result)
    assert "if that job failed, upload the correct file again" in str(job.result)


@pytest.mark.parametrize("kind", TELLING)
def test_pair_that_arrives_while_the_old_hash_file_is_put_back(
    kind: Kind, wheels: Wheels, plugins: Plugins
) -> None:
    """Another job publishes between the look at the hash file and its replacement."""
    objects = with_old_pair(kind, wheels)
    job = Job(objects, plugins, faults={A: Fault.REFUSED})
    theirs: list[Job] = []

    class Restoring(MemoryStore):
        def put_bytes(self, name: str, content: bytes, *arguments: Any, **options: Any) -> Stored:
            if content == hash_file(wheels.bodies["old"]) and not theirs:
                theirs.append(Job(objects, plugins))
                theirs[0].publish(wheels.folders["theirs"])
            return super().put_bytes(name, content, *arguments, **options)

    job.store.__class__ = Restoring
    job.publish(wheels.folders["ours"])
    assert theirs[0].succeeded
    assert version(objects, wheels) == "theirs"
    assert "another job has changed this artifact" in str(job.result)


FAULTS = st.dictionaries(
    st.one_of(st.integers(0, 25), st.sampled_from([A, HASH_FILE])),
    st.sampled_from(Fault),
    max_size=2,
)
INTERRUPTED = settings(
    deadline=None,
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.thorough
@INTERRUPTED
@given(kind=st.sampled_from(list(KINDS.values())), faults=FAULTS)
def test_interrupted_replacement_leaves_a_good_pair(
    wheels: Wheels, plugins: Plugins, kind: Kind, faults: Faults
) -> None:
    objects = with_old_pair(kind, wheels)
    ours = Job(objects, plugins, faults=faults).publish(wheels.folders["ours"])
    found = check_end(objects, wheels, plugins, ours)
    assert found == "ours" or (found == "old" and not ours.succeeded)


@pytest.mark.thorough
@INTERRUPTED
@given(kind=st.sampled_from(TELLING), faults=FAULTS, order=st.lists(st.integers(0, 1), max_size=40))
@example(kind=SWIFT, faults={A: Fault.REFUSED}, order=[0] * 9 + [1] * 20)
def test_interrupted_replacement_beside_another_job(
    wheels: Wheels, plugins: Plugins, kind: Kind, faults: Faults, order: list[int]
) -> None:
    """Another job replaces the wheel at the same time, and nothing fails for it."""
    objects = with_old_pair(kind, wheels)
    turns = Turns(order, jobs=2)
    ours = Job(objects, plugins, faults=faults, turns=turns)
    theirs = Job(objects, plugins, number=1, turns=turns)

    def publish() -> None:
        theirs.publish(wheels.folders["theirs"])
        turns.end(1)

    thread = threading.Thread(target=publish)
    thread.start()
    ours.publish(wheels.folders["ours"])
    turns.end(0)
    thread.join(300)
    assert theirs.succeeded or isinstance(theirs.result, Refusal), theirs.result
    found = check_end(objects, wheels, plugins, ours)
    if theirs.succeeded and not ours.succeeded and not isinstance(ours.result, Killed):
        assert found != "old"
