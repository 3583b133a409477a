"""How many jobs of a run are in progress at a time: growth, and a brake.

More requests at a time hide the latency of a network, but a server may accept a few
connections only.  So a run begins with few jobs, adds one for each request that is answered
well while this process mostly waits, and halves them when the server refuses.  It then grows
slowly: by one after as many good answers as jobs are in progress, and later still to the number
that was refused.  This follows the congestion control of TCP (:rfc:`5681`): halve on a loss,
then probe.

A thread that pauses before another try gives up its slot and, once a server has refused, its
connection: servers count idle connections, too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wheelhouse_hashes.errors import Interrupted

#: The number of jobs that a run begins with.
FIRST = 4

#: The HTTP statuses of a server that has too much to do (:rfc:`6585`, section 4, and
#: :rfc:`9110`, section 15.6.4).
OVERLOADED = frozenset({429, 503})

#: File descriptors per job: a socket, libcurl's polling, a certificate bundle and the file.
_DESCRIPTORS = 8

#: File descriptors for everything else: folders, pages, plugins.
_RESERVED = 24

#: How many rounds of good answers pass before a number that was refused is tried again;
#: doubled with each refusal.  An artifact that is refused waits as long as the server wants.
_ROUNDS = 16
_MOST_ROUNDS = 128

#: The share of one processor from which on this process is busy: more threads would wait for
#: the interpreter's lock, not for the network.
_BUSY = 0.75

#: The shortest time in which the share is measured, and for how long the process must not be busy
#: before more jobs begin, in seconds.  Something else can use the processors for a moment.
_WINDOW, _IDLE = 0.01, 0.02


class Throttle:
    """The slots of a run's jobs; thread-safe.

    A thread has at most one slot.  Threads without one, such as the main thread, make requests
    freely.

    :param stop: set when the run must end.
    :param clock: returns the time, in seconds.
    :param used: returns the processor time of all threads of this process, in seconds.
    """

    def __init__(
        self,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._used = used
        #: Notified when a slot is free, and when the run must end.
        self.changed = threading.Condition(threading.Lock())
        self._mine = threading.local()
        #: The maximum number of slots.
        self.maximum = FIRST
        #: The current number of slots.
        self.limit = FIRST
        #: The number of times that the brake was applied.  A request that began before the
        #: last time says nothing about the present number of jobs.
        self.brakings = 0
        #: Called in the thread that gives up its slot, after the brake was applied once.
        self.idle: Callable[[], object] = int
        self._active = 0
        self._retrying = 0
        self._good = 0
        self._refused_at: int | None = None
        self._rounds = _ROUNDS
        self._since = self._before = self._idle_for = 0.0

    def begin(self, maximum: int, first: int | None = None) -> int:
        """Set the number of jobs that a phase begins with, and its maximum.

        :param maximum: the maximum number, reduced to what the open file limit allows.
        :param first: the number to begin with; the maximum by default.
        :returns: the maximum.
        """
        self.maximum = max(1, min(maximum, _affordable()))
        self.limit = min(self.maximum, first or self.maximum)
        self._since, self._before, self._idle_for = self._clock(), self._used(), 0.0
        return self.maximum

    def enter(self, *, retry: bool = False) -> None:
        """Take a slot, or wait for one.

        :param retry: whether it is for another try of a job that began before; those come
            first.
        :raises Interrupted: if the run must end.
        """
        with self.changed:
            self._retrying += retry
            try:
                while self._active >= self.limit or (self._retrying and not retry):
                    if self._stop.is_set():
                        break
                    self.changed.wait()
            finally:
                self._retrying -= retry
            if self._stop.is_set():
                raise Interrupted("interrupted")
            self._active += 1
            self._mine.held = True
            self._wake()

    def leave(self) -> None:
        """Give up this thread's slot, if it has one."""
        if not self._held:
            return
        if self.brakings:
            self.idle()
        with self.changed:
            self._active -= 1
            self._mine.held = False
            self._wake()

    def next(self, *, retry: bool = False) -> None:
        """Go on with the next job, or with another try; wait while too many are in progress.

        :raises Interrupted: if the run must end.
        """
        if self._active <= self.limit and (retry or not self._retrying):
            return
        if self._held:
            self.leave()
            self.enter(retry=retry)

    @property
    def _held(self) -> bool:
        return getattr(self._mine, "held", False)

    @contextmanager
    def resting(self, seconds: float) -> Iterator[None]:
        """Give up this thread's slot during a pause.

        It is taken back after waiting for at most as long as the pause: others may wait for
        something that this thread has.

        :param seconds: the length of the pause.
        """
        held = self._held
        self.leave()
        try:
            yield
        finally:
            if held:
                with self.changed:
                    self._retrying += 1
                    self.changed.wait_for(
                        lambda: self._active < self.limit or self._stop.is_set(), seconds
                    )
                    self._retrying -= 1
                    self._active += 1
                    self._mine.held = True
                    self._wake()

    def wake(self) -> None:
        """Let all waiting threads see that the run must end."""
        with self.changed:
            self._wake()

    def _wake(self) -> None:
        self.changed.notify_all()

    def answered(self) -> None:
        """Count a request that was answered well; grow if it is time to."""
        if self.limit < self.maximum:
            with self.changed:
                self._good += 1
                self._grow()

    def look(self) -> None:
        """Grow if it is time to; called regularly while jobs are in progress."""
        if self.limit < self.maximum and self._good:
            with self.changed:
                self._grow()

    def _grow(self) -> None:
        """Grow by as much as the good answers are worth, if this process mostly waited lately."""
        now = self._clock()
        took = now - self._since
        if took < _WINDOW:
            return
        used = self._used()
        is_busy = used - self._before > _BUSY * took
        self._idle_for = 0.0 if is_busy else self._idle_for + took
        self._since, self._before = now, used
        if self._idle_for < _IDLE:
            return
        while self.limit < self.maximum and self._good >= (needed := self._needed):
            self._good -= needed
            self.limit += 1
            if self._refused_at is not None and self.limit > self._refused_at:
                self._refused_at = None
        self._wake()

    @property
    def _needed(self) -> int:
        """The number of good answers before the next slot is added."""
        if not self.brakings:
            return 1
        refused_at = self._refused_at
        rounds = 1 if refused_at is None or self.limit + 1 < refused_at else self._rounds
        return self.limit * rounds

    def brake(self, began: int) -> None:
        """Halve the number of jobs, because the server refused a request.

        :param began: the value of :attr:`brakings` when the request began.
        """
        with self.changed:
            if began != self.brakings:
                if began == self.brakings - 1 and self._refused_at is not None:
                    # One more of the same moment that did not fit.
                    self._refused_at = max(self.limit + 1, self._refused_at - 1)
                return
            self.brakings += 1
            in_progress = max(1, min(self.limit, self._active))
            if self._refused_at is not None and in_progress >= self._refused_at:
                self._rounds = min(2 * self._rounds, _MOST_ROUNDS)
            self._refused_at = in_progress
            self.limit = max(1, in_progress // 2)
            self._good = 0

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait without a slot until a condition is true, then go on with another one.

        :param condition: called while :attr:`changed` is locked.
        :raises Interrupted: if the run must end.
        """
        held = self._held
        self.leave()
        with self.changed:
            self.changed.wait_for(lambda: self._stop.is_set() or condition())
        if self._stop.is_set():
            raise Interrupted("interrupted")
        if held:
            self.enter(retry=True)


def _affordable() -> int:
    """Return how many jobs the limit of open files allows, at least 1."""
    try:
        import resource  # POSIX only
    except ImportError:
        return 512  # Windows has no limit that matters
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 512
    return max(1, (soft - _RESERVED - _opened()) // _DESCRIPTORS)


def _opened() -> int:
    """Return the number of open file descriptors; 0 if the system does not list them."""
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 0
