"""Which cases of a table the quick tests run, and in what order; ``thorough`` runs the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import pytest

from tests.support import ROOT

#: Cases of each table that run with every interpreter.
CASES = 2

#: Folders of tests in which every case runs a whole command or reads a page of the
#: documentation.
FOLDERS = ("command", "docs", "host")

T = TypeVar("T")


def spread(cases: Sequence[T], count: int) -> list[T]:
    """Return *count* cases, evenly spread, with the first and the last; all if they are few."""
    if len(cases) <= count:
        return list(cases)
    last = len(cases) - 1
    return [cases[round(number * last / max(count - 1, 1))] for number in range(count)]


def mark_others(items: Iterable[pytest.Item], count: int = CASES) -> None:
    """Mark all but a few cases of each table ``thorough``.

    A table with a case that is ``thorough`` already is left alone: its author chose the quick
    cases (:func:`tests.support.params.quick`).

    :param items: the collected tests.
    :param count: the number of cases to leave in each table.
    """
    folders = [ROOT / "tests" / name for name in FOLDERS]
    tables: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            tables[item.nodeid.partition("[")[0]].append(item)
    for cases in tables.values():
        if not any(case.get_closest_marker("thorough") for case in cases):
            kept = {case.nodeid for case in spread(cases, count)}
            for case in cases:
                if case.nodeid not in kept:
                    case.add_marker(pytest.mark.thorough)


def slow_first(items: list[pytest.Item]) -> None:
    """Sort the tests of ``tests/slow`` to the front.

    Their module fixtures take minutes.  ``--dist worksteal`` gives each worker a part of the
    list and later the end of another's part: at the front, the tests of one module stay with
    one worker, and no worker starts them last.
    """
    slow = ROOT / "tests" / "slow"
    items.sort(key=lambda item: not item.path.is_relative_to(slow))
