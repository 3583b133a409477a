"""SIGINT and SIGTERM end a run promptly, with a summary and no leftovers."""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.artifacts import ANOTHER_A as B
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import FETCH_AND_WAIT, GOT, UPLOAD, got
from tests.support.pages import page
from tests.support.params import quick
from tests.support.plugins import make_distribution
from tests.support.servers import Handler, Routes, Server, respond, serving
from tests.support.signaled import SOON, Ready, begin, signal_and_wait
from wheelhouse_hashes.plugins.registry import DISABLED_PLUGINS
from wheelhouse_hashes.runtime.parallel import SIGNALS

#: Too large to hash in twice that time; a sparse file takes no disk space.
HUGE = 256 * 1024**3

#: Too large to copy before the signal arrives, on a busy machine too.
LARGE = 2 * 1024**3

both = pytest.mark.parametrize(
    "number", quick(SIGNALS, signal.SIGINT), ids=lambda number: number.name
)


def interrupted(number: int, ready: Ready, *args: str) -> tuple[str, str]:
    """Run a command, signal it when it is ready and return its output.

    It must end with exit code 130 within ``SOON`` seconds.
    """
    temporary = pathlib.Path("temporary")
    temporary.mkdir()
    command = begin(ready, *args, TMPDIR=str(temporary.absolute()))
    out, err, took = signal_and_wait(command, number)
    assert command.returncode == 130, (out, err)
    assert took < SOON, (out, err)
    assert "Traceback" not in out + err
    assert os.listdir(temporary) == []
    return out, err


def interrupted_fetch(number: int, url: str, ready: Ready) -> list[str]:
    """Interrupt a fetch; return what is left in the folder, including hidden names."""
    out, err = interrupted(number, ready, *FETCH_AND_WAIT, url)
    assert out.splitlines()[-1] == "interrupted: run the command again; good files are kept"
    assert any(line.startswith("verified ") for line in out.splitlines())
    assert err == ""
    return got()


def interrupted_upload(number: int, ready: Ready) -> str:
    """Interrupt an upload into ``store/wheels``; return its output."""
    out, err = interrupted(number, ready, *UPLOAD, "--local-folder", "dist")
    assert out.splitlines()[-1] == "interrupted: run the command again to send the rest"
    assert out.splitlines()[-2].startswith("container wheels: ")
    assert err == ""
    return out


@contextlib.contextmanager
def serving_slowly(
    wheel: bytes, answer: Callable[[Handler], None]
) -> Iterator[tuple[Server, Ready]]:
    """Serve wheel B normally and wheel A with *answer*; ready once A is requested and B fetched."""
    asked = threading.Event()

    def slow(handler: Handler) -> None:
        asked.set()
        answer(handler)

    routes: Routes = {
        "/": page(A, B),
        f"/{A}": slow,
        f"/{A}.sha256": f"{sha256(wheel)}  {A}\n".encode(),
        f"/{B}": wheel,
        f"/{B}.sha256": f"{sha256(wheel)}  {B}\n".encode(),
    }
    with serving(routes) as server:
        yield server, lambda: asked.is_set() and GOT.joinpath(B).exists()


@both
def test_signal_while_body_trickles(number: int, wheel: bytes) -> None:
    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(wheel)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            for start in range(0, len(wheel), 250):
                handler.wfile.write(wheel[start : start + 250])
                time.sleep(0.2)

    with serving_slowly(wheel, trickle) as (server, ready):
        assert interrupted_fetch(number, server.url, ready) == [B]
    assert GOT.joinpath(B).read_bytes() == wheel


@both
def test_signal_while_body_stalls(number: int, wheel: bytes) -> None:
    over = threading.Event()

    def stall(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(wheel)))
        handler.end_headers()
        handler.wfile.write(wheel[:50_000])
        over.wait(600)

    with serving_slowly(wheel, stall) as (server, ready):
        try:
            assert interrupted_fetch(number, server.url, ready) == [B]
        finally:
            over.set()


@both
def test_signal_while_waiting_for_missing_artifact(number: int, wheel: bytes) -> None:
    def missing(handler: Handler) -> None:
        asked.append(handler.path)
        respond(handler, 404, b"not here")

    asked: list[str] = []
    with serving_slowly(wheel, missing) as (server, ready):
        left = interrupted_fetch(number, server.url, lambda: ready() and len(asked) > 1)
    assert left == [B]


@both
def test_signal_while_waiting_for_failing_server(number: int) -> None:
    asked: list[str] = []

    def trouble(handler: Handler) -> None:
        asked.append(handler.path)
        respond(handler, 503, b"busy", Retry_After="60")

    with serving({"/": trouble}) as server:
        assert interrupted_fetch(number, server.url, lambda: bool(asked)) == []


