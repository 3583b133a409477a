"""Servers of other projects, run on loopback while a test needs them."""

from __future__ import annotations

import contextlib
import pathlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence

#: The seconds within which a server must answer.
PATIENCE = 120


#: Linux's first port of those that it chooses itself.
_CHOSEN = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a port that nobody listens on.

    The system does not choose it for the servers and connections of other tests, which may run at
    the same time, before it is used.
    """
    first = int(_CHOSEN.read_text().split()[0]) if _CHOSEN.exists() else 32768
    for port in random.SystemRandom().sample(range(first // 2, first), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


@contextlib.contextmanager
def started(command: Sequence[str], port: int, log: pathlib.Path) -> Iterator[str]:
    """Run a server until the ``with`` block ends; yield its URL when it answers."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(PATIENCE)
