"""Standard output, shared by all threads of a run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable


class Screen:
    """Prints whole lines to standard output; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False
        self._topics: set[str] = set()
        self._show: Callable[[str], None] = _print

    def print(self, text: str) -> None:
        """Print whole lines, unless :meth:`silence` was called."""
        with self._lock:
            if not self._silent:
                self._show(text)

    def is_new(self, topic: str) -> bool:
        """Return True on the first call for a topic, False on all others."""
        with self._lock:
            new = topic not in self._topics
            self._topics.add(topic)
            return new

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Set the function that prints all further lines; None restores the default."""
        with self._lock:
            self._show = show or _print

    def silence(self) -> None:
        """Print nothing from now on."""
        with self._lock:
            self._silent = True


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
