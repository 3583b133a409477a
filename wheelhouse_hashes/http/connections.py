"""The connections of a client: one libcurl handle for each thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pycurl

from wheelhouse_hashes.http.attempt import Attempt
from wheelhouse_hashes.http.handle_options import UNSET
from wheelhouse_hashes.http.nesting import INNER
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.http.settings import TransportSettings

T = TypeVar("T")


class Connections:
    """The handles of a client.

    :param stop: set when the run must end; aborts downloads at once.
    :param settings: the settings of all requests.
    """

    def __init__(self, stop: threading.Event, settings: TransportSettings) -> None:
        #: The state of each thread: its handle, the options of that, and the attempt.
        self.local = threading.local()
        self._stop = stop
        self._settings = settings
        self._handles: list[pycurl.Curl] = []
        #: What the threads that made requests for the main one leave behind: their handles.
        self._spare: list[dict[str, Any]] = []

    @property
    def attempt(self) -> Attempt:
        """The attempt that this thread's requests belong to."""
        attempt: Attempt = getattr(self.local, "attempt", None) or Attempt()
        return attempt

    @property
    def handle(self) -> pycurl.Curl:
        """This thread's handle; made if it has none."""
        handle: pycurl.Curl | None = getattr(self.local, "handle", None)
        return self._obtain() if handle is None else handle

    def _obtain(self) -> pycurl.Curl:
        """Take over a handle that no thread uses, or make one."""
        state = vars(self.local)
        # Without this, a connection would stay open that nothing uses.
        with contextlib.suppress(IndexError):
            state.update(self._spare.pop())
            if "handle" in state:
                return self.handle
        handle = self.local.handle = pycurl.Curl()
        state.update(UNSET)
        self._handles.append(handle)
        self._settings.prepare(handle)
        handle.setopt(pycurl.XFERINFOFUNCTION, lambda *_: int(self._stop.is_set()))
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
                self._spare.append(dict(vars(self.local)))

        return run_in_thread(call, self._stop)

    def disconnect(self) -> None:
        """Close the connections of this thread, which makes no request at the moment."""
        state = vars(self.local)
        for each in (state, state.pop(INNER, {})):
            handle = each.pop("handle", None)
            if handle is not None:
                self._handles.remove(handle)
                handle.close()

    def close(self) -> None:
        """Close all connections.  No thread may be using the client."""
        while self._handles:
            # The thread of a plugin that was abandoned may still use its own.
            with contextlib.suppress(pycurl.error):
                self._handles.pop().close()
        self._spare.clear()
        self.local = threading.local()
