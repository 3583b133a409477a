"""How many big bodies are received at a time.

A few of them use all of a link, and more would share it without being faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wheelhouse_hashes.runtime.throttle import Throttle

#: The size of a big body, in bytes, and how many are received at a time.
BIG = 8_000_000
MOST_BIG = 8


class TooManyBig(Exception):
    """As many big bodies as allowed are being received: ask for this one later."""


class Bodies:
    """The bodies that a run receives; thread-safe.

    :param throttle: the slots of the run's jobs; a job that waits gives up its own.
    """

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._big = 0
        #: Whether the last body was big; those of unknown size are then expected to be.
        self._was_big = False

    def next(self, size: int | None) -> Body:
        """Return a body that may be received now; its ``end`` must be called afterwards.

        :param size: its size in bytes, None if unknown.
        :raises Interrupted: if the run must end.
        """
        expected = self._was_big if size is None else size >= BIG
        if expected and not self.take():
            self._throttle.until(self._take)
        return Body(self, counted=expected)

    def note_size(self, *, big: bool) -> None:
        """Remember the size of the last body."""
        self._was_big = big

    def take(self) -> bool:
        """Count one more big body, if that is possible now."""
        with self._throttle.changed:
            return self._take()

    def _take(self) -> bool:
        if self._big >= MOST_BIG:
            return False
        self._big += 1
        return True

    def end(self) -> None:
        """Count one big body less."""
        with self._throttle.changed:
            self._big -= 1
            self._throttle.changed.notify_all()


class Body:
    """A body that is being received, and whether it counts as a big one.

    :param bodies: all of them.
    :param counted: whether it does.
    """

    def __init__(self, bodies: Bodies, *, counted: bool) -> None:
        self._bodies = bodies
        self._counted = counted

    def sized(self, size: int | None) -> None:
        """Note its size, which the server sent.

        :raises TooManyBig: if it is big, and too many others are.
        """
        big = size is not None and size >= BIG
        self._bodies.note_size(big=big)
        if big and not self._counted:
            if not self._bodies.take():
                raise TooManyBig
            self._counted = True
        elif self._counted and not big:
            self.end()

    def end(self) -> None:
        """End it."""
        if self._counted:
            self._counted = False
            self._bodies.end()
