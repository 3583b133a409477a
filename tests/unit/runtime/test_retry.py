from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import (
    DiskError,
    Interrupted,
    PluginError,
    Refusal,
    TransferError,
    is_transient_status,
)
from wheelhouse_hashes.runtime.retry import Again, TryAgain, repeat
from wheelhouse_hashes.runtime.waiting import WaitBudget

TRANSIENT = [408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 524, 527, 529, 530, 599]
PERMANENT = [400, 401, 402, 403, 404, 405, 410, 413, 416, 418, 451, 501, 505]


class Paused(WaitBudget):
    """A budget whose pauses take no time; they are kept instead."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds, threading.Event())
        self.paused: list[float] = []
        self.pauses: Callable[[], Iterator[float]] = lambda: iter(2.0**n for n in itertools.count())

    def pause(self, seconds: float) -> bool:
        if sum(self.paused) >= self.seconds:
            return False
        self.paused.append(seconds)
        return True


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


@pytest.mark.parametrize("status", TRANSIENT)
def test_transient_status_is_tried_again(status: int) -> None:
    assert is_transient_status(status)
    error = TransferError(Cause.UNREACHABLE, "no", status)
    budget = Paused(90)
    assert repeat(failing(error, error), budget) == "done"
    assert budget.paused == [1.0, 2.0]


@pytest.mark.parametrize("status", PERMANENT)
def test_permanent_status_ends_at_once(status: int) -> None:
    assert not is_transient_status(status)
    error = TransferError(Cause.UNREACHABLE, "no", status)
    budget = Paused(90)
    with pytest.raises(TransferError):
        repeat(failing(error), budget)
    assert budget.paused == []


def test_full_store_is_permanent() -> None:
    assert is_transient_status(507)
    assert not is_transient_status(507, from_store=True)


@pytest.mark.parametrize(
    "error",
    [
        TransferError(Cause.UNREACHABLE, "no", final=True),
        TransferError(Cause.FORBIDDEN, "no", 403),
        TransferError(Cause.TOO_LARGE, "no", 200),
        TransferError(Cause.MISSING_ARTIFACT, "no", 404),
        Refusal(Cause.STALE, "no"),
        DiskError("no"),
        PluginError("x", "y", ValueError()),
        ValueError("no"),
        Interrupted("interrupted"),
    ],
)
def test_other_errors_end_at_once(error: Exception) -> None:
    with pytest.raises(type(error)):
        repeat(failing(error), Paused(90))


def test_dropped_and_cut_responses_are_tried_again() -> None:
    errors = [TransferError(Cause.UNREACHABLE, "no"), TransferError(Cause.TRUNCATED, "no", 200)]
    assert repeat(failing(*errors), Paused(90)) == "done"


def test_retry_after_lengthens_the_pause() -> None:
    budget = Paused(90)
    repeat(failing(TransferError(Cause.UNREACHABLE, "no", 503, retry_after=7)), budget)
    assert budget.paused == [7]


def test_spent_budget_raises_the_last_error() -> None:
    errors = [TransferError(Cause.UNREACHABLE, str(n)) for n in range(9)]
    with pytest.raises(TransferError, match="2"):
        repeat(failing(*errors), Paused(3))


def test_waiting_is_announced_once() -> None:
    said: list[Again] = []
    error = TransferError(Cause.UNREACHABLE, "no answer")
    repeat(failing(error, error, error), Paused(90), waiting=said.append)
    assert said == [Again(Cause.UNREACHABLE, "no answer")]
    with pytest.raises(TransferError):
        repeat(failing(error), Paused(0), waiting=said.append)
    assert len(said) == 1


def test_try_at_once_needs_no_pause_and_progress_restarts_pauses() -> None:
    again = Again(Cause.STALE, "x")
    errors = [
        TryAgain(Again(Cause.STALE, "x", at_once=True)),
        TryAgain(again),
        TryAgain(again),
        TryAgain(Again(Cause.STALE, "x", progressed=True)),
    ]
    budget = Paused(90)
    assert repeat(failing(*errors), budget) == "done"
    assert budget.paused == [1.0, 2.0, 1.0]
