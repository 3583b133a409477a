"""One rule of what is tried again, for requests to a store and of plugins.

The other places are in ``test_retries.py``.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Iterator

import pytest

from tests.command.test_retries import FINAL, TRANSIENT, WAIT, cut, drop, reset, status
from tests.conftest import Cli, Result
from tests.support.artifacts import A, hash_file, make_wheel
from tests.support.fake_store import (
    CONTAINER,
    FakeStore,
    Fault,
    Place,
    carry_out_silently,
    drain,
    fake_store,
)
from tests.support.pages import page
from tests.support.servers import Handler, Respond, Routes, respond, serving
from wheelhouse_hashes.artifacts import Companion, ListedArtifact, LocalArtifact
from wheelhouse_hashes.hookspecs import hookimpl
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.testing import installed

#: libcloud signs with a function that is deprecated in Python 3.12 and later, and leaves
#: connections to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

PLACES = {
    "token": Place("GET", "/auth/v1.0"),
    "container": Place("HEAD", f"/{CONTAINER}"),
    "listing": Place("GET", f"/{CONTAINER}"),
    "hash file": Place("PUT", f"/{A}.sha256"),
    "artifact": Place("PUT", f"/{A}"),
    "read-back": Place("HEAD", f"/{A}"),
    "read-back of the hash file": Place("GET", f"/{A}.sha256"),
    "delete": Place("DELETE", f"/{A}.md5"),
    "page": Place("PUT", "/index.html"),
}

#: 507 is final: a store that is full stays full.
STORE_TRANSIENT = {name: fault for name, fault in TRANSIENT.items() if name != "507"}
STORE_FINAL = (402, 405, 413, 418, 451, 501, 505, 507)


def at_half(handler: Handler) -> None:
    """Drop the connection when half of the request's body was read."""
    handler.rfile.read(int(handler.headers.get("Content-Length") or 0) // 2)
    drop(handler)


#: Faults that only requests with a body have.
OF_PUTS: dict[str, Fault] = {"dropped midway": at_half, "answer lost": carry_out_silently}


def answered(fault: Respond) -> Fault:
    """Return a fault that reads the request first, as a store does."""

    def answer(handler: Handler) -> None:
        drain(handler)
        fault(handler)

    return answer


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def store(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """An empty container, through one of the two APIs."""
    with fake_store(request.param) as store:
        yield store


def upload(cli: Cli, store: FakeStore, *options: object) -> Result:
    """Upload the folder ``dist``; replace an artifact that has another companion."""
    store.objects[A] = (b"old", {"ETag": store_etag(store)})
    store.objects[f"{A}.md5"] = (b"0" * 32, {"ETag": store_etag(store)})
    return cli("upload", "--hashfile", "--wait", WAIT, *options, *store.options)


def store_etag(store: FakeStore) -> str:
    etag = "0" * 32
    return f'"{etag}"' if store.provider == "S3" else etag


def check(result: Result, store: FakeStore, wheel: pathlib.Path) -> None:
    """Check that an upload succeeded."""
    assert (result.code, result.err) == (0, ""), result
    assert store.objects[A][0] == wheel.read_bytes()
    assert A.encode() in store.objects["index.html"][0]
    assert f"{A}.md5" not in store.objects


_QUICK = {
    *(("dropped", place) for place in PLACES),
    *(("503", place) for place in PLACES),
    ("reset", "artifact"),
    ("cut", "listing"),
    ("530", "hash file"),
    ("429", "container"),
    *((fault, "artifact") for fault in OF_PUTS),
}


def _cases() -> list[object]:
    thorough = pytest.mark.thorough
    faults = [(fault, place) for place in PLACES for fault in STORE_TRANSIENT]
    faults += [(fault, place) for place in ("hash file", "artifact", "page") for fault in OF_PUTS]
    return [
        pytest.param(*each, marks=() if each in _QUICK else thorough)
        for each in faults
        # The answer to a HEAD has no body that could be cut.
        if not (each[0] == "cut" and PLACES[each[1]].method == "HEAD")
    ]


@pytest.mark.parametrize(("fault", "place"), _cases())
def test_transient_fault_is_retried(
    cli: Cli, store: FakeStore, dist: pathlib.Path, fault: str, place: str
) -> None:
    if place == "token" and store.provider == "S3":
        return  # has no token
    wheel = make_wheel(dist, A)
    how = OF_PUTS.get(fault) or answered(TRANSIENT[fault])
    store.fail(PLACES[place], how, times=1)
    result = upload(cli, store)
    check(result, store, wheel)
    assert store.hits >= (1 if fault == "answer lost" else 2)
    waiting = [line for line in result.out.splitlines() if line.startswith("waiting")]
    assert len(waiting) == 1, result
    assert waiting[0].split()[1] in (A, CONTAINER)
    assert f"unreachable: " in waiting[0]
    assert f"waiting up to {WAIT} s" in waiting[0]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(c, marks=() if c in (501, 507) else pytest.mark.thorough)
        for c in STORE_FINAL
    ],
)
def test_final_status_ends_at_once(
    cli: Cli, store: FakeStore, dist: pathlib.Path, code: int, place: str
) -> None:
    if place == "token" and store.provider == "S3":
        return  # has no token
    make_wheel(dist, A)
    store.fail(PLACES[place], answered(status(code)), times=float("inf"))
    began = time.monotonic()
    result = upload(cli, store, "--max-workers", 1)
    assert result.code == 5
    assert time.monotonic() - began < float(WAIT) / 2
    assert store.hits == 1
    assert "waiting" not in result.out
