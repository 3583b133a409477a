"""Objects of a store, read in one pass by the rules of objects read over HTTP.

Nothing is repeated here: a failed request raises the error that a failed HTTP request
raises, and the fetch decides whether to try again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from libcloud.common.types import InvalidCredsError
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, TransferError, is_transient_status
from wheelhouse_hashes.formats.urls import is_http, origin, origin_text
from wheelhouse_hashes.stores.answers import with_answer
from wheelhouse_hashes.stores.errors import FAILURES, explain, is_final, status_of
from wheelhouse_hashes.stores.thread_drivers import ThreadDrivers
from wheelhouse_hashes.transport import Opened, OpenRequest

if TYPE_CHECKING:
    from libcloud.storage.base import Object

    from wheelhouse_hashes.errors import DiskError, StoreError

#: Size in bytes of the pieces in which objects are read.  Allocating larger ones costs more
#: than it saves.
PIECE = 256 * 1024

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})", re.ASCII | re.IGNORECASE)

#: Statuses of an object that does not exist, and of one that the user may not read.
_ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Streams(ThreadDrivers):
    """The objects of a store, opened for reading; a base class of the stores."""

    _object: Callable[[str], Object | None]
    _failure: Callable[[str, Exception], StoreError | DiskError]

    def open_object(self, name: str, request: OpenRequest) -> Opened:
        """Open an object.

        :param name: the object's name.
        :param request: which part of it is requested.
        :raises TransferError: if it cannot be read; if it does not exist, the status is 404.
        :raises DiskError: if it is a local file that cannot be read.
        """
        try:
            opened = with_answer(lambda: self._open_object(name, request), self._connection)()
        except FAILURES as error:
            raise self._refusal(name, error) from error
        if opened is None:
            text = f"cannot read {name}: the object does not exist"
            raise TransferError(Cause.MISSING_ARTIFACT, text, HTTPStatus.NOT_FOUND)
        return replace(opened, pieces=self._named(name, opened.pieces))

    def _open_object(
        self,
        name: str,
        request: OpenRequest,  # noqa: ARG002 (libcloud reads whole objects)
    ) -> Opened | None:
        obj = self._object(name)
        if obj is None:
            return None
        headers = {"content-length": str(int(obj.size))}
        pieces = self.driver.download_object_as_stream(obj, PIECE)
        here = self.origin
        return Opened(headers, pieces, secure=is_private(here), origin=here)

    def _refusal(self, name: str, error: Exception) -> Refusal:
        """Return the error of a failed HTTP request for one of the store."""
        failure = self._failure(f"read {name}", error)
        if isinstance(failure, Refusal):
            return failure
        status = status_of(error)
        cause = Cause.UNREACHABLE
        if status in _FORBIDDEN or isinstance(error, InvalidCredsError):
            cause = Cause.FORBIDDEN
        elif status in _ABSENT:
            cause = Cause.MISSING_ARTIFACT
        final = is_final(error)
        # Stores use further statuses for what passes.
        status = status if final or is_transient_status(status) else 0
        delay = self._requests.exchange.retry_after or None
        return TransferError(cause, str(failure), status, delay, final=final)

    def _named(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of an object; close it at the end."""
        try:
            yield from pieces
        except (HTTPError, RequestException) as error:
            text = f"cannot read {name}: the download ended early"
            if timed_out := _timeout_in(error):
                text = f"cannot read {name}: {explain(timed_out)}"
            raise TransferError(Cause.TRUNCATED, text) from error
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    @property
    def origin(self) -> str:
        """The origin that answered this thread's last request; empty if there was none."""
        response = getattr(getattr(self._connection(), "connection", None), "response", None)
        return origin_of(str(getattr(response, "url", None) or ""))


def _timeout_in(error: BaseException) -> TimeoutError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, TimeoutError):
        cause = cause.__cause__ or cause.__context__
    return cause


def origin_of(url: str) -> str:
    """Return the origin of a URL as text, empty if it is neither ``http`` nor ``https``."""
    with contextlib.suppress(ValueError):
        return origin_text(origin(url)) if is_http(url) else ""
    return ""


def is_private(*origins: str) -> bool:
    """Return whether none of some origins is reached over plain HTTP."""
    return not any(each.startswith("http://") for each in origins)


def opened_answer(answer: Any, request: OpenRequest) -> Opened | None:  # noqa: ANN401 (requests is untyped here)
    """Return the object in a good answer; None if the answer has another part of it.

    The bytes are those that the store sent: a ``Content-Encoding`` is not decoded.

    :param answer: an answer of ``requests``, whose body has not been read.
    :param request: which part of the object was requested.
    """
    headers = {name.lower(): value for name, value in answer.headers.items()}
    offset = 0
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        found = _CONTENT_RANGE.fullmatch(headers.pop("content-range", ""))
        if found is None or int(found[1]) != request.offset:
            answer.close()
            return None
        offset, headers["content-length"] = request.offset, found[2]
    hops = [origin_of(each.url) for each in (*answer.history, answer)]
    return Opened(headers, _body(answer), is_private(*hops), offset, origin=hops[-1])


def _body(answer: Any) -> Iterator[bytes]:  # noqa: ANN401 (as above)
    try:
        yield from answer.raw.stream(PIECE, decode_content=False)
    finally:
        answer.close()
