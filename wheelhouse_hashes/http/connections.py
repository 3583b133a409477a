"""The connections of a client: one libcurl handle for each request in progress."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import pycurl

from wheelhouse_hashes.http.attempt import Attempt
from wheelhouse_hashes.http.handle_options import Handle
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.http.settings import TransportSettings

T = TypeVar("T")


class Connections:
    """The handles of a client.

    :param stop: set when the run must end; the next piece of a body ends its request.
    :param settings: the settings of all requests.
    """

    def __init__(self, stop: threading.Event, settings: TransportSettings) -> None:
        #: The state of each thread: its idle handles, and the attempt.
        self.local = threading.local()
        self._stop = stop
        self._settings = settings
        self._handles: list[Handle] = []
        #: Those of the threads that made requests for the main one.
        self._spare: list[Handle] = []

    @property
    def attempt(self) -> Attempt:
        """The attempt that this thread's requests belong to."""
        attempt: Attempt = getattr(self.local, "attempt", None) or Attempt()
        return attempt

    def take(self) -> Handle:
        """Return an idle handle of this thread, or make one; give it back after the request.

        A callback of a request may make requests of its own.  They get another handle, because
        the one in use is not idle.
        """
        idle: list[Handle] | None = getattr(self.local, "idle", None)
        return idle.pop() if idle else self._obtain()

    def give_back(self, handle: Handle) -> None:
        """Keep a handle for the next request of this thread."""
        vars(self.local).setdefault("idle", []).append(handle)

    def _obtain(self) -> Handle:
        """Take over a handle that no thread uses, or make one."""
        # Without this, a connection would stay open that nothing uses.
        with contextlib.suppress(IndexError):
            return self._spare.pop()
        handle = Handle(self._settings)
        self._handles.append(handle)
        return handle

    def interruptibly(self, request: Callable[[], T]) -> T:
        """Make a request in another thread if this is the main one.

        libcurl cannot be interrupted while it looks up a name or waits for a connection.
        The phases abandon their worker threads when the run ends, but not the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            return request()
        attempt = self.attempt

        def call() -> T:
            self.local.attempt = attempt
            try:
                return request()
            finally:
                del self.local.attempt
                self._spare += vars(self.local).pop("idle", ())

        return run_in_thread(call, self._stop)

    def disconnect(self) -> None:
        """Close the connections of this thread, which makes no request at the moment."""
        for handle in vars(self.local).pop("idle", ()):
            self._handles.remove(handle)
            handle.curl.close()

    def close(self) -> None:
        """Close all connections.  No thread may be using the client."""
        while self._handles:
            # The thread of a plugin that was abandoned may still use its own.
            with contextlib.suppress(pycurl.error):
                self._handles.pop().curl.close()
        self._spare.clear()
        self.local = threading.local()
