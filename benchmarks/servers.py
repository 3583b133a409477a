"""Start the server and read its request counts; a relay counts a store's requests."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from benchmarks.server import COUNTS, Limits

NO_LIMITS = Limits()

#: A typical internet link: 1 Gbit/s and a round-trip time of 20 ms.
LINK = Limits(rate=125_000_000, delay=0.020)

SERVER = pathlib.Path(__file__).with_name("server.py")

_REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE|COPY) \S+ HTTP/1\.1\r\n")


class Served:
    """A running server.

    :param url: its URL, without a trailing slash.
    :param authority: the file with the CA certificate of a server with TLS, None without TLS.
    """

    def __init__(self, url: str, authority: pathlib.Path | None = None) -> None:
        self.url = url
        self.authority = authority

    def counts(self) -> dict[str, Any]:
        """Return the requests since the last call."""
        context = ssl.create_default_context(cafile=self.authority) if self.authority else None
        with urllib.request.urlopen(self.url + COUNTS, context=context) as answer:
            counts: dict[str, Any] = json.load(answer)
        counts["connections"] -= 1
        return counts


def _certify(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Write a CA certificate, and a certificate of loopback with its key; return the files."""
    # Only TLS needs it, and it may be missing.
    import trustme  # noqa: PLC0415

    made = trustme.CA()
    authority, certificate = folder / "authority.pem", folder / "certificate.pem"
    made.cert_pem.write_to_path(str(authority))
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    return authority, certificate


@contextlib.contextmanager
def serving(
    folder: pathlib.Path, limits: Limits = NO_LIMITS, *, tls: bool = False
) -> Iterator[Served]:
    """Serve a folder on loopback.

    :param folder: the folder; files of the server are written beside it.
    :param limits: the limits of the server.
    :param tls: whether to serve over TLS.
    :raises ImportError: if TLS is not available.
    """
    options: list[str] = []
    for name, value in asdict(limits).items():
        options += [f"--{name.replace('_', '-')}", str(value)]
    authority = None
    if tls:
        authority, certificate = _certify(folder.parent)
        options += ["--certificate", str(certificate)]
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(folder), *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    scheme = "https" if tls else "http"
    try:
        yield Served(f"{scheme}://127.0.0.1:{int(process.stdout.readline())}", authority)
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
