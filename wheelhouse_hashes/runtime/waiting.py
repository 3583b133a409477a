"""Waiting for a store to converge: one budget a run, spent in parallel."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

from wheelhouse_hashes.errors import Interrupted

#: The longest pause between two tries, in seconds.
LONGEST_PAUSE = 15.0


def backoff(first: float = 0.5) -> Iterator[float]:
    """Yield pauses in seconds: doubled each time, with jitter, capped.

    :param first: about how long the first pause is.
    """
    pause = first
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311 (jitter, not a secret)
        pause = min(pause * 2, LONGEST_PAUSE)


class WaitBudget:
    """The time that a run may spend waiting.

    Time counts once, however many workers wait in it, and only while somebody
    waits: a long download does not use the budget up.

    :param seconds: the whole budget.
    :param stop: set when the run must end; ends every pause at once.
    """

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        self.seconds = seconds
        self.stop = stop
        self._lock = threading.Lock()
        self._spent = 0.0
        self._waiting = 0
        self._since = 0.0

    def _book(self) -> float:
        """Book the time since the last booking, return what is left."""
        now = time.monotonic()
        if self._waiting:
            self._spent += now - self._since
        self._since = now
        return self.seconds - self._spent

    @property
    def waiting(self) -> float | None:
        """The seconds that were spent up to now, if somebody waits just now, else None."""
        with self._lock:
            left = self._book()
            return self.seconds - left if self._waiting else None

    def pause(self, seconds: float) -> bool:
        """Wait, if there is time left.

        :param seconds: how long; less if the budget does not last.
        :returns: False, without waiting, if the budget is used up.
        :raises Interrupted: if the run must end.
        """
        with self._lock:
            left = self._book()
            if left > 0:
                self._waiting += 1
        if left > 0:
            try:
                self.stop.wait(min(seconds, left))
            finally:
                with self._lock:
                    self._book()
                    self._waiting -= 1
        if self.stop.is_set():
            raise Interrupted("interrupted")
        return left > 0
