"""``hash``: against two threads that only hash, and against coreutils."""

from __future__ import annotations

import pathlib
import shutil
import sys

from benchmarks.artifacts import make_set
from benchmarks.measure import Tool
from benchmarks.peers import HASHER, TWO_CORES
from benchmarks.suite import Suite, sizes

CASE = "hash, numpy-like"

#: The same with one small artifact: the start of each tool.
START = "hash, one small artifact"

OURS = "ours, hash"
SHA256SUM = "sha256sum"

#: The bytes of the small artifact.
SMALL = 1000

#: The name of SHA instructions among the flags of a processor in ``/proc/cpuinfo``: x86, ARM.
SHA_FLAGS = frozenset({"sha_ni", "sha2"})


def has_sha_instructions() -> bool:
    """Return whether the processor has instructions for SHA-256 (Linux)."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    words = cpuinfo.read_text().split() if cpuinfo.exists() else []
    return not SHA_FLAGS.isdisjoint(words)


def hashing(suite: Suite) -> None:
    """Hash many artifacts, and one, with each tool."""
    count, size = suite.scale.numpy
    suite.say(f"\n== {CASE}: {sizes(count, size)}")
    for case, number, each in ((START, 1, SMALL), (CASE, count, size)):
        made = make_set(suite.folder / "hashed", number, each)
        try:
            suite.runner.case(case, _tools(suite, made.folder))
        finally:
            shutil.rmtree(made.folder)
    suite.facts[CASE] = {
        "bytes": count * size,
        "SHA instructions": has_sha_instructions(),
    }


def _tools(suite: Suite, folder: pathlib.Path) -> list[Tool]:
    tools = [
        Tool(OURS, [sys.executable, "-m", "wheelhouse_hashes", "hash", str(folder)]),
        Tool(TWO_CORES, [sys.executable, "-S", str(HASHER), str(folder)]),
    ]
    if "sha256sum" in suite.environment.programs:
        wheels = sorted(map(str, folder.glob("*.whl")))
        tools.append(Tool(SHA256SUM, ["sha256sum", *wheels]))
    return tools
