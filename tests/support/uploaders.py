"""Uploader processes that start at the same moment, in several rounds."""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing
import os
import pathlib
import sys
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

from tests.support.preloaded import FORKING
from wheelhouse_hashes.host import attach, pkg_resources_shim

Command = Callable[[], None]


def host_alone() -> Command:
    """Return the command line of the host alone."""
    with pkg_resources_shim.pkg_resources_stand_in():
        module = importlib.import_module(attach.COMMANDLINE)
    return module.main  # type: ignore[no-any-return]


def extended() -> Command:
    """Return the extended command line of the host."""
    return attach.run_host


def upload_in_rounds(
    kind: Callable[[], Command],
    number: int,
    folder: str,
    options: list[str],
    rounds: int,
    barrier: Barrier,
    prefix: str,
    patience: float,
) -> None:
    """Upload ``dist-NUMBER`` into one container per round; exit with the highest code.

    The output of each round is kept for :func:`outcomes`.

    :param options: all options of the command except the folder.
    :param patience: seconds to wait for the other uploaders.
    """
    os.chdir(folder)
    command = kind()
    worst = 0
    for turn in range(rounds):
        sys.argv = ["wheelhouse_uploader", "upload", "--local-folder", f"dist-{number}"]
        sys.argv += [*options, f"{prefix}-{turn}"]
        output, code = io.StringIO(), 0
        barrier.wait(patience)
        with contextlib.redirect_stdout(output):
            try:
                command()
            except SystemExit as end:
                code = int(end.code or 0)
        pathlib.Path(f"{prefix}-{turn}-{number}.out").write_text(f"{code} {output.getvalue()}")
        worst = max(worst, code)
    sys.exit(worst)


def outcomes(folder: pathlib.Path, container: str) -> list[tuple[int, str]]:
    """Return the exit code and output of each uploader in one round, by number.

    :param container: the container of that round.
    """
    texts = {
        int(path.stem.rpartition("-")[2]): path.read_text()
        for path in folder.glob(f"{container}-*.out")
    }
    return [(int(texts[n].partition(" ")[0]), texts[n].partition(" ")[2]) for n in sorted(texts)]


def run_side_by_side(
    kind: Callable[[], Command],
    folder: pathlib.Path,
    processes: int,
    rounds: int,
    options: list[str],
    prefix: str = "round",
    patience: float = 600,
) -> list[int | None]:
    """Run uploaders in parallel; return their exit codes.

    :param patience: maximum seconds for the slowest uploader.
    """
    barrier = FORKING.Barrier(processes)
    workers = [
        FORKING.Process(
            target=upload_in_rounds,
            args=(kind, number, str(folder), options, rounds, barrier, prefix, patience),
        )
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(patience)
    return [worker.exitcode for worker in workers]


def _run(kind: Callable[[], Command], folder: str, argv: list[str]) -> None:
    os.chdir(folder)
    command = kind()
    sys.argv = ["wheelhouse_uploader", *argv]
    with pathlib.Path(os.devnull).open("w") as null, contextlib.redirect_stdout(null):
        command()


def run_commands(
    kind: Callable[[], Command], folder: pathlib.Path, commands: list[list[str]]
) -> list[int | None]:
    """Run command lines one after the other, each in its own process."""
    context = multiprocessing.get_context("spawn")
    codes = []
    for argv in commands:
        worker = context.Process(target=_run, args=(kind, str(folder), argv))
        worker.start()
        worker.join(600)
        codes.append(worker.exitcode)
    return codes
