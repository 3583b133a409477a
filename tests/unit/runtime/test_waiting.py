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


def test_no_budget_means_no_pause() -> None:
    start = time.monotonic()
    assert WaitBudget(0.0, threading.Event()).pause(5.0) is False
    assert time.monotonic() - start < 1.0


def test_pause_lasts_as_long_as_requested() -> None:
    budget = WaitBudget(60.0, threading.Event())
    start = time.monotonic()
    assert budget.pause(0.05) is True
    assert 0.045 <= time.monotonic() - start < 1.0


def test_last_pause_is_limited_to_remaining_budget() -> None:
    budget = WaitBudget(0.05, threading.Event())
    start = time.monotonic()
    assert budget.pause(30.0) is True
    assert 0.045 <= time.monotonic() - start < 1.0
    assert budget.pause(30.0) is False


def test_concurrent_waits_spend_budget_once() -> None:
    workers = 8
    budget = WaitBudget(0.5, threading.Event())
    together = threading.Barrier(workers)

    def wait() -> bool:
        together.wait()
        return budget.pause(0.1)

    with ThreadPoolExecutor(workers) as pool:
        waited = [future.result() for future in [pool.submit(wait) for _ in range(workers)]]
    assert waited == [True] * workers
    # One after the other, the pauses would have used up 0.8 s.
    assert budget.pause(0.001) is True


def test_time_without_waiting_is_not_spent() -> None:
    budget = WaitBudget(0.1, threading.Event())
    assert budget.pause(0.01) is True
    time.sleep(0.12)
    assert budget.pause(0.01) is True


def test_stop_ends_all_pauses_at_once() -> None:
    stop = threading.Event()
    budget = WaitBudget(60.0, stop)
    start = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(budget.pause, 30.0) for _ in range(3)]
        time.sleep(0.02)
        stop.set()
        assert [type(future.exception(timeout=5)) for future in futures] == [Interrupted] * 3
    with pytest.raises(Interrupted):
        budget.pause(30.0)
    assert time.monotonic() - start < 5.0
