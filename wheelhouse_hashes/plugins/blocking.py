"""Hooks of installed plugins in the main thread, which may block it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wheelhouse_hashes.errors import Interrupted


class Blocking:
    """Shows whether the main thread runs code that may not check for an interruption."""

    def __init__(self) -> None:
        #: True while it does.
        self.is_possible = False

    @contextmanager
    def hook(self, stop: threading.Event | None) -> Iterator[None]:
        """Run a hook of an installed plugin in the ``with`` block.

        In a worker thread, nothing is different.

        :param stop: set when the run must end; None before there is a run.
        :raises Interrupted: if a repeated signal ended the hook.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.is_possible = True
        try:
            yield
        except KeyboardInterrupt:
            if stop is None or not stop.is_set():
                raise
            raise Interrupted("interrupted") from None
        finally:
            self.is_possible = False
