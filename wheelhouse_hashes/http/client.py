"""HTTP through libcurl: one pass over the bytes, limits, errors with a cause.

libcurl does the transport.  This module maps its errors to causes, keeps secrets
with their origin, and follows redirects one by one, because libcurl would forward
``X-Auth-Token`` and similar headers to another host.

Sources: HTTP semantics and caching (:rfc:`9110`, :rfc:`9111`); libcurl's options
and error codes (https://curl.se/libcurl/c/).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import pycurl

from wheelhouse_hashes import __version__
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.urls import is_http, normalized, origin, scheme_of, shown
from wheelhouse_hashes.http.attempt import Attempt, Grouping, TimeSpent
from wheelhouse_hashes.http.authorization import Authorization
from wheelhouse_hashes.http.caches import FRESH_HEADERS, bypassing
from wheelhouse_hashes.http.connections import Connections
from wheelhouse_hashes.http.credentials import Credentials
from wheelhouse_hashes.http.encodings import UndecodableBody, is_text
from wheelhouse_hashes.http.handle_options import set_request
from wheelhouse_hashes.http.opened import OpenedObjects, Opener
from wheelhouse_hashes.http.redirect import MAX_REDIRECTS, allowed_target
from wheelhouse_hashes.http.response import (
    REFUSED,
    Begin,
    Plan,
    Receive,
    Response,
    ResponseReader,
)
from wheelhouse_hashes.http.resume import NotContinued, Part
from wheelhouse_hashes.http.settings import TransportSettings, check_descriptors
from wheelhouse_hashes.runtime.throttle import OVERLOADED, Throttle

if TYPE_CHECKING:
    import threading

#: Maximum artifact size, in bytes: twice the limit of a zip file without the ZIP64
#: extension.  Guards against bodies that never end.
MAX_ARTIFACT = 8 * 1024**3

#: Asks for the digest of artifacts, in a header of the response (:rfc:`9530`, section 4).
WANTED_DIGESTS = {"Want-Repr-Digest": "sha-256=10, sha-512=5"}


def _ignore(_: bytes) -> None:
    """Ignore a piece of a body: the response to ``HEAD`` has none."""


class Client:
    """An HTTP client for many threads; each thread keeps its connections.

    :param stop: set when the run must end; the next piece of a body ends its request.
    :param settings: the time limit, and whether certificates are checked.
    :param moved: called with the old and the new URL of each redirect to another
        origin, in the thread that made the request.
    :param opener: opens the URLs that are neither ``http`` nor ``https``.
    :param authorization: adds headers to requests; None if no plugin has any.
    :param throttle: counts the good and the refused answers of servers.
    """

    def __init__(  # noqa: PLR0913 (what it takes from the run)
        self,
        stop: threading.Event,
        settings: TransportSettings | None = None,
        moved: Callable[[str, str], object] | None = None,
        opener: Opener | None = None,
        authorization: Authorization | None = None,
        *,
        throttle: Throttle | None = None,
    ) -> None:
        #: The origins of all requests, including redirects: scheme, host, port.
        self.origins: set[tuple[str, str, int]] = set()
        self._stop = stop
        self._settings = settings or TransportSettings()
        self._moved = moved
        self._authorization = authorization or Authorization()
        #: The objects that plugins opened.
        self.opened = OpenedObjects(opener, self._settings, stop, self.origins)
        self._throttle = throttle or Throttle(stop)
        self._credentials = Credentials()
        self._spent = TimeSpent()
        self._connections = Connections(stop, self._settings)
        self._throttle.idle = self._connections.disconnect

    def authorize(self, url: str, *, by_user: bool = False) -> str:
        """Store the user and password of a URL for its origin.

        :param url: the URL.
        :param by_user: whether the user gave the URL; if so, netrc is consulted, too.
        :returns: the URL without them.
        :raises ValueError: if the URL has no valid origin.
        """
        return self._credentials.take(url, by_user=by_user)

    def attempt(
        self, *, fresh: bool, seconds: float | None = None, begun: Attempt | None = None
    ) -> Grouping:
        """Group this thread's requests for one artifact, in a ``with`` block.

        :param fresh: whether they bypass caches and stale replicas.
        :param seconds: the time limit of each download, in seconds; None for that of
            the settings.
        :param begun: the attempt to continue, None for a new one.
        :returns: the attempt, which collects the good responses.
        """
        return Grouping(self._connections.local, begun or Attempt(fresh, seconds))

    def get(
        self,
        url: str,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        accept: str = "*/*",
        fresh: bool = False,
    ) -> Response:
        """Read a small object into memory.

        A body that the server compressed without being asked to is decoded.  If that fails, it
        is read again as it was sent: text may be labelled by mistake.  The time limit applies
        to all tries for a URL together.

        :param url: an ``http`` or ``https`` URL, or one that a plugin opens.
        :param max_bytes: the maximum size of the body.
        :param headers: additional request headers, sent to the URL's origin only.
        :param accept: the media types to request (``Accept``).
        :param fresh: whether to bypass caches and stale replicas.
        :raises TransferError: if it cannot be read; 401 and 403 have the cause
            ``forbidden``.
        """
        body = BytesIO()
        sent = {"Accept": accept, **(FRESH_HEADERS if fresh else {})}
        attempt = self._connections.attempt
        with self._spent.on(url, attempt, self._settings.limit(small=True)) as deadline:
            plan = Plan(body.write, None, max_bytes, sent, small=True, deadline=deadline)
            try:
                response = self._connections.interruptibly(
                    lambda: self._follow(url, plan, headers or {})
                )
            except UndecodableBody:
                body.seek(0)
                body.truncate()
                raw = plan._replace(decode=False)
                response = self._connections.interruptibly(
                    lambda: self._follow(url, raw, headers or {})
                )
                if not is_text(body.getvalue()):
                    raise
        response.body = body.getvalue()
        return response

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        """Request the headers of an object, by ``HEAD``.

        A URL that a plugin opens is opened, and closed at once.

        :param url: an ``http`` or ``https`` URL, or one that a plugin opens.
        :param headers: additional request headers, sent to the URL's origin only.
        :returns: the headers of the object, without those about the empty body of this
            response (``Content-Digest``: :rfc:`9530`, appendix B.2).
        :raises TransferError: as for :meth:`get`.
        """
        plan = Plan(_ignore, None, MAX_ARTIFACT, WANTED_DIGESTS, small=True, head=True)
        response = self._connections.interruptibly(lambda: self._follow(url, plan, headers or {}))
        response.headers.pop("content-digest", None)
        return response

    def download(  # noqa: PLR0913 (what to request, and what to do with it)
        self,
        url: str,
        receive: Receive,
        *,
        begin: Begin | None = None,
        headers: Mapping[str, str] | None = None,
        part: Part | None = None,
        size: int | None = None,
    ) -> Response:
        """Read an object in one pass, its bytes as they were sent.

        A ``Content-Encoding`` is not decoded: some servers declare one for
        ``.tar.gz`` files, and digests are those of the file itself.

        :param url: an ``http`` or ``https`` URL, or one that a plugin opens.
        :param receive: called with each piece of the body.  If this is the main thread,
            it is called in another one, like *begin*.
        :param begin: called once, when the headers of a good response are
            complete and before the first piece; its exceptions are raised here.
            The response's ``offset`` is the position of the first piece.  After
            :exc:`NotContinued` the whole object is requested.
        :param headers: additional request headers, sent to the URL's origin only.
        :param part: the part already received.  Only the rest is requested; if
            the response is not the rest of the same version, the object is read
            from offset 0.
        :param size: the expected size; a longer body is not read to its end.
        :raises TooLong: if the body is longer than that, or than any artifact may be.
        :raises TransferError: if it cannot be read; 404 and 410 have the cause
            ``missing-artifact``, 401 and 403 ``forbidden``.
        """
        attempt = self._connections.attempt
        limit = self._settings.limit(small=False)
        began = time.monotonic()
        end = began + (limit if attempt.seconds is None else min(limit, attempt.seconds))
        most = MAX_ARTIFACT if size is None else min(size, MAX_ARTIFACT)
        plan = Plan(
            receive, begin, most, WANTED_DIGESTS, absent=Cause.MISSING_ARTIFACT, deadline=end
        )
        try:
            if part is not None and part.validator is not None:
                asked = {**plan.headers, **part.request_headers}
                rest = plan._replace(headers=asked, part=part)
                with contextlib.suppress(NotContinued):
                    return self._connections.interruptibly(
                        lambda: self._follow(url, rest, headers or {})
                    )
            return self._connections.interruptibly(lambda: self._follow(url, plan, headers or {}))
        finally:
            attempt.downloading += time.monotonic() - began

    def _follow(self, url: str, plan: Plan, headers: Mapping[str, str]) -> Response:
        """Make a request, and follow its redirects."""
        if not is_http(url) and scheme_of(url):
            limit = self._settings.left(url, plan.deadline, small=plan.small)
            return self.opened.read(
                url, plan, self._connections.attempt, self._connections.local, limit
            )
        try:
            target = normalized(url)
            home: object = origin(target)
            target = bypassing(target) if self._connections.attempt.fresh else target
            for _ in range(MAX_REDIRECTS + 1):
                here = origin(target)
                self.origins.add(here)
                if here == home:
                    perform = partial(self._perform, plan)
                    reader, redirect = self._authorization.perform(
                        target, headers, perform, "HEAD" if plan.head else "GET"
                    )
                else:
                    home = None  # The headers are not sent again, wherever this origin leads.
                    reader, redirect = self._perform(plan, target, {})
                if redirect is None:
                    return reader.response
                status = reader.response.status
                before, target = target, allowed_target(target, redirect, status)
                if self._moved is not None and here != origin(target):
                    self._moved(before, target)
        except ValueError:
            text = f"malformed URL {shown(url)!r}"
            raise TransferError(Cause.UNREACHABLE, text, final=True) from None
        text = f"{shown(url)}: more than {MAX_REDIRECTS} redirects"
        raise TransferError(Cause.UNREACHABLE, text, status, final=True)

    def _perform(
        self, plan: Plan, url: str, headers: Mapping[str, str]
    ) -> tuple[ResponseReader, str | None]:
        """Make one request; return the response and the target of its redirect, if any."""
        throttle, connections = self._throttle, self._connections
        brakings, attempt = throttle.brakings, connections.attempt
        reader = ResponseReader(
            Response(url), plan, attempt.responses, throttle.answered, self._stop
        )
        sent = {"User-Agent": f"wheelhouse-hashes/{__version__}", **plan.headers, **headers}
        if attempt.fresh:
            sent.update(FRESH_HEADERS)
        limit = self._settings.left(url, plan.deadline, small=plan.small)
        handle = connections.take()
        curl = handle.curl
        try:
            handle.limit(plan, limit)
            set_request(curl, url, sent, plan, reader)
            self._credentials.log_in(curl, url)
            curl.perform()
        except pycurl.error as error:
            check_descriptors()
            code, text = int(error.args[0]), str((*error.args, "")[1])
            if code in REFUSED:
                throttle.brake(brakings)
            status = curl.getinfo(pycurl.RESPONSE_CODE)
            reason, final = self._settings.explained(curl, code, text, limit, small=plan.small)
            reader.failed(code, reason, status, stopped=self._stop.is_set(), final=final)
        finally:
            redirect = curl.getinfo(pycurl.REDIRECT_URL)
            connections.give_back(handle)
        try:
            return reader, reader.finish(redirect)
        except TransferError as error:
            if error.status in OVERLOADED:
                throttle.brake(brakings)
            raise

    def close(self) -> None:
        """Close all connections.  No thread may be using the client."""
        self._connections.close()
