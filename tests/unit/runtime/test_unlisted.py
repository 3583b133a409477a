from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, Refusal
from wheelhouse_hashes.runtime.unlisted import UnlistedHashFiles

CLAIM = Claim(Digest("sha256", "a" * 64), "link", "page")


def artifact(number: int, *, claimed: bool = True) -> ListedArtifact:
    name = f"demo-1.0-{number:03}-py3-none-any.whl"
    return ListedArtifact(name, f"http://host/{name}", claims=(CLAIM,) if claimed else ())


class Server:
    """Counts the requests for hash files; those of some artifacts exist."""

    def __init__(self, *there: ListedArtifact) -> None:
        self.there = there
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def look(self, artifact: ListedArtifact) -> bool:
        with self._lock:
            self.asked[artifact.name] += 1
        return artifact in self.there

    def ask(
        self, unlisted: UnlistedHashFiles, artifact: ListedArtifact, *, fresh: bool = False
    ) -> bool:
        def request() -> list[str]:
            return ["claim"] if self.look(artifact) else []

        return bool(unlisted.ask(artifact, request, self.look, fresh=fresh))


@pytest.mark.parametrize("backwards", [True, False])
def test_many_threads_ask_for_two_artifacts(backwards: bool) -> None:
    artifacts = [artifact(number) for number in range(200)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)
    server = Server()
    with ThreadPoolExecutor(16) as pool:
        order = artifacts[::-1] if backwards else artifacts
        found = list(pool.map(lambda each: server.ask(unlisted, each), order))
    assert not any(found)
    assert server.asked == {each.name: 1 for each in artifacts[:2]}


def test_many_threads_find_every_hash_file() -> None:
    artifacts = [artifact(number) for number in range(200)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)
    server = Server(*artifacts)
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda each: server.ask(unlisted, each), artifacts[::-1]))


def test_each_artifact_is_asked_for_once_before_nothing_is_waited_for() -> None:
    artifacts = [artifact(number, claimed=False) for number in range(100)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)
    server = Server()

    def try_once(each: ListedArtifact) -> bool:
        return server.ask(unlisted, each) or unlisted.may_appear(each)

    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(try_once, artifacts))
    assert server.asked == {each.name: 1 for each in artifacts}
    # A further try must not be answered from memory.
    assert not server.ask(unlisted, artifacts[0], fresh=True)
    assert server.asked[artifacts[0].name] == 2


def test_one_hash_file_is_a_reason_to_wait_for_all() -> None:
    artifacts = [artifact(number, claimed=False) for number in range(50)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)
    server = Server(artifacts[30])
    assert not server.ask(unlisted, artifacts[0])
    assert unlisted.may_appear(artifacts[0])
    assert unlisted.may_appear(artifacts[49])
    assert len(server.asked) == 31


def test_failed_request_says_nothing() -> None:
    artifacts = [artifact(number, claimed=False) for number in range(3)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)

    def fail(_: ListedArtifact) -> bool:
        raise Refusal(Cause.UNREACHABLE, "HTTP status 503")

    assert unlisted.ask(artifacts[0], list, fail, fresh=False) == []
    assert unlisted.may_appear(artifacts[0])


def test_unknown_artifact_is_asked_for() -> None:
    unlisted = UnlistedHashFiles(threading.Event())
    server = Server(artifact(1))
    assert server.ask(unlisted, artifact(1))
    assert unlisted.may_appear(artifact(1))


def test_interruption_ends_the_wait_for_another_thread() -> None:
    artifacts = [artifact(number) for number in range(3)]
    stop, begun = threading.Event(), threading.Event()
    unlisted = UnlistedHashFiles(stop, artifacts)

    def hang() -> list[str]:
        begun.set()
        stop.wait(120)
        return []

    with ThreadPoolExecutor(1) as pool:
        pool.submit(unlisted.ask, artifacts[0], hang, lambda _: False, fresh=False)
        assert begun.wait(60)
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Interrupted):
            unlisted.ask(artifacts[2], list, lambda _: False, fresh=False)


def test_insisting_requests_what_a_package_index_lacks() -> None:
    artifacts = [artifact(number) for number in range(4)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts, package_index=True)
    server = Server(artifacts[3])
    assert not unlisted.insist(artifacts[3])
    assert not server.ask(unlisted, artifacts[3])
    assert unlisted.insist(artifacts[3])
    assert not unlisted.insist(artifacts[3])
    assert server.ask(unlisted, artifacts[3])
    assert server.asked == {artifacts[3].name: 1}


def test_insisting_requests_what_the_rest_of_a_folder_lacks() -> None:
    artifacts = [artifact(number) for number in range(4)]
    unlisted = UnlistedHashFiles(threading.Event(), artifacts)
    server = Server(artifacts[3])
    assert not server.ask(unlisted, artifacts[3])
    assert unlisted.insist(artifacts[3])
    assert server.ask(unlisted, artifacts[3])
