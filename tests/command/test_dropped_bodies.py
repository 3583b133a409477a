"""Bodies that are cut while others are being received: no byte goes to another artifact's file.

A descriptor that is closed while somebody still holds a piece to write may be given to another
file, and the digest of what was received matches all the same.
"""

from __future__ import annotations

import random
import socket
import struct
from collections import Counter

import pytest

from tests.conftest import Cli
from tests.support.artifacts import hash_file, wheel_bytes
from tests.support.commands import GOT
from tests.support.pages import page
from tests.support.servers import Handler, Respond, serving
from tests.support.waits import short_pauses

NAMES = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 41)]
CONTENTS = {
    name: wheel_bytes(random.Random(name).randbytes(random.Random(name).randint(1, 700_000)), name)
    for name in NAMES
}

#: How often each body is cut before it arrives whole.
CUTS = 3


def cutting(content: bytes, name: str, *, ranges: bool, abruptly: bool) -> Respond:
    """Answer with a body that is cut at varying offsets, and at last with all of it.

    :param ranges: whether the server sends the rest of a body if asked to.
    :param abruptly: whether it resets the connection instead of closing it.
    """
    chance, count = random.Random(name), Counter[str]()

    def answer(handler: Handler) -> None:
        start = 0
        if ranges and (asked := handler.headers.get("Range")):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        handler.send_response(206 if start else 200)
        if ranges:
            handler.send_header("ETag", '"same"')
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            handler.send_header("Content-Range", span)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        count["asked"] += 1
        if count["asked"] > CUTS:
            handler.wfile.write(content[start:])
            return
        # Within the first and within later pieces of 256 KiB, and between two of 16 KiB.
        end = chance.choice([1, 16 * 1024, 300_000, chance.randint(1, len(content))])
        handler.wfile.write(content[start : min(start + end, len(content) - 1)])
        handler.wfile.flush()
        handler.close_connection = True
        if abruptly:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()

    return answer


@pytest.mark.parametrize("abruptly", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "whole"])
def test_cut_bodies_leave_no_byte_in_other_files(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, ranges: bool, abruptly: bool
) -> None:
    short_pauses(monkeypatch)
    routes: dict[str, Respond | bytes] = {"/": page(*NAMES)}
    for name, content in CONTENTS.items():
        routes[f"/{name}"] = cutting(content, name, ranges=ranges, abruptly=abruptly)
        routes[f"/{name}.sha256"] = hash_file(content, name)
    options = ("--wait", "60", "--max-workers", "8", "--local-folder", "got")
    with serving(routes) as server:
        result = cli("fetch", "--verify", *options, "demo", server.url)
        asked = Counter(server.paths())
    assert result.code == 0, result.out
    assert {path.name: path.read_bytes() for path in GOT.iterdir()} == CONTENTS
    assert all(asked[f"/{name}"] > CUTS for name in NAMES)
