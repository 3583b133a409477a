"""The same faults with other tools: their exit codes and the files they leave.

A separate, longer run (``python -m tests.slow.faults.table --peers``); its results are kept
in ``peers.json`` with the versions of the tools.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.slow.faults.catalogue import CATALOGUE, Case, Fault, prepared, wheel
from tests.slow.faults.running import WORKERS, execute, files_in
from tests.support.artifacts import A, sha256

KEPT = pathlib.Path(__file__).parent / "peers.json"

#: Maximum seconds per tool and fault.
LIMIT = 60.0

Kept = dict[str, Any]

BARE_HOST = "the bare host"

#: The arguments of each tool; it runs in the target folder.
TOOLS: dict[str, Callable[[Case], list[str]]] = {
    BARE_HOST: lambda case: [
        *(sys.executable, "-m", "wheelhouse_uploader", "fetch", "--local-folder", "."),
        *(case.project, case.url),
    ],
    "pip": lambda case: [
        *(sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "download"),
        *("--no-deps", "--no-index", "--no-cache-dir", "--find-links", case.url, "--dest", "."),
        "demo==1.0",
    ],
    "rclone": lambda case: ["rclone", "copyurl", case.url + A, A],
    "curl": lambda case: ["curl", "-sSfLO", case.url + A],
    "wget": lambda case: ["wget", "-q", "--timeout=20", "--tries=3", case.url + A],
    "aria2": lambda case: [
        *("aria2c", "--quiet", "--timeout=20", "--max-tries=3", "--retry-wait=1"),
        *(f"--checksum=sha-256={sha256(wheel())}", case.url + A),
    ],
}

_VERSIONS: dict[str, Sequence[str]] = {
    BARE_HOST: (
        *(sys.executable, "-c"),
        "from importlib.metadata import version; print(version('wheelhouse-uploader'))",
    ),
    "pip": (sys.executable, "-m", "pip", "--version"),
    "rclone": ("rclone", "version"),
    "curl": ("curl", "--version"),
    "wget": ("wget", "--version"),
    "aria2": ("aria2c", "--version"),
}


def _version(tool: str) -> str | None:
    """Return a tool's version, None if it is not installed."""
    command = _VERSIONS[tool]
    if shutil.which(command[0]) is None:
        print(f"{tool} IS NOT INSTALLED: its column will be empty", file=sys.stderr)
        return None
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else "unknown"


def _run_one(chosen: Fault, tool: str, folder: pathlib.Path) -> dict[str, Any]:
    with prepared(chosen, folder) as (case, _):
        case.got.mkdir(exist_ok=True)
        environ = {"WHEELHOUSE_HASHES_DISABLE": "1", "HOME": str(folder)}
        code: int | None = None
        with contextlib.suppress(TimeoutError):
            code = execute(TOOLS[tool](case), case.got, {**environ, **case.environ}, LIMIT)[0]
        kept = files_in(case.got)
        left = "nothing"
        if A in kept:
            left = "good" if kept[A] == case.good[A] else "bad"
        return {"exit": code, "left": left}


def run() -> Kept:
    """Run every installed tool on every fault that applies to it."""
    versions = {tool: _version(tool) for tool in TOOLS}
    faults = [chosen for chosen in CATALOGUE.values() if chosen.for_peers]
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(WORKERS) as pool:
        folder = pathlib.Path(made)
        futures = {
            (chosen.name, tool): pool.submit(
                _run_one, chosen, tool, folder / f"{number}-{chosen.name}"
            )
            for number, tool in enumerate(TOOLS)
            if versions[tool]
            for chosen in faults
        }
        outcomes: dict[str, dict[str, Any]] = {}
        for (name, tool), future in futures.items():
            outcomes.setdefault(name, {})[tool] = future.result()
    return {"versions": versions, "outcomes": outcomes}


def kept() -> Kept:
    """Return the results of the last such run."""
    found: Kept = json.loads(KEPT.read_text())
    return found


def describe(found: Kept) -> list[str]:
    """Return the table of the other tools."""
    tools = [tool for tool in TOOLS if found["versions"].get(tool)]
    missing = [tool for tool in TOOLS if not found["versions"].get(tool)]
    versions = ", ".join(f"{tool} {found['versions'][tool]}" for tool in tools)
    text = (
        f"With {versions}.  Each tool was given the URL of the wheel, except pip and the host "
        "alone, which were given the URL of the page; aria2 was also given the digest, and pip "
        "found it in the link.  A cell shows the exit code and the file under the wheel's final "
        "name: **bad** is a file with other bytes than announced.  A tool *hangs* if it has not "
        f"ended within {LIMIT:g} s."
    )
    lines = [*textwrap.wrap(text, 80), ""]
    if missing:
        lines += [f"**Not tried, because not installed: {', '.join(missing)}.**", ""]
    outcomes = found["outcomes"]
    for tool in tools:
        cells = [outcomes[name][tool] for name in outcomes]
        bad = sum(cell["left"] == "bad" for cell in cells)
        unnoticed = sum(cell["left"] == "bad" and cell["exit"] == 0 for cell in cells)
        hung = sum(cell["exit"] is None for cell in cells)
        lines.append(
            f"- {tool}: a bad file under the final name in {bad} of {len(cells)} faults, in "
            f"{unnoticed} of them with exit code 0" + (f"; it hangs in {hung}" if hung else "")
        )
    lines += ["- fetch --verify: 0 and 0", ""]
    lines += [".. list-table::", "   :header-rows: 1", "", "   * - Fault"]
    lines += [f"     - {tool}" for tool in tools]
    for name in CATALOGUE:
        if name in outcomes:
            lines.append(f"   * - {name.replace('_', ' ')}")
            lines += [f"     - {_cell(outcomes[name][tool])}" for tool in tools]
    return [*lines, ""]


def _cell(outcome: dict[str, Any]) -> str:
    code = "hangs" if outcome["exit"] is None else str(outcome["exit"])
    left = "**bad**" if outcome["left"] == "bad" else outcome["left"]
    return f"{code}, {left}"
