"""Start the server and read its request counts; a relay counts a store's requests."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

#: 1 Gbit/s in bytes, and the round-trip time in seconds.
LINK_RATE = 125_000_000
LINK_DELAY = 0.020

SERVER = pathlib.Path(__file__).with_name("server.py")

_REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE|COPY) \S+ HTTP/1\.1\r\n")


class Served:
    """A running server.

    :param url: its URL, without a trailing slash.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> dict[str, Any]:
        """Return the requests since the last call."""
        with urllib.request.urlopen(f"{self.url}/-/counts") as answer:
            counts: dict[str, Any] = json.load(answer)
        counts["connections"] -= 1
        return counts


@contextlib.contextmanager
def serving(folder: pathlib.Path, *, link: bool = False) -> Iterator[Served]:
    """Serve a folder on loopback, directly or through a link of 1 Gbit/s and 20 ms."""
    limits = ["--rate", str(LINK_RATE), "--delay", str(LINK_DELAY)] if link else []
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(folder), *limits],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield Served(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


@contextlib.contextmanager
def counting(port: int) -> Iterator[tuple[int, Counter[str]]]:
    """Relay connections to a loopback port and count the requests by method.

    The relay slows down its traffic, so timed runs do not use it.
    """
    counts: Counter[str] = Counter()
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket, *, is_counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                if is_counted:
                    counts.update(match.decode() for match in _REQUEST.findall(data))
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                store = socket.create_connection(("127.0.0.1", port))
                for source, target in ((client, store), (store, client)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(
                        target=pump,
                        args=(source, target),
                        kwargs={"is_counted": source is client},
                        daemon=True,
                    ).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], counts
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
