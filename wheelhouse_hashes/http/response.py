"""The response to one HTTP request, read through libcurl's callbacks.

Sources: HTTP semantics (:rfc:`9110`); libcurl's error codes
(https://curl.se/libcurl/c/libcurl-errors.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import pycurl

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TooLong, TransferError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.dates import http_date, retry_after
from wheelhouse_hashes.formats.tombstones import is_deleted
from wheelhouse_hashes.formats.urls import shown
from wheelhouse_hashes.http.encodings import UndecodableBody, encoding_of
from wheelhouse_hashes.http.proxy import PROXY_LOGIN
from wheelhouse_hashes.http.resume import NotContinued, Part

if TYPE_CHECKING:
    import threading

#: Limits for the headers of a response and of the interim responses before it, in bytes
#: and in lines.  They are below libcurl's own limits, which older versions lack.
MAX_HEADER_BYTES = 256 * 1024
MAX_HEADER_LINES = 4000

#: Maximum bytes of an error page that are skipped to keep the connection.
MAX_ERROR_PAGE = 64 * 1024

# As integers: access to a member of an enumeration costs a call in Python 3.11.
_OK, _PARTIAL_CONTENT = HTTPStatus.OK.value, HTTPStatus.PARTIAL_CONTENT.value

#: CURLE_HTTP2_STREAM, which pycurl does not define.
_HTTP2_STREAM = 92

#: Connections that a server refused or reset, in part because it has too many.
REFUSED = frozenset(
    {
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_RECV_ERROR,
        pycurl.E_SEND_ERROR,
        pycurl.E_GOT_NOTHING,
        _HTTP2_STREAM,
    }
)

_BODY_ENDED_EARLY = frozenset(
    {pycurl.E_PARTIAL_FILE, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING, _HTTP2_STREAM}
)

Receive = Callable[[bytes], object]
Begin = Callable[["Response"], None]


@dataclass
class Response:
    """A response: the headers and, for small objects, the body."""

    #: The URL that sent the response, after redirects.
    url: str
    #: The status code (:rfc:`9110`).
    status: int = 0
    #: The headers, names in lower case, repeated ones joined by a comma.
    headers: dict[str, str] = field(default_factory=dict)
    #: The position of the body in the object; not 0 if only the rest was sent.
    offset: int = 0
    #: The number of bytes received so far, including those before the offset.
    size: int = 0
    #: The body, if it was requested with :meth:`Client.get`.
    body: bytes = b""
    #: False if a plugin opened the object over a connection that is not secure.
    secure: bool = True

    @property
    def last_modified(self) -> float | None:
        """``Last-Modified`` in seconds since the epoch, None if unknown."""
        return http_date(self.headers.get("last-modified"))

    @property
    def age(self) -> float | None:
        """Seconds from ``Last-Modified`` to ``Date``, both of this response; None if unknown.

        The server's clock alone counts, so it need not agree with the local one.
        """
        date = http_date(self.headers.get("date"))
        changed = self.last_modified
        return None if date is None or changed is None else date - changed

    @property
    def length_known(self) -> bool:
        """Whether a complete body can be distinguished from a truncated one."""
        return (
            "content-length" in self.headers
            or "chunked" in self.headers.get("transfer-encoding", "").lower()
            or self.headers.get(":version", "") >= "2"
        )


class Plan(NamedTuple):
    """How to process the final response to a request, after any redirects."""

    receive: Receive
    begin: Begin | None
    max_bytes: int
    headers: Mapping[str, str]
    #: Whether the object is a page or a hash file, which is decoded if compressed.
    small: bool = False
    #: False if a small object is not decoded, either: its ``Content-Encoding`` is wrong.
    decode: bool = True
    absent: Cause = Cause.UNREACHABLE
    #: True if only the headers are requested, by ``HEAD``.
    head: bool = False
    #: The part already received, if only the rest is requested.
    part: Part | None = None
    #: The end of the time limit of all requests of a download, by the monotonic clock; None
    #: for the usual limit of each request.
    deadline: float | None = None


#: The errors of libcurl's decoders; that of Brotli has no code of its own.
_UNDECODABLE = frozenset({pycurl.E_BAD_CONTENT_ENCODING, pycurl.E_WRITE_ERROR})


class ResponseReader:
    """Reads the response to one request; its methods are callbacks of libcurl.

    :param response: filled in while reading.
    :param plan: how to process it.
    :param good: the list that a good response is added to, before its body is read.
    :param answered: called when a response turns out to be good.
    :param stop: set when the run must end.
    """

    def __init__(
        self,
        response: Response,
        plan: Plan,
        good: list[Response],
        answered: Callable[[], object],
        stop: threading.Event,
    ) -> None:
        self.response = response
        self.plan = plan
        self._good_ones = good
        self._answered = answered
        self._stop = stop
        #: Header lines that are not parsed yet.  Each callback costs a thread
        #: switch, so the callback does little.
        self._lines: list[bytes] = []
        self._header_bytes = self._header_lines = 0
        self._begun = False
        self._ignored = 0
        self._raised: BaseException | None = None

    def _read_headers(self) -> None:
        if not self._lines:
            return
        for text in b"".join(self._lines).decode("latin-1").split("\n"):
            name, colon, value = text.partition(":")
            if text[:5].upper() == "HTTP/":
                # Earlier headers belong to a proxy's or an interim response: drop them.
                version, _, rest = text[5:].strip().partition(" ")
                code = rest[:3]
                self.response.status = int(code) if code.isascii() and code.isdigit() else 0
                self.response.headers = {":version": version}
            elif colon:
                name, value = name.strip().lower(), value.strip()
                held = self.response.headers.get(name)
                self.response.headers[name] = f"{held}, {value}" if held else value
        self._lines.clear()

    def header(self, line: bytes) -> int | None:
        """Take a header line; anything but None ends the transfer."""
        self._header_bytes += len(line)
        self._header_lines += 1
        if self._header_bytes > MAX_HEADER_BYTES or self._header_lines > MAX_HEADER_LINES:
            self._read_headers()  # for the status
            limits = f"{MAX_HEADER_BYTES} bytes or {MAX_HEADER_LINES} lines"
            self._raised = self._error(Cause.TOO_LARGE, f"more than {limits} of headers")
            return 0
        self._lines.append(line)
        return None

    def body(self, data: bytes) -> int | None:
        """Process a piece of the body; a return value other than None aborts the transfer."""
        # pycurl prints an exception of a callback and replaces it by its own error,
        # so the exception is kept, and raised after the transfer.
        try:
            # libcurl could ask several times for each piece, or while no bytes come; that costs
            # more than reading a hash file.  A run that ends abandons threads that only wait.
            if self._stop.is_set():
                raise Interrupted("interrupted")
            if not self._begun:
                self._read_headers()
                if not self._good:
                    self._ignored += len(data)
                    return None if self._ignored <= MAX_ERROR_PAGE else 0
                self._start()
            self.response.size += len(data)
            if self.response.size > self.plan.max_bytes:
                raise self._too_large()
            self.plan.receive(data)
        except BaseException as error:  # noqa: BLE001
            self._raised = error
            return 0
        return None

    @property
    def _good(self) -> bool:
        """Whether the body is the requested one."""
        status = self.response.status
        return status == _OK or (status == _PARTIAL_CONTENT and self._is_rest)

    @property
    def _is_rest(self) -> bool:
        return self.plan.part is not None

    def _start(self) -> None:
        if self._begun:
            return
        self._begun = True
        response, part = self.response, self.plan.part
        if part is not None and response.status == HTTPStatus.PARTIAL_CONTENT:
            response.headers = part.combined(response.headers)
            response.offset = response.size = part.size
        # Recorded before the body is read, because begin() may refuse the body.
        self._good_ones.append(response)
        self._answered()
        if self.plan.begin is not None:
            self.plan.begin(response)

    def _too_large(self) -> TooLong:
        response = self.response
        text = f"{shown(response.url)}: more than {self.plan.max_bytes} bytes"
        return TooLong(text, response.status, response.headers.get("content-encoding", ""))

    def _error(self, cause: Cause, text: str, *, final: bool = False) -> TransferError:
        response = self.response
        return TransferError(
            cause,
            f"{shown(response.url)}: {text}",
            response.status,
            retry_after(response.headers.get("retry-after")),
            final=final,
        )

    def failed(self, code: int, text: str, status: int, *, stopped: bool, final: bool) -> None:
        """Raise the exception for a libcurl error, unless the status says more.

        :param code: libcurl's error code.
        :param text: its meaning, for the user.
        :param status: the status that libcurl reports; a proxy's response to
            CONNECT does not count.
        :param stopped: whether the run was interrupted.
        :param final: whether a retry would fail in the same way.
        """
        self._read_headers()
        self.response.status = status
        if self._raised is not None:
            raise self._raised
        if stopped:
            raise Interrupted("interrupted")
        if self.response.status >= HTTPStatus.OK and not self._good:
            return
        if code == pycurl.E_FILESIZE_EXCEEDED:
            raise self._too_large()
        if self._good and code in _BODY_ENDED_EARLY:
            size, length = self.response.size, self.response.headers.get("content-length")
            ended = f"{size} of {length} bytes"
            if not length:
                ended = f"{size} bytes (the expected size is unknown)"
            raise self._error(Cause.TRUNCATED, f"the download ended after {ended}")
        encoding = encoding_of(self.response.headers)
        if self._good and encoding and code in _UNDECODABLE:
            text = f"{shown(self.response.url)}: cannot be decoded (Content-Encoding: {encoding})"
            raise UndecodableBody(Cause.UNREACHABLE, text, status, final=True)
        why = printable(text) or f"libcurl error {code}"
        raise self._error(Cause.UNREACHABLE, why, final=final)

    def finish(self, redirect: str | None) -> str | None:
        """Return the target of a redirect, or raise the exception for a bad status.

        :raises NotContinued: if the object has no bytes after the received part.
        :raises TransferError: for any other status that is not good.
        """
        self._read_headers()
        if self._good and is_deleted(self.response.headers):
            self.response.status = 404  # Swift's answer if it had found the tombstone first
        status = self.response.status
        if redirect:
            return redirect
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise self._error(Cause.UNREACHABLE, f"HTTP status {status}; {PROXY_LOGIN}")
        if status in (401, 403):
            raise self._error(Cause.FORBIDDEN, f"HTTP status {status}")
        if status in (404, 410):
            raise self._error(self.plan.absent, f"HTTP status {status}")
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self._is_rest:
            raise NotContinued("the server has no data beyond the received part")
        if not self._good:
            # TransferError knows which errors are final; an unexpected success is, too.
            final = status < HTTPStatus.BAD_REQUEST
            raise self._error(Cause.UNREACHABLE, f"HTTP status {status}", final=final)
        self._start()
        return None
