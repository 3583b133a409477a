"""Every request to a store has time limits; a server on loopback stalls in different ways."""

from __future__ import annotations

import hashlib
import pathlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.fake_store import (
    CONTAINER,
    FakeStore,
    Place,
    carry_out,
    carry_out_silently,
    drain,
    fake_store,
)
from tests.support.marks import USES_LIBCLOUD
from tests.support.servers import Handler, respond
from tests.support.waits import short_pauses
from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.disk.files import LocalFile
from wheelhouse_hashes.errors import StoreError
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.driver import Account
from wheelhouse_hashes.stores.limits import Exchange, Limits, limit_requests
from wheelhouse_hashes.stores.opening import open_store
from wheelhouse_hashes.stores.requests import StoreRequests

pytestmark = [pytest.mark.thorough, USES_LIBCLOUD]

#: The short limit of these tests, in seconds: on a busy machine, other requests end earlier.
LIMIT = 2

#: Short limits; the total is longer than a test takes.
SHORT = Limits(connect=LIMIT, idle=LIMIT, answer=LIMIT, total=300)

#: More than fits into the buffers of a connection on loopback, in bytes.
LARGE = 32 * 1024 * 1024

#: Time for what follows a short limit, on a busy machine, in seconds.
SOON = 60.0

#: Seconds that a stalled server waits, unless the test ends.
STALL = 300

PUT, LOOK, LIST = Place("PUT", f"/{A}"), Place("HEAD", f"/{A}"), Place("GET", f"/{CONTAINER}")


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """An empty container, through one of the two APIs."""
    with fake_store(request.param) as fake:
        yield fake


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """An event that is set when the test ends, for handlers that wait."""
    ended = threading.Event()
    yield ended
    ended.set()


def opened(
    fake: FakeStore, limits: Limits = SHORT, wait: float = 0, options: tuple[str, ...] = ()
) -> Store:
    """Return the container as the commands open it."""
    account = Account(
        fake.provider, "user", "secret-key", driver_options=(*fake.driver_options, *options)
    )
    budget = WaitBudget(wait, threading.Event())
    return open_store(account, CONTAINER, StoreRequests(budget, limits))


