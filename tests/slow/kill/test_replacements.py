"""Replacements that a store interrupts, over real connections and judged by real fetches.

``tests/unit/upload/test_published_pair.py`` plays more of them, in memory.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Cli
from tests.slow.kill.jobs import Job
from tests.support.artifacts import HASH_FILE, A, hash_file, make_wheel, sha256
from tests.support.failing_store import xml
from tests.support.fake_store import (
    CONTAINER,
    FakeStore,
    Fault,
    carry_out,
    carry_out_silently,
    drain,
    fake_store,
)
from tests.support.marks import USES_LIBCLOUD
from tests.support.servers import Handler, respond
from wheelhouse_hashes.artifacts import Digest
from wheelhouse_hashes.upload.index_page import INDEX, render

pytestmark = [pytest.mark.thorough, USES_LIBCLOUD]

#: Number of random interruptions.
COUNT = int(os.environ.get("WHEELHOUSE_HASHES_REPLACEMENTS", "40"))

#: The client's limit without progress in seconds: for requests that stall, and for those that
#: stall while another job may run.
IDLE, LONG_IDLE = 0.7, 4.0

#: Usual limit, in seconds.
USUAL = 30.0

APIS = ("OPENSTACK_SWIFT", "S3")

#: The objects that a replacement puts.
PUTS = (HASH_FILE, A, INDEX)

#: Answers with which a store refuses a request for good: status, and code and sentence for the
#: S3 API; Swift has only the status and the sentence.
REFUSALS = {
    "refused": (403, "AccessDenied", "Access Denied"),
    "too large": (413, "EntityTooLarge", "The object is too large"),
    "over the quota": (413, "QuotaExceeded", "Upload exceeds quota."),
    "full": (507, "InsufficientStorage", "There is no space left"),
    "locked": (409, "ObjectLocked", "The object is under a retention policy"),
    "token expired": (401, "ExpiredToken", "The provided token has expired"),
}

#: Interruptions of one request.
KINDS = (
    *REFUSALS,
    *("dropped", "dropped midway", "answer lost"),
    *("stalled", "stalled after", "killed", "killed after"),
)

Objects = dict[str, tuple[bytes, dict[str, str]]]


@dataclass
class Plan:
    """What happens to the requests of a replacement.

    Requests are chosen by their number, and puts also by the name of their object; a put
    that is chosen by its name is interrupted each time.
    """

    api: str
    kinds: Mapping[int | str, str] = field(default_factory=dict)
    #: Number of the request before which another job publishes; None for no other job.
    between: int | None = None
    #: Number of the request from which on the store refuses all of this job's requests, as when
    #: its credentials are withdrawn.
    withdrawn: int | None = None

    @property
    def limit(self) -> float:
        """This job's limit without progress, in seconds."""
        if not any(kind.startswith("stalled") for kind in self.kinds.values()):
            return USUAL
        return IDLE if self.between is None else LONG_IDLE


@dataclass
class Scene:
    """A store with the old pair, this job's wheel and another job's."""

    folder: pathlib.Path
    cli: Cli
    bodies: Mapping[str, bytes]
    over: threading.Event

    def play(self, plan: Plan) -> None:
        """Interrupt a replacement, and check the container at its end."""
        with fake_store(plan.api) as store, fake_store(plan.api, beside=store) as calm:
            store.objects |= self._old_pair(store)
            _Play(self, plan, store, calm).check()

    def _old_pair(self, store: FakeStore) -> Objects:
        body = self.bodies["old"]
        contents = {
            A: body,
            HASH_FILE: hash_file(body),
            INDEX: render({A: Digest("sha256", sha256(body))}),
        }
        prefix = "x-amz-meta-" if store.provider == "S3" else "X-Object-Meta-"
        objects: Objects = {}
        for name, content in contents.items():
            headers = {"ETag": _etag(store.provider, content)}
            if name == A:
                headers[f"{prefix}sha256"] = sha256(body)
            objects[name] = (content, headers)
        return objects

    def start(self, store: FakeStore, name: str, limit: float = USUAL) -> Job:
        """Start the upload of one version."""
        timeout = ("--driver-option", f"timeout={limit}")
        options = ("--hashfile", "--wait", "0.5", "--max-workers", "1", *timeout)
        return Job(self.folder, ["upload", *options, "--local-folder", name, *store.options])


def _etag(provider: str, content: bytes) -> str:
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f'"{etag}"' if provider == "S3" else etag


