"""One rule of what is tried again, for requests to a store and of plugins.

The other places are in ``test_retries.py``.
"""

from __future__ import annotations

import itertools
import pathlib
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import pytest

from tests.command.test_retries import FINAL, SOON, TRANSIENT, WAIT, Failing, drop, status
from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import A, hash_file, make_wheel
from tests.support.fake_store import (
    CONTAINER,
    FakeStore,
    Fault,
    Nowhere,
    Place,
    carry_out,
    carry_out_silently,
    drain,
    fake_store,
)
from tests.support.marks import USES_LIBCLOUD
from tests.support.pages import page
from tests.support.servers import Handler, Respond, Routes, respond, serving
from tests.support.signaled import begin, signal_and_wait
from wheelhouse_hashes.artifacts import Claim, Companion, Finding, ListedArtifact, LocalArtifact
from wheelhouse_hashes.hookspecs import hookimpl
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.testing import installed

pytestmark = [pytest.mark.thorough, USES_LIBCLOUD]

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


#: What runs with every interpreter: each place once through one of the two APIs.
_QUICK = {
    *(("OPENSTACK_SWIFT", "dropped", place) for place in PLACES),
    *(("S3", "503", place) for place in PLACES),
    ("S3", "reset", "artifact"),
    ("OPENSTACK_SWIFT", "cut", "listing"),
    ("S3", "cut", "listing"),
    ("OPENSTACK_SWIFT", "530", "hash file"),
    ("OPENSTACK_SWIFT", "429", "container"),
    *(("OPENSTACK_SWIFT", fault, "artifact") for fault in OF_PUTS),
}


def _cases(
    faults: Sequence[tuple[object, str]], quick: Collection[tuple[str, object, str]]
) -> list[object]:
    cases: list[object] = []
    for api in ("OPENSTACK_SWIFT", "S3"):
        for fault, place in faults:
            # The S3 API has no token, and the answer to a HEAD no body that could be cut.
            if (api, place) == ("S3", "token") or (
                fault == "cut" and PLACES[place].method == "HEAD"
            ):
                continue
            marks = () if (api, fault, place) in quick else pytest.mark.thorough
            cases.append(pytest.param(api, fault, place, marks=marks))
    return cases


_TRANSIENT_CASES = [
    *itertools.product(STORE_TRANSIENT, PLACES),
    *itertools.product(OF_PUTS, ("hash file", "artifact", "page")),
]

_FINAL_QUICK = {
    *(("OPENSTACK_SWIFT", 507, place) for place in PLACES),
    *(("S3", 501, place) for place in ("container", "listing", "artifact")),
}


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    ("store", "fault", "place"), _cases(_TRANSIENT_CASES, _QUICK), indirect=["store"]
)
def test_transient_fault_is_retried(
    cli: Cli, store: FakeStore, dist: pathlib.Path, fault: str, place: str
) -> None:
    wheel = make_wheel(dist, A)
    how = OF_PUTS.get(fault) or answered(TRANSIENT[fault])
    store.fail(PLACES[place], how, times=1)
    result = upload(cli, store)
    check(result, store, wheel)
    assert store.hits >= (1 if fault == "answer lost" else 2)
    waiting = [line for line in result.out.splitlines() if line.startswith("waiting")]
    assert len(waiting) == 1, result
    assert waiting[0].split()[1] in (A, CONTAINER)
    assert "unreachable: " in waiting[0]
    assert f"waiting up to {WAIT} s" in waiting[0]


