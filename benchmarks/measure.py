"""Run commands in turn and measure each one."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.scales import Scale
from benchmarks.versions import OtherVersion

#: The suffix of tool names for the other version.
OTHER_VERSION = ", other version"


LAUNCHER = pathlib.Path(__file__).with_name("launcher.py")


def nothing() -> None:
    """Do nothing."""


@dataclass
class Sample:
    """The measurements of one run of a command."""

    seconds: float
    #: CPU time of the command and its children, without the server.
    user: float
    system: float
    #: The largest resident set of one process, in bytes.
    memory: int
    exit_code: int


@dataclass
class Tool:
    """One command of a case.

    :param name: its name in tables.
    :param command: the command line.
    :param verified: whether it claims to leave verified files only.
    :param environ: variables to set; None removes one.
    :param before: called before each run, not timed.
    :param after: called after each run, not timed; returns notes on it.
    :param both: whether the other version runs it as well, if it can.
    """

    name: str
    command: Sequence[str]
    verified: bool = False
    environ: Mapping[str, str | None] = field(default_factory=dict)
    before: Callable[[], None] = nothing
    after: Callable[[], Mapping[str, Any] | None] = nothing
    both: bool = True


@dataclass
class Row:
    """All runs of one tool in one case."""

    case: str
    tool: str
    verified: bool
    samples: list[Sample] = field(default_factory=list)
    #: Further results: requests, bytes.
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median seconds."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def least(self) -> float:
        """The minimum seconds."""
        return min(sample.seconds for sample in self.samples)

    @property
    def cpu(self) -> float:
        """The median CPU seconds."""
        return statistics.median(sample.user + sample.system for sample in self.samples)

    @property
    def memory(self) -> int:
        """The peak memory of all runs, in bytes."""
        return max(sample.memory for sample in self.samples)

    @property
    def each(self) -> float | None:
        """The median CPU milliseconds per artifact, start included; None if it means nothing."""
        count = self.notes.get("artifacts")
        return 1000 * self.cpu / count if count else None

    @property
    def works(self) -> bool:
        """Whether every run ended with exit code 0."""
        return bool(self.samples) and all(sample.exit_code == 0 for sample in self.samples)


class Runner:
    """Runs commands in a separate folder, one at a time.

    :param folder: the folder; the commands' output goes to a file there.
    :param scale: the number of repetitions.
    :param say: prints a line.
    :param other: another version of this package, whose commands are run as well.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        scale: Scale,
        say: Callable[[str], None],
        other: OtherVersion | None = None,
    ) -> None:
        self.folder = folder
        self.scale = scale
        self.say = say
        self.other = other
        self.rows: list[Row] = []
        self.output = folder / "output.txt"
        self._launcher: subprocess.Popen[str] | None = None

    def run(self, tool: Tool) -> Sample:
        """Run a tool once.

        Variables of Python are removed: ``PYTHONUNBUFFERED`` would make each line a write.
        """
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WHEELHOUSE_", "PYTHON"))
        }
        for name, value in tool.environ.items():
            environ.pop(name, None)
            if value is not None:
                environ[name] = value
        tool.before()
        request = {
            "command": list(tool.command),
            "environ": environ,
            "folder": str(self.folder),
            "output": str(self.output),
        }
        return Sample(**self._launch(request))

    def _launch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Let the launcher run a command; start the launcher if it is not running."""
        if self._launcher is None:
            self._launcher = subprocess.Popen(
                [sys.executable, "-S", "-E", str(LAUNCHER)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._launcher.stdin
        assert self._launcher.stdout
        print(json.dumps(request), file=self._launcher.stdin, flush=True)
        result: dict[str, Any] = json.loads(self._launcher.stdout.readline())
        return result

    def close(self) -> None:
        """End the launcher."""
        if self._launcher is not None:
            self._launcher.communicate()
            self._launcher = None

    def case(
        self, name: str, tools: Iterable[Tool], *, artifacts: int = 0, repetitions: int = 0
    ) -> dict[str, Row]:
        """Run the tools of a case in turn, in rotating order.

        Slow tools run less often; a tool that fails is not run again.

        :param artifacts: the number of artifacts of each run, 0 if CPU time per artifact means
            nothing.
        :param repetitions: the number of runs, by default that of the scale.
        :returns: the rows by tool.
        """
        tools = [each for tool in tools for each in self.versions(tool)]
        load = os.getloadavg()[0]
        self.say(f"\n{name}  (load average {load:.2f})")
        rows = {tool.name: Row(name, tool.name, tool.verified) for tool in tools}
        for turn in range(repetitions or self.scale.repetitions):
            first = turn % len(tools) if tools else 0
            for tool in [*tools[first:], *tools[:first]]:
                row = rows[tool.name]
                if self._has_enough(row):
                    continue
                sample = self.run(tool)
                row.samples.append(sample)
                row.notes.update(tool.after() or {})
                if sample.exit_code:
                    said = self.output.read_text(errors="replace").splitlines()[-3:]
                    self.say(f"  FAILED with exit code {sample.exit_code}: {tool.name}")
                    row.notes["failed"] = said
                    for line in said:
                        self.say(f"    {line}")
        for row in rows.values():
            row.notes["load"] = round(load, 2)
            if artifacts:
                row.notes["artifacts"] = artifacts
            self.rows.append(row)
            self.say("  " + described(row))
        return rows

    def versions(self, tool: Tool) -> list[Tool]:
        """Return a tool and, for wheelhouse-hashes, its counterpart of the other version."""
        command = self.other.command(tool.command) if self.other and tool.both else None
        if command is None:
            return [tool]
        return [tool, replace(tool, name=tool.name + OTHER_VERSION, command=command)]

    def _has_enough(self, row: Row) -> bool:
        if row.notes.get("failed"):
            return True
        is_slow = row.samples and row.samples[0].seconds > self.scale.slow
        return bool(is_slow) and len(row.samples) >= self.scale.slow_repetitions


def described(row: Row) -> str:
    """Return a one-line description of a row."""
    if not row.works:
        return f"{row.tool:34} failed"
    kind = "verified" if row.verified else ""
    return (
        f"{row.tool:34} {row.median:8.3f} s  (min {row.least:.3f}, {len(row.samples)} runs)  "
        f"cpu {row.cpu:.2f} s  {row.memory / 1e6:.0f} MB  {kind}"
    )
