"""Run the benchmark suite: ``tox run -e bench``, ``tox run -e bench -- --quick``.

All cases run on loopback, alternating between wheelhouse-hashes and other tools. The results go
to a folder: ``results.json``, ``results.rst`` and plots. Targets are reported as hit or missed;
a missed target is not an error. Exit code 1: a wheelhouse-hashes command failed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from benchmarks import contents, fetching, hashing, interrupting, startup, tracing, uploading
from benchmarks.environments import Environment, machine
from benchmarks.measure import Runner
from benchmarks.results import as_json, as_text, into_docs
from benchmarks.scales import FULL, QUICK, SCALES
from benchmarks.suite import Suite
from benchmarks.targets import Targets

ROOT = pathlib.Path(__file__).parent.parent
MEMORY = pathlib.Path("/dev/shm")  # noqa: S108 (a private folder is created in it)
PAGE = ROOT / "docs" / "performance.rst"

CASES: dict[str, Callable[[Suite], None]] = {
    "flipped": fetching.flipped,
    "trace": tracing.trace,
    "startup": startup.startup,
    "contents": contents.contents,
    "hash": hashing.hashing,
    "one": fetching.one,
    "numpy": fetching.numpy,
    "small": fetching.small,
    "page": fetching.page,
    "slope": fetching.slope,
    "upload": uploading.local,
    "dev": uploading.dev,
    "upload-slope": uploading.slope,
    "link": fetching.link,
    "torch": fetching.torch,
    "upload-torch": uploading.torch,
    "interrupt": interrupting.interruptions,
    "swift": uploading.swift,
}


def say(text: str) -> None:
    """Print and flush."""
    print(text, flush=True)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", dest="scale", action="store_const", const=QUICK.name, default=FULL.name,
        help="smaller cases, fewer repetitions: three minutes",
    )  # fmt: skip
    size.add_argument("--scale", choices=SCALES, default=FULL.name, help="default: %(default)s")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), metavar="CASE",
                        help=f"some of: {', '.join(CASES)}")  # fmt: skip
    parser.add_argument("--against", metavar="PYTHON",
                        help="run each of our commands also with this interpreter, which has "
                        "another version of the package")  # fmt: skip
    parser.add_argument("--no-install", action="store_true",
                        help="skip what is not here, install nothing")  # fmt: skip
    parser.add_argument("--folder", type=pathlib.Path,
                        default=MEMORY if MEMORY.is_dir() else None,
                        help="where to work (default: %(default)s)")  # fmt: skip
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / ".tox",
                        help="where the bare host is installed, once")  # fmt: skip
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("bench-results"),
                        help="where results go (default: %(default)s)")  # fmt: skip
    parser.add_argument("--docs", action="store_true",
                        help="put tables and pictures into docs/performance.rst, too")  # fmt: skip
    return parser.parse_args(argv)


def draw(results: pathlib.Path, folder: pathlib.Path, environment: Environment) -> None:
    """Draw the plots in a separate process, because it takes much memory."""
    command = [sys.executable, "-m", "benchmarks.plots", str(results), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        say(f"SKIPPED: pictures: {' '.join(last)}")
        environment.skipped["pictures"] = " ".join(last)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the suite."""
    args = parse(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    output = args.output.absolute()
    began, load = time.monotonic(), os.getloadavg()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wheelhouse-bench-", dir=args.folder))
    try:
        environment = Environment(args.cache.absolute(), say, install=not args.no_install)
        scale = SCALES[args.scale]
        suite = Suite(folder, scale, environment, Runner(folder, scale, say, args.against), say)
        for name, value in {**machine(), **environment.versions}.items():
            say(f"{name}: {value}")
        say("load average: " + ", ".join(f"{value:.2f}" for value in load))
        try:
            for name, case in CASES.items():
                if name in args.only:
                    case(suite)
        except KeyboardInterrupt:
            suite.skip("the rest", "interrupted")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = suite.runner.rows
    judged = Targets(rows, suite.facts).judge()
    about = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "scale": scale.name,
        "seconds": round(time.monotonic() - began),
        "load before": [round(value, 2) for value in load],
        "load after": [round(value, 2) for value in os.getloadavg()],
        "machine": machine(),
        "versions": environment.versions,
        "skipped": environment.skipped,
    }
    results = output / "results.json"
    results.write_text(as_json(rows, judged, about, suite.facts))
    draw(results, output, environment)
    text = as_text(rows, judged, about, suite.facts)
    (output / "results.rst").write_text(text)
    if args.docs:
        into_docs(text, PAGE)
        draw(results, PAGE.with_suffix(""), environment)
    say("\n" + text)
    say(f"{about['seconds']} seconds; results are in {output}")
    return int(any(row.tool.startswith("ours") and not row.works for row in rows))


if __name__ == "__main__":
    sys.exit(main())
