"""HTTP servers on loopback, over real sockets: answers that are made up."""

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
    """Serve made-up answers: bytes, or a function that answers by hand.

    Paths are looked up without their query; what is not there is 404.  A proxy
    is asked for whole addresses, which are looked up in the same way.
    """
    server = Server("")

    class Made(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are written one after the other

        def do_GET(self) -> None:
            server.note(self)
            route = routes.get(self.path.partition("?")[0])
            if route is None:
                respond(self, 404, b"not here")
            elif isinstance(route, bytes):
                respond(self, 200, route)
            else:
                route(self)

        def log_message(self, *args: object) -> None:
            pass

    with running(Made, tls) as url:
        server.url = f"{url}/"
        yield server


def respond(handler: Handler, status: int, body: bytes, **headers: str) -> None:
    """Send a whole answer; ``Content_Type`` stands for ``Content-Type``."""
    handler.send_response(status)
    sent = {"Content-Type": "text/html", "Content-Length": str(len(body))}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    for name, value in sent.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def to(url: str) -> Respond:
    """Return a redirect."""
    return lambda handler: respond(handler, 302, b"", Location=url)
