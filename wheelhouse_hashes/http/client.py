"""HTTP through libcurl: one pass over the bytes, limits, errors with a cause.

libcurl does the transport; here its errors become causes, secrets stay with
their origin, and redirects are followed one by one, because libcurl would
take ``X-Auth-Token`` and its like along to another host.

Sources: HTTP semantics and caching (:rfc:`9110`, :rfc:`9111`); the meaning of
each option and error code is libcurl's, at https://curl.se/libcurl/c/.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from urllib.parse import urlsplit

import pycurl

from wheelhouse_hashes import __version__
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.urls import normalized, origin, shown, split, split_user
from wheelhouse_hashes.http.credentials import Credentials
from wheelhouse_hashes.http.response import Begin, Plan, Receive, Response, ResponseReader
from wheelhouse_hashes.http.resume import NotContinued, Part
from wheelhouse_hashes.http.settings import TransportSettings, check_descriptors

#: The most redirects that one request follows.
MAX_REDIRECTS = 10

#: The most bytes that an artifact may have: twice what a zip file without the
#: ZIP64 extension can.  A body without an end has one here.
MAX_ARTIFACT = 8 * 1024**3

#: What a re-read says to caches on the way, and to Swift, which then asks all
#: replicas for their newest copy.
FRESH_HEADERS = {"Cache-Control": "no-cache", "X-Newest": "true"}


_LOGIN = (pycurl.USERNAME, pycurl.PASSWORD)


@dataclass
class Attempt:
    """Requests that belong together: one try at one artifact."""

    #: Whether they bypass caches and stale replicas.
    fresh: bool = False
    #: The good responses.
    responses: list[Response] = field(default_factory=list)

    @property
    def dates(self) -> list[float | None]:
        """The ``Last-Modified`` of each good response, None where it is not known."""
        return [response.last_modified for response in self.responses]


class Client:
    """An HTTP client for many threads; each has one connection that is kept.

    :param stop: set when the run must end; ends every transfer at once.
    :param settings: the time limit, and whether certificates are checked.
    :param moved: is called with the two addresses of each redirect to another
        origin, in the thread that made the request.
    """

    def __init__(
        self,
        stop: threading.Event,
        settings: TransportSettings | None = None,
        moved: Callable[[str, str], object] | None = None,
    ) -> None:
        #: The schemes of all requests, those of redirects too: ``http``, ``https``.
        self.schemes: set[str] = set()
        self._stop = stop
        self._settings = settings or TransportSettings()
        self._moved = moved
        self._credentials = Credentials()
        self._local = threading.local()
        self._handles: list[pycurl.Curl] = []

    def authorize(self, url: str, *, by_user: bool = False) -> str:
        """Keep the user and password of an address for its origin.

        :param url: the address.
        :param by_user: whether the user gave it; netrc is asked for it then.
        :returns: the address without them.
        :raises ValueError: if the address names no origin.
        """
        return self._credentials.take(url, by_user=by_user)

    @contextlib.contextmanager
    def attempt(self, *, fresh: bool) -> Iterator[Attempt]:
        """Bracket this thread's requests for one artifact.

        :param fresh: whether they shall bypass caches and stale replicas.
        :returns: what is to be known about their answers.
        """
        self._local.attempt = attempt = Attempt(fresh)
        try:
            yield attempt
        finally:
            del self._local.attempt

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

        A body that is compressed although nobody asked for it is decoded.

        :param url: an ``http`` or ``https`` address.
        :param max_bytes: the most bytes that are read.
        :param headers: further request headers, for the address's origin only.
        :param accept: the media types to ask for (``Accept``).
        :param fresh: whether caches and stale replicas shall not answer.
        :raises TransferError: if it cannot be had; 401 and 403 are cause
            ``forbidden``.
        """
        body = BytesIO()
        sent = {"Accept": accept, **(FRESH_HEADERS if fresh else {})}
        plan = Plan(body.write, None, max_bytes, sent, small=True)
        response = self._follow(url, plan, headers or {})
        response.body = body.getvalue()
        return response

    def download(
        self,
        url: str,
        receive: Receive,
        *,
        begin: Begin | None = None,
        headers: Mapping[str, str] | None = None,
        part: Part | None = None,
    ) -> Response:
        """Read an object in one pass, its bytes as they were sent.

        A ``Content-Encoding`` is not undone: for an artifact it is a server's
        opinion about ``.tar.gz``, and digests are of the file itself.

        :param url: an ``http`` or ``https`` address.
        :param receive: gets each piece of the body.
        :param begin: called once, when the headers of a good answer are
            complete and before the first piece; what it raises is raised here.
            The answer's ``offset`` says where the pieces belong.  After
            :exc:`NotContinued` the whole is asked for.
        :param headers: further request headers, for the address's origin only.
        :param part: what is there already.  Only the rest is asked for, and
            what is not the rest of that version is not received; it begins at
            offset 0 then.
        :raises TransferError: if it cannot be had; 404 and 410 are cause
            ``missing-artifact``, 401 and 403 ``forbidden``.
        """
        plan = Plan(receive, begin, MAX_ARTIFACT, {}, absent=Cause.MISSING_ARTIFACT)
        if part is not None and part.validator is not None:
            rest = replace(plan, headers=part.request_headers, part=part)
            with contextlib.suppress(NotContinued):
                return self._follow(url, rest, headers or {})
        return self._follow(url, plan, headers or {})

    def _follow(self, url: str, plan: Plan, headers: Mapping[str, str]) -> Response:
        """Make a request, and those that its redirects ask for."""
        attempt = self._attempt
        try:
            target = normalized(url)
            home = origin(target)
            target = self._bypassing(target)
            for _ in range(MAX_REDIRECTS + 1):
                here = origin(target)
                self.schemes.add(here[0])
                reader = ResponseReader(Response(target), plan, attempt.responses)
                redirect = self._perform(reader, headers if here == home else {})
                if redirect is None:
                    return reader.response
                status = reader.response.status
                before, target = target, self._allowed(target, redirect, status)
                if self._moved is not None and here != origin(target):
                    self._moved(before, target)
        except ValueError:
            text = f"malformed address {shown(url)!r}"
            raise TransferError(Cause.UNREACHABLE, text, final=True) from None
        text = f"{shown(url)}: more than {MAX_REDIRECTS} redirects"
        raise TransferError(Cause.UNREACHABLE, text, status, final=True)

    @staticmethod
    def _allowed(target: str, redirect: str, status: int) -> str:
        """Return where a redirect leads, if it may be followed.

        :raises ValueError: if that is no address.
        """
        scheme = split(redirect).scheme.lower()
        if scheme not in ("http", "https"):
            why = "redirects to what is neither http nor https"
        elif scheme == "http" and origin(target)[0] == "https":
            why = "redirects from https to http"
        else:
            return normalized(split_user(redirect)[0])
        raise TransferError(Cause.UNREACHABLE, f"{shown(target)}: {why}", status, final=True)

    def _bypassing(self, url: str) -> str:
        """Add a query that no cache has seen, where the address has room for one."""
        if not self._attempt.fresh or urlsplit(url).query:
            return url
        return f"{url}?fresh={secrets.token_hex(4)}"

    @property
    def _attempt(self) -> Attempt:
        attempt: Attempt = getattr(self._local, "attempt", None) or Attempt()
        return attempt

    def _handle(self) -> pycurl.Curl:
        handle: pycurl.Curl | None = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._local.handle = pycurl.Curl()
            self._local.small = None
            self._handles.append(handle)
            self._settings.prepare(handle)
            handle.setopt(pycurl.XFERINFOFUNCTION, lambda *_: int(self._stop.is_set()))
        return handle

    def _perform(self, reader: ResponseReader, headers: Mapping[str, str]) -> str | None:
        """Make one request; return where it redirects to, if it does.

        A handle keeps its options: all that differ from request to request are
        set each time.
        """
        url = reader.response.url
        plan = reader.plan
        sent = {"User-Agent": f"wheelhouse-hashes/{__version__}", **plan.headers, **headers}
        if self._attempt.fresh:
            sent.update(FRESH_HEADERS)
        curl = self._handle()
        if plan.small is not self._local.small:
            self._local.small = plan.small
            self._settings.limit_time(curl, small=plan.small)
            # Polling for interruption ten times per request costs more than reading
            # a hash file, so small requests are not interruptible; when the run ends,
            # their threads are abandoned.
            curl.setopt(pycurl.NOPROGRESS, plan.small)
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in sent.items()])
        curl.setopt(pycurl.MAXFILESIZE_LARGE, plan.max_bytes)
        # Identity is asked for; only what is small is decoded if a server disobeys.
        curl.setopt(pycurl.HTTP_CONTENT_DECODING, plan.small)
        curl.setopt(pycurl.HEADERFUNCTION, reader.lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, reader.body)
        user = self._credentials.of(url)
        for option, value in zip(_LOGIN, user or (None, None), strict=True):
            if value is None:
                curl.unsetopt(option)
            else:
                curl.setopt(option, value.encode())
        try:
            curl.perform()
        except pycurl.error as error:
            check_descriptors()
            code, text = (*error.args, "")[:2]
            status = curl.getinfo(pycurl.RESPONSE_CODE)
            seconds = curl.getinfo(pycurl.TOTAL_TIME)
            reason, final = self._settings.explained(
                int(code), str(text), seconds, small=plan.small
            )
            reader.failed(int(code), reason, status, stopped=self._stop.is_set(), final=final)
        return reader.finish(curl.getinfo(pycurl.REDIRECT_URL))

    def close(self) -> None:
        """Close all connections.  No thread may be using the client."""
        while self._handles:
            self._handles.pop().close()
        self._local = threading.local()
