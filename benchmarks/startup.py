"""The cost of being installed: paired interpreter starts, and ``--help``.

For one start of each pair the start-up file is moved away, so the two differ in that file only.
Bytecode is compiled before the first measured start.
"""

from __future__ import annotations

import pathlib
import statistics
import subprocess
import sys
import time

from benchmarks import peers
from benchmarks.measure import OTHER_VERSION, Tool
from benchmarks.suite import Suite

START = "start of an interpreter"
HELP = "--help"
OURS = "ours"

ADDED = "added, median of the pairs, ms"

#: Runs of ``--help`` per repetition of other commands.
HELP_RUNS = 5

#: Prints the folder of the start-up file.
_FOLDER = "import sysconfig; print(sysconfig.get_path('purelib'))"


def start(python: str) -> float:
    """Start an interpreter that does nothing; return the seconds."""
    before = time.perf_counter()
    subprocess.run([python, "-c", "pass"], check=True)
    return time.perf_counter() - before


def pair(python: str, file: pathlib.Path, turn: int) -> tuple[float, float]:
    """Return the seconds without and with the start-up file, in alternating order."""
    hidden = file.with_suffix(".hidden")

    def without() -> float:
        file.rename(hidden)
        try:
            return start(python)
        finally:
            hidden.rename(file)

    if turn % 2:
        bare = without()
        return bare, start(python)
    ours = start(python)
    return without(), ours


def added(suite: Suite, name: str, python: str) -> None:
    """Time interpreter starts with and without the package.

    :param name: the name of the result.
    :param python: the interpreter.
    """
    suite.say(f"\n== {name}: {suite.scale.pairs} pairs")
    folder = subprocess.run([python, "-c", _FOLDER], check=True, capture_output=True, text=True)
    file = pathlib.Path(folder.stdout.strip(), "wheelhouse_hashes.pth")
    if not file.exists():
        suite.skip(name, f"{file.name} is not installed here: install the package first")
        return
    for turn in range(4):
        pair(python, file, turn)
    turns = range(suite.scale.pairs)
    bare, ours = zip(*(pair(python, file, turn) for turn in turns), strict=True)
    more = [1000 * (with_us - without) for without, with_us in zip(bare, ours, strict=True)]
    found = {
        "without, median ms": round(1000 * statistics.median(bare), 2),
        "with, median ms": round(1000 * statistics.median(ours), 2),
        ADDED: round(statistics.median(more), 2),
        "pairs": suite.scale.pairs,
    }
    suite.facts[name] = found
    for what, value in found.items():
        suite.say(f"  {what:34} {value}")


def startup(suite: Suite) -> None:
    """Time interpreter starts with and without the package, then ``--help`` of both commands."""
    added(suite, START, sys.executable)
    if suite.runner.other is not None:
        added(suite, START + OTHER_VERSION, suite.runner.other.python)
    tools = [
        Tool(OURS, [sys.executable, "-m", "wheelhouse_uploader", "--help"]),
        Tool("ours, module command", peers.ours("--help")),
    ]
    if suite.environment.host_python:
        tools.append(Tool(peers.HOST, peers.host(suite.environment, "--help")))
    suite.runner.case(HELP, tools, repetitions=HELP_RUNS * suite.scale.repetitions)
