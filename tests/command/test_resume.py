"""A body that was cut: what is asked for again, and what is never appended."""

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
from tests.support.servers import Handler, Respond, Routes, respond, serving

OLD = "Thu, 01 Jan 2026 00:00:00 GMT"


@dataclass
class Shelf:
    """An object whose body is cut now and then; a handler that does ranges as told."""

    content: bytes
    #: After how many bytes each answer is cut; None and no more entries: not.
    cuts: list[int | None]
    #: The validators of the object.
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"v1"'})
    #: What is answered to a request for a range; by default what it asks for.
    ranged: Callable[[Handler, bytes, int], tuple[int, bytes, dict[str, str]]] | None = None
    #: What was asked for: the values of ``Range`` and ``If-Range``.
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    #: The number of body bytes that were sent.
    sent: int = 0
    #: How often it was read anew because the bytes did not match.
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
    """Answer a request for a range as :rfc:`9110` says."""
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return 206, content[start:], {"Content-Range": span}


def fetch(cli: Cli, shelf: Respond, content: bytes, *options: str) -> str:
    """Fetch an artifact, which must come out well; return the output."""
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


def test_each_byte_is_sent_once_however_often_the_body_is_cut(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [30_000, 1, 40_000])
    fetch(cli, shelf, wheel)
    assert shelf.asked == [
        (None, None),
        ("bytes=30000-", '"v1"'),
        ("bytes=30001-", '"v1"'),
        ("bytes=70001-", '"v1"'),
    ]
    assert shelf.sent == len(wheel)


def test_a_cut_before_the_first_byte_asks_for_the_whole(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [0])
    fetch(cli, shelf, wheel)
    assert shelf.asked == [(None, None)] * 2


def test_a_body_that_is_cut_and_never_comes_whole_is_truncated(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [50_000, *[0] * 50])
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
def test_what_names_the_version_goes_along(
    cli: Cli, wheel: bytes, headers: dict[str, str], validator: str
) -> None:
    shelf = Shelf(wheel, [30_000], headers)
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
def test_what_names_no_version_is_asked_for_as_a_whole(
    cli: Cli, wheel: bytes, headers: dict[str, str]
) -> None:
    shelf = Shelf(wheel, [30_000], headers)
    fetch(cli, shelf, wheel)
    assert shelf.asked == [(None, None)] * 2


def test_an_object_that_changed_meanwhile_is_read_from_its_start(cli: Cli, wheel: bytes) -> None:
    newer = make_wheel(pathlib.Path("newer"), A, os.urandom(90_000)).read_bytes()

    def changed(handler: Handler, content: bytes, start: int) -> tuple[int, bytes, dict[str, str]]:
        assert handler.headers["If-Range"] == '"v1"'
        return 200, newer, {"ETag": '"v2"'}

    shelf = Shelf(wheel, [30_000], ranged=changed)
    fetch(cli, shelf, newer)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-"]


def test_after_a_change_the_new_version_is_gone_on_with(cli: Cli, wheel: bytes) -> None:
    newer = make_wheel(pathlib.Path("newer"), A, os.urandom(90_000)).read_bytes()

    def changed(handler: Handler, content: bytes, start: int) -> tuple[int, bytes, dict[str, str]]:
        if handler.headers["If-Range"] == '"v1"':
            return 200, newer, {"ETag": '"v2"'}
        return rest(handler, newer, start)

    shelf = Shelf(wheel, [30_000, 10_000], {"ETag": '"v1"'}, changed)
    shelf_v2 = {"ETag": '"v2"'}

    def serve(handler: Handler) -> None:
        if handler.headers.get("If-Range") == '"v2"':
            shelf.headers = shelf_v2
        shelf(handler)

    fetch(cli, serve, newer)
    assert shelf.asked[1:] == [("bytes=30000-", '"v1"'), ("bytes=10000-", '"v2"')]


def test_a_server_that_knows_no_ranges_sends_it_again(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [30_000], ranged=lambda handler, content, start: (200, content, {}))
    fetch(cli, shelf, wheel)
    assert len(shelf.asked) == 2
    assert shelf.sent == 30_000 + len(wheel)


Answer = Callable[[bytes, int], tuple[int, bytes, dict[str, str]]]


def span(first: int, last: int, total: int | str) -> dict[str, str]:
    return {"Content-Range": f"bytes {first}-{last}/{total}"}


