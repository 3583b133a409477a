"""Headers that plugins add to requests: for which requests, and what is never shown."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, sha256
from tests.support.commands import FETCH_AND_WAIT, fetch
from tests.support.pages import page, page_of
from tests.support.plugins import install, on_main_thread
from tests.support.servers import Handler, respond, serving, to
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest
from wheelhouse_hashes.http.authorization import Authorization
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, Listing

SECRET = "s3cret"


class Tokens:
    """Adds a token that becomes invalid after a number of requests."""

    def __init__(self, prefix: str = "http") -> None:
        self.prefix = prefix
        self.current = 1
        #: The URL and ``run.fresh`` of each call.
        self.asked: list[tuple[str, bool]] = []

    @hookimpl
    def wheelhouse_authorize(self, url: str, method: str, run: Run) -> Mapping[str, str] | None:
        assert not on_main_thread()
        assert method == "GET"
        self.asked.append((url, run.fresh))
        if not url.startswith(self.prefix):
            return None
        if run.fresh and self.current:
            self.current += 1
        return {"X-Auth-Token": f"{SECRET}{self.current}"}


def sent(requests: Any) -> dict[str, list[str | None]]:
    """Return the tokens of the requests for each path."""
    tokens: dict[str, list[str | None]] = {}
    for _, path, headers in requests:
        tokens.setdefault(path.partition("?")[0], []).append(headers.get("x-auth-token"))
    return tokens


def test_token_goes_to_named_origins_only(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens()
    install(monkeypatch, tokens=tokens)
    with serving({f"/{A}": wheel}) as elsewhere:
        routes: dict[str, Any] = {
            "/": page(A),
            f"/{A}": to(f"{elsewhere.url}{A}"),
            f"/{HASH_FILE}": f"{sha256(wheel)}  {A}\n".encode(),
        }
        with serving(routes) as server:
            assert fetch(cli, server.url).code == 0
            assert sent(server.requests) == {
                "/": [f"{SECRET}1"],
                f"/{HASH_FILE}": [f"{SECRET}1"],
                f"/{A}": [f"{SECRET}1"],
            }
            # Neither the redirect nor a plugin's own request names an origin.
            assert sent(elsewhere.requests) == {f"/{A}": [None]}
            routes["/"] = page_of(wheel, f"{elsewhere.url}{A}")
            pathlib.Path("got", A).unlink()
            elsewhere.requests.clear()
            assert fetch(cli, server.url).code == 0
            assert sent(elsewhere.requests)[f"/{A}"] == [f"{SECRET}1"]


def test_token_is_not_sent_again_after_a_detour(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tokens=Tokens())
    routes: dict[str, Any] = {"/secret": page_of(wheel), f"/{A}": wheel}
    with serving(routes) as server, serving({"/away": to(f"{server.url}secret")}) as elsewhere:
        routes["/"] = to(f"{elsewhere.url}away")
        fetch(cli, server.url)
        assert sent(server.requests)["/"] == [f"{SECRET}1"]
        assert sent(server.requests)["/secret"] == [None]


def test_expired_token_is_renewed_once(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, valid = Tokens(), ["1", "2"]

    def guarded(body: bytes) -> Any:
        def answer(handler: Handler) -> None:
            token = handler.headers.get("X-Auth-Token", "")
            if token.removeprefix(SECRET) in valid:
                respond(handler, 200, body)
            else:
                respond(handler, 401, b"who are you?")

        return answer

    install(monkeypatch, tokens=tokens)
    with serving({"/": guarded(page_of(wheel)), f"/{A}": guarded(wheel)}) as server:
        valid.remove("1")
        result = fetch(cli, server.url)
        assert result.code == 0, result
        assert sent(server.requests)["/"] == [f"{SECRET}1", f"{SECRET}2"]
        assert [fresh for _, fresh in tokens.asked][:3] == [False, True, False]
        # A token that is refused again is an error, with one more request.
        valid.clear()
        server.requests.clear()
        refused = fetch(cli, server.url)
        assert refused.code == 5
        assert "forbidden" in refused.err
        assert len(server.requests) == 2
        assert SECRET not in result.out + result.err + refused.out + refused.err


def test_token_replaces_header_of_entry(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lister:
        @hookimpl
        def wheelhouse_locate(self) -> Listing:
            claim = Claim(Digest("sha256", sha256(wheel)), "desk", "desk")
            headers = {"x-auth-token": "old", "X-Other": "kept"}
            entry = Entry(A, server.url + A, headers=headers, claims=(claim,))
            return Listing("desk", (entry,), companions_listed=True)

    def give(handler: Handler) -> None:
        seen.append((handler.headers.get_all("X-Auth-Token"), handler.headers["X-Other"]))
        respond(handler, 200, wheel)

    seen: list[object] = []
    install(monkeypatch, lister=Lister(), tokens=Tokens())
    with serving({f"/{A}": give}) as server:
        assert fetch(cli, "http://127.0.0.1:9/").code == 0
    assert seen == [([f"{SECRET}1"], "kept")]


def test_hook_may_make_requests(cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Renewing:
        @hookimpl
        def wheelhouse_authorize(self, run: Run) -> Mapping[str, str]:
            token = run.client.get(f"{server.url}token", max_bytes=99).body.decode()
            return {"X-Auth-Token": token}

    install(monkeypatch, renewing=Renewing())
    old = "Thu, 01 Jan 2015 00:00:00 GMT"
    routes: dict[str, Any] = {
        "/token": b"abc",
        "/": lambda handler: respond(handler, 200, page_of(b"x"), Last_Modified=old),
        f"/{A}": lambda handler: respond(handler, 200, wheel, Last_Modified=old),
    }
    with serving(routes) as server:
        # The token's response has no date; it says nothing about the age of the artifact, so
        # the wrong bytes are not waited for.
        assert cli(*FETCH_AND_WAIT, server.url).code == 1
        tokens = sent(server.requests)
    assert set(tokens["/token"]) == {None}
    assert set(tokens["/"]) == set(tokens[f"/{A}"]) == {"abc"}


class Returns:
    """Returns or raises one thing."""

    def __init__(self, result: object) -> None:
        self.result = result

    @hookimpl
    def wheelhouse_authorize(self) -> Mapping[str, str] | None:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (SystemExit(0), "SystemExit: 0"),
        ([("X-Token", SECRET)], "TypeError: expected a mapping of headers or None, got list"),
        (SECRET, "TypeError: expected a mapping of headers or None, got str"),
        ({"X-Token": SECRET.encode()}, "TypeError: the names and values of headers"),
        ({"X-Token": f"{SECRET}\r\nX-Evil: 1"}, "ValueError: header 'X-Token': only printable"),
        ({"X-Token": f"{SECRET}\xe9"}, "ValueError: header 'X-Token': only printable"),
        ({"X Token": SECRET}, "ValueError: header 'X Token': only printable"),
    ],
)
def test_wrong_plugin_is_named_without_its_secret(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, result: object, text: str
) -> None:
    install(monkeypatch, bad=Returns(result))
    with serving({"/": page()}) as server:
        ended = fetch(cli, server.url)
        assert server.requests == []
    assert ended.code == 1
    assert "plugin 'bad' (bad-dist 1.0) failed in wheelhouse_authorize: " + text in ended.err
    assert SECRET not in ended.out + ended.err


def test_trace_hides_headers(cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tokens=Tokens())
    monkeypatch.setenv("WHEELHOUSE_HASHES_TRACE", "1")
    with serving({"/": page_of(wheel), f"/{A}": wheel}) as server:
        result = fetch(cli, server.url, "--report", "report.json", "--explain", A)
    assert "trace: wheelhouse_authorize(): called tokens; result: ..." in result.err
    everything = result.out + result.err + pathlib.Path("report.json").read_text()
    assert SECRET not in everything


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://store.example/x", True),
        ("http://store.example/x", False),
        ("http://10.0.0.1/x", False),
        ("http://127.0.0.1:8080/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://store.localhost/x", True),
        ("http://localhost.example/x", False),
        ("http://endpoint.example:8080/x", True),
        ("http://endpoint.example/x", False),
        ("https://unnamed.example/x", False),
    ],
)
def test_token_over_plain_http(url: str, given: bool) -> None:
    asked, notes = [], []

    def ask(url: str, method: str, fresh: bool) -> dict[str, str]:
        asked.append((url, method, fresh))
        return {"X-Auth-Token": SECRET}

    authorization = Authorization(ask, lambda _, text: notes.append(text))
    hosts = ("store.example", "10.0.0.1", "127.0.0.1", "[::1]", "localhost", "store.localhost")
    for host in (*hosts, "localhost.example", "endpoint.example"):
        for scheme, port in (("http", 80), ("https", 443), ("http", 8080)):
            authorization.named.add((scheme, host.strip("[]"), port))
    authorization.endpoints.add(("http", "endpoint.example", 8080))
    seen = authorization.perform(url, {}, lambda _, headers: dict(headers))
    assert (seen == {"X-Auth-Token": SECRET}) is given
    named = "unnamed" not in url
    assert asked == ([(url, "GET", False)] if named else [])
    assert len(notes) == (named and not given)
    assert SECRET not in str(notes)
