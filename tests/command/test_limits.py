"""Request limits: duration, size and retries."""

from __future__ import annotations

import contextlib
import gzip
import pathlib
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, sha256
from tests.support.commands import FETCH, FETCH_AND_WAIT, got
from tests.support.pages import page, page_of
from tests.support.servers import Handler, Respond, Routes, respond, serving
from wheelhouse_hashes.http import client as http_client
from wheelhouse_hashes.http import settings as http_settings


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when a test ends, for servers that are slow or silent."""
    event = threading.Event()
    yield event
    event.set()


def trickling(over: threading.Event, length: int | None = 10**6) -> Respond:
    """Return an answer that trickles, fast enough to not count as idle."""

    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        if length is None:
            handler.close_connection = True
        else:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not over.wait(0.02):
                handler.wfile.write(b"PK\3\4" * 100)

    return trickle


def silent(over: threading.Event, first: bytes) -> Respond:
    """Return an answer that stalls after its first bytes."""

    def stall(handler: Handler) -> None:
        handler.wfile.write(first)
        over.wait(600)
        handler.close_connection = True

    return stall


#: A limit in seconds: on a busy machine, all other requests end earlier.
LIMIT = 2

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def test_timeout_ends_trickling_artifact(cli: Cli, wheel: bytes, over: threading.Event) -> None:
    with serving({"/": page_of(wheel), f"/{A}": trickling(over)}) as server:
        result = cli(*FETCH_AND_WAIT, "--timeout", LIMIT, "--wait", "60", server.url)
        assert server.paths().count(f"/{A}") == 1  # not retried: it would be just as slow again
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert f"timed out after {LIMIT} seconds (increase --timeout)" in result.line("refused")
    assert got() == []


def test_timeout_environment_variable(
    cli: Cli, wheel: bytes, over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_TIMEOUT", str(LIMIT))
    with serving({"/": page_of(wheel), f"/{A}": trickling(over)}) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert f"timed out after {LIMIT} seconds" in result.line("refused")


def test_timeout_ends_trickling_page(cli: Cli, over: threading.Event) -> None:
    with serving({"/": trickling(over, None)}) as server:
        result = cli(*FETCH_AND_WAIT, "--timeout", LIMIT, server.url)
    assert result.code == 5
    assert f"timed out after {LIMIT} seconds" in result.err


def test_small_objects_have_their_own_timeout(
    cli: Cli, wheel: bytes, over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_settings, "SMALL_TIMEOUT", LIMIT)
    routes: Routes = {
        "/": page(A),
        f"/{A}": wheel,
        f"/{A}.sha256": trickling(over, 60_000),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
        assert server.paths().count(f"/{A}.sha256") == 1
    assert result.code == 5
    assert f"timed out after {LIMIT} seconds (the server is too slow)" in result.line("refused")


@pytest.mark.parametrize(
    "first", [b"", HEAD, HEAD + b"PK\3\4"], ids=["no answer", "headers only", "amid the body"]
)
def test_idle_connection_times_out(
    cli: Cli,
    wheel: bytes,
    over: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    first: bytes,
) -> None:
    monkeypatch.setattr(http_settings, "IDLE_TIMEOUT", LIMIT)
    with serving({"/": page_of(wheel), f"/{A}": silent(over, first)}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert "Less than 1000 bytes/sec" in result.line("refused")
    assert got() == []


def test_stalled_body_is_resumed(
    cli: Cli, wheel: bytes, over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_settings, "IDLE_TIMEOUT", LIMIT)
    ranges: list[str | None] = []

    def stall_once(handler: Handler) -> None:
        ranges.append(handler.headers.get("Range"))
        if ranges[-1] is not None:
            span = f"bytes 500-{len(wheel) - 1}/{len(wheel)}"
            return respond(handler, 206, wheel[500:], Content_Range=span)
        head = f'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: {len(wheel)}\r\n\r\n'
        return silent(over, head.encode() + wheel[:500])(handler)

    with serving({"/": page_of(wheel), f"/{A}": stall_once}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.out
    assert ranges == [None, "bytes=500-"]
    assert pathlib.Path("got", A).read_bytes() == wheel


@contextlib.contextmanager
def never_accepting() -> Iterator[int]:
    """Yield a loopback port that never accepts connections: its queue is full."""
    with contextlib.ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connect_timeout(cli: Cli, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(http_settings, "CONNECT_TIMEOUT", 0.5)
    with never_accepting() as port:
        result = cli(*FETCH, f"{scheme}://127.0.0.1:{port}/")
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "timed out" in result.err.lower() or "timeout" in result.err.lower()


def test_tls_handshake_timeout(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_settings, "CONNECT_TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = cli(*FETCH, f"https://127.0.0.1:{server.getsockname()[1]}/")
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "timed out" in result.err.lower()


def endless(chunked: bool) -> Respond:
    """Return an endless answer of unknown size."""

    def flow(handler: Handler) -> None:
        handler.send_response(200)
        if chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.close_connection = True
        piece = b"PK\3\4" * 4096
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"4000\r\n" + piece + b"\r\n" if chunked else piece)

    return flow


@pytest.mark.parametrize("chunked", [True, False])
def test_endless_artifact_is_too_large(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(http_client, "MAX_ARTIFACT", 1_000_000)
    with serving({"/": page_of(wheel), f"/{A}": endless(chunked)}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "60", server.url)
        assert server.paths().count(f"/{A}") == 1
    assert result.code == 5
    assert "too-large: " in result.line("refused")
    assert "more than 1000000 bytes" in result.line("refused")
    assert got() == []


def test_content_length_over_limit_is_too_large(
    cli: Cli, wheel: bytes, over: threading.Event
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {10**15}\r\n\r\n".encode()
    with serving({"/": page_of(wheel), f"/{A}": silent(over, head)}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "60", server.url)
    assert result.code == 5
    assert f"too-large: {server.url}{A}: more than {8 * 2**30} bytes" in result.line("refused")


@pytest.mark.parametrize("chunked", [True, False])
def test_endless_page_is_too_large(cli: Cli, chunked: bool) -> None:
    with serving({"/": endless(chunked)}) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 5
    assert f"{server.url}: more than {64 * 2**20} bytes; check the URL" in result.err


def bomb(size: int, kind: str) -> Respond:
    """Return an answer that is small on the wire and large once decoded."""
    zeros = b"\0" * size
    body = gzip.compress(zeros) if kind.startswith("gzip") else zlib.compress(zeros)
    if kind == "gzip, gzip":
        body = gzip.compress(body)
    return lambda handler: respond(handler, 200, body, Content_Encoding=kind)


@pytest.mark.parametrize("kind", ["gzip", "gzip, gzip", "deflate"])
def test_compressed_page_is_limited_by_decoded_size(cli: Cli, kind: str) -> None:
    with serving({"/": bomb(70 * 2**20, kind)}) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 5
    assert f"more than {64 * 2**20} bytes" in result.err


@pytest.mark.parametrize("kind", ["gzip", "gzip, gzip", "deflate"])
def test_compressed_hash_file_is_limited_by_decoded_size(cli: Cli, wheel: bytes, kind: str) -> None:
    routes: Routes = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}": wheel,
        f"/{A}.sha256": bomb(2**20, kind),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "unreadable-hash: " in result.line("refused")
    assert "more than 65536 bytes" in result.line("refused")


@pytest.mark.parametrize("kind", ["gzip", "deflate", "rot13"])
def test_undecodable_page_is_one_line_error(cli: Cli, kind: str) -> None:
    body = b"\xff\xfdnot compressed at all"
    routes: Routes = {"/": lambda handler: respond(handler, 200, body, Content_Encoding=kind)}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert f"cannot be decoded (Content-Encoding: {kind})" in result.err


def test_requests_ask_for_identity_encoding(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {
        "/": page(A),
        f"/{A}": wheel,
        f"/{A}.sha256": f"{sha256(wheel)}  {A}\n".encode(),
    }
    with serving(routes) as server:
        assert cli(*FETCH_AND_WAIT, server.url).code == 0
    assert [h.get("accept-encoding") for _, _, h in server.requests] == ["identity"] * 3


@pytest.mark.parametrize(
    ("status", "dated"),
    [
        pytest.param(429, False, id="429, seconds", marks=pytest.mark.thorough),
        pytest.param(503, True, id="503, date"),
        pytest.param(429, True, id="429, date", marks=pytest.mark.thorough),
        pytest.param(503, False, id="503, seconds", marks=pytest.mark.thorough),
    ],
)
def test_retry_after_is_honored(cli: Cli, wheel: bytes, status: int, dated: bool) -> None:
    times: dict[str, list[float]] = {"page": [], "artifact": []}

    def busy(which: str, then: bytes) -> Respond:
        def answer(handler: Handler) -> None:
            times[which].append(time.time())
            if len(times[which]) > 1:
                return respond(handler, 200, then)
            # HTTP dates have whole seconds, so up to one second is lost.
            later = formatdate(time.time() + 3, usegmt=True) if dated else "2"
            return respond(handler, status, b"busy", Retry_After=later)

        return answer

    routes: Routes = {"/": busy("page", page_of(wheel)), f"/{A}": busy("artifact", wheel)}
    with serving(routes) as server:
        assert cli(*FETCH_AND_WAIT, "--wait", "60", server.url).code == 0
    for first, second in times.values():
        assert second - first >= 1.9


def test_retry_after_is_capped_by_wait(cli: Cli, wheel: bytes) -> None:
    def busy(handler: Handler) -> None:
        respond(handler, 503, b"busy", Retry_After="999999999")

    with serving({"/": page_of(wheel), f"/{A}": busy}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "1", server.url)
    assert result.code == 5
    assert server.paths().count(f"/{A}") == 2