def send(store: Store, size: int = 1000) -> None:
    """Send an artifact of a given size."""
    path = pathlib.Path(A)
    content = b"x" * size
    path.write_bytes(content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    with LocalFile(path) as file:
        digests = {"sha256": sha256(content), "md5": md5}
        store.put(LocalArtifact(path, size, digests, file.identity), file, create_only=True)


def failure(call: Callable[[], object]) -> str:
    """Return the message of a call that fails soon."""
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        call()
    assert time.monotonic() - began < SOON
    return caught.value.message


def test_put_that_is_not_read_ends(fake: FakeStore, ended: threading.Event) -> None:
    fake.fail(PUT, lambda _: ended.wait(STALL), times=1)
    message = failure(lambda: send(opened(fake), LARGE))
    assert message == f"cannot send {A}: the store accepted no data for {LIMIT} seconds"


def test_put_that_is_not_answered_ends(fake: FakeStore, ended: threading.Event) -> None:
    def silent(handler: Handler) -> None:
        drain(handler)
        ended.wait(STALL)

    fake.fail(PUT, silent, times=1)
    message = failure(lambda: send(opened(fake)))
    assert message == f"cannot send {A}: the store did not answer within {LIMIT} seconds"


def test_dripping_answer_ends(fake: FakeStore, ended: threading.Event) -> None:
    """Each byte arrives soon after the one before it, and the headers are never complete."""

    def drip(handler: Handler) -> None:
        drain(handler)
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"x" * 1000:
            handler.wfile.write(bytes([byte]))
            if ended.wait(0.05):
                break
        handler.close_connection = True

    fake.fail(PUT, drip, times=1)
    message = failure(lambda: send(opened(fake)))
    assert message == f"cannot send {A}: the store did not answer within {LIMIT} seconds"


@pytest.mark.parametrize("pause", [STALL, 0.05], ids=["stalled", "dripping"])
def test_listing_that_never_ends(fake: FakeStore, ended: threading.Event, pause: float) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not ended.wait(pause):
            handler.wfile.write(b" ")
        handler.close_connection = True

    fake.fail(LIST, endless, times=1)
    limits = SHORT if pause > 1 else Limits(total=LIMIT)
    store = opened(fake, limits, wait=0 if pause > 1 else 60)
    why = f"sent no data for {LIMIT} seconds"
    if pause <= 1:
        why = f"timed out after {LIMIT} seconds (increase --"
    assert why in failure(store.objects)
    assert fake.hits == 1


@pytest.mark.parametrize("large", [True, False], ids=["not read", "not answered"])
def test_put_that_timed_out_is_sent_again(
    fake: FakeStore, ended: threading.Event, *, large: bool
) -> None:
    def stall(handler: Handler) -> None:
        if not large:
            drain(handler)
        ended.wait(STALL)

    fake.fail(PUT, stall, times=1)
    size = LARGE if large else 1000
    send(opened(fake, wait=30), size)
    assert len(fake.objects[A][0]) == size
    requests = [each for each in fake.asked if each[1] == A]
    assert requests == [("PUT", A), ("HEAD", A), ("PUT", A)]


def test_put_that_timed_out_and_arrived_is_not_sent_again(
    fake: FakeStore, ended: threading.Event
) -> None:
    def late(handler: Handler) -> None:
        carry_out_silently(handler)
        ended.wait(STALL)

    fake.fail(PUT, late, times=1)
    send(opened(fake, wait=30))
    assert fake.objects[A][0] == b"x" * 1000
    assert fake.asked.count(("PUT", A)) == 1


def test_other_object_in_place_of_a_timed_out_put_is_kept(
    fake: FakeStore, ended: threading.Event
) -> None:
    """Another job's object is no reason to believe that the put arrived."""

    def overtaken(handler: Handler) -> None:
        drain(handler)
        fake.objects[A] = (b"other", {"ETag": "0" * 32})
        ended.wait(STALL)

    fake.fail(PUT, overtaken, times=1)
    assert failure(lambda: send(opened(fake, wait=30))) == A
    assert fake.objects[A][0] == b"other"


def test_slow_but_steady_put_succeeds(fake: FakeStore) -> None:
    """It takes longer than the limit for a pause."""

    def slow(handler: Handler) -> None:
        length = int(handler.headers["Content-Length"])
        body = b""
        while len(body) < length:
            body += handler.rfile.read(min(length // 8, length - len(body)))
            time.sleep(0.4)
        handler.rfile = _Content(body)  # type: ignore[assignment]
        carry_out(handler)

    fake.fail(PUT, slow, times=1)
    send(opened(fake, Limits(idle=LIMIT)), LARGE)
    assert fake.asked.count(("PUT", A)) == 1


class _Content:
    """A body that was read already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, _size: int) -> bytes:
        return self._content

    def readline(self, _limit: int) -> bytes:
        return b""


def test_total_limits_all_tries_without_their_pauses(
    fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_refusal(handler: Handler) -> None:
        drain(handler)
        time.sleep(0.9)
        respond(handler, 503, b"later")

    fake.fail(PUT, slow_refusal, times=float("inf"))
    # Longer than the limit, which is used up in three tries, or in two of a busy machine.
    short_pauses(monkeypatch, [2.5] * 3)
    store = opened(fake, Limits(total=2.4), wait=60)
    with pytest.raises(StoreError, match=r"timed out after 2.4 seconds \(increase --timeout\)"):
        send(store)
    assert 2 <= fake.hits <= 3


def test_limit_for_tls(ended: threading.Event) -> None:
    """The server accepts the connection and never answers the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = (f"port={server.getsockname()[1]}", "host=127.0.0.1")
        account = Account("S3", "user", "secret-key", driver_options=options)
        requests = StoreRequests(WaitBudget(0, threading.Event()), SHORT)
        store = open_store(account, CONTAINER, requests)
        assert "did not answer in time" in failure(store.open)


@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxy"])
def test_driver_option_timeout_replaces_the_limits(
    fake: FakeStore, ended: threading.Event, *, proxied: bool
) -> None:
    fake.fail(PUT, lambda handler: (drain(handler), ended.wait(STALL)), times=1)
    options = (f"timeout={LIMIT}", *[f"proxy_url=http://127.0.0.1:{fake.port}"][: int(proxied)])
    message = failure(lambda: send(opened(fake, Limits(), options=options)))
    assert f"did not answer within {LIMIT} seconds" in message


@pytest.mark.parametrize(
    "place",
    [
        Place("GET", "/auth/v1.0"),
        Place("HEAD", f"/{CONTAINER}"),
        LIST,
        Place("PUT", f"/{A}.sha256"),
        PUT,
        LOOK,
        Place("GET", f"/{A}.sha256"),
        Place("PUT", "/index.html"),
    ],
    ids=lambda place: f"{place.method} {place.path[1:]}",
)
def test_every_request_of_an_upload_has_a_limit(
    cli: Cli, fake: FakeStore, dist: pathlib.Path, ended: threading.Event, place: Place
) -> None:
    if place.path == "/auth/v1.0" and fake.provider == "S3":
        return  # has no token
    make_wheel(dist, A)
    fake.fail(place, lambda handler: (drain(handler), ended.wait(STALL)), times=float("inf"))
    began = time.monotonic()
    limits = ("--wait", 0, "--driver-option", f"timeout={LIMIT}")
    result = cli("upload", "--hashfile", *limits, *fake.options)
    said = f"did not answer within {LIMIT} seconds" in result.out + result.err
    assert (result.code, said) == (5, True)
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize(
    "provider", ["OPENSTACK_SWIFT", "CLOUDFILES", "S3", "AZURE_BLOBS", "BACKBLAZE_B2", "MINIO"]
)
def test_all_sessions_of_a_driver_are_limited(provider: str) -> None:
    options = ("ex_force_auth_url=http://127.0.0.1:9",) if provider == "OPENSTACK_SWIFT" else ()
    if provider == "MINIO":
        options = ("host=127.0.0.1",)
    driver: Any = Account(provider, "user", "c2VjcmV0", driver_options=options).make_driver()
    exchange = Exchange(SHORT)
    limit_requests(driver, exchange)
    connection = driver.connection
    connection.connect()
    adapters = connection.connection.session.adapters.values()
    assert all(adapter._exchange is exchange for adapter in adapters)
