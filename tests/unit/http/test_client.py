"""The client sends secrets to one origin only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.servers import Routes, Server, respond, serving, to
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.http.client import Client
from wheelhouse_hashes.http.response import Response


@pytest.fixture
def client() -> Iterator[Client]:
    """A new client."""
    with closing(Client(threading.Event())) as made:
        yield made


def authorizations(server: Server) -> set[str | None]:
    """Return the ``Authorization`` values that a server received."""
    assert server.requests
    return {headers.get("authorization") for _, _, headers in server.requests}


def test_request_headers_are_sent_to_their_origin_only(client: Client) -> None:
    tokens = {"X-Auth-Token": "t0ken", "Cookie": "session=t0ken", "Authorization": "Bearer t0ken"}
    with serving({"/there": b"body"}) as other:
        routes: Routes = {
            "/a": to("/b"),
            "/b": to(f"{other.url}there"),
        }
        with serving(routes) as server:
            answer = client.get(f"{server.url}a", max_bytes=100, headers=tokens)
    assert answer.body == b"body"
    assert [headers["x-auth-token"] for _, _, headers in server.requests] == ["t0ken"] * 2
    for _, _, headers in other.requests:
        assert "t0ken" not in str(headers)


def test_user_in_redirect_url_is_not_used(client: Client) -> None:
    with serving({"/there": b"body"}) as other:
        away = other.url.replace("://", "://eve:hers@") + "there"
        with serving({"/a": to(away)}) as server:
            assert client.get(f"{server.url}a", max_bytes=100).body == b"body"
    assert authorizations(other) == {None}


def test_endless_redirects_are_refused_at_once(client: Client) -> None:
    refused = pytest.raises(TransferError, match="more than 10 redirects")
    with serving({"/a": to("/b"), "/b": to("/a")}) as server, refused as refusal:
        client.get(f"{server.url}a", max_bytes=100)
    assert refusal.value.may_heal is False
    assert len(server.requests) == 11


def test_requests_of_the_main_thread_belong_to_its_attempt(client: Client) -> None:
    with serving({"/a": b"body"}) as server, client.attempt(fresh=True) as attempt:
        client.get(f"{server.url}a", max_bytes=100)
        client.get(f"{server.url}a?q", max_bytes=100)
    assert [response.body for response in attempt.responses] == [b"body", b"body"]
    assert [headers["x-newest"] for _, _, headers in server.requests] == ["true", "true"]
    assert server.requests[0][1].startswith("/a?fresh=")


def test_later_requests_of_the_main_thread_do_not_belong_to_the_attempt(client: Client) -> None:
    with serving({"/a": b"body"}) as server:
        with client.attempt(fresh=True) as attempt:
            client.get(f"{server.url}a", max_bytes=100)
        client.get(f"{server.url}a", max_bytes=100)
    assert len(attempt.responses) == 1
    assert "x-newest" not in server.requests[1][2]


def test_request_within_a_request(client: Client) -> None:
    """A hook that is called when the headers are there may make requests of its own."""
    body, received, inner = b"x" * 100_000, bytearray(), []

    with serving({"/a": body, "/small": b"small"}) as server:

        def begin(_response: Response) -> None:
            inner.append(client.get(f"{server.url}small", max_bytes=100).body)

        for _ in range(2):
            received.clear()
            client.download(f"{server.url}a", received.extend, begin=begin)
            assert received == body
            assert client.get(f"{server.url}small", max_bytes=100).body == b"small"
    assert inner == [b"small"] * 2
    assert len(client._connections._handles) == 2


def test_head_is_for_one_request_only(client: Client) -> None:
    """A connection is used again by the next request of its thread."""
    received = bytearray()
    with serving({"/a": to("/b"), "/b": b"body"}) as server:
        for _ in range(2):
            answer = client.head(f"{server.url}a", headers={"X-Auth-Token": "t0ken"})
            assert (answer.body, answer.headers["content-length"]) == (b"", "4")
            assert client.get(f"{server.url}b", max_bytes=4).body == b"body"
            assert client.head(f"{server.url}b").status == 200
            client.download(f"{server.url}b", received.extend)
    assert received == b"body" * 2
    methods = [method for method, _, _ in server.requests]
    assert methods == ["HEAD", "HEAD", "GET", "HEAD", "GET"] * 2
    assert server.requests[1][2]["x-auth-token"] == "t0ken"
    with serving({"/a": lambda handler: respond(handler, 404, b"")}) as server:
        with pytest.raises(TransferError) as refusal:
            client.head(f"{server.url}a")
        assert refusal.value.status == 404


def test_headers_may_be_requested_while_headers_are_read(client: Client) -> None:
    """As by a plugin's ``wheelhouse_response_claims``."""
    received = bytearray()
    seen = []
    with serving({"/a": b"body", "/b": b"other"}) as server:
        client.download(
            f"{server.url}a",
            received.extend,
            begin=lambda _: seen.append(client.head(f"{server.url}b").headers["content-length"]),
        )
    assert (bytes(received), seen) == (b"body", ["5"])
