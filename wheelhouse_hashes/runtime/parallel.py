"""Process many artifacts concurrently, and stop promptly on a signal.

Signal handlers only record the signal: an exception from a handler could interrupt
a lock, a rename or a libcurl callback.  Workers check ``stop`` where they can.
Shutdown abandons the threads of those that cannot, such as one waiting for a store
that does not answer.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from wheelhouse_hashes.errors import Interrupted

if TYPE_CHECKING:
    from wheelhouse_hashes.runtime.throttle import Throttle

T = TypeVar("T")

#: Seconds between checks whether the run must end.
POLL = 0.05

#: Seconds that calls in progress have to finish when the run must end.
GRACE = 0.5

#: Seconds after the first signal from which another one ends a run that did not stop.
SECOND_SIGNAL_AFTER = 1.0

#: Signals that end a run: Ctrl-C, and the one that CI services and ``kill`` send.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def for_each(
    items: Iterable[T],
    work: Callable[[T], object],
    max_workers: int,
    stop: threading.Event,
    throttle: Throttle | None = None,
) -> bool:
    """Call a function for each item, in worker threads.

    :param items: the items.
    :param work: called once per item; an item whose call raises
        :exc:`Interrupted` counts as skipped.  If it returns a function, that is the rest of the
        item's work, and is called once enough further items have been begun.
    :param max_workers: the maximum number of concurrent calls.
    :param stop: set when the run must end; calls in progress should check it.
    :param throttle: limits the number of concurrent calls further, as the server allows.
    :returns: False if the run was interrupted.  Items that have not started are
        then skipped, and calls that do not finish within :data:`GRACE` are abandoned.
    """
    todo = _Todo(items, work, throttle)
    # Not a SimpleQueue: in CPython 3.11, a signal just before the timeout of its get()
    # can make that wait without limit, if other threads hold the lock.
    ended: queue.Queue[BaseException | None] = queue.Queue()

    def run_worker() -> None:
        raised = None
        try:
            if throttle is not None:
                throttle.enter()
            while not stop.is_set() and todo.step():
                if throttle is not None:
                    throttle.next()
        except Interrupted:
            pass
        except BaseException as error:  # noqa: BLE001 (raised again by _await)
            raised = error
        if throttle is not None:
            throttle.leave()
        ended.put(raised)

    workers = min(max_workers, len(todo))
    for _ in range(workers):
        # A thread that is not a daemon would keep the process from ending.
        threading.Thread(target=run_worker, daemon=True).start()
    try:
        _await(ended, workers, stop, throttle)
    except BaseException:
        stop.set()
        raise
    return not stop.is_set()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Todo:
    """The work on items: those not begun, and the rest of those that have been.

    :param items: the items.
    :param work: begins the work on an item, and may return a function that does the rest.
    :param throttle: as many items are begun ahead as half of its slots; at least one.
    """

    def __init__(
        self, items: Iterable[T], work: Callable[[T], object], throttle: Throttle | None
    ) -> None:
        self._items = deque(items)
        self._begun: deque[Callable[[], object]] = deque()
        self._work: Callable[[Any], object] = work
        self._throttle = throttle

    def __len__(self) -> int:
        return len(self._items)

    def step(self) -> bool:
        """Take the next step; return whether there was one."""
        ahead = self._throttle.limit // 2 if self._throttle is not None else 1
        while self._items:
            if len(self._begun) >= max(1, ahead) and self._finish_one():
                return True
            try:
                item = self._items.popleft()
            except IndexError:  # another thread took the last one
                break
            rest = self._work(item)
            if callable(rest):
                self._begun.append(rest)
            return True
        return self._finish_one()

    def _finish_one(self) -> bool:
        """Do the rest of the work on an item; return False if none has been begun."""
        try:
            rest = self._begun.popleft()
        except IndexError:
            return False
        rest()
        return True


def _await(
    ended: queue.Queue[BaseException | None],
    workers: int,
    stop: threading.Event,
    throttle: Throttle | None,
) -> None:
    """Wait for the workers; raise the exception of one that failed."""
    raised = deadline = None
    while workers and (deadline is None or time.monotonic() < deadline):
        with contextlib.suppress(queue.Empty):
            raised = ended.get(timeout=POLL) or raised
            workers -= 1
        if throttle is not None:
            throttle.look()
        if raised is not None:
            stop.set()
        if stop.is_set() and deadline is None:
            deadline = time.monotonic() + GRACE
            if throttle is not None:
                throttle.wake()
    if raised is not None:
        raise raised


def run_in_thread(call: Callable[[], T], stop: threading.Event) -> T:
    """Call a function that may block for a long time, in a worker thread.

    It runs in a copy of the caller's context (:mod:`contextvars`).

    :param call: the function.
    :param stop: set when the run must end.
    :returns: the function's result.
    :raises Interrupted: if the run must end before the function returns.
    """
    outcome: Future[T] = Future()
    context = contextvars.copy_context()

    def attempt(call: Callable[[], T]) -> None:
        # A failure is raised in the caller and does not end the run.
        try:
            outcome.set_result(context.run(call))
        except BaseException as error:  # noqa: BLE001 (raised again below)
            outcome.set_exception(error)

    for_each([call], attempt, 1, stop)
    if not outcome.done():
        raise Interrupted("interrupted")
    return outcome.result()


@contextlib.contextmanager
def ending_on_signals(
    stop: threading.Event, is_blocked: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Set *stop* on SIGINT and SIGTERM instead of running the default handlers.

    A signal that the process ignores stays ignored.  Outside the main thread nothing
    changes, because only the main thread can set handlers.

    :param stop: the event to set.
    :param is_blocked: returns whether the main thread runs code that may not check the
        event; the first signal is then repeated (POSIX only).
    :raises KeyboardInterrupt: on another signal more than :data:`SECOND_SIGNAL_AFTER`
        after the first, for code that does not check the event.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    notes: queue.SimpleQueue[int] = queue.SimpleQueue()
    ended = threading.Event()

    def pass_on() -> None:
        while number := notes.get():
            stop.set()
            is_over = ended.wait(SECOND_SIGNAL_AFTER + POLL)
            if not is_over and is_blocked() and hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, number)

    # A handler may interrupt code that holds the event's lock, so another thread
    # has to set the event.
    thread = threading.Thread(target=pass_on, daemon=True)
    first: list[float] = []

    def note(number: int, _frame: object) -> None:
        first.append(time.monotonic())
        notes.put(number)
        if first[-1] - first[0] > SECOND_SIGNAL_AFTER:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS}
    handled = [number for number in SIGNALS if before[number] not in (signal.SIG_IGN, None)]
    thread.start()
    try:
        for number in handled:
            signal.signal(number, note)
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
        ended.set()
        notes.put(0)
        thread.join()
