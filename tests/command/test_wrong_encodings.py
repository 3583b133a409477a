"""Responses whose ``Content-Encoding`` is wrong, or that a proxy compressed."""

from __future__ import annotations

import gzip
import http.server
import pathlib
import zlib
from collections.abc import Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, hash_file, make_sdist, sha256
from tests.support.commands import FETCH, FETCH_AND_WAIT, got
from tests.support.pages import page, page_of
from tests.support.servers import Handler, Respond, Routes, Server, respond, running, serving

#: Labels of bodies that are not encoded.
LABELS = ["gzip", "x-gzip", "deflate", "br", "zstd", "aws-chunked", "utf-8", "gzip, gzip"]


@pytest.fixture
def sdist(tmp_path: pathlib.Path) -> bytes:
    """The bytes of the sdist."""
    return make_sdist(tmp_path / "made", SDIST).read_bytes()


def _labelled(body: bytes, label: str, media_type: str = "text/plain") -> Respond:
    return lambda h: respond(h, 200, body, Content_Encoding=label, Content_Type=media_type)


@pytest.mark.parametrize("label", LABELS)
def test_mislabelled_hash_file_is_read_as_sent(cli: Cli, wheel: bytes, label: str) -> None:
    name = f"{A}.sha256"
    routes: Routes = {
        "/": page(A, name),
        f"/{A}": wheel,
        f"/{name}": _labelled(hash_file(wheel, A), label),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert (result.code, got()) == (0, [A]), result
    assert server.paths().count(f"/{name}") <= 2


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", ["HTML", "names"])
def test_mislabelled_page_is_read_as_sent(cli: Cli, wheel: bytes, label: str, kind: str) -> None:
    html = _labelled(page_of(wheel), label, "text/html")
    names = _labelled(f"{A}\n{A}.sha256\n".encode(), label)
    routes: Routes = {
        "/": html if kind == "HTML" else names,
        f"/{A}": wheel,
        f"/{A}.sha256": hash_file(wheel, A),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert (result.code, got()) == (0, [A]), result


@pytest.fixture
def apache(wheel: bytes, sdist: bytes) -> Iterator[Server]:
    """A server that labels files as mod_mime does with ``AddEncoding x-gzip .gz``."""
    files = {f"/{A}": wheel, f"/{SDIST}": sdist}
    files |= {f"{name}.sha256": hash_file(body, name[1:]) for name, body in files.items()}
    files["/"] = page(*(name[1:] for name in files))
    server = Server("")

    class Made(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.note(self)
            encoding = {"Content_Encoding": "x-gzip"} if ".gz" in self.path else {}
            respond(self, 200, files[self.path], **encoding)

        def log_message(self, *args: object) -> None:
            pass

    with running(Made) as url:
        server.url = f"{url}/"
        yield server


def test_sdist_beside_mislabelled_hash_file_is_kept(cli: Cli, apache: Server) -> None:
    result = cli(*FETCH_AND_WAIT, apache.url)
    assert (result.code, got()) == (0, [A, SDIST]), result
    assert "verified 2 of 2" in result.out


# Bodies that are encoded, and others that cannot be decoded.


@pytest.mark.parametrize("label", ["gzip", "x-gzip", "deflate"])
def test_encoded_hash_file_is_decoded(cli: Cli, wheel: bytes, label: str) -> None:
    encode = zlib.compress if label == "deflate" else gzip.compress
    name = f"{A}.sha256"
    routes: Routes = {
        "/": page(A, name),
        f"/{A}": wheel,
        f"/{name}": _labelled(encode(hash_file(wheel, A)), label),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A]), result
    assert server.paths().count(f"/{name}") == 1


BROKEN = {
    "binary": b"\x80\x00" * 50,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "damaged": gzip.compress(bytes(9))[:10] + b"\xff" * 99,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_undecodable_hash_file_is_named_at_once(cli: Cli, wheel: bytes, kind: str) -> None:
    name = f"{A}.sha256"
    broken = _labelled(BROKEN[kind], "gzip")
    routes: Routes = {"/": page(A, name), f"/{A}": wheel, f"/{name}": broken}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert (result.code, got()) == (5, []), result
    assert "cannot be decoded (Content-Encoding: gzip)" in result.line("refused")
    assert server.paths().count(f"/{name}") <= 2


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("label", ["gzip", "br"])
def test_encoding_of_refused_artifact_is_named(
    cli: Cli, wheel: bytes, sdist: bytes, kind: str, label: str
) -> None:
    """A proxy compressed it, so its digest differs."""
    name, body = (A, wheel) if kind == "wheel" else (SDIST, sdist)
    routes: Routes = {
        "/": page(f"{name}#sha256={sha256(body)}"),
        f"/{name}": _labelled(gzip.compress(body), label, "application/octet-stream"),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert f"sent with Content-Encoding: {label}" in result.line("refused")
    assert "turn off compression" in result.out


@pytest.mark.parametrize("label", ["gzip", "x-gzip", "identity", "br"])
def test_mislabelled_artifact_is_kept_as_sent(
    cli: Cli, wheel: bytes, sdist: bytes, label: str
) -> None:
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}", f"{SDIST}#sha256={sha256(sdist)}"),
        f"/{A}": _labelled(wheel, label),
        f"/{SDIST}": _labelled(sdist, label),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A, SDIST]), result
    assert "Content-Encoding" not in result.out


def test_encoding_is_not_named_if_another_cause_refuses(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/": page(A), f"/{A}": _labelled(wheel, "gzip")}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "Content-Encoding" not in result.out


def test_label_with_a_command_is_shown_as_text(cli: Cli, wheel: bytes) -> None:
    def answer(handler: Handler) -> None:
        respond(handler, 200, gzip.compress(wheel), Content_Encoding="::error::\x1b[2Jx" * 20)

    with serving({"/": page_of(wheel), f"/{A}": answer}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "\x1b" not in result.out
    assert len(result.line("refused")) < 900
