"""Ctrl-C at random moments: the run ends soon, and nothing bad or unfinished is left.

``tox run -e kill`` plays more of them.
"""

from __future__ import annotations

import os
import pathlib
import random
import shutil
import signal
import time

import pytest

from tests.conftest import LOCAL
from tests.support.artifacts import hash_file, wheel_bytes
from tests.support.pages import page
from tests.support.servers import Handler, Respond, Routes, respond, serving
from tests.support.signaled import SOON, Ready, begin, signal_and_wait

pytestmark = pytest.mark.thorough

#: How many interruptions each verb gets.
COUNT = int(os.environ.get("WHEELHOUSE_HASHES_INTERRUPTIONS", "20"))

NAMES = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 9)]
CONTENTS = {name: wheel_bytes(random.Random(name).randbytes(200_000), name) for name in NAMES}


def slowly(content: bytes) -> Respond:
    """Answer in two pieces, with a pause before each of them."""

    def answer(handler: Handler) -> None:
        time.sleep(0.02)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        half = len(content) // 2
        handler.wfile.write(content[:half])
        handler.wfile.flush()
        time.sleep(0.05)
        handler.wfile.write(content[half:])

    return answer


def routes() -> Routes:
    links = page(*NAMES, *(f"{name}.sha256" for name in NAMES))
    answers: dict[str, Respond | bytes] = {"/": lambda handler: respond(handler, 200, links)}
    for name, content in CONTENTS.items():
        answers[f"/{name}"] = slowly(content)
        answers[f"/{name}.sha256"] = hash_file(content, name)
    return answers


def random_delays(ready: Ready, *args: str) -> list[float]:
    """Return random delays from the start of a command's work to its end, in seconds."""
    command = begin(ready, *args)
    began = time.monotonic()
    out, err = command.communicate(timeout=600)
    assert command.returncode == 0, (out, err)
    whole = time.monotonic() - began
    chance = random.Random(20261125)
    return [chance.uniform(0, whole) for _ in range(COUNT)]


def interrupt(ready: Ready, delay: float, *args: str) -> None:
    """Interrupt a command a while after it has begun its work, and check how it ends."""
    command = begin(ready, *args)
    time.sleep(delay)
    out, err, took = signal_and_wait(command, signal.SIGINT)
    assert "Traceback" not in err, (out, err)
    # The interpreter may be interrupted while it ends, after the command has ended.
    assert command.returncode in (0, 130, -signal.SIGINT), (out, err)
    if command.returncode == 130:
        assert "interrupted" in out + err, (out, err)
    assert took < SOON, (out, err)


def left(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_interrupted_fetch_keeps_only_verified_artifacts() -> None:
    got = pathlib.Path("got")
    with serving(routes()) as server:
        options = ("fetch", "--verify", "--local-folder", "got", "demo", server.url)

        def asked() -> bool:
            return bool(server.requests)

        for delay in random_delays(asked, *options):
            for path in got.iterdir():
                path.unlink()
            server.requests.clear()
            interrupt(asked, delay, *options)
            got.mkdir(exist_ok=True)
            assert all(CONTENTS[name] == content for name, content in left(got).items())


def test_interrupted_verify_changes_nothing() -> None:
    folder = pathlib.Path("have")
    folder.mkdir()
    for name, content in CONTENTS.items():
        folder.joinpath(name).write_bytes(content)
    with serving(routes()) as server:
        options = ("verify", "have", "--against", server.url)

        def asked() -> bool:
            return bool(server.requests)

        for delay in random_delays(asked, *options):
            server.requests.clear()
            interrupt(asked, delay, *options)
    assert left(folder) == CONTENTS


def test_interrupted_upload_leaves_no_unannounced_artifact() -> None:
    dist, store = pathlib.Path("dist"), pathlib.Path("store", "wheels")
    dist.mkdir()
    for name, content in CONTENTS.items():
        dist.joinpath(name).write_bytes(content)
    store.mkdir(parents=True)
    options = ("upload", "--hashfile", *LOCAL, "wheels")

    def putting() -> bool:
        return any(store.iterdir())

    for delay in random_delays(putting, *options):
        shutil.rmtree(store)
        store.mkdir()
        interrupt(putting, delay, *options)
        for name in NAMES:
            if store.joinpath(name).exists():
                assert store.joinpath(name).read_bytes() == CONTENTS[name]
                assert (
                    store.joinpath(f"{name}.sha256")
                    .read_bytes()
                    .startswith(hash_file(CONTENTS[name], name)[:64])
                )
    # A further run completes what the last one left.
    command = begin(lambda: True, *options)
    out, err = command.communicate(timeout=600)
    assert command.returncode == 0, (out, err)
    assert {name: store.joinpath(name).read_bytes() for name in NAMES} == CONTENTS
