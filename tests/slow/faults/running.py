"""Run the catalogue through the command line, as a user would."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.conftest import FOREIGN
from tests.slow.faults import (
    attestations,
    completeness,
    consistency,
    contents,
    hashing,
    headers,
    limits,
    listings,
    local,
    log,
    lost_links,
    names,
    pages,
    private,
    released,
    stores,
    transport,
    uploads,
)
from tests.slow.faults.catalogue import CATALOGUE, Done, Fault, prepared

#: The modules that fill the catalogue, in table order.
MODULES = (
    transport,
    names,
    pages,
    listings,
    lost_links,
    limits,
    contents,
    consistency,
    headers,
    uploads,
    stores,
    private,
    completeness,
    hashing,
    released,
    log,
    attestations,
    local,
)

#: Number of commands that run at the same time.
WORKERS = 6

#: A busy machine may take as many times the limit of a command; those that hang take forever.
PATIENCE = 5


def files_in(folder: pathlib.Path) -> dict[str, bytes]:
    """Return the files of a folder at any depth, including links, pipes and empty folders."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = b"link to " + os.fsencode(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
        elif path.is_fifo():
            found[f"{name}|"] = b""
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def execute(
    command: Sequence[str], folder: pathlib.Path, environ: Mapping[str, str], limit: float
) -> tuple[int, str, str, float, int]:
    """Run a command; return its exit code, output, errors, seconds, and peak memory in MiB.

    :raises TimeoutError: if it takes longer than its limit; it is killed.
    """
    clean = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    out, err = folder.with_suffix(".out"), folder.with_suffix(".err")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean, "PYTHONIOENCODING": "utf-8", **environ},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        memory = 0
        while process.poll() is None:
            memory = max(memory, _most_memory(process.pid))
            if time.monotonic() - started > limit:
                process.kill()
                process.wait()
                raise TimeoutError(f"more than {limit} s: {' '.join(command)}")
            time.sleep(0.02)
        seconds = time.monotonic() - started
    output, errors = (path.read_bytes().decode("utf-8", "replace") for path in (out, err))
    return process.returncode, output, errors, seconds, memory


def _most_memory(pid: int) -> int:
    """Return the peak memory of a process in MiB (Linux)."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0  # the process has ended
    # A process that has just ended has no VmHWM line.
    most = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(most[1]) // 1024 if most else 0


def run_fault(chosen: Fault, folder: pathlib.Path) -> Done:
    """Set up one fault, run the command and return the result.

    :param folder: a folder that does not exist yet.
    :raises TimeoutError: if the command takes longer than the fault allows.
    """
    with prepared(chosen, folder) as (case, check):
        before = files_in(folder)
        command = case.command or [
            *("fetch", "--verify", "--wait", case.wait, "--local-folder", "got"),
            *(*case.options, case.project, case.url),
        ]
        ended = execute(
            [*case.prefix, sys.executable, "-m", "wheelhouse_hashes", *command],
            folder,
            case.environ,
            PATIENCE * chosen.limit,
        )
        after = files_in(folder)
        inside = {n.removeprefix("got/"): c for n, c in after.items() if n.startswith("got/")}
        strayed = [
            name
            for name in {*before, *after}
            if not name.startswith(("got/", "store/")) and before.get(name) != after.get(name)
        ]
        done = Done(*ended, left=inside, strayed=strayed)
        bad = [n for n in inside if n in case.good and inside[n] != case.good[n]]
        bad += [n for n in inside if n.endswith((".whl", ".gz", ".exe")) and n not in case.good]
        assert not bad, f"bad files under final names: {bad}\n{done}"
        if check is not None:
            check(done)
        return done


def run_all(
    folder: pathlib.Path, chosen: Iterable[Fault] | None = None
) -> dict[str, Done | BaseException]:
    """Run several faults in parallel; return their results by name."""
    faults = list(CATALOGUE.values() if chosen is None else chosen)
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = {f.name: pool.submit(run_fault, f, folder / f.name) for f in faults}
        return {name: future.exception() or future.result() for name, future in futures.items()}
