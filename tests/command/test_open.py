"""Objects that a plugin opens: the rules and limits are those of objects read over HTTP."""

from __future__ import annotations

import json
import os
import pathlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, SDIST, A, make_wheel, sha256
from tests.support.commands import FETCH_AND_WAIT, fetch, got
from tests.support.opener import SHELF, Opener
from tests.support.pages import page, page_of
from tests.support.plugins import install
from tests.support.servers import serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TransferError
from wheelhouse_hashes.http import client, reading
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, Listing, Opened, OpenRequest

OLD = "Thu, 01 Jan 2015 00:00:00 GMT"


@pytest.fixture
def opener(wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """The shelf with a page, wheel A and its hash file."""
    hashes = f"{sha256(wheel)}  {A}\n".encode()
    made = Opener({"": page(A), A: wheel, HASH_FILE: hashes})
    install(monkeypatch, mem=made)
    return made


def test_page_artifact_and_hash_file_are_opened(cli: Cli, wheel: bytes, opener: Opener) -> None:
    result = fetch(cli, SHELF)
    assert result.code == 0, result
    assert result.line("ok").split() == ["ok", A, "sha256", "hash", "file", "container"]
    assert pathlib.Path("got", A).read_bytes() == wheel
    assert opener.names == ["", HASH_FILE, A]
    # A page is always read anew.
    assert [request.fresh for _, request in opener.asked] == [True, False, False]
    assert opener.closed == 3
    assert "also from" not in result.out
    assert "plain HTTP" not in result.out


@pytest.mark.parametrize(
    "shelf", ["mem:///wheels/", "mem://sh%65lf/wheels/", "MEM://Shelf:7/wheels/"]
)
def test_address_is_not_named_as_another_origin(cli: Cli, opener: Opener, shelf: str) -> None:
    opener.shelf = shelf
    result = fetch(cli, shelf)
    assert result.code == 0, result
    assert result.line("verified") == "verified 1 of 1 artifacts (weakest tier: container)"


def test_verify_against_opened_page(cli: Cli, wheel: bytes, opener: Opener) -> None:
    make = pathlib.Path("made", A)
    make.parent.mkdir(exist_ok=True)
    make.write_bytes(wheel)
    result = cli("verify", "made", "--against", SHELF)
    assert result.code == 0, result
    assert "hash file" in result.line("ok")


def test_absent_objects_have_cause_of_their_request(cli: Cli, opener: Opener) -> None:
    del opener.objects[HASH_FILE]
    assert "missing-hash" in fetch(cli, SHELF).line("refused")
    opener.objects[HASH_FILE] = f"{sha256(b'x')}  {A}\n".encode()
    del opener.objects[A]
    missing = fetch(cli, SHELF)
    assert missing.code == 4
    assert "missing-artifact" in missing.line("refused")
    del opener.objects[""]
    no_page = fetch(cli, SHELF)
    assert no_page.code == 5
    assert f"unreachable: {SHELF}: not on the shelf" in no_page.err


def test_connection_that_is_not_secure_counts_as_plain_http(cli: Cli, opener: Opener) -> None:
    opener.secure = False
    result = fetch(cli, SHELF, "--report", "report.json")
    assert result.code == 0
    assert "over plain HTTP" in result.out
    assert json.loads(pathlib.Path("report.json").read_text())["plain_http"] is True


def test_links_within_shelf_and_to_http(cli: Cli, wheel: bytes, opener: Opener) -> None:
    other = "demo-1.0-2-py3-none-any.whl"
    with serving({f"/{other}": wheel}) as server:
        opener.objects[""] = page_of(
            wheel, f"/wheels/{A}", f"mem://shelf/wheels/{SDIST}", f"{server.url}{other}"
        )
        result = fetch(cli, SHELF)
        assert result.code == 5
        assert A in result.line("ok")
        refused = sorted(line for line in result.out.splitlines() if line.startswith("refused"))
        assert [line.split()[1] for line in refused] == [other, SDIST]
        assert "http links on an https page" in refused[0]
        assert "mem: links are not followed" in refused[1]
        assert server.requests == []
        opener.secure = False
        assert f"also from {server.url.rstrip('/')}" in fetch(cli, SHELF).out


class Cut:
    """Offers wheel A, whose size it knows."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    @hookimpl
    def wheelhouse_locate(self, url: str) -> Listing | None:
        claim = Claim(Digest("sha256", sha256(self.body)), "desk", "desk")
        entry = Entry(A, SHELF + A, len(self.body), claims=(claim,))
        return Listing("desk", (entry,), companions_listed=True)


@pytest.mark.parametrize(
    ("headers", "ranges", "offsets"),
    [
        ({"ETag": '"v1"'}, True, [0, 30_000, 60_000]),
        ({"Last-Modified": OLD}, True, [0, 30_000, 60_000]),
        ({}, True, [0, 0, 0]),
        ({"ETag": '"v1"'}, False, [0, 30_000, 60_000]),
    ],
    ids=["tag", "date", "no validator", "whole object again"],
)
def test_cut_object_is_resumed(
    cli: Cli,
    wheel: bytes,
    opener: Opener,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    ranges: bool,
    offsets: list[int],
) -> None:
    install(monkeypatch, mem=opener, cut=Cut(wheel))
    opener.headers, opener.ranges = headers, ranges
    opener.cuts = [30_000, 30_000 if offsets[1] and ranges else 60_000]
    result = cli(*FETCH_AND_WAIT, "mem://list/")
    assert result.code == 0, result
    assert pathlib.Path("got", A).read_bytes() == wheel
    assert [request.offset for _, request in opener.asked] == offsets
    validator = next(iter(headers.values()), None)
    assert [request.validator for _, request in opener.asked] == [
        None,
        *([validator] * 2 if offsets[1] else [None] * 2),
    ]


def test_rest_of_other_version_is_not_appended(
    cli: Cli, wheel: bytes, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, versions = os.urandom(len(wheel)), ['"v1"', '"v2"', '"v2"']

    class Changing(Opener):
        @hookimpl
        def wheelhouse_open(self, url: str, request: OpenRequest, run: Run) -> Opened | None:
            self.headers = {"ETag": versions[len(self.asked)]}
            self.objects[A] = wheel if self.asked else old
            return super().wheelhouse_open(url, request, run)

    changing = Changing(dict(opener.objects), cuts=[30_000])
    install(monkeypatch, mem=changing, cut=Cut(wheel))
    assert cli(*FETCH_AND_WAIT, "mem://list/").code == 0
    assert pathlib.Path("got", A).read_bytes() == wheel
    assert [request.offset for _, request in changing.asked] == [0, 30_000, 0]


def test_wrong_bytes_are_requested_again_fresh(cli: Cli, opener: Opener) -> None:
    opener.headers["Last-Modified"] = OLD
    opener.objects[A] = make_wheel(pathlib.Path("other"), A).read_bytes()
    result = cli(*FETCH_AND_WAIT, SHELF)
    # Objects that were unchanged for an hour are not waited for.
    assert result.code == 1
    assert "mismatch" in result.line("refused")
    assert [request.fresh for name, request in opener.asked if name == A] == [False, True]


def test_size_limits(cli: Cli, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ARTIFACT", 50_000)
    declared = fetch(cli, SHELF)
    assert "more than 50000 bytes" in declared.line("refused")
    opener.headers = {"content-length": ""}
    assert "more than 50000 bytes" in fetch(cli, SHELF).line("refused")
    opener.objects[HASH_FILE] = b"x" * 70_000
    assert "more than 65536 bytes" in fetch(cli, SHELF).out


def test_other_length_than_declared(cli: Cli, wheel: bytes, opener: Opener) -> None:
    opener.objects[""] = page_of(wheel)
    del opener.objects[HASH_FILE]
    full = len(wheel)
    opener.headers["content-length"] = str(full + 1)
    assert "truncated" in fetch(cli, SHELF).err
    opener.headers.clear()
    opener.cuts = [40_000]
    cut = fetch(cli, SHELF)
    assert cut.code == 5
    assert "truncated" in cut.line("refused")


class Bad:
    """Opens every ``mem:`` URL in a way that a test chooses."""

    def __init__(self, result: object) -> None:
        self.result = result

    @hookimpl
    def wheelhouse_open(self, url: str) -> Opened | None:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result  # type: ignore[return-value]


def failing(error: BaseException) -> Iterator[bytes]:
    yield b"<a>"
    raise error


class ClosesBadly:
    """Pieces whose close() fails."""

    def __iter__(self) -> Iterator[bytes]:
        yield b""

    def close(self) -> None:
        raise OSError("cannot close")


def opened(**fields: Any) -> Opened:
    """Return an empty object, with some other fields."""
    return replace(Opened({}, [], secure=True), **fields)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (KeyError("x"), "KeyError"),
        (SystemExit(0), "SystemExit"),
        ("text", "TypeError: expected Opened or None"),
        (opened(pieces=b"whole"), "TypeError: Opened.pieces"),
        (opened(pieces=None), "TypeError: Opened.pieces"),
        (opened(pieces=["text"]), "TypeError: pieces must be bytes, not str"),
        (opened(headers={"Content-Length": 9}), "TypeError: Opened.headers"),
        (opened(headers=None), "TypeError: Opened.headers"),
        (opened(secure="yes"), "TypeError: Opened.secure"),
        (opened(offset=7), "ValueError: Opened.offset must be 0 or 0, not 7"),
        (opened(pieces=failing(OSError("broken"))), "OSError: broken"),
        (opened(pieces=failing(SystemExit(0))), "SystemExit"),
        # Without a signal, neither of these is an interruption.
        (opened(pieces=failing(Interrupted("interrupted"))), "Interrupted"),
        (opened(pieces=failing(KeyboardInterrupt())), "KeyboardInterrupt"),
        (opened(pieces=failing(GeneratorExit())), "GeneratorExit"),
        (opened(pieces=ClosesBadly()), "OSError: cannot close"),
    ],
)
def test_wrong_plugin_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, result: object, text: str
) -> None:
    install(monkeypatch, bad=Bad(result))
    ended = fetch(cli, "mem://x/")
    assert ended.code == 1
    assert "plugin 'bad'" in ended.err
    assert f"failed in wheelhouse_open: {text}" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_iterator_that_fails_names_its_own_plugin(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, opener: Opener
) -> None:
    class Silent:
        @hookimpl
        def wheelhouse_open(self) -> None:
            return None

    opener.objects[""] = None  # type: ignore[assignment]
    install(monkeypatch, other=Silent(), mem=opener)
    assert "plugin 'mem'" in fetch(cli, SHELF).err


@pytest.mark.parametrize("error", [TransferError(Cause.UNREACHABLE, "busy"), None])
def test_transient_errors_are_retried(
    cli: Cli, opener: Opener, monkeypatch: pytest.MonkeyPatch, error: TransferError | None
) -> None:
    failures = [error or TransferError(Cause.UNREACHABLE, "busy", 503, 0.1)] * 2

    class Busy(Opener):
        @hookimpl
        def wheelhouse_open(self, url: str, request: OpenRequest, run: Run) -> Opened | None:
            if url == SHELF and failures:
                raise failures.pop()
            return super().wheelhouse_open(url, request, run)

    install(monkeypatch, mem=Busy(opener.objects))
    result = cli(*FETCH_AND_WAIT, SHELF)
    assert result.code == 0, result
    assert "unreachable: busy" in result.line("waiting")


def test_time_limits(cli: Cli, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Blocked:
        def __iter__(self) -> Iterator[bytes]:
            over.wait(600)
            yield b""

    install(monkeypatch, bad=Bad(Opened({}, Blocked(), secure=True)))
    began = time.monotonic()
    ended = fetch(cli, SHELF, "--timeout", 1)
    assert ended.code == 5
    assert "timed out after 1 seconds (increase --timeout)" in ended.err
    monkeypatch.setattr(reading, "IDLE_TIMEOUT", 1)
    assert "no data for 1 seconds" in fetch(cli, SHELF).err
    assert time.monotonic() - began < 120
    over.set()


def test_plugin_may_make_requests_to_open(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh: list[bool] = []

    class Proxy:
        @hookimpl
        def wheelhouse_open(self, url: str, run: Run) -> Opened | None:
            fresh.append(run.fresh)
            run.activity.begin("opening")
            answer = run.client.get(server.url + url.removeprefix("mem://x/"), max_bytes=10**6)
            return Opened(answer.headers, [answer.body], secure=True)

    install(monkeypatch, proxy=Proxy())
    with serving({"/": page_of(wheel), f"/{A}": wheel}) as server:
        result = fetch(cli, "mem://x/")
        assert result.code == 0, result
        connections = {address for address, _, _ in server.requests}
    assert connections
    assert fresh == [False] * len(fresh)


def test_plugin_that_opens_a_url_to_open_it_is_stopped(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless:
        @hookimpl
        def wheelhouse_open(self, url: str, run: Run) -> Opened:
            answer = run.client.get(url, max_bytes=9)
            return Opened({}, [answer.body], secure=True)

    install(monkeypatch, endless=Endless())
    ended = fetch(cli, "mem://x/")
    assert ended.code == 5
    assert "more than 8 objects to open this one" in ended.err


@pytest.mark.parametrize("url", ["ftp://host/", "shelf://[bad", "mem:/x://"])
def test_url_that_nobody_opens(cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    alone = fetch(cli, url)
    assert alone.code == 2
    scheme = url.partition(":")[0]
    start = f"wheelhouse-hashes: error: {url}: unsupported URL scheme '{scheme}'"
    assert alone.err == f"{start}: use http, https or container\n"
    install(monkeypatch, mem=Opener({}))
    with_plugin = fetch(cli, url)
    assert with_plugin.code == 2
    assert with_plugin.err.startswith(f"{start}, and no plugin reads it ('mem' (")
    assert with_plugin.err.count("\n") == 1


def test_malformed_url_reaches_plugins(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Watcher:
        @hookimpl
        def wheelhouse_locate(self, url: str) -> Listing | None:
            seen.append(url)
            return Listing("container", ()) if len(seen) > 1 else None

        @hookimpl
        def wheelhouse_open(self, url: str) -> None:
            seen.append(url)

    install(monkeypatch, watcher=Watcher())
    assert fetch(cli, "shelf://[bad").code == 2
    assert seen == ["shelf://[bad"] * 2
    assert "nothing matches" in fetch(cli, "shelf://[bad").out


def test_entry_that_nobody_opens_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lister:
        @hookimpl
        def wheelhouse_locate(self) -> Listing:
            claim = Claim(Digest("sha256", "0" * 64), "desk", "desk")
            return Listing("desk", (Entry(A, f"mem://x/{A}?sig=s3cret", claims=(claim,)),))

    install(monkeypatch, lister=Lister())
    result = fetch(cli, "http://127.0.0.1:9/")
    assert result.code == 5
    assert f"mem://x/{A}: unsupported URL scheme 'mem'" in result.line("refused")
    assert "s3cret" not in result.out + result.err
    assert got() == []
