"""The number of jobs in progress grows with good answers and halves when a server refuses."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
from libcloud.common.exceptions import BaseHTTPError
from requests.exceptions import ConnectionError as NoConnection

from tests.conftest import Cli
from tests.support.servers import Handler, respond, serving
from tests.support.waits import short_pauses
from wheelhouse_hashes.errors import Interrupted, TransferError
from wheelhouse_hashes.http.client import Client
from wheelhouse_hashes.runtime.bodies import BIG, MOST_BIG, Bodies, TooManyBig
from wheelhouse_hashes.runtime.parallel import for_each
from wheelhouse_hashes.runtime.throttle import Throttle
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.requests import StoreRequests


def throttle_of(share: float, step: float = 1.0) -> Throttle:
    """Return a throttle in a process that uses a share of a processor all the time.

    :param step: the seconds from one look at its clock to the next.
    """
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    return Throttle(threading.Event(), clock, lambda: share * now)


@pytest.fixture
def throttle(monkeypatch: pytest.MonkeyPatch) -> Throttle:
    """A throttle that begins with 4 slots, of 16."""
    short_pauses(monkeypatch)
    made = throttle_of(0.0)
    made.begin(16, 4)
    return made


def in_slots(
    throttle: Throttle, number: int, work: Callable[[], object], *, each: bool = False
) -> None:
    """Do some work while a number of slots are taken.

    :param each: whether to do it in each of them, instead of one.
    """
    throttle.begin(16)
    barrier = threading.Barrier(number)

    def wait_and_work(item: int) -> None:
        barrier.wait(60)
        if each or item == 0:
            work()
        barrier.wait(60)

    for_each(range(number), wait_and_work, number, threading.Event(), throttle)


def limit_after(throttle: Throttle, answers: int) -> int:
    """Return the number of slots after some good answers."""
    for _ in range(answers):
        throttle.answered()
    return throttle.limit


def test_each_good_answer_adds_a_slot(throttle: Throttle) -> None:
    assert limit_after(throttle, 0) == 4
    assert limit_after(throttle, 1) == 5
    assert limit_after(throttle, 5) == 10
    assert limit_after(throttle, 100) == 16


@pytest.mark.parametrize("most", [1, 3, 40])
def test_maximum_is_never_exceeded(most: int) -> None:
    throttle = throttle_of(0.0)
    assert throttle.begin(most, 4) == most
    assert throttle.limit == min(most, 4)
    assert limit_after(throttle, 100) == most


@pytest.mark.parametrize(("share", "limit"), [(0.1, 16), (0.6, 16), (0.9, 4), (1.9, 4)])
def test_busy_process_does_not_grow(share: float, limit: int) -> None:
    """More threads would only wait for the interpreter's lock."""
    throttle = throttle_of(share)
    throttle.begin(16, 4)
    assert limit_after(throttle, 50) == limit


def test_answers_count_once_the_process_waits() -> None:
    """A body that arrives slowly is waited for after its request was answered."""
    now, used = [0.0], [0.0]
    throttle = Throttle(threading.Event(), lambda: now[0], lambda: used[0])
    throttle.begin(16, 4)
    assert limit_after(throttle, 8) == 4  # nothing is measured yet
    now[0], used[0] = 0.02, 0.02
    throttle.look()
    assert throttle.limit == 4  # busy
    now[0] = 0.03
    throttle.look()
    assert throttle.limit == 4  # for a moment only
    now[0] = 0.04
    throttle.look()
    assert throttle.limit == 12


def test_refusals_of_one_moment_halve_once(throttle: Throttle) -> None:
    """Requests that began before the brake say nothing about the number after it."""
    began = throttle.brakings
    in_slots(throttle, 16, lambda: throttle.brake(began), each=True)
    assert throttle.limit == 8
    # All but one would have fit into half of the slots, so the next one is tried late.
    assert limit_after(throttle, 15 * 8) == 8
    assert limit_after(throttle, 8) == 9


def test_growth_after_a_refusal_is_slow(throttle: Throttle) -> None:
    in_slots(throttle, 8, lambda: throttle.brake(throttle.brakings))
    assert throttle.limit == 4
    assert limit_after(throttle, 3) == 4
    assert limit_after(throttle, 1) == 5
    assert limit_after(throttle, 5 + 6) == 7
    # One more was refused before.
    assert limit_after(throttle, 7) == 7
    assert limit_after(throttle, 15 * 7) == 8
    assert limit_after(throttle, 16 * 8) == 9
    # The number that was refused is reached, so it is no obstacle any more.
    assert limit_after(throttle, 9) == 10
    assert limit_after(throttle, 1000) == 16


