"""Preparation, pages that plugins read, and what a listing says beside its entries."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import ANOTHER_A as B
from tests.support.artifacts import HASH_FILE, A, make_wheel, sha256
from tests.support.commands import FETCH_AND_WAIT, fetch, upload
from tests.support.pages import page, page_of
from tests.support.plugins import install, on_main_thread
from tests.support.servers import Handler, Server, respond, serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.listing import pages
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, LeftOut, Listing, Page


class Prepared:
    """Requests a checkpoint before the work begins."""

    def __init__(self, url: str) -> None:
        self.url = url
        #: The verb and ``run.fresh`` of each call.
        self.calls: list[tuple[str, bool]] = []
        self.reports: list[Report] = []

    @hookimpl
    def wheelhouse_prepare(self, run: Run) -> None:
        assert on_main_thread()
        self.calls.append((run.verb, run.fresh))
        run.client.get(self.url, max_bytes=99, fresh=run.fresh)

    @hookimpl
    def wheelhouse_run_finished(self, report: Report) -> None:
        self.reports.append(report)


class Counting:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    def wheelhouse_prepare(self) -> None:
        self.calls += 1


def test_prepare_is_repeated_while_server_is_busy(
    cli: Cli, dist: pathlib.Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    assert upload(cli).code == 0
    statuses = [503, 429, 200]

    def answer(handler: Handler) -> None:
        respond(handler, statuses.pop(0) if statuses else 200, b"checkpoint", Retry_After="0")

    with serving({"/checkpoint": answer}) as server:
        prepared, before, after = Prepared(f"{server.url}checkpoint"), Counting(), Counting()
        install(monkeypatch, a=after, log=prepared, z=before)
        result = cli(*FETCH_AND_WAIT, served.url)
        assert result.code == 0, result
        waiting = result.line("waiting")
        assert "plugin log  unreachable: " in waiting
        assert "HTTP status 503" in waiting
        assert prepared.calls == [("fetch", False), ("fetch", True), ("fetch", True)]
        # Only the plugin that failed is called again.
        assert (before.calls, after.calls) == (1, 1)
        prepared.calls.clear()
        assert upload(cli).code == 0
        assert cli("verify", "dist", "--against", served.url).code == 0
        assert cli("index", *LOCAL, "wheels").code == 0
        assert prepared.calls == [("upload", False), ("verify", False), ("index", False)]


@pytest.mark.parametrize(("status", "wait"), [(404, 20), (403, 20), (501, 20), (503, 0)])
def test_prepare_that_fails_for_good_ends_the_command(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, status: int, wait: int
) -> None:
    routes: dict[str, Any] = {"/log": lambda handler: respond(handler, status, b""), "/": page()}
    with serving(routes) as server:
        prepared = Prepared(f"{server.url}log")
        install(monkeypatch, log=prepared)
        ended = fetch(cli, server.url, "--wait", wait)
        assert server.paths() == ["/log"]
    assert ended.code == 5
    assert f"HTTP status {status}; " in ended.err
    assert ended.err.count("\n") == 1
    assert [report.exit_code for report in prepared.reports] == [5]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("--log: not a log"), 2, "--log: not a log"),
        (KeyError("x"), 1, "plugin 'bad' (bad-dist 1.0) failed in wheelhouse_prepare: KeyError"),
        (SystemExit(0), 1, "plugin 'bad' (bad-dist 1.0) failed in wheelhouse_prepare: SystemExit"),
    ],
)
def test_prepare_that_raises_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, text: str
) -> None:
    class Bad:
        @hookimpl
        def wheelhouse_prepare(self) -> None:
            raise error

    install(monkeypatch, bad=Bad(), other=Counting())
    ended = fetch(cli, "http://127.0.0.1:9/")
    assert (ended.code, text in ended.err) == (code, True), ended


class Watcher:
    """Records ``run.fresh`` in each hook."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []

    @hookimpl
    def wheelhouse_locate(self, run: Run) -> None:
        self.seen.append(("locate", run.fresh))

    @hookimpl
    def wheelhouse_read_listing(self, run: Run) -> None:
        self.seen.append(("read", run.fresh))

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact, run: Run) -> list[Claim]:
        self.seen.append((artifact.name, run.fresh))
        return []


