"""An HTTP server for all tools: sendfile, keep-alive, TCP_NODELAY, and request counts.

``python server.py FOLDER [options]`` prints its port, then serves the folder until its standard
input ends. A path that ends in ``/`` is its ``index.html``.  ``/-/counts`` returns the requests
since the last such query, as JSON.

``--rate`` and ``--delay`` simulate a network link: one token bucket for all connections, and one
round-trip time for each new connection and each request. Slow start and loss are not simulated.
``--connection-rate`` gives each connection a token bucket of its own.  ``--connections`` answers
503 with Retry-After on each further connection.  ``--certificate`` serves over TLS.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import pathlib
import socket
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass
from email.utils import formatdate
from urllib.parse import unquote

#: Maximum bytes per sendfile call: without a rate, and with one.
CHUNK = 1 << 24
PACED_CHUNK = 1 << 16

#: Maximum bytes per call over TLS.
TLS_CHUNK = 1 << 20

#: The path of the counts.
COUNTS = "/-/counts"

#: Capacity of a token bucket, in seconds at its rate.
BURST = 0.005

#: The seconds in Retry-After of a server that takes no further connections.
RETRY_AFTER = 1

#: An old date, so that every object counts as stable.
OLD = formatdate(time.time() - 7 * 86400, usegmt=True)


@dataclass
class Counts:
    """Counts of the tools' requests."""

    gets: int = 0
    heads: int = 0
    missing: int = 0
    #: Requests that were answered with 503.
    busy: int = 0
    connections: int = 0
    body_bytes: int = 0


@dataclass(frozen=True)
class Limits:
    """The limits of the server; 0 is no limit."""

    #: Bytes per second of all connections together.
    rate: float = 0.0
    #: The round-trip time in seconds.
    delay: float = 0.0
    #: Bytes per second of each connection.
    connection_rate: float = 0.0
    #: The number of connections at a time.
    connections: int = 0


class Bucket:
    """A token bucket: ``rate`` bytes per second, for one connection or for all."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def take(self, count: int) -> None:
        """Wait until *count* bytes may be sent."""
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - BURST) + count / self._rate
            pause = self._free_at - now
        if pause > 0:
            time.sleep(pause)


class Server:
    """The server.

    :param folder: the folder to serve.
    :param limits: its limits.
    :param context: its certificate, None to serve without TLS.
    """

    def __init__(
        self, folder: pathlib.Path, limits: Limits, context: ssl.SSLContext | None = None
    ) -> None:
        self._folder = str(folder)
        self._limits = limits
        self._context = context
        self._bucket = Bucket(limits.rate) if limits.rate else None
        self._lock = threading.Lock()
        self._counts = Counts()
        self._open = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def run(self) -> None:
        """Accept connections forever, one thread each."""
        while True:
            connection, _ = self.socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._counts.connections += 1
            self._open += 1
            is_busy = 0 < self._limits.connections < self._open
        try:
            # Ignore tools that close the connection early.
            with connection, contextlib.suppress(OSError):
                if self._context is None:
                    self._converse(connection, is_busy=is_busy)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self._converse(secured, is_busy=is_busy)
        finally:
            with self._lock:
                self._open -= 1

    def _converse(self, connection: socket.socket, *, is_busy: bool) -> None:
        """Answer the requests of one connection."""
        rate = self._limits.connection_rate
        bucket = Bucket(rate) if rate else self._bucket
        received = b""
        time.sleep(self._limits.delay)
        while True:
            while b"\r\n\r\n" not in received:
                data = connection.recv(65536)
                if not data:
                    return
                received += data
            head, _, received = received.partition(b"\r\n\r\n")
            text = head.decode("latin-1")
            if COUNTS in text.partition("\r\n")[0]:
                self._report(connection)
                continue
            time.sleep(self._limits.delay)
            if is_busy:
                with self._lock:
                    self._counts.busy += 1
                extra = f"Retry-After: {RETRY_AFTER}\r\nConnection: close\r\n"
                self._send(connection, "503 Service Unavailable", b"busy\n", extra)
                return
            self._answer(connection, text, bucket)
            if "\r\nconnection: close" in text.lower():
                return

    def _report(self, connection: socket.socket) -> None:
        """Send the counts, and start anew."""
        with self._lock:
            counts, self._counts = self._counts, Counts()
        self._send(connection, "200 OK", json.dumps(asdict(counts)).encode())

    def _answer(self, connection: socket.socket, head: str, bucket: Bucket | None) -> None:
        method, target, _ = head.split(" ", 2)
        path = unquote(target.partition("?")[0])
        if path.endswith("/"):
            path += "index.html"
        try:
            file = os.open(self._folder + path, os.O_RDONLY)
        except OSError:
            with self._lock:
                self._counts.missing += 1
            self._send(connection, "404 Not Found", b"not here\n")
            return
        try:
            size = os.fstat(file).st_size
            is_get = method == "GET"
            with self._lock:
                self._counts.gets += is_get
                self._counts.heads += not is_get
                self._counts.body_bytes += size * is_get
            kind = "text/html" if path.endswith(".html") else "application/octet-stream"
            header = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
            header += f"Last-Modified: {OLD}\r\n\r\n"
            if self._context is not None:
                connection.sendall(header.encode())
            else:
                connection.send(header.encode(), socket.MSG_MORE if is_get and size else 0)
            if is_get and size:
                self._send_file(connection, file, size, bucket)
        finally:
            os.close(file)

    def _send_file(
        self, connection: socket.socket, file: int, size: int, bucket: Bucket | None
    ) -> None:
        offset = 0
        if self._context is not None:
            # The kernel cannot encrypt here; a mapped file is at least not copied before.
            with mmap.mmap(file, size, prot=mmap.PROT_READ) as mapped, memoryview(mapped) as view:
                while offset < size:
                    with view[offset : offset + TLS_CHUNK] as piece:
                        connection.sendall(piece)
                    offset += TLS_CHUNK
            return
        while offset < size:
            count = min(size - offset, PACED_CHUNK if bucket else CHUNK)
            if bucket:
                bucket.take(count)
            offset += os.sendfile(connection.fileno(), file, offset, count)

    @staticmethod
    def _send(connection: socket.socket, status: str, body: bytes, extra: str = "") -> None:
        header = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        connection.sendall(header.encode() + body)


def main() -> None:
    """Serve until the parent closes the pipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=0.0, help="bytes a second")
    parser.add_argument("--delay", type=float, default=0.0, help="round-trip time in seconds")
    parser.add_argument(
        "--connection-rate", type=float, default=0.0, help="bytes a second of each connection"
    )
    parser.add_argument("--connections", type=int, default=0, help="number of connections")
    parser.add_argument("--certificate", type=pathlib.Path, help="PEM file with key and chain")
    args = parser.parse_args()
    context = None
    if args.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.certificate)
    limits = Limits(args.rate, args.delay, args.connection_rate, args.connections)
    server = Server(args.folder, limits, context)
    threading.Thread(target=server.run, daemon=True).start()
    print(server.socket.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
