"""Transport notes: plain HTTP and other origins are reported wherever they occur."""

from __future__ import annotations

import json
import pathlib
import ssl

import pytest
import trustme

from tests.conftest import Cli
from tests.support.artifacts import A, hash_file, make_wheel
from tests.support.commands import FETCH
from tests.support.pages import page, page_of
from tests.support.servers import Respond, Routes, serving, to

PLAIN = "over plain HTTP"
CONTAINER = "weakest tier: container"


@pytest.fixture
def tls(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A TLS server context with a certificate that the client trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def wheel(dist: pathlib.Path) -> bytes:
    """The bytes of wheel A."""
    return make_wheel(dist, A).read_bytes()


def closing(out: str) -> str:
    """Return the summary line."""
    return next(line for line in out.splitlines() if line.startswith("verified "))


@pytest.mark.parametrize("what", ["fetch", "verify"])
def test_redirect_from_http_to_https_counts_as_plain_http(
    cli: Cli, wheel: bytes, tls: ssl.SSLContext, what: str
) -> None:
    command = FETCH if what == "fetch" else ("verify", "dist", "--wait", "0", "--against")
    with (
        serving({"/": page_of(wheel), f"/{A}": wheel}, tls) as secure,
        serving({"/": to(secure.url)}) as plain,
    ):
        result = cli(*command, plain.url)
    assert result.code == 0, result.out
    assert PLAIN in closing(result.out)
    note = f"{plain.url.rstrip('/')} redirects to {secure.url.rstrip('/')}"
    assert result.out.count(note) == 1


@pytest.mark.parametrize("hop", ["artifact", "hash file"])
def test_plain_http_in_any_redirect_is_reported(
    cli: Cli, wheel: bytes, tls: ssl.SSLContext, hop: str
) -> None:
    """A redirect from plain HTTP to TLS, then one more redirect to the bytes."""
    routes: Routes = {
        "/there": wheel if hop == "artifact" else hash_file(wheel),
        "/here": to("/there"),
    }
    with serving(routes, tls) as secure:
        moved = A if hop == "artifact" else f"{A}.sha256"
        links = f'<a href="{A}">x</a><a href="{A}.sha256">x</a>'
        files: dict[str, Respond | bytes] = {f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
        with serving({"/": links.encode(), **files, f"/{moved}": to(f"{secure.url}here")}) as plain:
            result = cli(*FETCH, plain.url)
    assert result.code == 0, result.out
    assert PLAIN in closing(result.out)
    assert result.out.count(" redirects to ") == 1


@pytest.mark.parametrize("place", ["page", "hash file", "artifact", "against"])
def test_redirect_from_http_to_https_is_in_summary_and_report(
    cli: Cli, wheel: bytes, tls: ssl.SSLContext, place: str
) -> None:
    links = page(A, f"{A}.sha256")
    contents = {"/": links, f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
    paths = {"page": "/", "against": "/", "hash file": f"/{A}.sha256", "artifact": f"/{A}"}
    path = paths[place]
    with serving(contents, tls) as secure:
        routes: Routes = {**contents, path: to(secure.url.rstrip("/") + path)}
        with serving(routes) as plain:
            against = ("verify", "dist", "--wait", "0", "--against")
            command = against if place == "against" else FETCH
            result = cli(*command, plain.url, "--report", "report.json")
    assert result.code == 0, result.out
    origin = secure.url.rstrip("/")
    tier = "weakest tier: elsewhere" if place == "against" else CONTAINER
    assert closing(result.out).endswith(f"({tier}, {PLAIN}, also from {origin})")
    assert f"{plain.url.rstrip('/')} redirects to {origin}" in result.out
    report = json.loads(pathlib.Path("report.json").read_text())
    assert (report["plain_http"], report["other_origins"]) == (True, [origin])


def test_tls_only_connection_has_no_note(cli: Cli, wheel: bytes, tls: ssl.SSLContext) -> None:
    with serving({"/": to("/page/"), "/page/": page_of(wheel), f"/page/{A}": wheel}, tls) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert PLAIN not in result.out
    assert "redirects" not in result.out


def test_redirect_to_other_origin_is_noted_once(cli: Cli, dist: pathlib.Path) -> None:
    names = [A, "demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl"]
    wheels = {name: make_wheel(dist, name).read_bytes() for name in names}
    page = b"".join(page_of(body, name) for name, body in wheels.items())
    with serving({f"/{name}": body for name, body in wheels.items()}) as other:
        routes: dict[str, Respond | bytes] = {f"/{name}": to(other.url + name) for name in names}
        with serving({"/": page, **routes}) as server:
            result = cli(*FETCH, server.url)
    assert result.code == 0
    note = f"{server.url.rstrip('/')} redirects to {other.url.rstrip('/')}"
    assert result.out.count(note) == 1
    assert f", also from {other.url.rstrip('/')})" in closing(result.out)


@pytest.mark.parametrize("what", ["page", "hash file", "artifact", "against", "link"])
def test_other_origin_is_in_summary_and_report(cli: Cli, wheel: bytes, what: str) -> None:
    contents = {"/": page_of(wheel), f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
    links = f'<a href="{A}">x</a><a href="{A}.sha256">x</a>'.encode()
    with serving(contents) as other:
        moved: dict[str, Routes] = {
            "page": {"/": to(other.url)},
            "against": {"/": to(other.url)},
            "hash file": {"/": links, f"/{A}.sha256": to(f"{other.url}{A}.sha256")},
            "artifact": {f"/{A}": to(f"{other.url}{A}")},
            "link": {"/": page_of(wheel, f"{other.url}{A}")},
        }
        with serving({**contents, **moved[what]}) as server:
            command = ("verify", "dist", "--wait", "0", "--against") if what == "against" else FETCH
            result = cli(*command, server.url, "--report", "report.json")
    assert result.code == 0, result.out
    assert f", also from {other.url.rstrip('/')})" in closing(result.out)
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["other_origins"] == [other.url.rstrip("/")]
    assert (report["plain_http"], report["unchecked_tls"]) == (True, False)


def test_verify_reports_unchecked_certificates(
    cli: Cli, wheel: bytes, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving({"/": page_of(wheel)}, tls) as server:
        result = cli("verify", "dist", "--no-ssl-check", "--wait", "0", "--against", server.url)
    assert result.code == 0
    assert "TLS certificates not checked" in closing(result.out)


def test_failed_listing_is_in_report_too(cli: Cli) -> None:
    with serving({}) as server:
        result = cli(*FETCH, server.url, "--report", "report.json")
    assert result.code == 5
    assert json.loads(pathlib.Path("report.json").read_text())["plain_http"] is True


def test_plain_http_is_reported_without_any_digest(cli: Cli, wheel: bytes) -> None:
    with serving({"/": page(A), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url, "--missing-hash", "accept")
    assert result.code == 0
    assert closing(result.out) == "verified 0 of 1 artifacts (over plain HTTP), unverified 1"
