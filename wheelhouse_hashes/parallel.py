"""Work on many artifacts side by side, and end at once when the user says so."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

#: How often, in seconds, to look whether the user interrupted.
POLL = 0.1


def for_each(
    items: Iterable[T], work: Callable[[T], None], max_workers: int, stop: threading.Event
) -> bool:
    """Call a function for each item, in worker threads.

    :param items: what to work on.
    :param work: called once for each item.
    :param max_workers: how many calls run at the same time.
    :param stop: set when no further work is to be done, for calls in progress.
    :returns: False if the user interrupted it (Ctrl-C); what was not begun is
        left out then.
    """
    with _noting_interrupts(stop) as interrupts, ThreadPoolExecutor(max_workers) as pool:
        try:
            pending = {pool.submit(work, item) for item in items}
            while pending and not interrupts:
                done, pending = wait(pending, POLL, FIRST_COMPLETED)
                for future in done if not interrupts else ():
                    future.result()
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return not interrupts


@contextlib.contextmanager
def _noting_interrupts(stop: threading.Event) -> Iterator[list[int]]:
    """Note Ctrl-C meanwhile, instead of raising :exc:`KeyboardInterrupt`.

    That may be raised amidst a lock of the pool's, or, if the signal comes
    just before a wait without limit, only when the wait is over.
    """
    interrupts: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or before in (signal.SIG_IGN, None):
        yield interrupts
        return

    def note(number: int, frame: object) -> None:
        interrupts.append(number)
        stop.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
