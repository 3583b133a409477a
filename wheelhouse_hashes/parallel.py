"""Work on many artifacts side by side, and end at once when the user says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

T = TypeVar("T")


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
    with ThreadPoolExecutor(max_workers) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException as error:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                return False
            raise
    return True
