"""Resuming interrupted bodies: range requests, and parts that must not be appended."""

from __future__ import annotations

import hashlib
import os
import pathlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import FETCH_AND_WAIT
from tests.support.pages import page
from tests.support.params import quick
from tests.support.servers import Handler, Respond, Routes, respond, serving
from tests.support.waits import short_pauses

OLD = "Thu, 01 Jan 2026 00:00:00 GMT"


@dataclass
class CutObject:
    """An object whose body is truncated on some requests, with range support."""

    content: bytes
    #: Byte counts after which successive answers are cut; None or exhausted: not cut.
    cuts: list[int | None]
    #: The object's validators.
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"v1"'})
    #: The answer to range requests; by default the requested range.
    ranged: Callable[[Handler, bytes, int], tuple[int, bytes, dict[str, str]]] | None = None
    #: The ``Range`` and ``If-Range`` values of each request.
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    #: The number of body bytes sent.
    sent: int = 0
    #: How many times the object was read from the start because of a wrong digest.
    fresh: int = 0

    def __call__(self, handler: Handler) -> None:
        wanted = handler.headers.get("Range")
        self.asked.append((wanted, handler.headers.get("If-Range")))
        self.fresh += "Cache-Control" in handler.headers
        status, body, headers = 200, self.content, dict(self.headers)
        if wanted is not None:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            status, body, more = (self.ranged or rest)(handler, self.content, start)
            headers |= more
        cut = self.cuts.pop(0) if self.cuts else None
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[:cut])
        self.sent += len(body[:cut])
        handler.close_connection = cut is not None


def rest(handler: Handler, content: bytes, start: int) -> tuple[int, bytes, dict[str, str]]:
    """Answer a range request as :rfc:`9110` specifies."""
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return 206, content[start:], {"Content-Range": span}


def fetch(cli: Cli, shelf: Respond, content: bytes, *options: str) -> str:
    """Fetch an artifact, check that it succeeded and return the output."""
    routes: Routes = {
        "/": page(A),
        f"/{A}": shelf,
        f"/{A}.sha256": f"{sha256(content)}  {A}\n".encode(),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", *options, server.url)
    assert (result.code, result.err) == (0, ""), result.out
    assert os.listdir("got") == [A]
    assert pathlib.Path("got", A).read_bytes() == content
    return result.out


def test_resume_sends_each_byte_once(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [30_000, 1, 40_000])
    fetch(cli, shelf, wheel)
    assert shelf.asked == [
        (None, None),
        ("bytes=30000-", '"v1"'),
        ("bytes=30001-", '"v1"'),
        ("bytes=70001-", '"v1"'),
    ]
    assert shelf.sent == len(wheel)


def test_body_cut_before_first_byte_is_requested_again(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [0])
    fetch(cli, shelf, wheel)
    assert shelf.asked == [(None, None)] * 2


def test_body_that_stays_incomplete_is_truncated(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [50_000, *[0] * 50])
    routes: Routes = {"/": page(f"{A}#sha256={sha256(wheel)}"), f"/{A}": shelf}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", "--wait", "1", server.url)
    assert result.code == 5
    assert "truncated: " in result.line("refused")
    assert os.listdir("got") == []


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a-5"'}, '"a-5"'),
        ({"Etag": "0cc175b9c0f1b6a831c399e269772661"}, '"0cc175b9c0f1b6a831c399e269772661"'),
        ({"Last-Modified": OLD}, OLD),
        ({"ETag": '"v1"', "Last-Modified": OLD}, '"v1"'),
    ],
    ids=["tag", "tag as Swift sends it", "date", "tag before date"],
)
def test_resume_sends_validator_in_if_range(
    cli: Cli, wheel: bytes, headers: dict[str, str], validator: str
) -> None:
    shelf = CutObject(wheel, [30_000], headers)
    fetch(cli, shelf, wheel)
    assert shelf.asked[1] == ("bytes=30000-", validator)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ETag": 'W/"v1"'},
        {"ETag": 'W/"v1"', "Last-Modified": OLD},
        {"ETag": '"v1", "v2"'},
        {"ETag": '"v1"', "Accept-Ranges": "none"},
        {"Last-Modified": "soon"},
        {"Last-Modified": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ],
    ids=str,
)
def test_no_resume_without_strong_validator(
    cli: Cli, wheel: bytes, headers: dict[str, str]
) -> None:
    shelf = CutObject(wheel, [30_000], headers)
    fetch(cli, shelf, wheel)
    assert shelf.asked == [(None, None)] * 2


def test_resume_of_changed_object_starts_over(cli: Cli, wheel: bytes) -> None:
    newer = make_wheel(pathlib.Path("newer"), A, os.urandom(90_000)).read_bytes()

    def changed(handler: Handler, content: bytes, start: int) -> tuple[int, bytes, dict[str, str]]:
        assert handler.headers["If-Range"] == '"v1"'
        return 200, newer, {"ETag": '"v2"'}

    shelf = CutObject(wheel, [30_000], ranged=changed)
    fetch(cli, shelf, newer)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-"]


