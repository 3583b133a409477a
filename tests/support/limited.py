"""A server with a limited number of connections, latency, and counts of what is in progress."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.servers import Respond, Routes, Server, respond, running

#: Seconds that an answer waits for other requests, if the test wants it.
HOLD = 0.5


@dataclass
class LimitedServer(Server):
    """The server, and its counts."""

    #: The most connections that were open at a time.
    most_open: int = 0
    #: The most requests that were in progress at a time.
    busiest: int = 0
    #: The number of requests that it refused.
    refused: int = 0
    _open: int = 0
    _busy: int = 0


@contextlib.contextmanager
def limited(
    routes: Routes,
    *,
    connections: int = 1000,
    delay: float = 0.0,
    retry_after: str = "1",
    meeting: int = 0,
) -> Iterator[LimitedServer]:
    """Serve canned answers as ``serving`` does; answer 503 on connections beyond a number.

    Idle connections count, as with many servers.

    :param connections: the number of connections that are served.
    :param delay: the seconds that each answer takes.
    :param retry_after: the value of ``Retry-After`` in refusals.
    :param meeting: a number of requests: until as many were in progress at a time, each answer
        waits :data:`HOLD` seconds for others, so that their number does not depend on the
        speed of the client.
    """
    server = LimitedServer("")
    lock = threading.Lock()
    met = threading.Event()

    class Made(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with lock:
                server._open += 1
                server.most_open = max(server.most_open, server._open)
                self.is_one_too_many = server._open > connections

        def finish(self) -> None:
            with lock:
                server._open -= 1
            super().finish()

        def do_GET(self) -> None:
            server.note(self)
            if self.is_one_too_many:
                server.refused += 1
                self.close_connection = True
                respond(self, 503, b"busy", Retry_After=retry_after, Connection="close")
                return
            with lock:
                server._busy += 1
                server.busiest = max(server.busiest, server._busy)
                if server.busiest >= meeting:
                    met.set()
            if self.path != "/":  # which is requested alone
                met.wait(HOLD)
            time.sleep(delay)
            with lock:
                server._busy -= 1
            route: Respond | bytes | None = routes.get(self.path.partition("?")[0])
            if callable(route):
                route(self)
            else:
                respond(self, 404 if route is None else 200, route or b"not here")

        def log_message(self, *args: object) -> None:
            pass

    with running(Made) as url:
        server.url = f"{url}/"
        yield server