UNFIT: dict[str, Answer] = {
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


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_part_that_does_not_fit_is_not_appended(cli: Cli, wheel: bytes, unfit: str) -> None:
    answer = UNFIT[unfit]
    shelf = Shelf(wheel, [30_000], ranged=lambda handler, content, n: answer(content, n))
    fetch(cli, shelf, wheel)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert not shelf.fresh  # so it was not the digest that told


def test_a_part_of_unknown_size_fits_the_first_answer(cli: Cli, wheel: bytes) -> None:
    def vague(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        return 206, content[n:], span(n, len(content) - 1, "*")

    shelf = Shelf(wheel, [30_000], ranged=vague)
    fetch(cli, shelf, wheel)
    assert shelf.sent == len(wheel)


def test_a_part_that_nobody_asked_for_is_refused(cli: Cli, wheel: bytes) -> None:
    def part(handler: Handler) -> None:
        respond(handler, 206, wheel, Content_Range=f"bytes 0-{len(wheel) - 1}/{len(wheel)}")

    routes: Routes = {"/": page(f"{A}#sha256={sha256(wheel)}"), f"/{A}": part}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", "--wait", "0", server.url)
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert "HTTP status 206" in result.line("refused")
    assert os.listdir("got") == []


def test_bytes_damaged_under_one_version_are_read_anew(cli: Cli, wheel: bytes) -> None:
    def damaged(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        status, body, headers = rest(handler, content, n)
        return status, b"\0" * 100 + body[100:], headers

    shelf = Shelf(wheel, [30_000], ranged=damaged)
    fetch(cli, shelf, wheel)
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert shelf.fresh == 1


def test_a_chunked_body_is_gone_on_with(cli: Cli, wheel: bytes) -> None:
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


def test_the_rest_is_asked_for_where_a_redirect_leads(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [30_000])
    with serving({"/there": shelf}) as other:

        def away(handler: Handler) -> None:
            respond(handler, 302, b"moved", Location=f"{other.url}there")

        fetch(cli, away, wheel)
    assert shelf.asked == [(None, None), ("bytes=30000-", '"v1"')]
    assert shelf.sent == len(wheel)


def test_a_server_in_trouble_meanwhile_costs_no_bytes(cli: Cli, wheel: bytes) -> None:
    troubles = iter((503, 500))

    def trouble(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        status = next(troubles, None)
        return (status, b"sorry", {}) if status else rest(handler, content, n)

    shelf = Shelf(wheel, [30_000], ranged=trouble)
    fetch(cli, shelf, wheel)
    assert shelf.sent == len(wheel) + 2 * len(b"sorry")


def test_the_header_with_the_last_bytes_counts(cli: Cli, wheel: bytes) -> None:
    """As :rfc:`9110` combines answers, section 15.3.7.3."""
    first = {"ETag": '"v1"', "X-Object-Meta-Sha256": "0" * 64}

    def true(handler: Handler, content: bytes, n: int) -> tuple[int, bytes, dict[str, str]]:
        status, body, headers = rest(handler, content, n)
        return status, body, {**headers, "X-Object-Meta-Sha256": sha256(content)}

    with serving({"/": page(A), f"/{A}": Shelf(wheel, [30_000], first, true)}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0
    assert result.line("ok").split()[3] == "header"


def test_a_header_of_the_first_answer_counts_without_another(cli: Cli, wheel: bytes) -> None:
    asked: list[str | None] = []

    def once_vouched(handler: Handler) -> None:
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

    with serving({"/": page(A), f"/{A}": once_vouched}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0
    assert asked == [None, "bytes=30000-"]


def test_a_digest_that_is_wanted_only_later_needs_the_whole(cli: Cli, wheel: bytes) -> None:
    shelf = Shelf(wheel, [30_000])
    tries: list[int] = []

    def late(handler: Handler) -> None:
        tries.append(1)
        known = len(tries) > 1
        respond(handler, 200 if known else 404, f"{md5}  {A}\n".encode() if known else b"")

    md5 = hashlib.md5(wheel).hexdigest()  # noqa: S324 (what is claimed)
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}", f"{A}.md5"),
        f"/{A}": shelf,
        f"/{A}.md5": late,
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.out
    assert "md5,sha256" in result.line("ok")
    assert [asked for asked, _ in shelf.asked] == [None, "bytes=30000-", None]
    assert not shelf.fresh


def test_a_transfer_that_gets_on_does_not_wait_longer(cli: Cli, wheel: bytes) -> None:
    """Doubled pauses would use these four seconds up in four tries."""
    shelf = Shelf(wheel, [10_000] * 6)
    fetch(cli, shelf, wheel, "--wait", "4")
    assert len(shelf.asked) == 7


def test_many_bodies_that_are_cut_anywhere_all_come_whole(cli: Cli, tmp_path: pathlib.Path) -> None:
    chance = random.Random(9)
    shelves: dict[str, Shelf] = {}
    routes: dict[str, Respond | bytes] = {}
    for number in range(24):
        name = f"demo-1.0-{number}-py3-none-any.whl"
        body = make_wheel(tmp_path / "made", name, chance.randbytes(50_000)).read_bytes()
        cuts: list[int | None] = [chance.randrange(20_000) for _ in range(chance.randrange(4))]
        routes[f"/{name}"] = shelves[name] = Shelf(body, cuts)
        routes[f"/{name}.sha256"] = f"{sha256(body)}  {name}\n".encode()
    with serving({"/": page(*shelves), **routes}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert result.code == 0, result.out
    for name, shelf in shelves.items():
        assert pathlib.Path("got", name).read_bytes() == shelf.content
        assert shelf.sent == len(shelf.content)
