"""How many artifacts are fetched at a time, and what a busy server changes."""

from __future__ import annotations

import contextlib
import math
import pathlib
import signal
import threading
import time
from collections import Counter

import pytest

from tests.conftest import Cli
from tests.support.artifacts import hash_file, wheel_bytes
from tests.support.commands import FETCH, FETCH_AND_WAIT, GOT, UPLOAD
from tests.support.limited import HOLD, limited
from tests.support.pages import page
from tests.support.plugins import install
from tests.support.servers import Handler, Respond, respond
from tests.support.signaled import begin, signal_and_wait
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.runtime import bodies, throttle
from wheelhouse_hashes.runtime.bodies import MOST_BIG, Bodies
from wheelhouse_hashes.runtime.throttle import FIRST

NAMES = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 41)]
CONTENTS = {name: wheel_bytes(name, name) for name in NAMES}

#: A fetch of them from a server with 8 connections is refused up to 10 times; more often on a busy
#: machine, and 200 times without a brake.
MOST_REFUSED = 60


def release(names: list[str] = NAMES) -> dict[str, Respond | bytes]:
    """Return the routes of a page, its artifacts and their hash files."""
    routes: dict[str, Respond | bytes] = {"/": page(*names)}
    for name in names:
        routes[f"/{name}"] = CONTENTS[name]
        routes[f"/{name}.sha256"] = hash_file(CONTENTS[name], name)
    return routes


