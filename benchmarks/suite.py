"""Shared state of the cases: the workspace, the sizes, the tools, the runner."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.environments import Environment
from benchmarks.measure import Runner, Tool
from benchmarks.peers import Fetchers
from benchmarks.scales import Scale


@dataclass
class Suite:
    """One run of the suite."""

    #: The working folder; tmpfs if available.
    folder: pathlib.Path
    scale: Scale
    environment: Environment
    runner: Runner
    say: Callable[[str], None]
    #: Results that are not times.
    facts: dict[str, Any] = field(default_factory=dict)
    #: The seconds of each case.
    seconds: dict[str, float] = field(default_factory=dict)
    #: The cases that could not be run to their end.
    failed: list[str] = field(default_factory=list)

    @property
    def served(self) -> pathlib.Path:
        """The folder that is served; sets are created in it."""
        return self.folder / "served"

    @property
    def got(self) -> pathlib.Path:
        """The folder that is fetched into."""
        return self.folder / "got"

    def defaults(self, fetchers: Fetchers, *wanted: str) -> list[Tool]:
        """Return tools with their own defaults; none if the scale leaves them out."""
        return fetchers.defaults(*wanted) if self.scale.every_tool else []

    def skip(self, case: str, why: str) -> None:
        """Report that a case is skipped."""
        self.environment.skipped[case] = why
        self.say(f"\nSKIPPED: {case}: {why}")


def sizes(count: int, size: int) -> str:
    """Return a text like "64 x 16 MB"."""
    for unit, name in ((1_000_000, "MB"), (1000, "kB"), (1, "B")):
        if size >= unit:
            return f"{count:,} x {size / unit:g} {name}"
    raise ValueError(size)
