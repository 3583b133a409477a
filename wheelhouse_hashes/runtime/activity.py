"""Progress of a run's workers, for the display.

No callbacks run while bytes are transferred: workers update the counters that they
need anyway, and the display polls these.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import NamedTuple


class ByteCount:
    """A byte counter, written by one thread and read by others."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0


class Activity:
    """The work on one artifact, updated by the thread that does it.

    :param name: the artifact's name.
    :param size: its size in bytes, None if unknown.
    """

    def __init__(self, name: str = "", size: int | None = None) -> None:
        #: The artifact's name; empty if the work is not on an artifact.
        self.name = name
        #: The artifact's size in bytes, None if unknown.
        self.size = size
        #: The current step, one word such as ``receiving``.
        self.step = ""
        self._count: Callable[[], int] = int
        self._moves = False
        self._moved: Callable[[], int] = int

    def begin(
        self, step: str, count: Callable[[], int] | None = None, *, moves: bool = False
    ) -> ByteCount:
        """Begin a step.

        :param step: one word.
        :param count: returns the number of bytes of the artifact processed so far,
            at any time and in any thread; by default, that of the returned counter.
        :param moves: whether these bytes count as the run's work: received, sent
            or, by ``verify``, read.
        :returns: a counter for the step.
        """
        counter = ByteCount()
        self._count = count or (lambda: counter.bytes)
        if moves:
            self._moved = self._count
        self._moves = moves
        self.step = step
        return counter

    @property
    def count(self) -> int:
        """The number of bytes that this step has processed."""
        return self._count()

    @property
    def moved(self) -> int:
        """The number of bytes received, sent or, by ``verify``, read."""
        return self._moved()


class State(NamedTuple):
    """The progress of a run at one moment."""

    #: The number of artifacts in the run.
    planned: int
    #: The number of finished artifacts.
    finished: int
    #: The activities in progress, the longest-running first.
    busy: tuple[Activity, ...]
    #: The number of bytes received, sent or read.
    moved: int
    #: The total number of bytes to move, None if no size is known.
    total: int | None
    #: Whether some sizes are unknown and were estimated from the others.
    guessed: bool


class Work:
    """The context manager of :meth:`Activities.on`; a class, because it is entered often.

    :param activities: the activities of the run.
    :param name: the artifact's name.
    :param last: whether it is finished afterwards.
    """

    __slots__ = ("_activities", "_activity", "_last", "_name", "_token")

    def __init__(self, activities: Activities, name: str, *, last: bool) -> None:
        self._activities = activities
        self._name = name
        self._last = last

    def __enter__(self) -> Activity:
        self._activity = activity = self._activities.enter(self._name)
        self._token = _mine.set(activity)
        return activity

    def __exit__(self, *_: object) -> None:
        _mine.reset(self._token)
        self._activities.exit(self._activity, last=self._last)


#: The activity of the current thread, and of threads that work for it.
_mine: ContextVar[Activity | None] = ContextVar("activity", default=None)


class Activities:
    """The activities of all workers of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, int | None] = {}
        self._busy: list[Activity] = []
        self._finished = 0
        self._moved = 0

    def plan(self, sizes: Mapping[str, int | None]) -> None:
        """Add artifacts to the planned work.

        :param sizes: the artifacts' sizes in bytes by name, None if unknown.
        """
        with self._lock:
            self._waiting.update(sizes)

    def on(self, name: str, *, last: bool = True) -> Work:
        """Track this thread's work on one artifact, in a ``with`` block.

        :param name: the artifact's name.
        :param last: whether it is finished afterwards; otherwise it waits for more work.
        """
        return Work(self, name, last=last)

    def enter(self, name: str) -> Activity:
        """Begin the work on an artifact, see :meth:`on`."""
        with self._lock:
            activity = Activity(name, self._waiting.pop(name, None))
            self._busy.append(activity)
        return activity

    def exit(self, activity: Activity, *, last: bool) -> None:
        """End the work on an artifact, see :meth:`on`."""
        with self._lock:
            self._busy.remove(activity)
            if last:
                self._finished += 1
            else:
                self._waiting[activity.name] = activity.size
            self._moved += activity.moved

    @property
    def mine(self) -> Activity:
        """This thread's activity; one that is not displayed if it works on no artifact."""
        return _mine.get() or Activity()

    @property
    def state(self) -> State:
        """The run's current progress."""
        with self._lock:
            busy = tuple(self._busy)
            waiting = list(self._waiting.values())
            finished, moved = self._finished, self._moved
        moving = [(activity.moved, activity.size) for activity in busy]
        sizes = [*waiting, *(size for _, size in moving)]
        known = [size for size in sizes if size is not None]
        moved_now = moved + sum(count for count, _ in moving)
        total = None
        if known or not sizes:
            # Of finished artifacts only the bytes moved count: some were already
            # there, or were refused.
            mean = sum(known) // len(known) if known else 0
            ahead = sum(mean if size is None else size for size in waiting)
            ahead += sum(max(count, mean if size is None else size) for count, size in moving)
            total = moved + ahead
        return State(
            planned=finished + len(sizes),
            finished=finished,
            busy=busy,
            moved=moved_now,
            total=total,
            guessed=len(known) < len(sizes),
        )