def test_resume_continues_with_changed_version(cli: Cli, wheel: bytes) -> None:
    newer = make_wheel(pathlib.Path("newer"), A, os.urandom(90_000)).read_bytes()

    def changed(handler: Handler, content: bytes, start: int) -> tuple[int, bytes, dict[str, str]]:
        if handler.headers["If-Range"] == '"v1"':
            return 200, newer, {"ETag": '"v2"'}
        return rest(handler, newer, start)

    shelf = CutObject(wheel, [30_000, 10_000], {"ETag": '"v1"'}, changed)
    shelf_v2 = {"ETag": '"v2"'}

    def serve(handler: Handler) -> None:
        if handler.headers.get("If-Range") == '"v2"':
            shelf.headers = shelf_v2
        shelf(handler)

    fetch(cli, serve, newer)
    assert shelf.asked[1:] == [("bytes=30000-", '"v1"'), ("bytes=10000-", '"v2"')]


def test_resume_without_range_support_starts_over(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [30_000], ranged=lambda handler, content, start: (200, content, {}))
    fetch(cli, shelf, wheel)
    assert len(shelf.asked) == 2
    assert shelf.sent == 30_000 + len(wheel)


Part = Callable[[bytes, int], tuple[int, bytes, dict[str, str]]]


def span(first: int, last: int, total: int | str) -> dict[str, str]:
    return {"Content-Range": f"bytes {first}-{last}/{total}"}


UNFIT: dict[str, Part] = {
    "416": lambda c, n: (416, b"", {"Content-Range": f"bytes */{len(c)}"}),
    "416 with a long page": lambda c, n: (416, b"x" * 100_000, {}),
    "from the start": lambda c, n: (206, c, span(0, len(c) - 1, len(c))),
    "one byte late": lambda c, n: (206, c[n + 1 :], span(n + 1, len(c) - 1, len(c))),
    "one byte early": lambda c, n: (206, c[n - 1 :], span(n - 1, len(c) - 1, len(c))),
    "not to the end": lambda c, n: (206, c[n:-9], span(n, len(c) - 10, len(c))),
    "of another size": lambda c, n: (206, c[n:] + b"x", span(n, len(c), len(c) + 1)),
    "of another length": lambda c, n: (206, c[n:-1], span(n, len(c) - 1, len(c))),
    "without saying which": lambda c, n: (206, c[n:], {}),
    "in another unit": lambda c, n: (206, c[n:], {"Content-Range": f"lines {n}-9/10"}),
    "in many digits": lambda c, n: (206, c[n:], {"Content-Range": f"bytes {'9' * 5000}-1/2"}),
    "in several parts": lambda c, n: (206, c[n:], {"Content-Type": "multipart/byteranges"}),
    "of another version": lambda c, n: (
        206,
        c[n:],
        {"ETag": '"v2"', **span(n, len(c) - 1, len(c))},
    ),
    "of a weak version": lambda c, n: (
        206,
        c[n:],
        {"ETag": 'W/"v1"', **span(n, len(c) - 1, len(c))},
    ),
    "compressed": lambda c, n: (
        206,
        c[n:],
        {"Content-Encoding": "gzip", **span(n, len(c) - 1, len(c))},
    ),
}


@pytest.mark.parametrize(
    "unfit", quick(UNFIT, "416", "from the start", "one byte late", "of another version")
)
def test_unfit_part_is_not_appended(cli: Cli, wheel: bytes, unfit: str) -> None:
    answer = UNFIT[unfit]
    shelf = CutObject(wheel, [30_000], ranged=lambda handler, content, n: answer(content, n))
    fetch(cli, shelf, wheel)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert not shelf.fresh  # the bad part was rejected before any digest was computed


