"""HTTP servers on loopback, over real sockets."""

from __future__ import annotations

import contextlib
import functools
import http.server
import pathlib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Handler = http.server.BaseHTTPRequestHandler


@dataclass
class Server:
    """A server in progress: its address, and what it was asked."""

    url: str
    #: One entry a request: method, path with query, headers in lower case.
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, without queries."""
        return [path.partition("?")[0] for _, path, _ in self.requests]


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what is tested."""


@contextlib.contextmanager
def running(handler: Callable[..., Handler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a handler class on a free loopback port; yield its address."""
    server = _Quiet(("127.0.0.1", 0), handler)
    if tls is not None:
        # The handshake is left to the handler's thread: here it would hold up all.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def serving_folder(folder: pathlib.Path) -> Iterator[Server]:
    """Serve a folder as Python's own server does: files, listings, ``index.html``."""
    server = Server("")

    class Files(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests.append(("GET", self.path, _lower(self)))
            super().do_GET()

        def copyfile(self, source: Any, outputfile: object) -> None:
            self.connection.sendfile(source)

        def log_message(self, *args: object) -> None:
            pass

    with running(functools.partial(Files, directory=str(folder))) as url:
        server.url = f"{url}/"
        yield server


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

        def do_GET(self) -> None:
            server.requests.append(("GET", self.path, _lower(self)))
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


def _lower(handler: Handler) -> dict[str, str]:
    return {name.lower(): value for name, value in handler.headers.items()}
