"""HTTP servers on loopback with canned answers, over real sockets."""

from __future__ import annotations

import contextlib
import http.server
import ssl
from collections.abc import Callable, Iterator, Mapping

from wheelhouse_hashes.testing import Handler, Server, running, serving_folder

__all__ = [
    "Handler",
    "Respond",
    "Routes",
    "Server",
    "respond",
    "running",
    "serving",
    "serving_folder",
    "to",
]

Respond = Callable[[Handler], None]
Routes = Mapping[str, Respond | bytes]


@contextlib.contextmanager
def serving(routes: Routes, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve canned answers: bytes, or a function that writes the answer.

    Paths are looked up without their query, with an encoded plus sign also as a plain one;
    unknown paths get 404. A proxy receives absolute
    URLs, which are looked up the same way.
    """
    server = Server("")

    class Made(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # Headers and body are sent in separate writes.

        def do_GET(self) -> None:
            server.note(self)
            path = self.path.partition("?")[0]
            route = routes.get(path, routes.get(path.replace("%2B", "+")))
            if route is None:
                respond(self, 404, b"not here")
            elif isinstance(route, bytes):
                respond(self, 200, route)
            else:
                route(self)

        do_POST = do_HEAD = do_GET  # noqa: N815 (the names that http.server calls)

        def log_message(self, *args: object) -> None:
            pass

    with running(Made, tls) as url:
        server.url = f"{url}/"
        yield server


def respond(handler: Handler, status: int, body: bytes, **headers: str) -> None:
    """Send a complete answer; ``Content_Type`` stands for ``Content-Type``."""
    handler.send_response(status)
    sent = {"Content-Type": "text/html", "Content-Length": str(len(body))}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    for name, value in sent.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def to(url: str) -> Respond:
    """Return a redirect."""
    return lambda handler: respond(handler, 302, b"", Location=url)