@both
def test_signal_while_waiting_for_page(number: int) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(handler: Handler) -> None:
        asked.set()
        over.wait(600)

    with serving({"/": silent}) as server:
        try:
            assert interrupted_fetch(number, server.url, asked.is_set) == []
        finally:
            over.set()


#: A plugin that makes a request in one hook.
_ASKING = """
from wheelhouse_hashes import hookimpl

@hookimpl
def {hook}({parameters}):
    run.client.get({url!r}, max_bytes=9)
"""


#: The hooks that get the run, and the commands that call them.
_ASKING_HOOKS = [
    ("wheelhouse_run_started", "run", FETCH_AND_WAIT),
    ("wheelhouse_prepare", "run", FETCH_AND_WAIT),
    ("wheelhouse_locate", "url, run", FETCH_AND_WAIT),
    ("wheelhouse_read_listing", "page, run", FETCH_AND_WAIT),
    ("wheelhouse_open", "url, run", FETCH_AND_WAIT),
    ("wheelhouse_authorize", "url, run", FETCH_AND_WAIT),
    ("wheelhouse_claims", "artifact, run", FETCH_AND_WAIT),
    ("wheelhouse_response_claims", "artifact, run", FETCH_AND_WAIT),
    ("wheelhouse_inspect", "artifact, run", FETCH_AND_WAIT),
    ("wheelhouse_artifact_judged", "artifact, run", FETCH_AND_WAIT),
    ("wheelhouse_conclude", "report, run", FETCH_AND_WAIT),
    ("wheelhouse_run_finished", "report, run", FETCH_AND_WAIT),
    ("wheelhouse_inspect", "artifact, run", UPLOAD),
    ("wheelhouse_companions", "artifact, run", UPLOAD),
    ("wheelhouse_artifact_published", "artifact, sent, run", UPLOAD),
    ("wheelhouse_conclude", "report, run", UPLOAD),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("hook", "parameters", "command"), _ASKING_HOOKS)
