"""Profile fetches of few and of many artifacts; the difference is the cost of each artifact."""

from __future__ import annotations

import json
import pathlib
from collections import defaultdict
from dataclasses import replace
from typing import Any

from benchmarks import fetching
from benchmarks.measure import OTHER_VERSION, Tool
from benchmarks.peers import OURS
from benchmarks.suite import Suite, sizes

CASE = "profile of a fetch"

#: The number of functions that are named.
TOP = 15

SIZE = 50_000

PROFILER = pathlib.Path(__file__).with_name("profiler.py")

#: Calls and seconds by module and function.
Profile = dict[tuple[str, str], tuple[int, float]]


def _profile(suite: Suite, tool: Tool) -> Profile | None:
    """Run a fetch with the profiler; None if it fails."""
    python, _, _, *arguments = tool.command
    target = suite.folder / "profile.json"
    command = [python, "-P", str(PROFILER), str(target), *arguments]
    if suite.runner.run(replace(tool, command=command)).exit_code:
        return None
    rows = json.loads(target.read_text())
    target.unlink()
    return {(module, name): (calls, seconds) for module, name, calls, seconds in rows}


def _package(module: str) -> str:
    """Return the part of a module name that the summary shows."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "wheelhouse_hashes" else parts[0]


def compare(few: Profile, many: Profile, artifacts: int) -> dict[str, Any]:
    """Return the cost of each artifact.

    :param few: the profile of a fetch of few artifacts.
    :param many: that of a fetch of many.
    :param artifacts: how many more they are.
    """
    each: dict[tuple[str, str], tuple[float, float]] = {}
    for names, (calls, seconds) in many.items():
        before = few.get(names, (0, 0.0))
        each[names] = (calls - before[0]) / artifacts, (seconds - before[1]) / artifacts
    whole = sum(seconds for _, seconds in each.values()) or 1.0
    shares: dict[str, float] = defaultdict(float)
    for (module, _), (_, seconds) in each.items():
        shares[_package(module)] += seconds / whole
    ranked = sorted(each.items(), key=lambda item: -item[1][1])[:TOP]
    return {
        "calls of Python functions of each artifact": round(sum(n for n, _ in each.values()), 1),
        "calls of Python functions at the start": sum(n for n, _ in few.values()),
        "percent of the time by module": {
            name: round(100 * share, 1)
            for name, share in sorted(shares.items(), key=lambda item: -item[1])
            if share >= 0.01
        },
        "functions": [
            {
                "function": f"{module}:{name}",
                "calls of each artifact": round(calls, 1),
                "percent": round(100 * seconds / whole, 1),
            }
            for (module, name), (calls, seconds) in ranked
        ],
    }


def profile(suite: Suite) -> None:
    """Profile fetches of small artifacts with their hash files, of each version."""
    counts = suite.scale.profiled
    suite.say(f"\n== {CASE}: {' and '.join(f'{n:,}' for n in counts)} x {sizes(1, SIZE)[4:]}")
    profiles: dict[str, list[Profile]] = defaultdict(list)
    for count in counts:
        with fetching.served_set(suite, count, SIZE) as (_, _, fetchers):
            for tool in suite.runner.versions(fetchers.ours()):
                found = _profile(suite, tool)
                if found is None:
                    suite.skip(f"{CASE}, {tool.name}", "the profiled command failed")
                else:
                    profiles[tool.name].append(found)
    facts = {
        name: compare(found[0], found[1], counts[1] - counts[0])
        for name, found in profiles.items()
        if len(found) == len(counts)
    }
    suite.facts[CASE] = facts
    for name in (OURS, OURS + OTHER_VERSION):
        for what, value in facts.get(name, {}).items():
            if not isinstance(value, (dict, list)):
                suite.say(f"  {name:34} {what}: {value}")