def test_fresh_is_true_on_every_try_after_the_first(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = {"/": 1, f"/{A}": 2, f"/{B}": 0}

    def flaky(path: str, body: bytes) -> Any:
        def answer(handler: Handler) -> None:
            failing[path] -= 1
            respond(handler, 503 if failing[path] >= 0 else 200, body, Retry_After="0")

        return answer

    watcher = Watcher()
    install(monkeypatch, watcher=watcher)
    bodies = {"/": page_of(wheel, A, B), f"/{A}": wheel, f"/{B}": wheel}
    with serving({path: flaky(path, body) for path, body in bodies.items()}) as server:
        assert cli(*FETCH_AND_WAIT, server.url).code == 0
    seen = watcher.seen
    assert seen[:2] == [("locate", False), ("read", True)]
    assert [fresh for name, fresh in seen if name == A] == [False, True, True]
    assert [fresh for name, fresh in seen if name == B] == [False]


class Rows:
    """Reads ``text/rows`` pages: names, and the next page as ``> URL``."""

    def __init__(self, **values: Any) -> None:
        self.pages: list[Page] = []
        self.values = values

    @hookimpl
    def wheelhouse_read_listing(self, page: Page) -> Listing | None:
        if page.media_type != "text/rows":
            return None
        self.pages.append(page)
        rows = page.content.decode().split("\n")
        folder = page.url.rpartition("/")[0]
        entries = tuple(Entry(n, f"{folder}/{n}") for n in rows if n and n[0] != ">")
        ahead = [row[2:] for row in rows if row.startswith("> ")]
        return Listing(
            page.url,
            entries,
            page.last_modified,
            notes=(f"{len(entries)} rows",),
            next=ahead[0] if ahead else None,
            secure=page.secure,
            **self.values,
        )


def rows(body: str, **headers: str) -> Any:
    kind = "Text/Rows; charset=utf-8"
    return lambda handler: respond(handler, 200, body.encode(), Content_Type=kind, **headers)


def test_pages_of_a_listing_are_joined(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Rows()
    install(monkeypatch, rows=reader)
    hashes = {f"/{n}.sha256": f"{sha256(wheel)}  {n}\n".encode() for n in (A, B)}
    routes: dict[str, Any] = {f"/{A}": wheel, f"/{B}": wheel, **hashes}
    with serving(routes) as server:
        routes["/list"] = rows(f"{A}\n> {server.url}list2")
        routes["/list2"] = rows(f"{B}\n{HASH_FILE}", Last_Modified="Thu, 01 Jan 2015 00:00:00 GMT")
        result = fetch(cli, f"{server.url}list#fragment")
        assert result.code == 0, result
        assert [line for line in result.out.splitlines() if line.endswith("rows")] == [
            "note       1 rows",
            "note       2 rows",
        ]
        assert len([line for line in result.out.splitlines() if line.startswith("ok")]) == 2
        first, second = reader.pages
        assert (first.url, first.address) == (f"{server.url}list", f"{server.url}list#fragment")
        assert (first.secure, first.last_modified) == (False, None)
        assert second.last_modified == 1420070400.0
        assert first.headers["content-type"] == "Text/Rows; charset=utf-8"


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        ("{here}list", "continues with a page that was read already"),
        ("{other}list", "continues at another origin"),
        ("http://[bad", "continues at another origin"),
    ],
)
def test_next_page_must_be_new_and_of_same_origin(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, ahead: str, text: str
) -> None:
    install(monkeypatch, rows=Rows())
    routes: dict[str, Any] = {}
    with serving(routes) as server, serving({}) as other:
        url = ahead.format(here=server.url, other=other.url)
        routes["/list"] = rows(f"> {url}")
        ended = fetch(cli, f"{server.url}list")
        assert other.requests == []
        assert len(server.requests) == 1
    assert ended.code == 5
    assert text in ended.err


def test_number_of_pages_is_limited(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, rows=Rows())
    monkeypatch.setattr(pages, "MAX_PAGES", 5)

    def endless(handler: Handler) -> None:
        number = int(handler.path[1:])
        rows(f"> {server.url}{number + 1}")(handler)

    with serving({f"/{n}": endless for n in range(99)}) as server:
        ended = fetch(cli, f"{server.url}0")
        assert len(server.requests) == 5
    assert ended.code == 5
    assert "the listing has more than 5 pages" in ended.err


