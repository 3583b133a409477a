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
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks import (
    attesting,
    contents,
    fetching,
    hashing,
    interrupting,
    links,
    logs,
    private,
    profiling,
    startup,
    tracing,
    uploading,
)
from benchmarks.environments import Environment, machine
from benchmarks.measure import OTHER_VERSION, Runner
from benchmarks.results import Results, as_json, as_text, into_docs
from benchmarks.scales import FULL, QUICK, SCALES, TOY
from benchmarks.speed import Speed
from benchmarks.suite import Suite
from benchmarks.targets import Targets
from benchmarks.versions import OtherVersion, version_of

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
    "latency": links.latency,
    "paced": links.paced,
    "busy": links.busy,
    "tls": links.tls,
    "private": private.private,
    "attested": attesting.attested,
    "log": logs.logs,
    "profile": profiling.profile,
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
    size.add_argument(
        "--smoke", dest="scale", action="store_const", const=TOY.name,
        help="run each case once, with very few and small artifacts",
    )  # fmt: skip
    size.add_argument("--scale", choices=SCALES, default=FULL.name, help="default: %(default)s")
    parser.add_argument("--only", nargs="+", choices=CASES, default=[], metavar="CASE",
                        help=f"some of: {', '.join(CASES)} (default: all; --quick leaves out "
                        f"{' and '.join(sorted(QUICK.left_out))})")  # fmt: skip
    parser.add_argument("--repetitions", type=int, metavar="N",
                        help="runs of each tool (default: that of the scale)")  # fmt: skip
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
    parser.add_argument("--render", type=pathlib.Path, metavar="RESULTS",
                        help="run nothing: make the tables and pictures from the results.json "
                        "of an earlier run")  # fmt: skip
    parser.add_argument("--docs", action="store_true",
                        help="put tables and pictures into docs/performance.rst, too")  # fmt: skip
    return parser.parse_args(argv)


def draw(results: pathlib.Path, folder: pathlib.Path) -> list[pathlib.Path]:
    """Draw the plots in a separate process, because it takes much memory; return the files."""
    command = [sys.executable, "-m", "benchmarks.plots", str(results), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        say(f"SKIPPED: pictures: {' '.join(done.stderr.strip().splitlines()[-1:])}")
        return []
    return list(map(pathlib.Path, done.stdout.splitlines()))


def write(results: Results, output: pathlib.Path, *, docs: bool) -> None:
    """Write the results, their tables and pictures.

    :param results: the results.
    :param output: the folder.
    :param docs: whether to put tables and pictures into the page, too.
    """
    file = output / "results.json"
    # Before they are judged, so that no fault of the tables loses a long run.
    file.write_text(as_json(results, {}))
    judged = {
        "Targets of speed": Speed(results.rows, results.facts).judge(),
        "Targets of releases": Targets(results.rows, results.facts).judge(),
    }
    file.write_text(as_json(results, judged))
    draw(file, output)
    text = as_text(results, judged)
    (output / "results.rst").write_text(text)
    if docs:
        PAGE.with_suffix("").mkdir(exist_ok=True)
        into_docs(text, PAGE, draw(file, PAGE.with_suffix("")))
    say("\n" + text)


def run_cases(suite: Suite, wanted: Sequence[str]) -> None:
    """Run cases; one that fails is reported, and the others run all the same."""
    for name, case in CASES.items():
        if name not in wanted:
            continue
        began = time.monotonic()
        try:
            case(suite)
        except KeyboardInterrupt:
            suite.skip("the rest", "interrupted")
            return
        except Exception as error:  # noqa: BLE001 (a fault of one case must not lose the others)
            say(traceback.format_exc())
            suite.skip(name, f"the case failed: {error!r}")
            suite.failed.append(name)
        suite.seconds[name] = round(time.monotonic() - began, 1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the suite."""
    args = parse(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    if args.render:
        write(Results.load(args.render), args.output.absolute(), docs=args.docs)
        return 0
    output = args.output.absolute()
    began, load = time.monotonic(), os.getloadavg()
    # Tools beside the interpreter come first, as in an activated environment.
    beside = str(pathlib.Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wheelhouse-bench-", dir=args.folder))
    try:
        environment = Environment(args.cache.absolute(), say, install=not args.no_install)
        scale = SCALES[args.scale]
        if args.repetitions:
            scale = replace(scale, repetitions=args.repetitions)
        other = None
        if args.against:
            # Not resolved: the interpreter of an environment is a link.
            python = os.path.abspath(args.against)  # noqa: PTH100
            other = OtherVersion(python)
            environment.versions["other version"] = version_of(python)
        runner = Runner(folder, scale, say, other)
        suite = Suite(folder, scale, environment, runner, say)
        for name, value in {**machine(), **environment.versions}.items():
            say(f"{name}: {value}")
        say("load average: " + ", ".join(f"{value:.2f}" for value in load))
        try:
            run_cases(suite, args.only or [n for n in CASES if n not in scale.left_out])
        finally:
            runner.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "scale": scale.name,
        "seconds": round(time.monotonic() - began),
        "seconds of cases": suite.seconds,
        "load before": [round(value, 2) for value in load],
        "load after": [round(value, 2) for value in os.getloadavg()],
        "machine": machine(),
        "versions": environment.versions,
        "skipped": environment.skipped,
    }
    ours = [row for row in runner.rows if row.tool.startswith("ours")]
    works = all(row.works for row in ours if not row.tool.endswith(OTHER_VERSION))
    write(Results(runner.rows, about, suite.facts), output, docs=args.docs)
    say(f"{about['seconds']} seconds; results are in {output}")
    return int(bool(suite.failed) or not works)


if __name__ == "__main__":
    sys.exit(main())