def test_signal_while_plugin_waits_for_network(
    hook: str,
    parameters: str,
    command: tuple[str, ...],
    dist: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = make_wheel(dist, A).read_bytes()
    asked, over = threading.Event(), threading.Event()

    def silent(_handler: Handler) -> None:
        asked.set()
        over.wait(600)

    routes: Routes = {
        "/silent": silent,
        "/": page(A),
        f"/{A}": body,
        f"/{A}.sha256": f"{sha256(body)}  {A}\n".encode(),
    }
    with serving(routes) as server:
        source = _ASKING.format(url=f"{server.url}silent", hook=hook, parameters=parameters)
        make_distribution(tmp_path / "site", "wheelhouse_greeting", source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
        url = "mem://x/" if hook == "wheelhouse_open" else server.url
        try:
            address = (url,) if command is FETCH_AND_WAIT else ()
            interrupted(signal.SIGINT, asked.is_set, *command, *address)
        finally:
            over.set()


#: A plugin that blocks, in a way that nothing can interrupt, in a hook or in its iterator.
_BLOCKING = """
import pathlib, time
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.transport import Opened

PAGE = b'<a href="{name}#sha256={digest}">x</a>'

def block():
    pathlib.Path("blocked").touch()
    time.sleep(600)
    yield b""

@hookimpl
def wheelhouse_open(url):
    if {where!r} == "open":
        list(block())
    if {where!r} == "page" or url.endswith(".whl"):
        return Opened({{}}, block(), secure=True)
    return Opened({{}}, [PAGE], secure=True)

@hookimpl
def wheelhouse_read_listing():
    if {where!r} == "read":
        list(block())

@hookimpl
def wheelhouse_authorize():
    list(block())
"""


@pytest.mark.parametrize(
    "where", quick(["open", "page", "artifact", "read", "authorize"], "open", "authorize")
)
def test_signal_while_plugin_blocks(
    where: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _BLOCKING.format(name=A, digest=sha256(b""), where=where)
    make_distribution(tmp_path / "site", "wheelhouse_greeting", source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    ready = pathlib.Path("blocked").exists
    url = "http://127.0.0.1:9/" if where == "authorize" else "mem://x/"
    assert interrupted_fetch(signal.SIGINT, url, ready) == []


#: A plugin that blocks in a hook of the main thread, without a look at ``run.stop``.
_SLEEPING = """
import pathlib, time
from wheelhouse_hashes import hookimpl

@hookimpl
def {hook}():
    pathlib.Path("blocked").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("command", ["fetch", "upload"])
@pytest.mark.parametrize(
    "hook",
    [
        pytest.param(hook, marks=() if hook == "prepare" else pytest.mark.thorough)
        for hook in ("run_started", "prepare", "locate", "conclude", "run_finished")
    ],
)
def test_signal_while_plugin_blocks_the_main_thread(
    dist: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    command: str,
) -> None:
    if (hook, command) == ("locate", "upload"):
        return  # is not called
    body = make_wheel(dist, A).read_bytes()
    source = _SLEEPING.format(hook=f"wheelhouse_{hook}")
    make_distribution(tmp_path / "site", "wheelhouse_greeting", source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    ready = pathlib.Path("blocked").exists
    files: Routes = {f"/{A}": body, f"/{A}.sha256": f"{sha256(body)}  {A}\n".encode()}
    with serving({"/": page(A), **files}) as server:
        arguments = (*FETCH_AND_WAIT, server.url) if command == "fetch" else UPLOAD
        out, err = interrupted(signal.SIGINT, ready, *arguments)
    assert len((out + err).splitlines()) >= 1
    assert "interrupted" in out + err


@contextlib.contextmanager
def never_accepting() -> Iterator[tuple[int, set[int]]]:
    """Yield a port that never accepts connections, and the local ports that fill its queue."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = set()
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            waiting.add(client.getsockname()[1])
        yield listener.getsockname()[1], waiting


def connecting_to(port: int) -> set[int]:
    """Return the local ports of connections still being established."""
    # /proc/net/tcp shows ports in hex; the state 02 is SYN_SENT.
    wanted = [f"0100007F:{port:04X}", "02"]
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()]
    return {int(row[1].partition(":")[2], 16) for row in rows if row[2:4] == wanted}


@both
def test_signal_while_connecting(number: int) -> None:
    with never_accepting() as (port, others):
        # Compare ports: a row can appear twice in the table while other rows change.
        left = interrupted_fetch(
            number, f"http://127.0.0.1:{port}/", lambda: bool(connecting_to(port) - others)
        )
    assert left == []


@both
def test_signal_while_hashing_existing_file(number: int, wheel: bytes) -> None:
    GOT.mkdir()
    (GOT / A).touch()
    os.truncate(GOT / A, HUGE)
    with serving_slowly(wheel, lambda handler: None) as (server, _):
        left = interrupted_fetch(number, server.url, lambda: GOT.joinpath(B).exists())
    assert left == sorted([A, B])
    assert GOT.joinpath(A).stat().st_size == HUGE


@both
def test_signal_while_hashing_for_upload(
    number: int, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, B)
    (dist / A).touch()
    os.truncate(dist / A, HUGE)
    out = interrupted_upload(number, (container / B).exists)
    assert "sent 1" in out
    assert sorted(os.listdir(container)) == [".hash", B, f"{B}.sha256"]
    assert os.listdir(container / ".hash") == []


@pytest.mark.thorough
def test_signal_while_copying_to_local_container(
    dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DISABLED_PLUGINS, "soundness")  # the file is no wheel
    (dist / A).touch()
    os.truncate(dist / A, LARGE)

    def copying() -> bool:
        largest = 0
        for path in container.glob(".hash/*/object"):
            with contextlib.suppress(FileNotFoundError):  # staging files may disappear
                largest = max(largest, path.stat().st_size)
        return largest > 10_000_000

    out = interrupted_upload(signal.SIGTERM, copying)
    assert "nothing was sent" in out
    assert sorted(os.listdir(container)) == [".hash", f"{A}.sha256"]
    assert os.listdir(container / ".hash") == []


@pytest.mark.parametrize(
    ("verb", "number"),
    quick([*itertools.product(("upload", "index"), SIGNALS)], ("upload", signal.SIGTERM)),
    ids=str,
)
def test_signal_while_store_does_not_answer(number: int, verb: str, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.setblocking(False)
        held = []

        def asked() -> bool:
            with contextlib.suppress(BlockingIOError):
                held.append(store.accept()[0])
            return bool(held)

        out, err = interrupted(
            number,
            asked,
            verb,
            *(("--hashfile", "--local-folder", "dist") if verb == "upload" else ()),
            *("--provider-name", "MINIO", "--username", "u", "--secret", "s"),
            *("--driver-option", "host=127.0.0.1", "--driver-option", "secure=false"),
            *("--driver-option", f"port={store.getsockname()[1]}", "wheels"),
        )
        for connection in held:
            connection.close()
    assert out.splitlines()[-1].startswith("interrupted: run ")
    last = "nothing was " if verb == "upload" else "the index page may not have been written"
    assert out.splitlines()[-2].startswith(f"container wheels: {last}")
    assert err == ""
