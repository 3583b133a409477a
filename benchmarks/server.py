"""An HTTP server for all tools: sendfile, keep-alive, TCP_NODELAY, and request counts.

``python server.py FOLDER [--rate BYTES] [--delay SECONDS]`` prints its port, then serves the
folder until its standard input ends. A path that ends in ``/`` is its ``index.html``.
``/-/counts`` returns the requests since the last such query, as JSON.

``--rate`` and ``--delay`` simulate a network link: one token bucket for all connections, and one
round-trip time for each new connection and each request. Slow start and loss are not simulated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from email.utils import formatdate
from urllib.parse import unquote

#: Maximum bytes per sendfile call: without a rate, and with one.
CHUNK = 1 << 24
PACED_CHUNK = 1 << 16

#: Capacity of the token bucket in bytes: 5 ms at 1 Gbit/s.
BURST = 5 * 125_000

#: An old date, so that every object counts as stable.
OLD = formatdate(time.time() - 7 * 86400, usegmt=True)


@dataclass
class Counts:
    """Counts of the tools' requests."""

    gets: int = 0
    heads: int = 0
    missing: int = 0
    connections: int = 0
    body_bytes: int = 0


class Bucket:
    """A token bucket: ``rate`` bytes per second, shared by all connections."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def take(self, count: int) -> None:
        """Wait until *count* bytes may be sent."""
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - BURST / self._rate) + count / self._rate
            pause = self._free_at - now
        if pause > 0:
            time.sleep(pause)


class Server:
    """The server.

    :param folder: the folder to serve.
    :param rate: bytes per second, 0 for no limit.
    :param delay: the round-trip time in seconds.
    """

    def __init__(self, folder: pathlib.Path, rate: float, delay: float) -> None:
        self._folder = str(folder)
        self._bucket = Bucket(rate) if rate else None
        self._delay = delay
        self._lock = threading.Lock()
        self._counts = Counts()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def run(self) -> None:
        """Accept connections forever, one thread each."""
        while True:
            connection, _ = self.socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._counts.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        received = b""
        # Ignore tools that close the connection early.
        with connection, contextlib.suppress(ConnectionError):
            time.sleep(self._delay)
            while True:
                while b"\r\n\r\n" not in received:
                    data = connection.recv(65536)
                    if not data:
                        return
                    received += data
                head, _, received = received.partition(b"\r\n\r\n")
                time.sleep(self._delay)
                self._answer(connection, head.decode("latin-1"))
                if "\r\nconnection: close" in head.decode("latin-1").lower():
                    return

    def _answer(self, connection: socket.socket, head: str) -> None:
        method, target, _ = head.split(" ", 2)
        path = unquote(target.partition("?")[0])
        if path == "/-/counts":
            with self._lock:
                counts, self._counts = self._counts, Counts()
            self._send(connection, "200 OK", json.dumps(asdict(counts)).encode())
            return
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
            connection.send(header.encode(), socket.MSG_MORE if is_get and size else 0)
            if is_get:
                self._send_file(connection, file, size)
        finally:
            os.close(file)

    def _send_file(self, connection: socket.socket, file: int, size: int) -> None:
        offset = 0
        while offset < size:
            count = min(size - offset, PACED_CHUNK if self._bucket else CHUNK)
            if self._bucket:
                self._bucket.take(count)
            offset += os.sendfile(connection.fileno(), file, offset, count)

    @staticmethod
    def _send(connection: socket.socket, status: str, body: bytes) -> None:
        header = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(header.encode() + body)


def main() -> None:
    """Serve until the parent closes the pipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=0.0, help="bytes a second")
    parser.add_argument("--delay", type=float, default=0.0, help="round-trip time in seconds")
    args = parser.parse_args()
    server = Server(args.folder, args.rate, args.delay)
    threading.Thread(target=server.run, daemon=True).start()
    print(server.socket.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
