"""Work on many artifacts side by side, and end at once when the user says so.

A signal is only noted: an exception out of a handler may come amidst a lock,
a rename or a callback of libcurl's.  Work looks at ``stop`` where it can; what
cannot (a store that does not answer) is left behind in its thread.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from wheelhouse_hashes.errors import Interrupted

T = TypeVar("T")

#: How often, in seconds, to look whether the run must end.
POLL = 0.05

#: Seconds that work in progress has to end by itself when the run must end.
GRACE = 0.5

#: Seconds after which a second signal ends a run that did not heed the first.
SECOND_SIGNAL_AFTER = 1.0

#: The signals that end a run: Ctrl-C, and what CI services and ``kill`` send.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def for_each(
    items: Iterable[T], work: Callable[[T], object], max_workers: int, stop: threading.Event
) -> bool:
    """Call a function for each item, in worker threads.

    :param items: what to work on.
    :param work: called once for each item; :exc:`Interrupted` out of it
        counts as being left out.
    :param max_workers: how many calls run at the same time.
    :param stop: set when no further work is to be done, for calls in progress.
    :returns: False if the run was told to end; what was not begun is left out
        then, and what does not end within :data:`GRACE` is left behind.
    """
    todo: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    # Not a SimpleQueue: a signal that interrupts its get just before the time is up
    # makes it wait without a limit (CPython 3.11), if other threads keep the lock.
    ended: queue.Queue[BaseException | None] = queue.Queue()

    def labour() -> None:
        raised = None
        try:
            while not stop.is_set():
                work(todo.get_nowait())
        except (queue.Empty, Interrupted):
            pass
        except BaseException as error:  # noqa: BLE001 (raised again by who waits)
            raised = error
        ended.put(raised)

    workers = min(max_workers, todo.qsize())
    for _ in range(workers):
        # No daemon would keep the process from ending.
        threading.Thread(target=labour, daemon=True).start()
    try:
        _await(ended, workers, stop)
    except BaseException:
        stop.set()
        raise
    return not stop.is_set()


def _await(ended: queue.Queue[BaseException | None], workers: int, stop: threading.Event) -> None:
    """Wait for workers; raise what one of them raised."""
    raised = deadline = None
    while workers and (deadline is None or time.monotonic() < deadline):
        with contextlib.suppress(queue.Empty):
            raised = ended.get(timeout=POLL) or raised
            workers -= 1
        if raised is not None:
            stop.set()
        if stop.is_set() and deadline is None:
            deadline = time.monotonic() + GRACE
    if raised is not None:
        raise raised


def run_in_thread(call: Callable[[], T], stop: threading.Event) -> T:
    """Call a function that may block for long, in a worker thread.

    :param call: the function.
    :param stop: set when the run must end.
    :returns: what it returned.
    :raises Interrupted: if the run was told to end before it did.
    """
    outcome: Future[T] = Future()

    def attempt(call: Callable[[], T]) -> None:
        # A failure is the caller's, and no reason to end the run.
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 (raised again below)
            outcome.set_exception(error)

    for_each([call], attempt, 1, stop)
    if not outcome.done():
        raise Interrupted("interrupted")
    return outcome.result()


@contextlib.contextmanager
def ending_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set an event on SIGINT and SIGTERM, instead of what they do else.

    A signal that the process ignores stays ignored.  In other threads than
    the main one nothing is changed: only that one may.

    :param stop: the event.
    :raises KeyboardInterrupt: on a further signal, :data:`SECOND_SIGNAL_AFTER` after the
        first, for code that does not look at the event.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    notes: queue.SimpleQueue[int] = queue.SimpleQueue()

    def pass_on() -> None:
        while notes.get():
            stop.set()

    # A handler may interrupt a wait for the event that holds the event's lock,
    # so another thread has to set it.
    thread = threading.Thread(target=pass_on, daemon=True)
    first: list[float] = []

    def note(number: int, _frame: object) -> None:
        first.append(time.monotonic())
        notes.put(number)
        if first[-1] - first[0] > SECOND_SIGNAL_AFTER:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number in SIGNALS if before[number] not in (signal.SIG_IGN, None)]
    thread.start()
    try:
        for number in heeded:
            signal.signal(number, note)
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])
        notes.put(0)
        thread.join()
