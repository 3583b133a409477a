"""Real TLS with generated certificates, and proxies in front of servers."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import os
import pathlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import trustme

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A, make_wheel
from tests.support.commands import FETCH
from tests.support.pages import page_of
from tests.support.params import quick
from tests.support.servers import Respond, Routes, respond, running, serving


@dataclass
class Authority:
    """A generated certificate authority."""

    made: trustme.CA
    #: The file with its certificate.
    bundle: pathlib.Path

    def context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return a TLS server context, by default for 127.0.0.1."""
        then = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = self.made.issue_cert(*(names or ("127.0.0.1",)), not_after=then)
        issued.configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that is not trusted yet."""
    made = trustme.CA()
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(str(bundle))
    return Authority(made, bundle)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The same authority, trusted through ``SSL_CERT_FILE``."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    return authority


@pytest.fixture(autouse=True)
def no_other_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all other trusted bundles."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def routes_of(content: bytes) -> dict[str, Respond | bytes]:
    """Return a page with the digest of artifact A, and the artifact."""
    return {"/": page_of(content), f"/{A}": content}


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_custom_authority_is_trusted(
    cli: Cli, wheel: bytes, authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(authority.bundle))
    with serving(routes_of(wheel), authority.context()) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "verified 1 of 1 artifacts (weakest tier: container)"
    assert pathlib.Path("got", A).read_bytes() == wheel


@pytest.fixture
def folder(authority: Authority, tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the authority under its hashed name."""
    openssl = shutil.which("openssl")
    assert openssl, "needs the command openssl: apt-get install openssl"
    command = (openssl, "x509", "-noout", "-hash", "-in", str(authority.bundle))
    hashed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    made = tmp_path / "authorities"
    made.mkdir()
    shutil.copy(authority.bundle, made / f"{hashed}.0")
    return made


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_folder_of_authorities_is_trusted(
    cli: Cli,
    wheel: bytes,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    folder: pathlib.Path,
    name: str,
) -> None:
    monkeypatch.setenv(name, str(folder))
    with serving(routes_of(wheel), authority.context()) as server:
        assert cli(*FETCH, server.url).code == 0


