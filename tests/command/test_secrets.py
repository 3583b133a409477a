"""Users, passwords, headers and cookies: which servers receive them, and what is shown."""

from __future__ import annotations

import base64
import os
import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import ANOTHER_A as B
from tests.support.artifacts import A
from tests.support.commands import FETCH
from tests.support.pages import page_of
from tests.support.servers import Handler, Respond, Routes, Server, respond, serving, to


def basic(user: str, password: str) -> str:
    """Return the ``Authorization`` value for a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def authorizations(server: Server) -> set[str | None]:
    """Return the ``Authorization`` values that a server received."""
    assert server.requests
    return {headers.get("authorization") for _, _, headers in server.requests}


@pytest.fixture
def netrc(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A netrc file with an entry for the servers' host."""
    path = tmp_path / "my.netrc"
    path.write_text("machine 127.0.0.1\n login someone\n password hunter2\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


def test_netrc_is_used_for_command_line_url_only(
    cli: Cli, wheel: bytes, netrc: pathlib.Path
) -> None:
    with serving({f"/{A}": wheel, "/there": wheel}) as other:
        routes: Routes = {
            "/": page_of(wheel, other.url + A, B),
            f"/{B}": to(f"{other.url}there"),
        }
        with serving(routes) as server:
            result = cli(*FETCH, server.url)
        assert other.paths().count(f"/{A}") == other.paths().count("/there") == 1
        assert authorizations(other) == {None}
    assert authorizations(server) == {basic("someone", "hunter2")}
    assert result.code == 0
    assert "hunter2" not in result.out + result.err
    assert "someone" not in result.out + result.err


@pytest.mark.parametrize("name", [".netrc", "_netrc"])
def test_netrc_in_home_folder_is_read(
    cli: Cli, wheel: bytes, netrc: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    netrc.rename(netrc.with_name(name))
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(netrc.parent))
    with serving({"/": page_of(wheel, A), f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url).code == 0
    assert authorizations(server) == {basic("someone", "hunter2")}


def test_url_credentials_take_precedence_over_netrc(
    cli: Cli, wheel: bytes, netrc: pathlib.Path
) -> None:
    with serving({"/": page_of(wheel, A), f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url.replace("://", "://me:mine@")).code == 0
    assert authorizations(server) == {basic("me", "mine")}


@pytest.mark.parametrize(
    "text",
    [
        "machine example.org login a password b\n",
        "machine 127.0.0.1\n nonsense\n",
        "machine 127.0.0.1 login",
        "\0",
        None,
    ],
)
def test_unusable_netrc_is_ignored(
    cli: Cli, wheel: bytes, netrc: pathlib.Path, text: str | None
) -> None:
    netrc.unlink()
    if text is not None:
        netrc.write_text(text)
    with serving({"/": page_of(wheel, A), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err) == (0, "")
    assert authorizations(server) == {None}


def test_password_with_special_characters(cli: Cli, wheel: bytes) -> None:
    with serving({"/": page_of(wheel, A), f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url.replace("://", "://j%C3%B6rg:p%40%3A%2F%E2%82%AC@")).code == 0
    assert authorizations(server) == {basic("jörg", "p@:/€")}


def test_cookies_are_never_sent_back(cli: Cli, wheel: bytes) -> None:
    def with_cookie(body: bytes) -> Respond:
        return lambda handler: respond(handler, 200, body, Set_Cookie="id=1; Path=/")

    routes: Routes = {"/": with_cookie(page_of(wheel, A)), f"/{A}": with_cookie(wheel)}
    with serving(routes) as server:
        assert cli(*FETCH, server.url).code == 0
    assert not any("cookie" in headers for _, _, headers in server.requests)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_secret_echoed_by_server_is_not_printed(cli: Cli, wheel: bytes, status: int) -> None:
    def echo(handler: Handler) -> None:
        text = handler.headers["Authorization"]
        handler.send_response(status, f"no {text}")
        handler.send_header("X-Why", text)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    with serving({"/": page_of(wheel, A), f"/{A}": echo, "/no/": echo}) as server:
        url = server.url.replace("://", "://someone:hunter2@")
        artifact = cli(*FETCH, url)
        listing = cli(*FETCH, f"{url}no/")
    assert artifact.code
    assert listing.code
    text = artifact.out + artifact.err + listing.out + listing.err
    for secret in ("hunter2", "someone", basic("someone", "hunter2")[6:]):
        assert secret not in text


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/hostname",
        "ftp://127.0.0.1/x",
        "data:text/plain,x",
        "gopher://127.0.0.1/",
        "dict://127.0.0.1/",
        "javascript:1",
        "http://[bad/",
        "http://host:99999/",
    ],
)
def test_redirect_to_other_scheme_is_refused_at_once(cli: Cli, wheel: bytes, target: str) -> None:
    with serving({"/": page_of(wheel, A), f"/{A}": to(target)}) as server:
        result = cli(*FETCH, "--wait", "60", server.url)
        assert server.paths().count(f"/{A}") == 1
    assert result.code == 5
    assert "unreachable: " in result.line("refused")
    assert os.listdir("got") == []