@pytest.mark.parametrize(
    ("store", "code", "place"),
    _cases(list(itertools.product(STORE_FINAL, PLACES)), _FINAL_QUICK),
    indirect=["store"],
)
def test_final_status_ends_at_once(
    cli: Cli, store: FakeStore, dist: pathlib.Path, code: int, place: str
) -> None:
    make_wheel(dist, A)
    store.fail(PLACES[place], answered(status(code)), times=float("inf"))
    began = time.monotonic()
    result = upload(cli, store, "--max-workers", 1)
    # The answer of the S3 API to a HEAD has no reason, so the listing decides.
    decides = not (store.provider == "S3" and place == "container" and code < 500)
    assert result.code == (5 if decides else 0)
    assert time.monotonic() - began < SOON
    # If the artifact cannot be confirmed, another look tells what the container has.
    # The host looks the container up once more at the end.
    assert store.hits <= {"read-back": 3, "container": 1 if decides else 2}.get(place, 1)
    assert "waiting" not in result.out


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("place", ["token", "container", "listing", "page"])
def test_index_retries_and_stops_by_the_same_rule(
    cli: Cli, store: FakeStore, dist: pathlib.Path, place: str
) -> None:
    if place == "token" and store.provider == "S3":
        return  # has no token
    store.objects[A] = (b"old", {"ETag": store_etag(store)})
    store.fail(PLACES[place], answered(status(503)), times=1)
    result = cli("index", "--wait", WAIT, *store.options)
    assert (result.code, result.line("waiting").split()[1]) == (0, CONTAINER)
    store.objects.pop("index.html")
    store.fail(PLACES[place], answered(status(501)), times=float("inf"))
    result = cli("index", "--wait", WAIT, *store.options)
    assert (result.code, store.hits, "waiting" in result.out) == (5, 1, False)


