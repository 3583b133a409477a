"""Declared sizes bound downloads, and refused files do not fill the disk."""

from __future__ import annotations

import contextlib
import gzip
import json
import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, make_sdist, make_wheel, sha256
from tests.support.commands import FETCH, FETCH_AND_WAIT, GOT, got
from tests.support.opener import SHELF, Opener
from tests.support.pages import page
from tests.support.plugins import install
from tests.support.servers import Handler, Respond, Routes, respond, serving
from wheelhouse_hashes.fetch import target_folder
from wheelhouse_hashes.formats.pages import JSON_TYPE

SIZE = 1000


def json_document(*files: tuple[str, bytes, int]) -> bytes:
    """Return a JSON page of some files: name, bytes of the digest, size."""
    entries = [
        {"filename": name, "url": name, "hashes": {"sha256": sha256(content)}, "size": size}
        for name, content, size in files
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "files": entries}).encode()


def json_page(*files: tuple[str, bytes, int]) -> Respond:
    """Return an answer with :func:`json_document`."""
    body = json_document(*files)
    return lambda handler: respond(handler, 200, body, Content_Type=JSON_TYPE)


def _long(handler: Handler) -> None:
    respond(handler, 200, b"PK\3\4" * SIZE)


def _endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"PK\3\4" * 4096)


def _endless_chunks(handler: Handler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"4000\r\n" + b"PK\3\4" * 4096 + b"\r\n")


def _one_more(handler: Handler) -> None:
    respond(handler, 200, b"PK\3\4".ljust(SIZE + 1))


BODIES = {
    "Content-Length": _long,
    "endless": _endless,
    "endless chunks": _endless_chunks,
    "one byte more": _one_more,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_body_longer_than_declared_is_not_read_to_its_end(
    cli: Cli, wheel: bytes, body: Respond
) -> None:
    with serving({"/": json_page((A, wheel, SIZE)), f"/{A}": body}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "mismatch: longer than the 1000 bytes that the listing declares" in result.line(
        "refused"
    )
    assert "got " not in result.out
    assert got() == []


def test_body_of_the_declared_size_is_kept(cli: Cli, wheel: bytes) -> None:
    with serving({"/": json_page((A, wheel, len(wheel))), f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url).code == 0
    assert got() == [A]


def test_body_that_was_longer_once_is_fetched_again(cli: Cli, wheel: bytes) -> None:
    answers: list[Respond] = [_endless]
    routes: Routes = {
        "/": json_page((A, wheel, len(wheel))),
        f"/{A}": lambda h: answers.pop()(h) if answers else respond(h, 200, wheel),
    }
    with serving(routes) as server:
        assert cli(*FETCH_AND_WAIT, "--wait", "20", server.url).code == 0
    assert got() == [A]


def test_encoding_of_a_body_longer_than_declared_is_named(
    cli: Cli, wheel: bytes, tmp_path: pathlib.Path
) -> None:
    sdist = make_sdist(tmp_path / "made", SDIST).read_bytes()
    again = gzip.compress(sdist, 0)
    assert len(again) > len(sdist)
    routes: Routes = {
        "/": json_page((SDIST, sdist, len(sdist))),
        f"/{SDIST}": lambda h: respond(h, 200, again, Content_Encoding="gzip"),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert "sent with Content-Encoding: gzip" in result.line("refused")


def test_object_of_a_plugin_longer_than_declared_is_not_read_to_its_end(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json_document((A, wheel, SIZE))
    opener = Opener({"": document, A: b"PK\3\4" * SIZE}, headers={"Content-Type": JSON_TYPE})
    install(monkeypatch, mem=opener)
    result = cli(*FETCH, SHELF)
    assert "longer than the 1000 bytes that the listing declares" in result.line("refused")
    assert got() == []


def _names(count: int) -> list[str]:
    return [f"demo-1.0-{number}-py3-none-any.whl" for number in range(count)]


def test_rejected_folder_has_a_limit(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _names(4)
    monkeypatch.setattr(target_folder, "MAX_REJECTED", 2 * len(wheel))
    links = [f"{name}#sha256={'0' * 64}" for name in names]
    with serving({"/": page(*links), **{f"/{name}": wheel for name in names}}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert got() == [".rejected"]
    assert len(list((GOT / ".rejected").iterdir())) == 2
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == 4
    assert sum("not kept: removed, because .rejected has" in line for line in refused) == 2


def test_small_files_fit_after_a_large_one_did_not(
    cli: Cli, wheel: bytes, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large, other = _names(3)
    content = make_wheel(tmp_path / "made", large, b"x" * 500_000).read_bytes()
    monkeypatch.setattr(target_folder, "MAX_REJECTED", 2 * len(wheel))
    routes: Routes = {f"/{small}": wheel, f"/{large}": content, f"/{other}": wheel}
    links = [f"{name}#sha256={'0' * 64}" for name in (small, large, other)]
    with serving({"/": page(*links), **routes}) as server:
        cli(*FETCH, "--max-workers", "1", server.url)
    kept = sorted(path.name for path in (GOT / ".rejected").iterdir())
    assert kept == [f"{small}.rejected", f"{other}.rejected"]


def test_bad_copy_in_the_folder_counts_and_is_removed(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    GOT.mkdir()
    (GOT / A).write_bytes(b"bad")
    monkeypatch.setattr(target_folder, "MAX_REJECTED", 2)
    with serving({"/": page(f"{A}#sha256={sha256(wheel)}"), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert "removed, because .rejected has" in result.line("ok")
    assert (GOT / A).read_bytes() == wheel
    assert got() == [A]
