"""Waiting for a store to converge, with one budget per run for all workers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator

from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.runtime.throttle import Throttle

#: Maximum pause between two tries, in seconds, before jitter.
LONGEST_PAUSE = 15.0


def backoff(first: float = 0.5) -> Iterator[float]:
    """Yield pauses in seconds, doubled each time up to a cap, with jitter.

    :param first: the first pause before jitter, in seconds.
    """
    pause = first
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311 (jitter, not a secret)
        pause = min(pause * 2, LONGEST_PAUSE)


class WaitBudget:
    """The time that a run may spend waiting.

    Only waiting uses the budget, not a long download, and the time counts once even
    if several workers wait at the same time.

    :param seconds: the whole budget.
    :param stop: set when the run must end; ends every pause at once.
    :param clock: returns the time in seconds; it must not go backwards.
    :param throttle: the slots of the run's jobs; a pause gives up that of its thread.
    """

    #: Returns the pauses between the tries of one call, in seconds.
    pauses: Callable[[], Iterator[float]] = staticmethod(backoff)

    def __init__(
        self,
        seconds: float,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        throttle: Throttle | None = None,
    ) -> None:
        self.throttle = Throttle(stop) if throttle is None else throttle
        self.seconds = seconds
        self.stop = stop
        self._clock = clock
        self._lock = threading.Lock()
        self._spent = 0.0
        self._waiting = 0
        self._since = 0.0

    def _book(self) -> float:
        """Account for the time since the last call; return the seconds left."""
        now = self._clock()
        if self._waiting:
            self._spent += now - self._since
        self._since = now
        return self.seconds - self._spent

    @property
    def waiting(self) -> float | None:
        """The seconds spent so far, None if no worker is waiting."""
        with self._lock:
            left = self._book()
            return self.seconds - left if self._waiting else None

    def pause(self, seconds: float) -> bool:
        """Wait, if the budget allows it.

        :param seconds: how long to wait; less if the budget runs out.
        :returns: False, without waiting, if the budget is used up.
        :raises Interrupted: if the run must end.
        """
        with self._lock:
            left = self._book()
            if left > 0:
                self._waiting += 1
        if left > 0:
            with self.throttle.resting(seconds):
                try:
                    self.stop.wait(min(seconds, left))
                finally:
                    with self._lock:
                        self._book()
                        self._waiting -= 1
        if self.stop.is_set():
            raise Interrupted("interrupted")
        return left > 0
