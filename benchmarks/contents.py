"""The cost of ``--check-contents``: the built-in plugin, called for one wheel again and again."""

from __future__ import annotations

import pathlib
import statistics
import time
import zipfile

from benchmarks.artifacts import write_wheel
from benchmarks.suite import Suite
from wheelhouse_hashes.artifacts import ListedArtifact
from wheelhouse_hashes.builtin.soundness import wheelhouse_inspect
from wheelhouse_hashes.options import CHECK_FULL, CHECK_QUICK, VerifyOptions
from wheelhouse_hashes.run import Run

CASE = "check of contents"

#: The size of the wheel, in bytes, the number of rounds, and the calls in each.
SIZE, ROUNDS, CALLS = 50_000, 9, 200


def milliseconds(path: pathlib.Path, how: str) -> float:
    """Return the CPU time of one check, the median of some rounds.

    :param path: the wheel.
    :param how: ``quick`` or ``full``.
    """
    run = Run("verify", VerifyOptions(folder=str(path.parent), check_contents=how))
    artifact = ListedArtifact(path.name, path.as_uri())
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            found = wheelhouse_inspect(artifact=artifact, path=path, claims=(), run=run)
        rounds.append(1000 * (time.process_time() - began) / CALLS)
        if found:
            raise ValueError(f"{path.name} is not sound: {found}")
    return statistics.median(rounds)


def contents(suite: Suite) -> None:
    """Time the quick and the full check of a wheel of 50 kB."""
    suite.say(f"\n== {CASE}: a wheel of {SIZE // 1000} kB")
    path = suite.folder / "demo-1.0-py3-none-any.whl"
    write_wheel(path, SIZE)
    with zipfile.ZipFile(path) as archive:
        members = len(archive.namelist())
    found: dict[str, float] = {"members": members}
    for how in (CHECK_QUICK, CHECK_FULL):
        found[f"{how}, median ms"] = round(milliseconds(path, how), 3)
    path.unlink()
    suite.facts[CASE] = found
    for name, value in found.items():
        suite.say(f"  {name:34} {value}")
