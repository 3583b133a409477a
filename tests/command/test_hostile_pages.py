"""Hostile and broken index pages: no link is lost, and transient errors are retried."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import json
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, hash_file, make_sdist, make_wheel, sha256
from tests.support.commands import FETCH, FETCH_AND_WAIT, got
from tests.support.pages import page, page_of
from tests.support.params import quick
from tests.support.servers import Handler, Respond, Routes, Server, respond, serving
from tests.support.signaled import processor_seconds, processor_seconds_after
from wheelhouse_hashes.formats.pages import JSON_TYPE, MAX_DIGESTS
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.runtime.waiting import WaitBudget


@pytest.fixture
def sdist(tmp_path: pathlib.Path) -> bytes:
    """The bytes of the sdist."""
    return make_sdist(tmp_path / "made", SDIST).read_bytes()


# Pages that could lose links.


@pytest.mark.parametrize(
    "attribute",
    [
        'data-requires-python=">=3.8,<4"',
        "data-requires-python='<3.13,>=3.9'",
        'data-yanked="broken on Python <3.8"',
        'data-yanked="see <a href=other>the other one</a> instead"',
        'title=">" class="<"',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_bracket_in_quoted_attribute_loses_no_link(
    cli: Cli, wheel: bytes, sdist: bytes, attribute: str, first: bool
) -> None:
    href = f'href="{A}#sha256={sha256(wheel)}"'
    tag = f"<a {href} {attribute}>" if first else f"<a {attribute} {href}>"
    page = f'{tag}x</a><a href="{SDIST}#sha256={sha256(sdist)}">y</a>'.encode()
    with serving({"/": page, f"/{A}": wheel, f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0, result.out
    assert got() == [A, SDIST]
    assert "verified 2 of 2" in result.out


def test_verify_reads_page_with_bracket_in_attribute(cli: Cli, dist: pathlib.Path) -> None:
    content = make_wheel(dist, A).read_bytes()
    page = f'<a href="{A}#sha256={sha256(content)}" data-requires-python="<4">x</a>'.encode()
    with serving({"/": page}) as server:
        assert cli("verify", "dist", "--against", server.url).code == 0


@pytest.mark.parametrize(
    "tag",
    [
        f'<a href="{A}>x</a>',
        f'<a title="x href="{A}">x</a>',
        f'<a href="{A}',
        f'<a data-requires-python=">=3,<4 href={A}>x</a>',
        f'<a title="{"x" * MAX_TAG}" href="{A}">x</a>',
        f"<a {'x ' * MAX_TAG} href={A}>x</a>",
        f'<a href="{A}#{"md5=0&amp;" * (MAX_DIGESTS + 1)}">x</a>',
        f'<a href="http://{"a" * 64}\xe9/{A}">x</a>',
        f'<a href="http://[x/{A.replace("-", "&#45;")}">x</a>',
    ],
    ids=["quote", "title", "end", "bracket", "long title", "many", "digests", "host", "entity"],
)
def test_artifact_with_unreadable_tag_is_refused_by_name(cli: Cli, sdist: bytes, tag: str) -> None:
    page = f'<a href="{SDIST}#sha256={sha256(sdist)}">y</a>{tag}'.encode()
    with serving({"/": page, f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert result.line("refused").split()[1] == A
    assert got() == [SDIST]
    assert "verified 1 of 2 artifacts" in result.out


def _link(name: str, content: bytes) -> str:
    return f'<a href="{name}#sha256={sha256(content)}">x</a>'


@pytest.mark.parametrize(
    "between",
    [
        '<p title="a <!-- b">',
        '<h1 title="a <!-- b">',
        '<my-link title="a <!-- b">',
        '<p title="a <script >">',
        '<p title="never closed>',
        "<!-->",
        "<!--->",
        "<!-- x --!>",
        '<a title="<">x</a>',
    ],
)
def test_markup_between_links_loses_no_link(
    cli: Cli, wheel: bytes, sdist: bytes, between: str
) -> None:
    page = (_link(A, wheel) + between + _link(SDIST, sdist)).encode()
    with serving({"/": page, f"/{A}": wheel, f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A, SDIST]), result.out


@pytest.mark.parametrize(
    ("first", "later"),
    [('title="oops', 'data-requires-python=">=3"'), ("data-yanked='oops", "class='x'")],
)
def test_stray_quote_loses_only_its_own_link(
    cli: Cli, wheel: bytes, first: str, later: str
) -> None:
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(3)]
    page = f'<a href="{A}" {first}>x</a>'
    page += "".join(f'<a href="{n}#sha256={sha256(wheel)}">x</a>\n' for n in names)
    page += f"<a {later}>x</a>"
    routes: Routes = {"/": page.encode(), **{f"/{n}": wheel for n in names}}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (3, names), result.out
    assert result.line("refused").split()[1] == A


def test_bracket_after_stray_quote_loses_no_link(cli: Cli, wheel: bytes) -> None:
    whole = f'<a href="{A}#sha256={sha256(wheel)}" data-requires-python="&gt;=3,<4">x</a>'
    with serving({"/": f'<a href="x.zip>x</a>{whole}'.encode(), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A]), result.out


@pytest.mark.parametrize("text", ["<!-- {}", "<script>{}"])
def test_artifact_in_unclosed_comment_is_refused_by_name(cli: Cli, text: str) -> None:
    page = text.format(f'<a href="{A}">x</a>').encode()
    with serving({"/": page}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.line("refused").split()[1]) == (3, A)


def test_long_base_is_refused(cli: Cli) -> None:
    page = f'<base href="/{"a é" * 2000}/">{_link(A, b"")}'.encode()
    with serving({"/": page}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err.count("\n")) == (3, 1)
    assert "has more than 2048 characters" in result.err


@pytest.mark.parametrize("field", ["hashes", "url"])
def test_artifact_with_unreadable_json_is_refused_by_name(cli: Cli, field: str) -> None:
    hashes = {f"x{number}": "0" for number in range(MAX_DIGESTS + (field == "hashes"))}
    url = A if field == "hashes" else f"http://{'a' * 64}\xe9/{A}"
    body = json.dumps({"files": [{"filename": A, "url": url, "hashes": hashes}]}).encode()
    routes: Routes = {"/": lambda handler: respond(handler, 200, body, Content_Type=JSON_TYPE)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert result.line("refused").split()[1] == A


def test_malformed_links_are_counted_not_all_shown(cli: Cli) -> None:
    page = (f'<a href="http://[x/{SDIST}">x</a>' * 1000).encode()
    with serving({"/": page}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "ignored 980 more malformed links" in result.out
    assert result.out.count("\n") < 40


# Pages that cost time or memory.

SIZE = 8_000_000

#: Seconds of processor time. Five times the slowest of these pages.
GUARD = 120

#: Seconds after which a command hangs, on a busy machine.
PATIENCE = 1200

MEMORY = 500 * 1024**2


def _fill(unit: str) -> str:
    return unit * (SIZE // len(unit.encode()))


MARKS = "\u0300\u0316"
HOSTILE: dict[str, tuple[str, Callable[[], str]]] = {
    "attributes": ("text/html", lambda: f"<a {_fill('a ')}>"),
    "unquoted": ("text/html", lambda: f"<a {_fill('a = = ')}>"),
    "spaces": ("text/html", lambda: f"<a {_fill(' ')}>"),
    "tags": ("text/html", lambda: _fill(f"<a {'a ' * 4000}>")),
    "quoted tags": ("text/html", lambda: _fill(f'<a x="<" {"a= " * 2500}>')),
    "digests": ("text/html", lambda: f'<a href="{SDIST}#{_fill("md5=0&")}">'),
    "many digests": ("text/html", lambda: _fill(f'<a href="{SDIST}#{"md5=0&" * 1300}">')),
    "name": ("text/html", lambda: f'<a href="{_fill(MARKS)}.tar.gz">'),
    "names": ("text/html", lambda: _fill(f'<a href="demo-1.0{MARKS * 900}.tar.gz">')),
    "host": ("text/html", lambda: f'<a href="http://{_fill(MARKS)}/{SDIST}">'),
    "hosts": ("text/html", lambda: _fill(f'<a href="http://{MARKS * 31}.{MARKS * 31}/{SDIST}">')),
    "punycode": ("text/html; charset=punycode", lambda: _fill("<a href=x>y")),
    "quotes": ("text/html", lambda: _fill("<a '\" ")),
    "nested": ("text/html", lambda: _fill("<a href=\"<a '\" '<a \"' ")),
    "wheels": ("text/html", lambda: _fill("<a href='x.whl")),
    "objects": (JSON_TYPE, lambda: f'{{"files":[{_fill("{},")}{{}}]}}'),
    "lines": ("text/plain", lambda: _fill("a\n")),
}


@contextlib.contextmanager
def _hostile(kind: str) -> Iterator[Server]:
    content_type, text = HOSTILE[kind]
    body = gzip.compress(text().encode(), 1)
    routes: Routes = {
        "/": lambda handler: respond(
            handler, 200, body, Content_Type=content_type, Content_Encoding="gzip"
        )
    }
    with serving(routes) as server:
        yield server


def _begin(url: str, *, limited: bool = True) -> subprocess.Popen[str]:
    def limit() -> None:
        if limited:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (GUARD, GUARD))

    return subprocess.Popen(
        [sys.executable, "-m", "wheelhouse_uploader", *FETCH, url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 (it only sets limits)
    )


@pytest.mark.thorough
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_page_is_bounded_in_time_and_memory(kind: str) -> None:
    with _hostile(kind) as server:
        started = time.monotonic()
        process = _begin(server.url)
        out, err = process.communicate(timeout=PATIENCE)
        print(f"{kind}: {time.monotonic() - started:.1f} s, exit code {process.returncode}")
    assert process.returncode in (3, 4, 5), (out[-500:], err)
    assert "MemoryError" not in out + err
    assert got() == []


@pytest.mark.parametrize("kind", quick(["tags", "quotes"], "quotes"))
def test_ctrl_c_interrupts_hostile_page(kind: str) -> None:
    with _hostile(kind) as server:
        process = _begin(server.url, limited=False)
        while not server.requests:
            assert process.poll() is None
            time.sleep(0.02)
        # By its processor time, it reads the page then, and has not finished.
        began = processor_seconds(process)
        while processor_seconds(process) < began + 0.7:
            time.sleep(0.02)
        assert process.poll() is None
        out, err, used = processor_seconds_after(process, signal.SIGINT)
    assert process.returncode == 130, (out[-500:], err)
    assert used < 5


# An index page that fails once.


def _closed(handler: Handler) -> None:
    handler.close_connection = True


def _reset(handler: Handler) -> None:
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def _status(status: int) -> Respond:
    body = b"" if status == 204 else b"not now"
    return lambda handler: respond(handler, status, body)


PASSING: dict[str, Respond] = {
    "dropped": _closed,
    "reset": _reset,
    **{str(s): _status(s) for s in (408, 425, 429, 500, 502, 503, 504, 507, 520, 522, 525, 530)},
}


def failing_first(fault: Respond, page: bytes, times: int = 1) -> Respond:
    """Return an answer that is a fault for the first requests and a page afterwards."""
    left = [fault] * times

    def answer(handler: Handler) -> None:
        if left:
            return left.pop()(handler)
        return respond(handler, 200, page)

    return answer


@pytest.mark.usefixtures("brief")
@pytest.mark.thorough
@pytest.mark.parametrize("fault", PASSING)
def test_page_that_fails_once_is_retried(cli: Cli, wheel: bytes, fault: str) -> None:
    routes: Routes = {"/": failing_first(PASSING[fault], page_of(wheel)), f"/{A}": wheel}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.err
    assert "waiting" in result.out
    assert got() == [A]


def test_page_with_refused_connection_is_retried(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"/": page_of(wheel), f"/{A}": wheel}

    class Late(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path.partition("?")[0])
            respond(self, 404 if body is None else 200, body or b"")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Late, bind_and_activate=False) as server:
        server.server_bind()
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        pause = WaitBudget.pause

        def activate_first(budget: WaitBudget, seconds: float) -> bool:
            if not serving.is_alive():
                server.server_activate()
                serving.start()
            return pause(budget, seconds)

        # The server accepts connections once the first one was refused.
        monkeypatch.setattr(WaitBudget, "pause", activate_first)
        url = f"http://127.0.0.1:{server.server_port}/"
        result = cli(*FETCH_AND_WAIT, "--wait", "60", url)
        server.shutdown()
        serving.join()
    assert result.code == 0, result.out
    assert "unreachable: " in result.line("waiting")


@pytest.mark.parametrize("status", [400, 404, 405, 410, 451, 501, 505])
def test_permanent_page_error_ends_run_at_once(cli: Cli, status: int) -> None:
    with serving({"/": _status(status)}) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
        assert len(server.requests) == 1
    assert result.code != 0


# Hash files that no page lists.

NO_HASH_FILES: dict[str, Callable[[bytes], Respond]] = {
    "front page": lambda wheel: lambda h: respond(h, 200, b"<!doctype html><title>x</title>"),
    "large front page": lambda wheel: lambda h: respond(h, 200, b"<html>" + b"x" * 100_000),
    "empty": lambda wheel: lambda h: respond(h, 200, b""),
    "JSON": lambda wheel: lambda h: respond(h, 200, b'{"error": "not found"}'),
    "plain text": lambda wheel: lambda h: respond(h, 200, b"404 page not found\n"),
    "picture": lambda wheel: lambda h: respond(h, 200, b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    **{
        str(status): lambda wheel, status=status: _status(status)  # type: ignore[misc]
        for status in (204, 400, 401, 405, 406, 410, 429, 451, 500, 501, 503)
    },
    "trace": lambda wheel: lambda h: respond(h, 200, b"not found, trace " + b"4b" * 16),
    "bad gzip": lambda wheel: lambda h: respond(h, 200, b"\xff" * 99, Content_Encoding="gzip"),
    "no gzip": lambda wheel: lambda h: respond(h, 200, b"no hash", Content_Encoding="gzip"),
    "redirects": lambda wheel: lambda h: respond(h, 302, b"", Location=h.path),
    "dropped": lambda wheel: _closed,
    "reset": lambda wheel: _reset,
}

#: Those that are good responses with other content.
_OTHER_CONTENT = {"front page", "empty", "JSON", "plain text", "picture", "trace", "no gzip"}


@pytest.mark.parametrize("verb", ["fetch", pytest.param("verify", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", NO_HASH_FILES)
def test_invalid_unlisted_hash_file_counts_as_absent(
    cli: Cli, dist: pathlib.Path, kind: str, verb: str
) -> None:
    names = [A, "demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl"]
    wheels = {name: make_wheel(dist, name).read_bytes() for name in names}
    page = "".join(f'<a href="{n}#sha256={sha256(b)}">x</a>' for n, b in wheels.items())
    routes: dict[str, Respond | bytes] = {"/": page.encode()}
    for name, body in wheels.items():
        routes |= {f"/{name}": body, f"/{name}.sha256": NO_HASH_FILES[kind](body)}
    with serving(routes) as server:
        if verb == "fetch":
            result = cli(*FETCH, "--wait", "20", server.url)
        else:
            result = cli("verify", "dist", "--against", server.url, "--wait", "20")
        asked = server.paths().count(f"/{names[1]}.sha256")
        # The first two artifacts of the folder have none.
        assert f"/{A}.sha256" not in server.paths()
    assert result.code == 0, result.out
    assert "verified 3 of 3" in result.out
    if kind in ("dropped", "reset"):
        # libcurl retries once on its own if a kept-alive connection was closed.
        assert 2 <= asked <= 4
    elif kind != "redirects":
        # A mislabelled one is read again as it was sent.
        assert asked == (2 if kind in ("429", "500", "503", "bad gzip", "no gzip") else 1)
    notes = [line for line in result.out.splitlines() if "counts as missing" in line]
    assert len(notes) == (0 if kind == "410" else 1)
    # A response is described as what it is.
    assert all((f"HTTP status {kind}" in note) is kind.isdigit() for note in notes)
    assert all(("not a valid hash file" in note) is (kind in _OTHER_CONTENT) for note in notes)


@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_unlisted_hash_file_is_retried_after_the_requested_pause(
    cli: Cli, wheel: bytes, verb: str
) -> None:
    times: list[float] = []

    def busy(handler: Handler) -> None:
        times.append(time.monotonic())
        if len(times) > 1:
            respond(handler, 200, hash_file(wheel))
        else:
            respond(handler, 429, b"", Retry_After="2")

    pathlib.Path("have").mkdir()
    pathlib.Path("have", A).write_bytes(wheel)
    with serving({"/": page_of(wheel), f"/{A}": wheel, f"/{A}.sha256": busy}) as server:
        if verb == "fetch":
            result = cli(*FETCH, "--wait", "20", server.url)
        else:
            result = cli("verify", "have", "--against", server.url, "--wait", "20")
    assert result.code == 0, result.out
    tier = "container" if verb == "fetch" else "elsewhere"
    assert f"sha256  link, hash file  {tier}" in result.line("ok")
    assert "HTTP status 429; waiting up to 20 s" in result.line("waiting")
    assert len(times) == 2
    assert times[1] - times[0] >= 2


@pytest.mark.parametrize("fault", ["503", "dropped"])
def test_unlisted_hash_file_is_not_retried_without_wait(cli: Cli, wheel: bytes, fault: str) -> None:
    asked: list[str] = []

    def fail(handler: Handler) -> None:
        asked.append(handler.path)
        NO_HASH_FILES[fault](wheel)(handler)

    with serving({"/": page_of(wheel), f"/{A}": wheel, f"/{A}.sha256": fail}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0, result.out
    # libcurl retries once on its own if a kept-alive connection was closed.
    assert len(asked) == 1 if fault == "503" else len(asked) <= 2
    assert "counts as missing" in result.out


def test_unlisted_hash_file_with_endless_headers_counts_as_absent(cli: Cli, wheel: bytes) -> None:
    def endless(handler: Handler) -> None:
        with contextlib.suppress(OSError):
            for number in range(10_000):
                handler.wfile.write(b"X-%d: x\r\n" % number if number else b"HTTP/1.1 200 OK\r\n")
        handler.close_connection = True

    routes: dict[str, Respond | bytes] = {f"/{A}": wheel, f"/{A}.sha256": endless}
    with serving({"/": page_of(wheel), **routes}) as server:
        result = cli(*FETCH, "--wait", "20", server.url)
    assert result.code == 0, result.out
    assert "4000 lines of headers; the page lists no hash file" in result.out
    # A listed one is refused.
    with serving({"/": page_of(wheel) + page(f"{A}.sha256"), **routes}) as server:
        assert cli(*FETCH, server.url).code in (3, 5)


@pytest.mark.parametrize("kind", ["front page", "empty", "JSON", "503"])
def test_listed_hash_file_must_be_valid(cli: Cli, wheel: bytes, kind: str) -> None:
    page = page_of(wheel) + f'<a href="{A}.sha256">x</a>'.encode()
    routes: Routes = {
        "/": page, f"/{A}": wheel, f"/{A}.sha256": NO_HASH_FILES[kind](wheel)
    }  # fmt: skip
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == (5 if kind == "503" else 3)
    assert got() == []


@pytest.mark.parametrize("kind", ["front page", "empty", "JSON", "503", "401"])
def test_hash_file_must_be_valid_without_other_claim(cli: Cli, wheel: bytes, kind: str) -> None:
    routes: Routes = {
        "/": page(A),
        f"/{A}": wheel,
        f"/{A}.sha256": NO_HASH_FILES[kind](wheel),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code in (3, 5)
    assert got() == []


def test_weak_claim_does_not_make_hash_file_optional(cli: Cli, wheel: bytes) -> None:
    md5 = hashlib.md5(wheel, usedforsecurity=False).hexdigest()
    page = f'<a href="{A}#md5={md5}">x</a>'.encode()
    with serving({"/": page, f"/{A}": wheel, f"/{A}.sha256": _status(503)}) as server:
        assert cli(*FETCH, server.url).code == 5
    assert got() == []


_OTHER = sha256(b"other")


@pytest.mark.parametrize(
    "content",
    [
        hash_file(b"other"),
        b"0" * 63 + b"  " + A.encode(),
        f"{A}  {_OTHER}".encode(),
        f"SHA256={_OTHER}".encode(),
        f"Algorithm Hash Path\n--------- ---- ----\nSHA256 {_OTHER} {A}".encode(),
        " ".join(_OTHER[i : i + 2] for i in range(0, 64, 2)).encode(),
    ],
)
def test_valid_unlisted_hash_file_counts(cli: Cli, wheel: bytes, content: bytes) -> None:
    routes: Routes = {"/": page_of(wheel), f"/{A}": wheel, f"/{A}.sha256": content}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code in (1, 3)
    assert A not in got()
