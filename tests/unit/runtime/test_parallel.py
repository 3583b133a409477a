"""Signals and errors end the work of threads."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.runtime.parallel import (
    SECOND_SIGNAL_AFTER,
    SIGNALS,
    ending_on_signals,
    for_each,
    run_in_thread,
)

both = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


@both
def test_signal_sets_event_and_handlers_are_restored(number: int) -> None:
    stop = threading.Event()
    before = [signal.getsignal(each) for each in SIGNALS]
    with ending_on_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.wait(60)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_ignored_signal_stays_ignored() -> None:
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ending_on_signals(stop):
            os.kill(os.getpid(), signal.SIGINT)
        assert not stop.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_second_signal_raises_keyboard_interrupt() -> None:
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt), ending_on_signals(stop):  # noqa: PT012 (the last raises)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # immediately: CI services send both
        assert stop.wait(60)
        time.sleep(SECOND_SIGNAL_AFTER)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)


def test_no_handler_is_set_outside_main_thread() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    seen: list[object] = []

    def run() -> None:
        with ending_on_signals(threading.Event()):
            seen.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == before


def test_unfinished_work_is_abandoned() -> None:
    stop, over = threading.Event(), threading.Event()
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        stop.set()
        over.wait(60)

    assert not for_each(range(9), work, 1, stop)
    assert begun == [0]
    over.set()


def test_interrupted_work_is_not_an_error() -> None:
    stop = threading.Event()

    def work(item: int) -> None:
        stop.set()
        raise Interrupted("interrupted")

    assert not for_each([1], work, 1, stop)


def test_error_in_work_stops_others_and_propagates() -> None:
    stop = threading.Event()

    def work(item: int) -> None:
        if item:
            raise ZeroDivisionError
        assert stop.wait(60)

    with pytest.raises(ZeroDivisionError):
        for_each([0, 1], work, 2, stop)


def test_run_in_thread_returns_raises_and_is_interrupted() -> None:
    stop = threading.Event()
    assert run_in_thread(lambda: 7, stop) == 7
    with pytest.raises(ZeroDivisionError):
        run_in_thread(lambda: 1 // 0, stop)
    assert not stop.is_set()
    stop.set()
    with pytest.raises(Interrupted):
        run_in_thread(lambda: 7, stop)


def test_signal_is_repeated_for_code_that_may_block() -> None:
    stop = threading.Event()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), ending_on_signals(stop, lambda: True):  # noqa: PT012 (the last raises)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)
    assert stop.is_set()
    assert 1 < time.monotonic() - began < 60


def test_signal_is_not_repeated_for_other_code() -> None:
    stop = threading.Event()
    with ending_on_signals(stop):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1.5)
    assert stop.is_set()
