"""One rule of what is tried again, wherever a request fails."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, hash_file
from tests.support.commands import got
from tests.support.pages import page
from tests.support.servers import Handler, Respond, Routes, respond, serving, to

#: The place of the failing request: its path, and the verb that makes it.
PLACES = {
    "page": "/",
    "hash file": f"/{A}.sha256",
    "artifact": f"/{A}",
    "against": "/",
}

#: Generous: all waits of this file are below a few seconds.
WAIT = "120"

#: Seconds for what follows a limit of a few seconds, on a busy machine.
SOON = 60


def status(code: int) -> Respond:
    return lambda handler: respond(handler, code, b"not now")


def drop(handler: Handler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


def reset(handler: Handler) -> None:
    """Reset the connection."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def cut(handler: Handler) -> None:
    """Promise more bytes than are sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "99999")
    handler.end_headers()
    handler.wfile.write(b"sha")
    handler.close_connection = True


TRANSIENT = {
    "dropped": drop,
    "reset": reset,
    "cut": cut,
    **{str(code): status(code) for code in (408, 425, 429, 500, 502, 503, 504, 507, 520, 530)},
}

FINAL = (400, 402, 405, 409, 418, 451, 501, 505)

#: The combinations that run with every interpreter; all others hardly depend on it.
_QUICK = {("dropped", place) for place in PLACES} | {("408", "page"), ("520", "against")}


class Failing:
    """Fails the first requests for one path.

    :param fault: how.
    :param answer: the answer after that.
    :param times: how often.
    """

    def __init__(self, fault: Respond, answer: bytes, times: float) -> None:
        self.asked = 0
        self._fault = fault
        self._answer = answer
        self._times = times

    def __call__(self, handler: Handler) -> None:
        self.asked += 1
        if self.asked <= self._times:
            self._fault(handler)
        else:
            respond(handler, 200, self._answer)


def run(
    cli: Cli, wheel: bytes, place: str, fault: Respond, times: float, *options: str
) -> tuple[int, int]:
    """Run a fetch, or a verify, with a request that fails; return exit code and requests."""
    contents = {"/": page(A, f"{A}.sha256"), f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
    failing = Failing(fault, contents[PLACES[place]], times)
    routes: Routes = {**contents, PLACES[place]: failing}
    with serving(routes) as server:
        if place == "against":
            pathlib.Path("have").mkdir()
            pathlib.Path("have", A).write_bytes(wheel)
            result = cli("verify", "have", "--against", server.url, "--wait", WAIT, *options)
        else:
            given = ("--verify", "--wait", WAIT, "--local-folder", "got", *options)
            result = cli("fetch", *given, "demo", server.url)
    return result.code, failing.asked


def _cases() -> list[object]:
    thorough = pytest.mark.thorough
    return [
        pytest.param(fault, place, marks=() if (fault, place) in _QUICK else thorough)
        for fault in TRANSIENT
        for place in PLACES
    ]


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(("fault", "place"), _cases())
def test_transient_fault_is_retried(cli: Cli, wheel: bytes, fault: str, place: str) -> None:
    code, asked = run(cli, wheel, place, TRANSIENT[fault], times=2)
    assert (code, asked >= 3) == (0, True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "code", [pytest.param(c, marks=() if c in (400, 501) else pytest.mark.thorough) for c in FINAL]
)
def test_final_status_ends_at_once(cli: Cli, wheel: bytes, code: int, place: str) -> None:
    began = time.monotonic()
    exit_code, asked = run(cli, wheel, place, status(code), times=float("inf"))
    assert (exit_code, asked) == (5, 1)
    assert time.monotonic() - began < SOON


@pytest.mark.usefixtures("brief")
def test_timeout_limits_all_tries_of_an_artifact(cli: Cli, wheel: bytes) -> None:
    """A server that drips, and cuts the connection again and again, makes progress."""
    asked = []

    def drip(handler: Handler) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        asked.append(start)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(wheel) - start))
        handler.send_header("ETag", '"same"')
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(wheel) - 1}/{len(wheel)}")
        handler.end_headers()
        for position in range(start, start + 1000, 500):
            handler.wfile.write(wheel[position : position + 500])
            handler.wfile.flush()
            time.sleep(0.1 if start else 0)
        handler.close_connection = True

    routes: Routes = {"/": page(A, f"{A}.sha256"), f"/{A}": drip, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        options = ("--verify", "--wait", WAIT, "--timeout", "3", "--local-folder", "got")
        result = cli("fetch", *options, "demo", server.url)
    assert result.code == 5
    assert "timed out after 3 seconds (increase --timeout)" in result.line("refused")
    # Each try but the first takes a fifth of a second at least.
    assert 1 < len(asked) <= 17
    assert got() == []


@pytest.mark.thorough
@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("place", ["page", "hash file", "against"])
def test_timeout_limits_all_tries_of_a_small_object(cli: Cli, wheel: bytes, place: str) -> None:
    """A server that drips, and cuts the connection again and again."""
    dripped: list[str] = []

    def drip(handler: Handler) -> None:
        dripped.append(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", "60000")
        handler.end_headers()
        for _ in range(2):
            handler.wfile.write(b" " * 500)
            handler.wfile.flush()
            time.sleep(0.1 if len(dripped) > 1 else 0)
        handler.close_connection = True

    routes: dict[str, Respond | bytes] = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}": wheel,
        f"/{A}.sha256": hash_file(wheel),
        PLACES[place]: drip,
    }
    pathlib.Path("have").mkdir()
    pathlib.Path("have", A).write_bytes(wheel)
    with serving(routes) as server:
        options = ("--wait", WAIT, "--timeout", "2.5")
        if place == "against":
            result = cli("verify", "have", *options, "--against", server.url)
        else:
            result = cli("fetch", "--verify", *options, "--local-folder", "got", "demo", server.url)
    assert result.code == 5
    assert "timed out after 2.5 seconds (increase --timeout)" in result.out + result.err
    # Each try but the first takes a fifth of a second at least.
    assert 2 <= len(dripped) <= 14


@pytest.mark.thorough
@pytest.mark.parametrize("place", PLACES)
def test_dripping_body_ends_at_the_timeout(cli: Cli, wheel: bytes, place: str) -> None:
    over = threading.Event()

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "60000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not over.wait(0.1):
                handler.wfile.write(b" " * 50)

    began = time.monotonic()
    try:
        code, asked = run(cli, wheel, place, drip, float("inf"), "--timeout", "2")
    finally:
        over.set()
    assert (code, asked) == (5, 1)
    assert time.monotonic() - began < SOON


def slow(seconds: float, answer: Respond) -> Respond:
    """Answer later."""

    def later(handler: Handler) -> None:
        time.sleep(seconds)
        answer(handler)

    return later


def test_spent_timeout_does_not_hide_a_mismatch(cli: Cli, wheel: bytes) -> None:
    # One download fits into the limit, on a busy machine too, and a second one does not.
    answer = slow(2.5, lambda handler: respond(handler, 200, wheel))
    routes: Routes = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}": answer,
        f"/{A}.sha256": hash_file(b"other"),
    }
    with serving(routes) as server:
        options = ("--verify", "--wait", "2", "--timeout", "4.9", "--local-folder", "got")
        result = cli("fetch", *options, "demo", server.url)
    assert result.code == 1
    assert "mismatch" in result.line("refused")
    assert ".rejected" in got()


def test_timeout_includes_redirects(cli: Cli, wheel: bytes) -> None:
    routes: dict[str, Respond | bytes] = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}.sha256": hash_file(wheel),
        f"/{A}": slow(0.4, to("/1")),
        "/9": wheel,
    }
    routes |= {f"/{n}": slow(0.4, to(f"/{n + 1}")) for n in range(1, 9)}
    with serving(routes) as server:
        options = ("--verify", "--wait", "0", "--timeout", "2", "--local-folder", "got")
        result = cli("fetch", *options, "demo", server.url)
    assert result.code == 5
    assert "timed out after 2 seconds" in result.line("refused")


def endless(piece: Callable[[int], bytes]) -> Respond:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" if piece(0)[:4] != b"HTTP" else b"")
        for number in range(200_000):
            handler.wfile.write(piece(number))
        handler.close_connection = True

    return answer


# A hash file that is refused may still be replaced, so it is waited for.
@pytest.mark.parametrize("place", ["page", "artifact"])
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(lambda n: b"X-%d: %s\r\n" % (n, b"x" * 100), id="headers"),
        pytest.param(lambda n: b"HTTP/1.1 103 Early Hints\r\nLink: <%d>\r\n\r\n" % n, id="interim"),
    ],
)
def test_endless_headers_are_refused(
    cli: Cli, wheel: bytes, place: str, piece: Callable[[int], bytes]
) -> None:
    began = time.monotonic()
    code, asked = run(cli, wheel, place, endless(piece), times=float("inf"))
    assert (code, asked) == (5, 1)
    assert time.monotonic() - began < SOON


#: Prints the peak memory of a command in kB, after its output.
_MEASURED = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "wheelhouse_hashes", *sys.argv[1:]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@pytest.mark.thorough
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(lambda n: b"X-%d: %s\r\n" % (n, b"x" * 4000), id="headers"),
        pytest.param(
            lambda n: b"HTTP/1.1 103 Early Hints\r\nLink: <%d%s>\r\n\r\n" % (n, b"x" * 4000),
            id="interim",
        ),
    ],
)
def test_endless_headers_take_little_memory(python: Cli, piece: Callable[[int], bytes]) -> None:
    with serving({"/": endless(piece)}) as server:
        result = python("-c", _MEASURED, "fetch", "--verify", "--wait", 0, "demo", server.url)
    assert result.code == 5
    assert int(result.out.split()[-1]) < 100_000


def test_control_characters_of_a_header_are_escaped(
    cli: Cli, wheel: bytes, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\x1b[31mRED\r# <h1>\r\n\r\nx")
        handler.close_connection = True

    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    routes: Routes = {"/": page(A, f"{A}.sha256"), f"/{A}": answer, f"/{A}.sha256": answer}
    with serving(routes) as server:
        options = ("--verify", "--wait", "0", "--explain", A, "--local-folder", "got")
        result = cli("fetch", *options, "demo", server.url)
    assert result.code in (3, 5)
    for text in (result.out, result.err, summary.read_bytes().decode()):
        assert "\x1b" not in text
        assert "\r" not in text
        assert "\n# <h1>" not in text