def test_fetch_grows_up_to_16_at_a_time(cli: Cli) -> None:
    """It may grow less on a machine that is busy."""
    with limited(release(), delay=0.03, meeting=FIRST + 1) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 0, result.out
    assert FIRST < server.busiest <= 16


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process count as idle, so that the number of jobs grows on a busy machine, too."""
    monkeypatch.setattr(throttle, "_BUSY", math.inf)
    monkeypatch.setattr(throttle, "_WINDOW", 0.0)
    monkeypatch.setattr(throttle, "_IDLE", 0.0)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("most", [1, 2, 6])
def test_max_workers_is_the_upper_limit(cli: Cli, most: int) -> None:
    """It counts hash files, too, and connections."""
    with limited(release(NAMES[:16]), delay=0.01, meeting=most) as server:
        result = cli(*FETCH_AND_WAIT, server.url, "--max-workers", most)
    assert result.code == 0, result.out
    assert server.busiest == most
    assert server.most_open <= most


@pytest.mark.usefixtures("idle")
def test_fetch_without_wait_does_not_grow(cli: Cli) -> None:
    """There would be no other try for an artifact that the server refuses."""
    with limited(release(NAMES[:16]), delay=0.01, meeting=FIRST) as server:
        assert cli(*FETCH, server.url).code == 0
    assert server.busiest == FIRST


@pytest.mark.usefixtures("brief", "idle")
def test_server_with_few_connections_serves_everything(cli: Cli) -> None:
    with limited(release(), connections=8, delay=0.02, retry_after="0", meeting=8) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 0, result.out
    assert {path.name: path.read_bytes() for path in GOT.iterdir()} == CONTENTS
    assert 0 < server.refused <= MOST_REFUSED
    assert server.busiest == 8


@pytest.mark.thorough
@pytest.mark.usefixtures("idle")
def test_server_with_few_connections_costs_little_time(cli: Cli) -> None:
    """At most 1.3 times that of 8 workers, and one ``Retry-After``."""
    for turn in range(5):  # another process may use the machine during a part of one
        took = {}
        for options in (("--max-workers", 8), ()):
            folder = f"to-{turn}-{len(options)}"
            with limited(release(), connections=8, delay=0.2) as server:
                began = time.monotonic()
                result = cli(*FETCH_AND_WAIT, server.url, *options, "--local-folder", folder)
                took[options] = time.monotonic() - began
            assert result.code == 0, result.out
            assert bool(server.refused) is not bool(options)
        eight, most = took.values()
        if most < 1.3 * eight + 1:
            break
    assert most < 1.3 * eight + 1


def test_hash_files_are_asked_for_while_bodies_are_under_way(cli: Cli) -> None:
    """The body of the first artifact arrives after the hash files of later ones are asked for."""
    routes, later = release(NAMES[:8]), threading.Event()
    seen: list[bool] = []

    def wait_for_later(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENTS[NAMES[0]])))
        handler.end_headers()
        handler.wfile.write(CONTENTS[NAMES[0]][:100])
        handler.wfile.flush()
        seen.append(later.wait(120))
        handler.wfile.write(CONTENTS[NAMES[0]][100:])

    def last_hash_file(handler: Handler) -> None:
        later.set()
        respond(handler, 200, hash_file(CONTENTS[NAMES[7]], NAMES[7]))

    routes[f"/{NAMES[0]}"] = wait_for_later
    routes[f"/{NAMES[7]}.sha256"] = last_hash_file
    with limited(routes) as server:
        result = cli(*FETCH, server.url, "--max-workers", 2)
        asked = Counter(server.paths())
    assert result.code == 0, result.out
    assert seen == [True]
    assert set(asked.values()) == {1}


def test_another_try_asks_for_the_hash_file_anew(cli: Cli, brief: None) -> None:
    """Its first answer was old: it belongs to the artifact that was replaced meanwhile."""
    name, routes = NAMES[0], release(NAMES[:4])
    answers = [hash_file(b"old", name), hash_file(CONTENTS[name], name)]
    routes[f"/{name}.sha256"] = lambda handler: respond(
        handler, 200, answers.pop(0) if len(answers) > 1 else answers[0]
    )
    with limited(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
        asked = Counter(server.paths())
    assert result.code == 0, result.out
    assert asked[f"/{name}.sha256"] == 2
    assert (GOT / name).read_bytes() == CONTENTS[name]


def test_refused_hash_file_of_the_first_try_is_asked_for_again(cli: Cli, brief: None) -> None:
    name, routes = NAMES[0], release(NAMES[:4])
    answers = [503, 200]
    routes[f"/{name}.sha256"] = lambda handler: respond(
        handler, answers.pop(0), hash_file(CONTENTS[name], name)
    )
    with limited(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 0, result.out
    assert not answers


@pytest.mark.usefixtures("idle")
def test_big_bodies_arrive_eight_at_a_time(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server begins some more, which are refused as soon as their size is known."""
    monkeypatch.setattr(bodies, "BIG", 200_000)
    busy, lock, together = [0], threading.Lock(), threading.Event()
    seen: list[int] = []
    take = Bodies.take

    def watched(received: Bodies) -> bool:
        taken = take(received)
        seen.append(received._big)
        return taken

    monkeypatch.setattr(Bodies, "take", watched)
    names = NAMES[:24]
    wheels = {name: wheel_bytes(b"x" * 300_000, name) for name in names}
    routes: dict[str, Respond | bytes] = {"/": page(*names)}

    def slowly(body: bytes) -> Respond:
        def answer(handler: Handler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body[:1000])
            handler.wfile.flush()
            with lock:
                busy[0] += 1
                if busy[0] >= MOST_BIG:
                    together.set()
            together.wait(HOLD)
            time.sleep(0.03)
            with lock:
                busy[0] -= 1
            with contextlib.suppress(OSError):
                handler.wfile.write(body[1000:])

        return answer

    for name, body in wheels.items():
        routes[f"/{name}"] = slowly(body)
        routes[f"/{name}.sha256"] = hash_file(body, name)
    with limited(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 0, result.out
    assert {path.name: path.read_bytes() for path in GOT.iterdir()} == wheels
    assert together.is_set()
    assert max(seen) == MOST_BIG


def test_results_reach_a_pipe_while_others_are_awaited_and_at_an_interrupt() -> None:
    """They are written in batches, in the order of their names."""
    routes, asked, over = release(NAMES[:4]), threading.Event(), threading.Event()
    last = max(NAMES[:4])

    def wait(handler: Handler) -> None:
        asked.set()
        over.wait(600)

    routes[f"/{last}"] = wait
    with limited(routes) as server:
        command = begin(asked.is_set, *FETCH, server.url)
        assert command.stdout is not None
        first = [command.stdout.readline().split()[:2] for _ in NAMES[:3]]
        out, err, _ = signal_and_wait(command, signal.SIGINT)
        over.set()
    assert first == [["ok", name] for name in sorted(NAMES[:3])]
    assert command.returncode == 130, err
    assert out.splitlines()[-1].startswith("interrupted")
    assert any(line.startswith("verified 3 of") for line in out.splitlines()), out


class Together:
    """Counts the artifacts that are inspected at a time.

    :param number: each stays until there were as many, or for a moment.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._changed = threading.Condition()
        self._present = self.most = 0

    @hookimpl
    def wheelhouse_inspect(self) -> None:
        with self._changed:
            self._present += 1
            self.most = max(self.most, self._present)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._number, 0.2)
            self._present -= 1


#: The verbs that read and write files of this machine.
ON_DISK = (UPLOAD, ("verify", pathlib.Path("store", "wheels")))


@pytest.mark.parametrize(("processors", "number"), [(1, 1), (2, 2), (64, 4)])
def test_local_files_begin_with_as_many_workers_as_processors(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    processors: int,
    number: int,
) -> None:
    monkeypatch.setattr(throttle, "_BUSY", -1.0)  # so that it never grows
    for name in NAMES[:4]:
        (dist / name).write_bytes(CONTENTS[name])
    for command in ON_DISK:
        monkeypatch.setattr(f"wheelhouse_hashes.cli.{command[0]}.processors", lambda: processors)
        install(monkeypatch, together=(together := Together(number + 1)))
        assert cli(*command).code == 0
        assert together.most == number


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("most", [2, 6])
def test_local_files_that_wait_get_more_workers_than_processors(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    for name in NAMES[:16]:
        (dist / name).write_bytes(CONTENTS[name])
    for command in ON_DISK:
        monkeypatch.setattr(f"wheelhouse_hashes.cli.{command[0]}.processors", lambda: 1)
        install(monkeypatch, together=(together := Together(most)))
        assert cli(*command, "--max-workers", most).code == 0
        assert together.most == most, command