@pytest.mark.parametrize("kind", ["bundle", "folder", "none"])
@pytest.mark.parametrize(
    "name", quick(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"], "SSL_CERT_FILE")
)
def test_uploads_trust_the_same_authorities(
    python: Cli,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    folder: pathlib.Path,
    name: str,
    kind: str,
) -> None:
    if kind != "none":
        monkeypatch.setenv(name, str(folder if kind == "folder" else authority.bundle))
    asked: list[str] = []

    class Store(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            respond(self, 403, b"")

        def do_GET(self) -> None:
            self.do_HEAD()

        def log_message(self, *args: object) -> None:
            pass

    options = ["--provider-name", "MINIO", "--username", "u", "--secret", "s"]
    with running(Store, authority.context()) as url:
        port = url.rpartition(":")[2]
        for option in ("host=127.0.0.1", f"port={port}", "secure=true"):
            options += ["--driver-option", option]
        result = python("-m", "wheelhouse_hashes", "index", *options, "wheels")
    assert result.code == 5
    assert bool(asked) is (kind != "none"), result.err


def test_untrusted_authority_is_refused(cli: Cli, wheel: bytes, authority: Authority) -> None:
    with serving(routes_of(wheel), authority.context()) as server:
        result = cli(*FETCH, server.url)
        assert server.requests == []
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "certificate" in result.err
    assert "SSL_CERT_FILE" in result.err


@pytest.mark.parametrize("fault", ["wrong host", "expired"])
def test_bad_certificate_is_refused_at_once(
    cli: Cli, wheel: bytes, trusted: Authority, fault: str
) -> None:
    expired = trusted.context(expired=True)
    context = expired if fault == "expired" else trusted.context("example.org")
    tries: list[str | None] = []

    def refuse(self: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: object) -> None:
        tries.append(name)

    context.sni_callback = refuse
    with serving({f"/{A}": wheel}, context) as other:
        page = page_of(wheel, f"{other.url}{A}")
        with serving({"/": page}) as server:
            result = cli(*FETCH, "--wait", "60", server.url)
        assert other.requests == []
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert "certificate" in result.line("refused")
    assert len(tries) == 1
    assert os.listdir("got") == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_below_1_2_is_refused(cli: Cli, wheel: bytes, trusted: Authority) -> None:
    old = trusted.context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(routes_of(wheel), old) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, server.requests) == (5, [])
    assert "unreachable" in result.err


def test_missing_ca_bundle_is_reported(
    cli: Cli, wheel: bytes, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with serving(routes_of(wheel), authority.context()) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "SSL_CERT_FILE=/nowhere/ca.pem: no such file or folder" in result.err
    assert server.requests == []


@pytest.mark.parametrize(
    "variable",
    quick(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"], "REQUESTS_CA_BUNDLE"),
)
@pytest.mark.parametrize("verb", ["upload", "index"])
def test_missing_ca_bundle_is_reported_before_libcloud(
    python: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, variable: str, verb: str
) -> None:
    make_wheel(dist, A)
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    options = ("--hashfile",) if verb == "upload" else ()
    result = python("-m", "wheelhouse_hashes", verb, *options, *LOCAL, "wheels")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert f"{variable}=/nowhere/ca.pem: no such file or folder" in result.err


@pytest.mark.parametrize("expired", [False, True])
def test_no_ssl_check_skips_checks_with_warning(
    cli: Cli, wheel: bytes, authority: Authority, expired: bool
) -> None:
    with serving(routes_of(wheel), authority.context("example.org", expired=expired)) as server:
        result = cli(*FETCH, "--no-ssl-check", server.url)
    assert result.code == 0
    first, *_, last = result.out.splitlines()
    assert first.split()[:5] == ["warning", "TLS", "CERTIFICATES", "ARE", "NOT"]
    assert last.endswith("(weakest tier: container, TLS certificates not checked)")


def test_no_ssl_check_has_no_environment_variable(
    cli: Cli, wheel: bytes, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_NO_SSL_CHECK", "1")
    with serving(routes_of(wheel), authority.context()) as server:
        assert cli(*FETCH, server.url).code == 5
        assert server.requests == []


def test_no_ssl_check_without_verify_is_refused(cli: Cli) -> None:
    result = cli("fetch", "--no-ssl-check", "demo", "http://127.0.0.1:1/")
    assert result.code == 2
    assert "--no-ssl-check: no effect without --verify" in result.err


def test_redirect_from_https_to_http_is_refused_at_once(
    cli: Cli, wheel: bytes, trusted: Authority
) -> None:
    with serving({f"/{A}": wheel}) as plain:
        routes: Routes = {
            **routes_of(wheel),
            f"/{A}": lambda handler: respond(handler, 302, b"", Location=f"{plain.url}{A}"),
        }
        with serving(routes, trusted.context()) as server:
            result = cli(*FETCH, "--wait", "60", server.url.replace("://", "://u:hunter2@"))
        assert plain.requests == []
        assert server.paths().count(f"/{A}") == 1
    assert result.code == 5
    assert "redirects from https to http" in result.line("refused")


def test_page_redirect_from_https_to_http_is_refused(
    cli: Cli, wheel: bytes, trusted: Authority
) -> None:
    with serving(routes_of(wheel)) as plain:
        down: Routes = {"/": lambda handler: respond(handler, 301, b"", Location=plain.url)}
        with serving(down, trusted.context()) as server:
            result = cli(*FETCH, server.url)
        assert plain.requests == []
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "redirects from https to http" in result.err


def test_link_from_https_to_http_is_refused(cli: Cli, wheel: bytes, trusted: Authority) -> None:
    with serving({f"/{A}": wheel}) as plain:
        page = page_of(wheel, f"{plain.url}{A}")
        with serving({"/": page}, trusted.context()) as server:
            result = cli(*FETCH, server.url)
        assert plain.requests == []
    assert result.code == 5
    assert "http links on an https page are not followed" in result.line("refused")


def test_credentials_are_not_sent_after_redirect_to_https(
    cli: Cli, wheel: bytes, trusted: Authority
) -> None:
    with serving(routes_of(wheel), trusted.context()) as server:
        up: Routes = {"/": lambda handler: respond(handler, 301, b"", Location=server.url)}
        with serving(up) as plain:
            assert cli(*FETCH, plain.url.replace("://", "://u:hunter2@")).code == 0
    assert {"authorization" in headers for _, _, headers in plain.requests} == {True}
    assert {"authorization" in headers for _, _, headers in server.requests} == {False}


def test_interrupted_tls_connection_is_resumed(cli: Cli, wheel: bytes, trusted: Authority) -> None:
    ranges: list[str | None] = []

    def cut_once(handler: http.server.BaseHTTPRequestHandler) -> None:
        ranges.append(handler.headers.get("Range"))
        if ranges[-1] is not None:
            span = f"bytes 20000-{len(wheel) - 1}/{len(wheel)}"
            return respond(handler, 206, wheel[20_000:], Content_Range=span)
        handler.send_response(200)
        handler.send_header("ETag", '"v1"')
        handler.send_header("Content-Length", str(len(wheel)))
        handler.end_headers()
        handler.wfile.write(wheel[:20_000])
        handler.close_connection = True
        return None

    with serving({**routes_of(wheel), f"/{A}": cut_once}, trusted.context()) as server:
        result = cli(*FETCH, "--wait", "20", server.url)
    assert result.code == 0
    assert ranges == [None, "bytes=20000-"]


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_http_proxy_receives_absolute_urls(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    routes: Routes = {f"http://wheels.invalid{k}": v for k, v in routes_of(wheel).items()}
    with serving(routes) as proxy:
        monkeypatch.setenv(name, proxy.url.replace("://", "://bob:hunter2@"))
        result = cli(*FETCH, "http://wheels.invalid/")
    assert result.code == 0
    assert all("proxy-authorization" in headers for _, _, headers in proxy.requests)
    assert "hunter2" not in result.out + result.err


def test_no_proxy_hosts_are_contacted_directly(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({}) as proxy, serving(routes_of(wheel)) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "example.org,127.0.0.1")
        assert cli(*FETCH, server.url).code == 0
    assert proxy.requests == []
    assert not any("proxy-authorization" in headers for _, _, headers in server.requests)


@dataclass
class Tunnels:
    """A tunnelling proxy: its URL and the headers it received."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    #: The status it answers; only 200 opens a tunnel.
    status: int = 200
    #: The status of its first answer, if it is another one.
    first: int | None = None


@contextlib.contextmanager
def tunnelling(tls: ssl.SSLContext | None = None) -> Iterator[Tunnels]:
    """Run an HTTPS proxy."""
    kept = Tunnels()

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            kept.asked.append({k.lower(): v for k, v in self.headers.items()})
            status, kept.first = kept.first or kept.status, None
            if status != 200:
                return respond(self, status, b"<html>log in")
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                self.send_response(200)
                # These headers come from the proxy, not from the server.
                self.send_header("X-Object-Meta-Sha256", "0" * 64)
                self.send_header("Retry-After", "99")
                self.end_headers()
                pump = threading.Thread(target=_pump, args=(far, self.connection))
                pump.start()
                _pump(self.connection, far)
                pump.join()
            self.close_connection = True
            return None

        def log_message(self, *args: object) -> None:
            pass

    with running(Proxy, tls) as url:
        kept.url = url
        yield kept


@pytest.fixture
def tunnels() -> Iterator[Tunnels]:
    """An HTTPS proxy."""
    with tunnelling() as kept:
        yield kept


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_proxy_tunnel_keeps_credentials_separate(
    cli: Cli,
    wheel: bytes,
    trusted: Authority,
    tunnels: Tunnels,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, tunnels.url.replace("://", "://bob:builder@"))
    with serving(routes_of(wheel), trusted.context()) as server:
        result = cli(*FETCH, server.url.replace("://", "://someone:hunter2@"))
    assert result.code == 0, result.out
    assert tunnels.asked
    for headers in tunnels.asked:
        assert "proxy-authorization" in headers
        assert "authorization" not in headers
    for _, _, headers in server.requests:
        assert "authorization" in headers
        assert "proxy-authorization" not in headers


@pytest.mark.parametrize("good", [True, False])
def test_https_proxy_certificate_is_checked(
    cli: Cli, wheel: bytes, trusted: Authority, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    names = () if good else ("example.org",)
    with tunnelling(trusted.context(*names)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with serving(routes_of(wheel), trusted.context()) as server:
            result = cli(*FETCH, "--no-ssl-check", server.url)
    assert (result.code, bool(proxy.asked)) == ((0, True) if good else (5, False))


@pytest.mark.parametrize("status", [302, 403, 404, 407, 416, 502])
def test_proxy_tunnel_error_is_unreachable(
    cli: Cli,
    wheel: bytes,
    trusted: Authority,
    tunnels: Tunnels,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    tunnels.status = status
    monkeypatch.setenv("https_proxy", tunnels.url.replace("://", "://bob:builder@"))
    with serving({f"/{A}": wheel}, trusted.context()) as other:
        page = page_of(wheel, f"{other.url}{A}")
        with serving({"/": page}) as server:
            result = cli(*FETCH, server.url)
        assert other.requests == []
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert str(status) in result.line("refused")
    assert "tunnel" in result.line("refused")
    assert ("valid user and password" in result.line("refused")) is (status == 407)
    assert "builder" not in result.out + result.err


@pytest.mark.parametrize("place", ["page", "artifact"])
@pytest.mark.parametrize("status", [301, 403, 407])
def test_refused_proxy_tunnel_is_final(
    cli: Cli,
    wheel: bytes,
    tunnels: Tunnels,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    place: str,
) -> None:
    tunnels.status = status
    monkeypatch.setenv("https_proxy", tunnels.url)
    page = page_of(wheel, f"https://wheels.invalid/{A}")
    with serving({"/": page}) as server:
        url = "https://wheels.invalid/" if place == "page" else server.url
        result = cli(*FETCH, "--wait", "60", url)
    assert result.code == 5
    assert f"tunnel: HTTP status {status}" in result.out + result.err
    assert "waiting" not in result.out
    assert len(tunnels.asked) == 1


def test_temporary_proxy_tunnel_error_is_retried(
    cli: Cli, wheel: bytes, trusted: Authority, tunnels: Tunnels, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnels.first = 502
    monkeypatch.setenv("https_proxy", tunnels.url)
    with serving(routes_of(wheel), trusted.context()) as server:
        result = cli(*FETCH, "--wait", "60", server.url)
    assert result.code == 0
    assert "tunnel: HTTP status 502" in result.line("waiting")


def test_407_for_a_plain_request_names_the_proxy(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def login(handler: http.server.BaseHTTPRequestHandler) -> None:
        respond(handler, 407, b"", Proxy_Authenticate="Basic")

    with serving({"http://wheels.invalid/": login}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://bob:hunter2@"))
        result = cli(*FETCH, "--wait", "60", "http://wheels.invalid/")
        assert len(proxy.requests) == 1
    assert result.code == 5
    assert "HTTP status 407; the proxy requires a valid user and password" in result.err
    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize("value", ["http://bob:hunter2@127.0.0.1:1", "127.0.0.1:1"])
@pytest.mark.parametrize("place", ["page", "artifact", "refused"])
def test_ignored_proxy_variable_is_named(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch, place: str, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    unknown = "http://wheels.invalid/" if place != "refused" else "http://127.0.0.1:1/"
    with serving({"/": page_of(wheel, f"{unknown}{A}")}) as server:
        result = cli(*FETCH, server.url if place == "artifact" else unknown)
    text = result.line("refused") if place == "artifact" else result.err
    assert "(HTTP_PROXY is ignored for http URLs, as in curl: set http_proxy in lower" in text
    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("http_proxy", "http://wheels.invalid/"),
        ("all_proxy", "http://wheels.invalid/"),
        ("ALL_PROXY", "http://wheels.invalid/"),
        ("", "https://wheels.invalid/"),
    ],
)
def test_used_proxy_variable_is_not_called_ignored(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    if variable:
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    result = cli(*FETCH, url)
    assert result.code == 5
    assert "ignored" not in result.err


@contextlib.contextmanager
def answering(first: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Answer the first bytes of each connection, and close it; yield the port and those bytes."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(first)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


#: The first bytes of servers that do not speak TLS, and TLS alerts (:rfc:`8446`).
NO_TLS = {
    "HTTP": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "protocol version": b"\x15\x03\x01\x00\x02\x02\x46",
    "handshake failure": b"\x15\x03\x01\x00\x02\x02\x28",
    "packet too long": b"\x16\x03\x03\xff\xff" + b"x" * 70_000,
}


@pytest.mark.parametrize("place", ["page", "artifact"])
@pytest.mark.parametrize("first", NO_TLS)
def test_server_without_suitable_tls_is_final(
    cli: Cli, wheel: bytes, first: str, place: str
) -> None:
    with answering(NO_TLS[first]) as (port, heard):
        page = page_of(wheel, f"https://127.0.0.1:{port}/{A}")
        with serving({"/": page}) as server:
            url = f"https://127.0.0.1:{port}/" if place == "page" else server.url
            result = cli(*FETCH, "--wait", "60", url)
    assert result.code == 5
    assert "unreachable: " in result.out + result.err
    assert "waiting" not in result.out
    assert len(heard) == 1


@pytest.mark.parametrize("first", [b"", b"\x15\x03\x01\x00\x02\x02\x50"])
def test_dropped_tls_handshake_is_retried(cli: Cli, first: bytes) -> None:
    with answering(first) as (port, heard):
        result = cli(*FETCH, "--wait", "1", f"https://127.0.0.1:{port}/")
    assert result.code == 5
    assert "waiting" in result.out
    assert len(heard) > 1


#: What SOCKS proxies answer (:rfc:`1928`, :rfc:`1929`): no acceptable method; a rejected
#: password; another protocol; the connection is not allowed by the rules.
SOCKS = {
    "login": [b"\x05\xff"],
    "login rejected": [b"\x05\x02", b"\x01\x01"],
    "another protocol": [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    "not allowed": [b"\x05\x00", b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"],
}


@pytest.mark.parametrize("kind", SOCKS)
def test_refused_socks_connection_is_final(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    accepted: list[int] = []

    class Socks(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            accepted.append(1)
            with contextlib.suppress(OSError):
                for answer in SOCKS[kind]:
                    self.request.recv(65536)
                    self.request.sendall(answer)
                self.request.recv(65536)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Socks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(
            "all_proxy", f"socks5h://bob:hunter2@127.0.0.1:{server.server_address[1]}"
        )
        result = cli(*FETCH, "--wait", "60", "http://wheels.invalid/")
        server.shutdown()
    assert result.code == 5
    assert ("valid user and password" in result.err) is kind.startswith("login")
    assert "hunter2" not in result.out + result.err
    assert len(accepted) == 1


@pytest.mark.parametrize(
    "proxy",
    [
        "nonsense://bob:hunter2@127.0.0.1:1",
        "http://bob:hunter2@127.0.0.1:99999",
        "http://bob:hunter2@proxy.invalid:1",
        "http://bob:hunter2@[bad:1",
        "http://bob:hunter2@127.0.0.1:1",
        "bob:hun'ter2@127.0.0.1:1",
        "socks5://bob:hunter2@127.0.0.1:1",
    ],
)
def test_unusable_proxy_is_one_line_error_without_password(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    result = cli(*FETCH, "http://127.0.0.1:9/")
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "hun" not in result.out + result.err
