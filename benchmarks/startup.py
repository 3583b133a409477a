"""What our start-up file costs: paired starts of an interpreter, with and without it.

Run it where the package is installed: ``tox run -e bench``.  For the time of one
start the file is moved out of the way, so the two starts of a pair differ in
that file alone.  Bytecode is compiled before the first measured start.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import sysconfig
import time

PTH = pathlib.Path(sysconfig.get_path("purelib"), "wheelhouse_hashes.pth")


def start() -> float:
    """Start an interpreter that does nothing; return the seconds it took."""
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - before


def pair(turn: int) -> tuple[float, float]:
    """Return the seconds without and with the start-up file, in changing order."""
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


def main() -> None:
    """Measure, and print the medians and the median of the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="how many pairs of starts")
    pairs = parser.parse_args().pairs
    if not PTH.exists():
        sys.exit(f"{PTH.name} is not installed here: install the package first")
    for turn in range(4):
        pair(turn)
    measured = [pair(turn) for turn in range(pairs)]
    bare, ours = zip(*measured, strict=True)
    added = [with_us - without for without, with_us in measured]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {pairs} pairs")
    print("load average " + ", ".join(f"{load:.2f}" for load in os.getloadavg()))
    print(f"without: median {statistics.median(bare) * 1000:.2f} ms")
    print(f"with:    median {statistics.median(ours) * 1000:.2f} ms")
    print(f"added:   median {statistics.median(added) * 1000:+.2f} ms (of the pairs)")


if __name__ == "__main__":
    main()