class Says:
    """Answers wheelhouse_read_listing with one thing."""

    def __init__(self, result: object) -> None:
        self.result = result

    @hookimpl
    def wheelhouse_read_listing(self) -> Listing | None:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result  # type: ignore[return-value]


def desk(**fields: Any) -> Listing:
    """Return an empty listing, with some other fields."""
    return replace(Listing("desk", ()), **fields)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        ("text", "TypeError: expected Listing or None, got str"),
        (desk(entries=("x",)), "TypeError: Listing.entries: expected Entry, got 'x'"),
        (desk(left_out=((A, "x"),)), "TypeError: Listing.left_out: expected LeftOut"),
        (desk(notes=(1,)), "TypeError: Listing.notes: expected str, got 1"),
        (desk(entries=None), "TypeError"),
        (desk(entries=iter(())), "TypeError: Listing.entries: expected a tuple"),
        (
            desk(left_out=(LeftOut(A, cast("Cause", "untrusted"), "x"),)),
            "TypeError: a field has the wrong type",
        ),
        (desk(next=5), "TypeError: a field of the listing has the wrong type"),
        (desk(last_modified="now"), "TypeError: a field of the listing has the wrong type"),
    ],
)
def test_wrong_listing_names_plugin(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, result: object, text: str
) -> None:
    install(monkeypatch, bad=Says(result))
    with serving({"/": page(A)}) as server:
        ended = fetch(cli, server.url)
    assert ended.code == 1
    start = "plugin 'bad' (bad-dist 1.0) failed in wheelhouse_read_listing: "
    assert start + text in ended.err


def test_left_out_artifact_has_its_cause(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = (
        LeftOut(A, Cause.FORBIDDEN, "the link needs a login"),
        LeftOut(B, Cause.UNTRUSTED, "the link is not pinned"),
    )
    install(monkeypatch, says=Says(desk(left_out=left_out)))
    with serving({"/": page(A)}) as server:
        result = fetch(cli, server.url)
    assert result.code == 7
    lines = [line for line in result.out.splitlines() if line.startswith("refused")]
    refused = [line.split(None, 2)[1:] for line in lines]
    assert [[name, text.partition(":")[0]] for name, text in refused] == [
        [A, "forbidden"],
        [B, "untrusted"],
    ]


@pytest.mark.parametrize("complete", [True, False])
def test_unlisted_hash_file_is_not_requested_if_companions_are_listed(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch, complete: bool
) -> None:
    claim = Claim(Digest("sha256", sha256(wheel)), "desk", "desk")

    class Lister:
        @hookimpl
        def wheelhouse_locate(self) -> Listing:
            urls = [Entry(n, server.url + n, claims=(claim,)) for n in (A, B)]
            listed = Entry(f"{B}.sha256", f"{server.url}{B}.sha256")
            return Listing("desk", (*urls, listed), companions_listed=complete)

    install(monkeypatch, lister=Lister())
    hashes = f"{sha256(wheel)}  {B}\n".encode()
    with serving({f"/{A}": wheel, f"/{B}": wheel, f"/{B}.sha256": hashes}) as server:
        result = fetch(cli, "http://127.0.0.1:9/", "--hash-algorithm", "sha512")
        assert result.code == 0, result
        asked = {path for path in server.paths() if "sha" in path}
    assert asked == {f"/{B}.sha256"} | (set() if complete else {f"/{HASH_FILE}", f"/{A}.sha512"})


@pytest.mark.parametrize("secure", [True, False])
def test_listing_that_is_not_secure_counts_as_plain_http(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, secure: bool
) -> None:
    class Lister:
        @hookimpl
        def wheelhouse_locate(self) -> Listing:
            return desk(secure=secure)

    install(monkeypatch, lister=Lister())
    fetch(cli, "desk://x", "--report", "report.json")
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["plain_http"] is not secure


def test_verify_refuses_what_a_listing_left_out(
    cli: Cli, dist: pathlib.Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist.joinpath(A).write_bytes(wheel)
    left_out = (LeftOut(A, Cause.UNTRUSTED, "the link is not pinned"),)
    install(monkeypatch, says=Says(desk(left_out=left_out)))
    with serving({"/": page(A)}) as server:
        result = cli("verify", "dist", "--against", server.url)
    assert result.code == 7
    assert "untrusted: the link is not pinned" in result.line("refused")
    assert result.out.count(A) == 1
