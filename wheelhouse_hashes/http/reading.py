"""Read an object that a plugin opened, in a thread of its own.

Neither the plugin's call nor its iterator can be interrupted: when the time is over, or
the run ends, the thread is abandoned.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Self

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TransferError, UnsupportedURL
from wheelhouse_hashes.formats.urls import scheme_of, shown
from wheelhouse_hashes.http.settings import IDLE_TIMEOUT
from wheelhouse_hashes.runtime.parallel import GRACE, POLL
from wheelhouse_hashes.transport import Opened

if TYPE_CHECKING:
    from wheelhouse_hashes.http.attempt import Attempt

#: Maximum number of pieces that are read ahead.
_AHEAD = 4

#: Maximum number of objects that are opened to open one.  A plugin that reads a URL to open
#: that URL would otherwise start threads without end.
_MAX_DEPTH = 8

#: The number of objects that are being opened for the current thread.
_depth: ContextVar[int] = ContextVar("depth", default=0)

#: Statuses that mean "no such object".
_ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

#: Marks the end of the pieces.
_END = object()


class _Failure:
    """An exception of the plugin's thread."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Lent:
    """The client's state of a thread, lent to another one: its connection.

    :param local: the state of each thread.
    :param attempt: groups the requests of the other thread.
    """

    def __init__(self, local: threading.local, attempt: Attempt) -> None:
        self._local = local
        self._attempt = attempt
        mine = vars(local)
        self._state = {name: mine.pop(name) for name in [*mine] if name != "attempt"}

    def __enter__(self) -> None:
        vars(self._local).update(self._state, attempt=self._attempt)

    def __exit__(self, *_: object) -> None:
        self._state = dict(vars(self._local))

    def give_back(self) -> None:
        """Return the state to the thread that it came from."""
        state = {k: v for k, v in self._state.items() if k != "attempt"}
        vars(self._local).update(state)


class Terms(NamedTuple):
    """What ends the reading of an object early.

    :param url: the URL of the object.
    :param stop: set when the run must end.
    :param deadline: the end of the time limit, by the monotonic clock.
    :param timed_out: the sentence for its end.
    :param absent: the cause to report if the object does not exist.
    """

    url: str
    stop: threading.Event
    deadline: float
    timed_out: str
    absent: Cause


class Reading:
    """One object that a plugin opens and reads, in a thread of its own.

    A context manager; its end closes the object.

    :param call: calls the plugins.
    :param lent: entered in the plugin's thread.
    :param terms: the limits.
    """

    def __init__(self, call: Callable[[], Opened | None], lent: Lent, terms: Terms) -> None:
        self._call = call
        self._lent = lent
        self._terms = terms
        self._items: queue.Queue[object] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._work,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if not self._terms.stop.is_set():
            self._thread.join(GRACE)

    @property
    def abandoned(self) -> bool:
        """Whether the plugin still runs."""
        return self._thread.is_alive()

    def _work(self) -> None:
        last: object = _END
        _depth.set(_depth.get() + 1)
        try:
            if _depth.get() > _MAX_DEPTH:
                raise self._error(f"more than {_MAX_DEPTH} objects to open this one", final=True)
            with self._lent:
                opened = self._call()
                self._put(opened)
                if opened is not None:
                    self._pass_on(opened.pieces)
        except BaseException as error:  # noqa: BLE001 (raised again by _next)
            last = _Failure(error)
        self._put(last)

    def _pass_on(self, pieces: Iterable[bytes]) -> None:
        try:
            for piece in pieces:
                if not self._put(piece):
                    break
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def _put(self, item: object) -> bool:
        """Pass on an item; return False if nobody waits for it any more."""
        while not self._over.is_set():
            try:
                self._items.put(item, timeout=POLL)
            except queue.Full:
                continue
            return True
        return False

    def _next(self) -> object:
        """Return the next item.

        :raises Interrupted: if the run must end.
        :raises TransferError: if the time limit is reached, or no data came for too long.
        """
        idle = time.monotonic() + IDLE_TIMEOUT
        while True:
            if self._terms.stop.is_set():
                raise Interrupted("interrupted")
            now = time.monotonic()
            if now > self._terms.deadline:
                raise self._error(self._terms.timed_out, final=True)
            if now > idle:
                raise self._error(f"no data for {IDLE_TIMEOUT} seconds")
            try:
                item = self._items.get(timeout=min(POLL, self._terms.deadline - now + 0.001))
            except queue.Empty:
                continue
            if isinstance(item, _Failure):
                raise self._explained(item.error)
            return item

    def _explained(self, error: BaseException) -> BaseException:
        """Return an exception of the plugin, with the cause that this request has for it."""
        if isinstance(error, TransferError) and error.status in _ABSENT:
            return TransferError(self._terms.absent, str(error), error.status)
        return error

    def _error(self, text: str, *, final: bool = False) -> TransferError:
        return TransferError(Cause.UNREACHABLE, f"{shown(self._terms.url)}: {text}", final=final)

    def opened(self) -> Opened:
        """Return the opened object.

        :raises UnsupportedURL: if no plugin opens this URL.
        """
        opened = self._next()
        if opened is None:
            raise unsupported(self._terms.url)
        assert isinstance(opened, Opened)  # noqa: S101 (checked where plugins are called)
        return opened

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces of the object."""
        while (piece := self._next()) is not _END:
            assert isinstance(piece, bytes)  # noqa: S101 (checked where plugins are called)
            yield piece


def unsupported(url: str) -> UnsupportedURL:
    """Return the error for a URL that no plugin opens."""
    scheme = scheme_of(url)
    return UnsupportedURL(f"{shown(url)}: unsupported URL scheme {scheme!r}: no plugin opens it")
