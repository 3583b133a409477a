"""What the workers of a run are at, for those who show it.

Nobody is called while bytes flow: work leaves its numbers where it counts them
anyway, and who shows them comes and looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


class ByteCount:
    """A number of bytes that one thread writes and another one reads."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0


class Activity:
    """What is being done with one artifact, by the thread that does it.

    :param name: the artifact's name.
    :param size: its size in bytes, None if not known.
    """

    def __init__(self, name: str = "", size: int | None = None) -> None:
        #: The artifact's name; empty if no artifact is in hand.
        self.name = name
        #: Its size in bytes, None if not known.
        self.size = size
        #: What is being done, in one word such as ``receiving``.
        self.step = ""
        self._count: Callable[[], int] = int
        self._moves = False
        self._moved: Callable[[], int] = int

    def begin(
        self, step: str, count: Callable[[], int] | None = None, *, moves: bool = False
    ) -> ByteCount:
        """Say what is being done from now on.

        :param step: one word.
        :param count: tells, at any time and to any thread, how many bytes of
            the artifact it has done; the counter that is returned if None.
        :param moves: whether these bytes are the run's work: received, sent
            or, by ``verify``, read.
        :returns: a counter.
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
        """The number of bytes that this step has done."""
        return self._count()

    @property
    def moved(self) -> int:
        """The number of bytes that were received, sent or, by ``verify``, read."""
        return self._moved()


@dataclass(frozen=True)
class State:
    """How far a run has come."""

    #: The number of artifacts that the run is about.
    planned: int
    #: The number of those that are finished.
    finished: int
    #: What is being done, the longest at it first.
    busy: tuple[Activity, ...]
    #: The number of bytes that were received, sent or read.
    moved: int
    #: The number of bytes that there are to move, None if nothing is known.
    total: int | None
    #: Whether the size of some artifacts is not known, and was guessed from the others.
    guessed: bool


class Activities:
    """What all workers of a run are at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here = threading.local()
        self._waiting: dict[str, int | None] = {}
        self._busy: list[Activity] = []
        self._finished = 0
        self._moved = 0

    def plan(self, sizes: Mapping[str, int | None]) -> None:
        """Tell what there is to do.

        :param sizes: artifacts by name, with their sizes if known.
        """
        with self._lock:
            self._waiting.update(sizes)

    @contextmanager
    def on(self, name: str) -> Iterator[Activity]:
        """Bracket this thread's work on one artifact.

        :param name: the artifact's name.
        """
        with self._lock:
            activity = Activity(name, self._waiting.pop(name, None))
            self._busy.append(activity)
        before, self._here.activity = self.mine, activity
        try:
            yield activity
        finally:
            self._here.activity = before
            with self._lock:
                self._busy.remove(activity)
                self._finished += 1
                self._moved += activity.moved

    @property
    def mine(self) -> Activity:
        """What this thread is at; one that nobody sees if it has no artifact in hand."""
        activity: Activity | None = getattr(self._here, "activity", None)
        return activity or Activity()

    @property
    def state(self) -> State:
        """How far the run has come, as of now."""
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
            # What was there already, or was refused, never had to be moved.
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