def test_each_refusal_at_the_same_number_makes_growth_slower(throttle: Throttle) -> None:
    needed = []
    for _ in range(3):
        in_slots(throttle, 2, lambda: throttle.brake(throttle.brakings))
        throttle.limit, count = 1, 0
        while throttle.limit == 1:
            throttle.answered()
            count += 1
        needed.append(count)
    assert needed == sorted(set(needed))


def reset(handler: Handler) -> None:
    """Reset the connection."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


SIGNALS = {
    "/429": lambda handler: respond(handler, 429, b"too many"),
    "/503": lambda handler: respond(handler, 503, b"busy"),
    "/reset": reset,
}


@pytest.mark.parametrize("signal", ["/429", "/503", "/reset", "refused"])
def test_signals_halve_what_is_in_progress(throttle: Throttle, signal: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    with (
        serving({**SIGNALS, "/good": b"good"}) as server,
        closing(Client(threading.Event(), throttle=throttle)) as client,
    ):
        url = closed if signal == "refused" else f"{server.url}{signal[1:]}"

        def ask() -> None:
            with pytest.raises(TransferError):
                client.get(url, max_bytes=100)

        in_slots(throttle, 8, ask)
        assert throttle.limit == 4
        for _ in range(4):
            client.get(f"{server.url}good", max_bytes=100)
        assert throttle.limit == 5


@pytest.mark.parametrize("status", [404, 403, 500])
def test_other_failures_do_not_halve(throttle: Throttle, status: int) -> None:
    with (
        serving({"/a": lambda handler: respond(handler, status, b"")}) as server,
        closing(Client(threading.Event(), throttle=throttle)) as client,
    ):

        def ask() -> None:
            with pytest.raises(TransferError):
                client.get(f"{server.url}a", max_bytes=100)

        in_slots(throttle, 4, ask, each=True)
    assert (throttle.limit, throttle.brakings) == (16, 0)


@pytest.mark.parametrize(
    "error",
    [
        BaseHTTPError(503, "slow down"),  # type: ignore[no-untyped-call]
        BaseHTTPError(429, "too many requests"),  # type: ignore[no-untyped-call]
        NoConnection(ConnectionRefusedError("refused")),
        ConnectionResetError("reset"),
    ],
    ids=str,
)
def test_store_that_refuses_halves_uploads(throttle: Throttle, error: Exception) -> None:
    requests = StoreRequests(WaitBudget(10.0, threading.Event(), throttle=throttle))
    answers = [error]

    def put() -> int:
        if answers:
            raise answers.pop()
        return 1

    in_slots(throttle, 4, lambda: requests.repeat(put, str))
    assert throttle.brakings == 1
    # The request that is repeated is answered well.
    assert throttle.limit == 2


def test_pause_gives_up_slot_and_connection(throttle: Throttle) -> None:
    """Others go on during a pause, and a server that has too many gets its connection back."""
    idle, inside = [], []
    throttle.begin(1)
    throttle.idle = lambda: idle.append(threading.get_ident())
    budget = WaitBudget(600.0, threading.Event(), throttle=throttle)

    def work(item: int) -> None:
        if item == 0:
            throttle.brake(throttle.brakings)
            other = threading.Thread(target=enter_and_leave)
            other.start()
            budget.pause(300.0)  # ended by the other thread
            other.join()

    def enter_and_leave() -> None:
        throttle.enter()
        inside.append(True)
        throttle.leave()
        budget.stop.set()

    with suppress(Interrupted):
        for_each([0], work, 1, threading.Event(), throttle)
    assert inside
    assert idle


def test_big_bodies_have_slots_of_their_own(throttle: Throttle) -> None:
    """The ninth is asked for again later; small ones are not held back."""
    received = Bodies(throttle)
    bodies = [received.next(None) for _ in range(MOST_BIG + 1)]
    bodies[0].sized(BIG - 1)
    for body in bodies[1:]:
        body.sized(BIG)
    with pytest.raises(TooManyBig):
        bodies[0].sized(BIG)
    bodies[1].end()
    bodies[0].sized(BIG)


def test_open_file_limit_caps_the_number(python: Cli) -> None:
    code = """
import resource, threading
from wheelhouse_hashes.runtime.throttle import Throttle
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
for soft in 20, 96, 256:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(Throttle(threading.Event()).begin(16, 4))
"""
    few, some, all_of_them = map(int, python("-c", code).out.split())
    assert few == 1
    assert 4 <= some <= 9
    assert all_of_them == 16
