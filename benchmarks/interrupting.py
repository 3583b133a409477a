"""How long a run takes to end after Ctrl-C at random moments."""

from __future__ import annotations

import contextlib
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks import fetching, peers, uploading
from benchmarks.measure import nothing
from benchmarks.suite import Suite

CASE = "seconds from Ctrl-C to the end of the run"

#: The longest time that a run may take to end, in seconds.
AIM = 1.0

#: The exit code of an interrupted run.
INTERRUPTED = 130

#: How long a command that would never end may run before the signal, in seconds.
LONGEST = 2.0


def interrupted(command: Sequence[str], folder: pathlib.Path, delay: float) -> float | None:
    """Interrupt a command; return the seconds until it ended with exit code 130.

    None if it had ended before, or had not begun: Python itself handles a signal in the first
    milliseconds.

    :param delay: the seconds from its start to the signal.
    """
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(delay)
            return None
        process.send_signal(signal.SIGINT)
        sent = time.perf_counter()
        process.wait()
        took = time.perf_counter() - sent
        return took if process.returncode == INTERRUPTED else None
    finally:
        process.kill()
        process.wait()


def _first(suite: Suite, command: Sequence[str], before: Callable[[], None]) -> float:
    """Return the seconds that a command takes, at most :data:`LONGEST`."""
    before()
    began = time.perf_counter()
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command, check=False, cwd=suite.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST,
        )  # fmt: skip
    return time.perf_counter() - began


def _case(
    suite: Suite, name: str, command: Sequence[str], before: Callable[[], None] = nothing
) -> None:
    """Interrupt a command several times.

    :param before: called before each run.
    """
    whole = _first(suite, command, before)
    chance = random.Random(name)
    took: list[float] = []
    for _ in range(suite.scale.interruptions):
        before()
        seconds = interrupted(command, suite.folder, chance.uniform(0, whole))
        if seconds is not None:
            took.append(seconds)
    found: dict[str, Any] = {"interruptions": len(took)}
    if took:
        found |= {"median": round(statistics.median(took), 3), "max": round(max(took), 3)}
    suite.facts.setdefault(CASE, {})[name] = found
    suite.say(f"  {name:34} {', '.join(f'{key} {value}' for key, value in found.items())}")


@contextlib.contextmanager
def _silent() -> Iterator[str]:
    """Yield the URL of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def interruptions(suite: Suite) -> None:
    """Interrupt fetch, verify and upload, and a fetch from a server that never answers."""
    suite.say(f"\n== {CASE}")
    with fetching.served_set(suite, *suite.scale.numpy) as (made, served, fetchers):
        tool = fetchers.ours()
        _case(suite, "fetch", tool.command, tool.before)
        command = peers.ours("verify", str(made.folder), "--against", served.url + made.path)
        _case(suite, "verify", command)
    with uploading.dist_of(suite, *suite.scale.numpy) as dist:
        store = suite.folder / "store"

        def clear() -> None:
            shutil.rmtree(store, ignore_errors=True)
            store.joinpath("wheels").mkdir(parents=True)

        options = ("--hashfile", "--local-folder", str(dist), *uploading.local_options(suite))
        _case(suite, "upload, LOCAL", peers.ours("upload", *options, "wheels"), clear)
        shutil.rmtree(store, ignore_errors=True)
    with _silent() as url:
        _case(suite, "fetch, server never answers", peers.ours("fetch", "--verify", "demo", url))
