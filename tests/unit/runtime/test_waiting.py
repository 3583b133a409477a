from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.runtime.waiting import LONGEST_PAUSE, WaitBudget, backoff


def test_backoff_doubles_with_jitter_up_to_maximum() -> None:
    pauses = list(itertools.islice(backoff(0.5), 12))
    wanted = [min(0.5 * 2**n, LONGEST_PAUSE) for n in range(12)]
    assert all(0.75 * w <= p <= 1.25 * w for p, w in zip(pauses, wanted, strict=True))
    assert len({next(backoff(0.5)) for _ in range(20)}) > 1


#: Seconds for what must not take hours, on a busy machine.
SOON = 60.0


class Clock(threading.Event):
    """A clock that only goes on while somebody waits for the end of the run."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.now += timeout
        return False

    def budget(self, seconds: float) -> WaitBudget:
        return WaitBudget(seconds, self, lambda: self.now)


def test_no_budget_means_no_pause() -> None:
    clock = Clock()
    assert clock.budget(0.0).pause(5.0) is False
    assert clock.now == 0.0


def test_pause_lasts_as_long_as_requested() -> None:
    budget = WaitBudget(600.0, threading.Event())
    start = time.monotonic()
    assert budget.pause(0.05) is True
    assert 0.045 <= time.monotonic() - start < SOON


def test_last_pause_is_limited_to_remaining_budget() -> None:
    budget = WaitBudget(0.05, threading.Event())
    start = time.monotonic()
    assert budget.pause(3600.0) is True
    assert 0.045 <= time.monotonic() - start < SOON
    assert budget.pause(3600.0) is False


def test_concurrent_waits_spend_budget_once() -> None:
    workers = 8
    clock = Clock()

    def pass_time() -> None:
        clock.now += 0.1

    together = threading.Barrier(workers, pass_time, timeout=SOON)
    # All are in their pauses before the time of these passes.
    clock.wait = lambda timeout=None: together.wait() < 0  # type: ignore[method-assign]
    budget = clock.budget(0.5)
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(budget.pause, 0.1) for _ in range(workers)]
        assert [future.result() for future in futures] == [True] * workers
    del clock.wait
    # One after the other, the pauses would have used up 0.8 s.
    assert budget.pause(1.0) is True
    assert clock.now == pytest.approx(0.5)
    assert budget.pause(0.001) is False


def test_time_without_waiting_is_not_spent() -> None:
    clock = Clock()
    budget = clock.budget(0.1)
    assert budget.pause(0.01) is True
    clock.now += 0.12
    assert budget.pause(0.01) is True


def test_stop_ends_all_pauses_at_once() -> None:
    stop = threading.Event()
    budget = WaitBudget(7200.0, stop)
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(budget.pause, 3600.0) for _ in range(3)]
        time.sleep(0.02)
        stop.set()
        assert [type(future.exception(timeout=SOON)) for future in futures] == [Interrupted] * 3
    with pytest.raises(Interrupted):
        budget.pause(3600.0)
