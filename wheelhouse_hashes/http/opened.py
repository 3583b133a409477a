"""Objects that plugins open, read by the rules and limits of objects read over HTTP."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TooLong, TransferError
from wheelhouse_hashes.formats.urls import origin, shown
from wheelhouse_hashes.http.attempt import Attempt
from wheelhouse_hashes.http.caches import FRESH_HEADERS
from wheelhouse_hashes.http.reading import Lent, Reading, Terms, unsupported
from wheelhouse_hashes.http.response import Plan, Response
from wheelhouse_hashes.http.resume import NotContinued, Part
from wheelhouse_hashes.transport import Opened, OpenRequest

if TYPE_CHECKING:
    import threading

    from wheelhouse_hashes.http.settings import TransportSettings

#: Asks the plugins to open a URL; None if no plugin does.
Opener = Callable[[str, OpenRequest], Opened | None]


class OpenedObjects:
    """Reads the objects that plugins open.

    :param opener: opens URLs; None if no plugin does.
    :param settings: the time limits.
    :param stop: set when the run must end.
    :param origins: the origins of the opened objects are added to it.
    """

    def __init__(
        self,
        opener: Opener | None,
        settings: TransportSettings,
        stop: threading.Event,
        origins: set[tuple[str, str, int]],
    ) -> None:
        #: Whether one of them was opened over a connection that is not secure.
        self.insecure = False
        self._origins = origins
        self._opener = opener
        self._settings = settings
        self._stop = stop

    def read(
        self, url: str, plan: Plan, attempt: Attempt, local: threading.local, limit: float
    ) -> Response:
        """Read an object as the response to a request.

        :param url: the URL.
        :param plan: how to process the object.
        :param attempt: gets the response before its body is read.
        :param local: the client's state of this thread, which the plugin's thread takes over.
        :param limit: the time limit, in seconds.
        :raises NotContinued: if the plugin went on with another version.
        :raises TransferError: if the object cannot be read.
        """
        opener, part = self._opener, plan.part
        if opener is None:
            raise unsupported(url)
        fresh = attempt.fresh or plan.headers.items() >= FRESH_HEADERS.items()
        request = (
            OpenRequest(part.size, part.validator, fresh) if part else OpenRequest(fresh=fresh)
        )
        timed_out = self._settings.timed_out(small=plan.small)
        terms = Terms(url, self._stop, time.monotonic() + limit, timed_out, plan.absent)
        lent = Lent(local, Attempt(fresh))
        reading = Reading(lambda: opener(url, request), lent, terms)
        response = Response(url)
        try:
            with reading:
                opened = reading.opened()
                with contextlib.suppress(ValueError):  # only the plugin can read this URL
                    self._origins.add(origin(opened.origin or url))
                self.insecure = self.insecure or not opened.secure
                _read_headers(response, opened, part)
                attempt.responses.append(response)
                if not plan.head:
                    _receive(reading, response, plan)
        finally:
            if not reading.abandoned:
                lent.give_back()
        return response


def _receive(reading: Reading, response: Response, plan: Plan) -> None:
    """Receive the body of an opened object."""
    length = response.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdecimal() else None
    if size is not None and size > plan.max_bytes:
        raise TooLong(*_too_large(response, plan.max_bytes))
    if plan.begin is not None:
        plan.begin(response)
    for piece in reading.pieces():
        response.size += len(piece)
        if response.size > plan.max_bytes:
            raise TooLong(*_too_large(response, plan.max_bytes))
        if size is not None and response.size > size:
            raise TransferError(Cause.TOO_LARGE, *_too_large(response, size))
        plan.receive(piece)
    if size is not None and response.size != size:
        text = f"{shown(response.url)}: the download ended after {response.size} of {size} bytes"
        raise TransferError(Cause.TRUNCATED, text, response.status)


def _read_headers(response: Response, opened: Opened, part: Part | None) -> None:
    """Take over the headers of an opened object.

    :raises NotContinued: if they belong to another version than the received part.
    """
    response.status = HTTPStatus.OK
    response.headers = {name.lower(): value.strip() for name, value in opened.headers.items()}
    response.secure = opened.secure
    if part is None or not opened.offset:
        return
    response.status = HTTPStatus.PARTIAL_CONTENT
    length = response.headers.get("content-length")
    response.headers = part.continued(response.headers)
    if length is not None and response.headers.setdefault("content-length", length) != length:
        raise NotContinued("the object has another size than before")
    response.offset = response.size = part.size


def _too_large(response: Response, most: int) -> tuple[str, int]:
    return f"{shown(response.url)}: more than {most} bytes", response.status
