"""Judge targets: compare the measured times, memory and requests with what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Row

Rows = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Judged:
    """One target and its result."""

    target: str
    wanted: str
    measured: str
    #: None if it was not measured.
    hit: bool | None


class Judge:
    """Judges a run.

    :param rows: the timed results.
    :param facts: the other results.
    """

    def __init__(self, rows: list[Row], facts: Mapping[str, Any]) -> None:
        self._rows: Rows = {(row.case, row.tool): row for row in rows if row.works}
        self._facts = facts
        self.judged: list[Judged] = []

    def _add(
        self, target: str, wanted: str, measured: str = "not measured", *, hit: bool | None = None
    ) -> None:
        self.judged.append(Judged(target, wanted, measured, hit))

    def _both(self, case: str, one: str, other: str) -> tuple[Row, Row] | None:
        rows = self._rows.get((case, one)), self._rows.get((case, other))
        return None if rows[0] is None or rows[1] is None else (rows[0], rows[1])

    def _ratio(
        self,
        target: str,
        case: str,
        tools: tuple[str, str],
        wanted: str,
        meets: Callable[[float], bool],
    ) -> None:
        both = self._both(case, *tools)
        if both is None:
            self._add(f"{case}: {target}", wanted)
            return
        median = both[0].median / both[1].median
        least = both[0].least / both[1].least
        self._add(f"{case}: {target}", wanted, f"{median:.2f} (min {least:.2f})", hit=meets(median))

    def _at_most(self, target: str, case: str, one: str, other: str, limit: float) -> None:
        """Judge whether one tool takes at most *limit* times the time of another."""
        self._ratio(target, case, (one, other), f"≤ {limit}", lambda ratio: ratio <= limit)

    def _faster(self, target: str, case: str, ours: str, peer: str, factor: float) -> None:
        """Judge whether another tool takes at least *factor* times as long as wheelhouse-hashes."""
        self._ratio(target, case, (peer, ours), f"≥ {factor}", lambda ratio: ratio >= factor)

    def _memory(self, case: str, tool: str, limit: int) -> None:
        """Judge whether the peak memory is below a number of megabytes."""
        row = self._rows.get((case, tool))
        target, wanted = f"{case}: peak memory", f"< {limit} MB"
        if row is None:
            self._add(target, wanted)
            return
        self._add(target, wanted, f"{row.memory / 1e6:.0f} MB", hit=row.memory < limit * 1e6)

    def _value(self, target: str, value: float | None, limit: float, unit: str) -> None:
        """Judge whether a value, if it was measured, is at most a limit."""
        wanted = f"≤ {limit:g} {unit}"
        if value is None:
            self._add(target, wanted)
            return
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
        self._add(target, wanted, f"{shown} {unit}", hit=value <= limit)
