"""Time limits for every request to a store, and what its last response was.

libcloud gives most requests a time limit, but none to those with a body, and it drops
the status and ``Retry-After`` of a failed request.  Both are mended in the adapter of
its sessions (https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters).
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from wheelhouse_hashes.formats.dates import retry_after
from wheelhouse_hashes.options import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    import socket

    import requests
    from libcloud.storage.base import StorageDriver


class Limits(NamedTuple):
    """The time limits of requests to a store, in seconds."""

    #: To connect to one address of the store: TCP, proxy, and each step of TLS.
    connect: float = 30.0
    #: Without progress while a request is sent, or while the body of an answer arrives.
    idle: float = 60.0
    #: For the headers of the answer, after the last byte of the request: a store may
    #: have to write a large object to several disks first.
    answer: float = 300.0
    #: For all tries of one request together, without the pauses between them.
    total: float = DEFAULT_TIMEOUT


class TimedOut(TimeoutError):
    """A request reached one of the limits.

    :param text: which one, for the user.
    :param final: whether it was the limit of all tries together.
    """

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class Exchange:
    """The requests of one driver: the time that they have, and the last response.

    :param limits: the limits.
    :param clock: returns the time in seconds; it must not go backwards.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.clock = clock
        self._deadline = float("inf")
        self.begin()

    def begin(self) -> None:
        """Forget the last response: a request begins."""
        #: The status code of the last response, 0 if there was none.
        self.status = 0
        #: The delay that it asked for, in seconds.
        self.retry_after = 0.0
        #: Whether any byte of the request was sent.
        self.sent = False

    def note(self, response: requests.Response) -> None:
        """Record a response."""
        self.status = response.status_code
        # libcloud reads the header, too, and fails if its value is malformed.
        self.retry_after = retry_after(response.headers.pop("Retry-After", None)) or 0.0

    @property
    def outcome_unknown(self) -> bool:
        """Whether the store may have carried out the last request although it failed.

        True without a response, and if a gateway or the store failed while it waited for
        others.  A 503 refuses a request before it is processed (:rfc:`9110`).
        """
        if not self.status:
            return self.sent
        is_server_error = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return is_server_error and self.status != HTTPStatus.SERVICE_UNAVAILABLE

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit the total time of the requests in the ``with`` block."""
        before = self._deadline
        self._deadline = min(before, self.clock() + seconds)
        try:
            yield
        finally:
            self._deadline = before

    def left(self, limit: float) -> float:
        """Return how long a step may take, in seconds.

        :param limit: the limit of this step.
        :raises TimedOut: if the time of all tries together is over.
        """
        left = self._deadline - self.clock()
        if left <= 0:
            raise self.timed_out("")
        return min(limit, left)

    def timed_out(self, text: str) -> TimedOut:
        """Return the exception for a step that took too long.

        :param text: the sentence if it reached its own limit.
        """
        if self._deadline > self.clock():
            return TimedOut(text)
        total = f"timed out after {self.limits.total:g} seconds (increase --timeout)"
        return TimedOut(total, final=True)


def limit_requests(driver: StorageDriver, exchange: Exchange) -> None:
    """Limit all requests of a libcloud driver, including those for a token.

    :param driver: the driver.  A number that the user gave as its ``timeout`` replaces
        the limits for sending and for the answer.
    :param exchange: has the limits, and receives the responses.
    """
    adapter = _Adapter(exchange)
    connection: Any = getattr(driver, "connection", None)
    if connection is None:
        return
    if hasattr(connection, "get_auth_class"):
        connection.get_auth_class()
    if connection.timeout:
        seconds = float(connection.timeout)
        exchange.limits = Limits(
            min(seconds, exchange.limits.connect), seconds, seconds, exchange.limits.total
        )
    kind = _root(type(connection))
    for each in (connection, *vars(connection).values()):
        if isinstance(each, kind):
            _limit_connection(each, adapter)


def _root(kind: type) -> type:
    """Return libcloud's base class of all connections."""
    return next(base for base in kind.__mro__ if base.__name__ == "Connection")


def _limit_connection(connection: Any, adapter: _Adapter) -> None:  # noqa: ANN401 (libcloud's are untyped)
    """Use an adapter for the session that a connection has, and for later ones."""
    original = connection.conn_class

    def connect(**kwargs: object) -> object:
        made = original(**kwargs)
        _mount(made.session, adapter)
        return made

    connection.conn_class = connect
    if connection.connection is not None:
        _mount(connection.connection.session, adapter)


def _mount(session: requests.Session, adapter: _Adapter) -> None:
    for prefix in ("http://", "https://"):
        # A driver with a client certificate has its own adapter.
        if type(session.adapters[prefix]) is HTTPAdapter:
            session.mount(prefix, adapter)


class _Adapter(HTTPAdapter):
    """Applies the limits of an exchange to all requests of a session."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        mixin = type("_Bound", (_Limited,), {"exchange": exchange})
        plain = type("_Plain", (mixin, HTTPConnection), {})
        tls = type("_Tls", (mixin, HTTPSConnection), {})
        self._pools = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as the base has them)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:  # noqa: ANN401 (as the base has them)
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):  # these have connections of their own
            manager.pool_classes_by_scheme = self._pools
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 (as the base has them)
        exchange = self._exchange
        exchange.begin()
        connect = exchange.left(exchange.limits.connect)
        kwargs["timeout"] = (connect, exchange.limits.answer)
        response = super().send(*args, **kwargs)
        exchange.note(response)
        return response


class _Limited:
    """Mixin for urllib3's connection classes, placed before them in the MRO."""

    exchange: Exchange
    sock: socket.socket | None

    def send(self, data: Any) -> None:  # noqa: ANN401 (as the base has it)
        exchange = self.exchange
        connection = cast("http.client.HTTPConnection", self)
        if self.sock is None:
            connection.connect()
        assert self.sock is not None  # noqa: S101 (for the type checker)
        self.sock.settimeout(exchange.left(exchange.limits.idle))
        exchange.sent = True
        try:
            super().send(data)  # type: ignore[misc]
        except TimeoutError:
            text = f"the store accepted no data for {exchange.limits.idle:g} seconds"
            raise exchange.timed_out(text) from None

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> _Response:  # noqa: ANN401 (as http.client's)
        return _Response(self.exchange, sock, *args, **kwargs)


class _Response(http.client.HTTPResponse):
    """A response whose headers and body have to arrive within the limits."""

    def __init__(self, exchange: Exchange, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as http.client's)
        super().__init__(sock, *args, **kwargs)
        self._bytes = _Bytes(exchange, sock)
        self.fp.close()
        self.fp = io.BufferedReader(self._bytes)

    def begin(self) -> None:
        """Read the headers."""
        super().begin()
        self._bytes.has_headers = True


class _Bytes(io.RawIOBase):
    """The bytes that arrive at a socket."""

    def __init__(self, exchange: Exchange, sock: socket.socket) -> None:
        super().__init__()
        self._exchange = exchange
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._answer_by = exchange.clock() + exchange.limits.answer
        self.has_headers = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (as the base has it)
        exchange, limits = self._exchange, self._exchange.limits
        if self.has_headers:
            limit = limits.idle
            text = f"the store sent no data for {limit:g} seconds"
        else:
            limit = self._answer_by - exchange.clock()
            text = f"the store did not answer within {limits.answer:g} seconds"
            if limit <= 0:
                raise exchange.timed_out(text)
        self._sock.settimeout(exchange.left(limit))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            raise exchange.timed_out(text) from None

    def close(self) -> None:
        self._raw.close()
        super().close()