class _Play:
    """One interrupted replacement."""

    def __init__(self, scene: Scene, plan: Plan, store: FakeStore, calm: FakeStore) -> None:
        self._scene = scene
        self._plan = plan
        self._store = store
        self._calm = calm
        self._theirs: Job | None = None
        self._ours: Job | None = None
        self._started = threading.Event()
        self._overlapped = False

    def _choose(self, handler: Handler, number: int) -> Fault | None:
        """Return what happens to one of this job's requests."""
        name = handler.path.partition("?")[0].rpartition("/")[2]
        kinds = self._plan.kinds
        by_name = kinds.get(name) if handler.command == "PUT" else None
        kind = kinds.get(number, by_name)
        if self._plan.withdrawn is not None and number >= self._plan.withdrawn:
            kind = "refused"
        if kind in REFUSALS and name == CONTAINER and ("GET", INDEX) not in self._store.asked:
            kind = "dropped"  # Otherwise this is a user who may only write.
        if number != self._plan.between:
            return self._fault(kind) if kind else None

        def after_another_job(handler: Handler) -> None:
            self._theirs = self._scene.start(self._calm, "theirs")
            self._theirs.wait()
            # On a busy machine this job may have gone on.
            self._overlapped = len(self._store.asked) > number + 1
            (self._fault(kind) if kind else carry_out)(handler)

        return after_another_job

    def _fault(self, kind: str) -> Fault:
        def kill(handler: Handler) -> None:
            self._started.wait()
            assert self._ours is not None
            self._ours.kill()
            handler.close_connection = True

        def refusing(status: int, code: str, sentence: str) -> Fault:
            def refuse(handler: Handler) -> None:
                drain(handler)
                text = xml(code, sentence) if self._plan.api == "S3" else sentence
                respond(handler, status, b"" if handler.command == "HEAD" else text.encode())

            return refuse

        def drop(handler: Handler) -> None:
            drain(handler)
            handler.close_connection = True

        def drop_midway(handler: Handler) -> None:
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0) // 2)
            handler.close_connection = True

        def stall(handler: Handler) -> None:
            self._scene.over.wait(self._plan.limit + 2)
            handler.close_connection = True

        def then(first: Callable[[Handler], object], second: Fault) -> Fault:
            def both(handler: Handler) -> None:
                first(handler)
                second(handler)

            return both

        faults: dict[str, Fault] = {
            **{kind: refusing(*answer) for kind, answer in REFUSALS.items()},
            "dropped": drop,
            "dropped midway": drop_midway,
            "answer lost": carry_out_silently,
            "stalled": stall,
            "stalled after": then(carry_out_silently, stall),
            "killed": kill,
            "killed after": then(carry_out_silently, kill),
        }
        return faults[kind]

    def check(self) -> None:
        """Run the job; check the container, after another run if the job was killed."""
        self._store.choose = self._choose
        self._ours = self._scene.start(self._store, "ours", self._plan.limit)
        self._started.set()
        code = self._ours.wait()
        if self._ours.killed or "may now lie beside" in self._ours.output:
            following = self._scene.start(self._calm, "ours")
            assert following.wait() == 0, self._story(following)
        found = self._fetched()
        if self._theirs is None:
            assert code != 0 or found == "ours", self._story()
        else:
            assert self._overlapped or self._theirs.wait() == 0, self._story()
            succeeded = 0 in (code, self._theirs.wait())
            assert not succeeded or found != "old", self._story()

    def _fetched(self) -> str:
        """Return the version that a fetch gets; it must accept one."""
        story = self._story()
        content = self._store.objects[A][0]
        assert self._store.objects[HASH_FILE][0] == hash_file(content), story
        shutil.rmtree("got", ignore_errors=True)
        account = "" if self._store.provider == "S3" else "v1/account/"
        url = f"http://127.0.0.1:{self._calm.port}/{account}{CONTAINER}/{INDEX}"
        done = self._scene.cli(
            *("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", url)
        )
        assert done.code == 0, f"{story}\n{done.out}{done.err}"
        bodies = self._scene.bodies
        return next(n for n, b in bodies.items() if b == pathlib.Path("got", A).read_bytes())

    def _story(self, *jobs: Job) -> str:
        """Return what happened, for the message of a failure."""
        told = [job.output for job in (self._ours, self._theirs, *jobs) if job is not None]
        return "\n".join((str(self._plan), *map(str, enumerate(self._store.asked)), *told))


@pytest.fixture
def scene(tmp_path: pathlib.Path, cli: Cli) -> Iterator[Scene]:
    """Three versions of one wheel, which differ in size, in the folders of their names."""
    names = ("old", "ours", "theirs")
    bodies = {
        name: make_wheel(tmp_path / name, A, name.encode() * (1 + number)).read_bytes()
        for number, name in enumerate(names)
    }
    over = threading.Event()
    yield Scene(tmp_path, cli, bodies, over)
    over.set()


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("name", PUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_put_that_is_interrupted_each_time(
    scene: Scene, api: str, name: str, kind: str
) -> None:
    scene.play(Plan(api, {name: kind}))


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("withdrawn", range(5, 21))
def test_credentials_that_are_withdrawn(scene: Scene, api: str, withdrawn: int) -> None:
    scene.play(Plan(api, withdrawn=withdrawn))


PLANS = st.builds(
    Plan,
    st.sampled_from(APIS),
    st.dictionaries(
        st.one_of(st.integers(3, 26), st.sampled_from(PUTS)), st.sampled_from(KINDS), max_size=2
    ),
    st.one_of(st.none(), st.integers(3, 26)),
    st.one_of(st.none(), st.integers(5, 26)),
)


@settings(
    deadline=None,
    max_examples=COUNT,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(plan=PLANS)
@example(plan=Plan("S3", {A: "refused"}, between=9))
@example(plan=Plan("OPENSTACK_SWIFT", {A: "killed"}, between=9))
def test_random_interruptions(scene: Scene, plan: Plan) -> None:
    scene.play(plan)