def test_wait_0_gives_up_at_once(cli: Cli, store: FakeStore, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    store.fail(PLACES["artifact"], answered(status(503)), times=float("inf"))
    result = upload(cli, store, "--wait", 0)
    assert (result.code, store.hits) == (5, 1)
    assert "not available (503)" in result.line("failed")
    assert "waiting" not in result.out


def test_wait_is_one_budget_for_the_run(
    cli: Cli, store: FakeStore, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_WAIT", "2")
    for number in range(6):
        make_wheel(dist, f"demo-1.{number}-py3-none-any.whl")
    store.fail(Place("PUT", ".whl"), answered(status(503)), times=float("inf"))
    began = time.monotonic()
    result = cli("upload", "--hashfile", "--max-workers", 1, *store.options)
    assert time.monotonic() - began >= 2
    assert result.code == 5
    assert result.out.count("failed  ") == 6
    assert "waiting up to 2 s" in result.out
    # Each artifact alone could wait that long, but nothing is left for all but the first.
    sent = [name for method, name in store.asked if method == "PUT" and name.endswith(".whl")]
    first, *others = Counter(sent).values()
    assert first > 1
    assert others == [1] * 5


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured(cli: Cli, store: FakeStore, dist: pathlib.Path, code: int) -> None:
    wheel = make_wheel(dist, A)
    times: list[float] = []

    def later(handler: Handler) -> None:
        times.append(time.monotonic())
        respond(handler, code, b"slow down", Retry_After="3")

    store.fail(PLACES["artifact"], answered(later), times=1)
    began = time.monotonic()
    check(upload(cli, store), store, wheel)
    assert time.monotonic() - began >= 3


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("value", ["soon", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", ""])
def test_useless_retry_after_is_ignored(
    cli: Cli, store: FakeStore, dist: pathlib.Path, value: str
) -> None:
    """libcloud fails if it cannot read the value."""
    wheel = make_wheel(dist, A)
    fault = answered(lambda handler: respond(handler, 429, b"slow down", Retry_After=value))
    store.fail(PLACES["container"], fault, times=1)
    check(upload(cli, store), store, wheel)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("options", [(), ("--no-replace",)], ids=["", "no-replace"])
@pytest.mark.parametrize("place", ["artifact", "hash file"])
def test_put_whose_answer_was_lost_is_not_repeated(
    cli: Cli, store: FakeStore, dist: pathlib.Path, place: str, options: tuple[str, ...]
) -> None:
    """The object that is there then must not look like another job's, either."""
    wheel = make_wheel(dist, A)
    store.fail(PLACES[place], carry_out_silently, times=1)
    result = cli("upload", "--hashfile", *options, "--wait", WAIT, *store.options)
    assert (result.code, store.hits) == (0, 1), result
    assert "sent 1" in result.out
    assert store.objects[A][0] == wheel.read_bytes()


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("code", [500, 502, 504])
def test_put_that_a_gateway_lost_is_not_repeated(
    cli: Cli, store: FakeStore, dist: pathlib.Path, code: int
) -> None:
    make_wheel(dist, A)

    def gateway(handler: Handler) -> None:
        answer, handler.wfile = handler.wfile, Nowhere()  # type: ignore[assignment]
        carry_out(handler)
        handler.wfile = answer
        respond(handler, code, b"lost")

    store.fail(PLACES["artifact"], gateway, times=1)
    result = cli("upload", "--hashfile", "--no-replace", "--wait", WAIT, *store.options)
    assert (result.code, store.hits) == (0, 1), result


@pytest.mark.usefixtures("brief")
def test_refused_put_is_repeated_without_looking(
    cli: Cli, store: FakeStore, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    store.fail(PLACES["artifact"], answered(status(503)), times=2)
    assert cli("upload", "--hashfile", "--wait", WAIT, *store.options).code == 0
    start = store.asked.index(("PUT", A))
    assert store.asked[start : start + 3] == [("PUT", A)] * 3


def test_ctrl_c_ends_the_wait_for_a_store(store: FakeStore, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    store.fail(PLACES["artifact"], answered(status(503)), times=float("inf"))
    command = ("upload", "--hashfile", "--wait", "600", *store.options)
    process = begin(lambda: store.hits >= 3, *command)
    out, err, took = signal_and_wait(process, signal.SIGINT)
    assert (process.returncode, err) == (130, "")
    assert took < SOON
    assert "interrupted: run the command again" in out.splitlines()[-1]


# Requests of plugins


class _Asking:
    """Requests something in one hook.

    :param hook: the hook.
    :param url: the address.
    """

    def __init__(self, hook: str, url: str) -> None:
        self._hook = hook
        self._url = url

    def _ask(self, hook: str, run: Run) -> bytes:
        return run.client.get(self._url, max_bytes=100_000).body if hook == self._hook else b""

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact, run: Run) -> list[Claim]:
        self._ask("claims", run)
        return []

    @hookimpl
    def wheelhouse_inspect(
        self, artifact: ListedArtifact, path: pathlib.Path, run: Run
    ) -> list[Finding]:
        self._ask("inspect", run)
        return []

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact, run: Run) -> list[Companion]:
        self._ask("companions", run)
        return [Companion(f"{artifact.name}.note", lambda: self._ask("content", run) or b"x")]

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        return object_name.removesuffix(".note") if object_name.endswith(".note") else None


def ask(
    cli: Cli, wheel: bytes, dist: pathlib.Path, hook: str, fault: Respond, times: float
) -> tuple[int, int]:
    """Run a command with a plugin whose request fails; return exit code and requests."""
    failing = Failing(fault, b"x", times)
    routes: Routes = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}": wheel,
        f"/{A}.sha256": hash_file(wheel),
        "/plugin": failing,
    }
    with serving(routes) as server, installed(asking=_Asking(hook, f"{server.url}plugin")):
        if hook in ("claims", "inspect"):
            options = ("--verify", "--wait", WAIT, "--local-folder", "got")
            code = cli("fetch", *options, "demo", server.url).code
        else:
            make_wheel(dist, A)
            pathlib.Path("store").mkdir()
            code = cli("upload", "--hashfile", "--wait", WAIT, *LOCAL, "wheels").code
    return code, failing.asked


HOOKS = ("claims", "inspect", "companions", "content")


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(f, marks=() if f in ("dropped", "503") else pytest.mark.thorough)
        for f in TRANSIENT
    ],
)
def test_request_of_a_plugin_is_retried(
    cli: Cli, wheel: bytes, dist: pathlib.Path, hook: str, fault: str
) -> None:
    code, asked = ask(cli, wheel, dist, hook, TRANSIENT[fault], times=2)
    assert (code, asked >= 3) == (0, True)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "code", [pytest.param(c, marks=() if c == 501 else pytest.mark.thorough) for c in FINAL]
)
def test_final_status_for_a_plugin_ends_at_once(
    cli: Cli, wheel: bytes, dist: pathlib.Path, hook: str, code: int
) -> None:
    assert ask(cli, wheel, dist, hook, status(code), times=float("inf")) == (5, 1)
