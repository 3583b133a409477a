"""The grid of a release: a column for each Python, a row for each platform."""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.wheel_kinds import Kind, in_order

#: Head of the column of artifacts that are for no Python, such as sdists.
NO_PYTHON = "no Python"

#: Maximum number of columns and of rows.  Real releases have up to 20 columns and 40 rows; the
#: names on a hostile page could make a table of a billion cells.
MAX_COLUMNS, MAX_ROWS = 60, 100

#: Maximum and minimum width of a row's or column's name in text, in characters.  Those of real
#: releases have 25 at most; the platform in a hostile name can have 200, and one in a plugin's
#: finding more.
MAX_LABEL, MIN_LABEL = 60, 20

#: Space between two columns of text.
_GAP = "  "

#: What replaces the middle of a long name.
_DOTS = "..."


class State(enum.StrEnum):
    """The state of one artifact in a grid, the best first."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"  #: kept without a digest
    PLANNED = "planned"  #: would be fetched (``--dry-run``)
    UNEXPECTED = "unexpected"  #: there, but not part of the release
    MISSING = "missing"  #: part of the release, but not there
    REFUSED = "refused"


#: The states by how bad they are.
_ORDER: Mapping[State, int] = {state: number for number, state in enumerate(State)}


class Entry(NamedTuple):
    """One artifact in a grid."""

    #: Its Python and platform.
    kind: Kind
    #: Its state.
    state: State


class Grid:
    """A table of artifacts: each cell has those of one Python and one platform.

    :param entries: the artifacts.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._cells: dict[Kind, Counter[State]] = defaultdict(Counter)
        for kind, state in entries:
            self._cells[kind][state] += 1
        columns = {kind.column for kind in self._cells}
        named = sorted(columns - {""}, key=in_order)[:MAX_COLUMNS]
        #: The Pythons: ``cp39`` before ``cp310``, artifacts for no Python last.
        self.columns: Sequence[str] = named + ([""] if "" in columns else [])
        rows = {kind.row for kind in self._cells}
        #: The platforms.
        self.rows: Sequence[str] = sorted(rows, key=in_order)[:MAX_ROWS]
        shown = set(self.columns), set(self.rows)
        #: The number of artifacts in further columns and rows, which are left out.
        self.left_out = sum(
            states.total()
            for kind, states in self._cells.items()
            if kind.column not in shown[0] or kind.row not in shown[1]
        )
        #: The number of artifacts in each state that occurs.
        self.count: Mapping[State, int] = _sorted(sum(self._cells.values(), Counter()))

    def __bool__(self) -> bool:
        return bool(self._cells)

    def states(self, row: str, column: str) -> Mapping[State, int]:
        """Return the number of artifacts of a cell in each state; empty if it has none."""
        return _sorted(self._cells.get(Kind(column, row), {}))

    def cell(self, row: str, column: str) -> str:
        """Return the text of a cell; empty if it has no artifacts.

        One artifact is a word (``verified``), several are counted (``2 verified, 1 missing``).
        """
        states = self.states(row, column)
        if list(states.values()) == [1]:
            return next(iter(states))
        return counted(states)

    def worst(self, row: str, column: str | None = None) -> State | None:
        """Return the worst state of a cell, or of a row; None if it has no artifacts.

        :param column: the cell's column, None for the whole row.
        """
        columns = self.columns if column is None else [column]
        states = (state for each in columns for state in self.states(row, each))
        return max(states, key=_ORDER.__getitem__, default=None)

    def lines(self, width: int) -> Iterator[tuple[str, State | None]]:
        """Return the grid as lines of text, each with the worst state in it (None: a head).

        Columns that do not fit follow below, in a table of their own.

        :param width: the maximum number of characters in a line, if a column fits in it.
        """
        room_for_name = max(MIN_LABEL, min(MAX_LABEL, width // 2))
        heads = [shortened(row, room_for_name) for row in self.rows]
        first = max(map(len, heads), default=0)
        rest = [*self.columns]
        while rest:
            shown: list[tuple[str, int]] = []
            titles: list[str] = []
            room = width - first
            while rest:
                column = rest[0]
                title = shortened(column or NO_PYTHON, room_for_name)
                wide = max(map(len, [title, *(self.cell(row, column) for row in self.rows)]))
                room -= len(_GAP) + wide
                if shown and room < 0:
                    break
                shown.append((rest.pop(0), wide))
                titles.append(f"{title:<{wide}}")
            yield _GAP.join([" " * first, *titles]).rstrip(), None
            for row, head in zip(self.rows, heads, strict=True):
                cells = [f"{self.cell(row, column):<{wide}}" for column, wide in shown]
                if any(cell.strip() for cell in cells):
                    worst = max(
                        (state for column, _ in shown for state in self.states(row, column)),
                        key=_ORDER.__getitem__,
                    )
                    yield _GAP.join([f"{head:<{first}}", *cells]).rstrip(), worst
        if self.left_out:
            yield self.rest, None

    @property
    def rest(self) -> str:
        """A text about the artifacts that are left out; empty if there are none."""
        number = self.left_out
        return f"and {number} artifacts of more Pythons and platforms" if number else ""


def shortened(text: str, most: int) -> str:
    """Return the name of a row or column on one line; dots replace the middle of a long one.

    :param text: the name.
    :param most: the maximum number of characters.
    """
    is_long = len(text) > most
    shown = printable(f"{text[:most]}{text[-most:]}" if is_long else text)
    if not is_long and len(shown) <= most:  # an escape has several characters
        return shown
    end = (most - len(_DOTS)) // 2
    return f"{shown[: most - len(_DOTS) - end]}{_DOTS}{shown[len(shown) - end :]}"


def counted(states: Mapping[State, int]) -> str:
    """Return the number of artifacts in each state, as text."""
    return ", ".join(f"{number} {state}" for state, number in states.items())


def _sorted(count: Mapping[State, int]) -> dict[State, int]:
    return {state: count[state] for state in State if count.get(state)}
