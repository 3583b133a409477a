"""The grid of a report: its verdicts, and the artifacts that the findings name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Outcome
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.grid import Entry, Grid, State
from wheelhouse_hashes.formats.wheel_kinds import Kind, kind_of

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Verdict
    from wheelhouse_hashes.report import FetchReport

#: The colors of the states on a terminal.
COLORS: Mapping[State, str] = {
    State.VERIFIED: "green",
    State.UNVERIFIED: "yellow",
    State.PLANNED: "",
    State.UNEXPECTED: "red",
    State.MISSING: "red",
    State.REFUSED: "red",
}

_BY_CAUSE: Mapping[Cause, State] = {
    Cause.MISSING_ARTIFACT: State.MISSING,
    Cause.UNEXPECTED: State.UNEXPECTED,
}

_BY_OUTCOME: Mapping[Outcome, State] = {
    Outcome.OK: State.VERIFIED,
    Outcome.UNVERIFIED: State.UNVERIFIED,
    Outcome.PLANNED: State.PLANNED,
    Outcome.REFUSED: State.REFUSED,
}


def states_of(report: FetchReport) -> dict[str, State | None]:
    """Return the states of artifacts by name; None for those that were withdrawn."""
    unexpected = _unexpected(report)
    return {
        verdict.name: State.UNEXPECTED
        if verdict.good and verdict.name in unexpected
        else _state(verdict)
        for verdict in report.verdicts
    }


def _state(verdict: Verdict) -> State | None:
    if verdict.cause is not None and verdict.cause in _BY_CAUSE:
        return _BY_CAUSE[verdict.cause]
    return _BY_OUTCOME.get(verdict.outcome)


def grid_of(report: FetchReport) -> Grid:
    """Return the grid of a report."""
    return Grid(_entries(report))


def _entries(report: FetchReport) -> Iterator[Entry]:
    states = states_of(report)
    states |= dict.fromkeys(_unexpected(report) - states.keys(), State.UNEXPECTED)
    bad: Counter[Kind] = Counter()
    for name, state in states.items():
        kind = kind_of(name)
        if kind is not None and state is not None:
            bad[kind] += state in (State.REFUSED, State.MISSING)
            yield Entry(kind, state)
    missing = Counter(Kind(*kind) for finding in report.findings for kind in finding.missing)
    # A refused artifact may be reported as missing, too.
    for kind, number in (missing - bad).items():
        yield from [Entry(kind, State.MISSING)] * number


def _unexpected(report: FetchReport) -> set[str]:
    return {name for finding in report.findings for name in finding.unexpected}
