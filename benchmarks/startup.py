"""The cost of being installed: paired interpreter starts, and ``--help``.

For one start of each pair the start-up file is moved away, so the two differ in that file only.
Bytecode is compiled before the first measured start.
"""

from __future__ import annotations

import pathlib
import statistics
import subprocess
import sys
import sysconfig
import time

from benchmarks import peers
from benchmarks.measure import Tool
from benchmarks.suite import Suite

START = "start of an interpreter"
HELP = "--help"
OURS = "ours"

#: Runs of ``--help`` per repetition of other commands.
HELP_RUNS = 5

PTH = pathlib.Path(sysconfig.get_path("purelib"), "wheelhouse_hashes.pth")


def start() -> float:
    """Start an interpreter that does nothing; return the seconds."""
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - before


def pair(turn: int) -> tuple[float, float]:
    """Return the seconds without and with the start-up file, in alternating order."""
    hidden = PTH.with_suffix(".hidden")

    def without() -> float:
        PTH.rename(hidden)
        try:
            return start()
        finally:
            hidden.rename(PTH)

    if turn % 2:
        bare = without()
        return bare, start()
    ours = start()
    return without(), ours


def startup(suite: Suite) -> None:
    """Time interpreter starts with and without the package, then ``--help`` of both commands."""
    suite.say(f"\n== {START}: {suite.scale.pairs} pairs")
    if PTH.exists():
        for turn in range(4):
            pair(turn)
        bare, ours = zip(*(pair(turn) for turn in range(suite.scale.pairs)), strict=True)
        added = [1000 * (with_us - without) for without, with_us in zip(bare, ours, strict=True)]
        found = {
            "without, median ms": round(1000 * statistics.median(bare), 2),
            "with, median ms": round(1000 * statistics.median(ours), 2),
            "added, median of the pairs, ms": round(statistics.median(added), 2),
            "pairs": suite.scale.pairs,
        }
        suite.facts[START] = found
        for name, value in found.items():
            suite.say(f"  {name:34} {value}")
    else:
        suite.skip(START, f"{PTH.name} is not installed here: install the package first")
    tools = [
        Tool(OURS, [sys.executable, "-m", "wheelhouse_uploader", "--help"]),
        Tool("ours, module command", peers.ours("--help")),
    ]
    if suite.environment.host_python:
        tools.append(Tool(peers.HOST, peers.host(suite.environment, "--help")))
    suite.runner.case(HELP, tools, repetitions=HELP_RUNS * suite.scale.repetitions)