def test_part_of_unknown_total_size_is_appended(cli: Cli, wheel: bytes) -> None:
    def vague(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        return 206, content[n:], span(n, len(content) - 1, "*")

    shelf = CutObject(wheel, [30_000], ranged=vague)
    fetch(cli, shelf, wheel)
    assert shelf.sent == len(wheel)


def test_unrequested_partial_content_is_refused(cli: Cli, wheel: bytes) -> None:
    def part(handler: Handler) -> None:
        respond(handler, 206, wheel, Content_Range=f"bytes 0-{len(wheel) - 1}/{len(wheel)}")

    routes: Routes = {"/": page(f"{A}#sha256={sha256(wheel)}"), f"/{A}": part}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", "--wait", "0", server.url)
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert "HTTP status 206" in result.line("refused")
    assert os.listdir("got") == []


def test_damaged_resumed_bytes_are_fetched_again(cli: Cli, wheel: bytes) -> None:
    def damaged(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        status, body, headers = rest(handler, content, n)
        return status, b"\0" * 100 + body[100:], headers

    shelf = CutObject(wheel, [30_000], ranged=damaged)
    fetch(cli, shelf, wheel)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert shelf.fresh == 1


def test_chunked_body_is_resumed(cli: Cli, wheel: bytes) -> None:
    ranges: list[str | None] = []

    def chunked(handler: Handler) -> None:
        ranges.append(handler.headers.get("Range"))
        if ranges[-1]:
            status, body, headers = rest(handler, wheel, 30_000)
            respond(handler, status, body, Content_Range=headers["Content-Range"], ETag='"v1"')
            return
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("ETag", '"v1"')
        handler.end_headers()
        handler.wfile.write(b"7530\r\n" + wheel[:30_000] + b"\r\n")
        handler.close_connection = True

    fetch(cli, chunked, wheel)
    assert ranges == [None, "bytes=30000-"]


def test_resume_follows_redirect(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [30_000])
    with serving({"/there": shelf}) as other:

        def redirect(handler: Handler) -> None:
            respond(handler, 302, b"moved", Location=f"{other.url}there")

        fetch(cli, redirect, wheel)
    assert shelf.asked == [(None, None), ("bytes=30000-", '"v1"')]
    assert shelf.sent == len(wheel)


def test_server_error_during_resume_keeps_bytes(cli: Cli, wheel: bytes) -> None:
    troubles = iter((503, 500))

    def trouble(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        status = next(troubles, None)
        return (status, b"sorry", {}) if status else rest(handler, content, n)

    shelf = CutObject(wheel, [30_000], ranged=trouble)
    fetch(cli, shelf, wheel)
    assert shelf.sent == len(wheel) + 2 * len(b"sorry")


def test_metadata_of_last_response_is_used(cli: Cli, wheel: bytes) -> None:
    """Headers are combined as in :rfc:`9110`, section 15.3.7.3."""
    first = {"ETag": '"v1"', "X-Object-Meta-Sha256": "0" * 64}

    def with_true_digest(
        handler: Handler, content: bytes, n: int
    ) -> tuple[int, bytes, dict[str, str]]:
        status, body, headers = rest(handler, content, n)
        return status, body, {**headers, "X-Object-Meta-Sha256": sha256(content)}

    with serving(
        {"/": page(A), f"/{A}": CutObject(wheel, [30_000], first, with_true_digest)}
    ) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0
    assert result.line("ok").split()[3] == "header"


def test_metadata_of_first_response_is_kept(cli: Cli, wheel: bytes) -> None:
    asked: list[str | None] = []

    def with_digest_once(handler: Handler) -> None:
        asked.append(handler.headers.get("Range"))
        headers = {"ETag": '"v1"'}
        if asked[-1] is None:
            handler.send_response(200)
            headers |= {"X-Object-Meta-Sha256": sha256(wheel), "Content-Length": str(len(wheel))}
            body = wheel[:30_000]
        else:
            status, body, more = rest(handler, wheel, 30_000)
            handler.send_response(status)
            headers |= more | {"Content-Length": str(len(body))}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    with serving({"/": page(A), f"/{A}": with_digest_once}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0
    assert asked == [None, "bytes=30000-"]


def test_digest_needed_later_requires_full_read(cli: Cli, wheel: bytes) -> None:
    shelf = CutObject(wheel, [30_000])
    tries: list[int] = []

    def appear_later(handler: Handler) -> None:
        tries.append(1)
        known = len(tries) > 1
        respond(handler, 200 if known else 404, f"{md5}  {A}\n".encode() if known else b"")

    md5 = hashlib.md5(wheel).hexdigest()  # noqa: S324 (the page claims an MD5)
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}", f"{A}.md5"),
        f"/{A}": shelf,
        f"/{A}.md5": appear_later,
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.out
    assert "md5,sha256" in result.line("ok")
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert not shelf.fresh


def test_resume_with_progress_does_not_lengthen_pauses(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pause is the first one after progress; a second one would be an error here."""
    short_pauses(monkeypatch, [0.01])
    shelf = CutObject(wheel, [10_000] * 6)
    fetch(cli, shelf, wheel)
    assert len(shelf.asked) == 7


def test_resume_of_many_randomly_cut_bodies(cli: Cli, tmp_path: pathlib.Path) -> None:
    chance = random.Random(9)
    shelves: dict[str, CutObject] = {}
    routes: dict[str, Respond | bytes] = {}
    for number in range(24):
        name = f"demo-1.0-{number}-py3-none-any.whl"
        body = make_wheel(tmp_path / "made", name, chance.randbytes(50_000)).read_bytes()
        cuts: list[int | None] = [chance.randrange(20_000) for _ in range(chance.randrange(4))]
        routes[f"/{name}"] = shelves[name] = CutObject(body, cuts)
        routes[f"/{name}.sha256"] = f"{sha256(body)}  {name}\n".encode()
    with serving({"/": page(*shelves), **routes}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.out
    for name, shelf in shelves.items():
        assert pathlib.Path("got", name).read_bytes() == shelf.content
        assert shelf.sent == len(shelf.content)
