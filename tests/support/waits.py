"""Shorter pauses between tries, for tests that retry."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest

from wheelhouse_hashes.runtime.waiting import WaitBudget

#: Pauses of 0.01 s until the time of a run counts as used up.
MOST = 200


def short_pauses(monkeypatch: pytest.MonkeyPatch, pauses: Sequence[float] | None = None) -> None:
    """Let tries follow after other pauses than usual.

    :param pauses: the pauses in seconds; a further one is an error.  None for short ones,
        and for a wait that ends soon.
    """

    def chosen() -> object:
        return itertools.repeat(0.01) if pauses is None else iter(pauses)

    monkeypatch.setattr(WaitBudget, "pauses", staticmethod(chosen))
    if pauses is None:
        original, counts = WaitBudget.pause, Counter[int]()

        def pause(self: WaitBudget, seconds: float) -> bool:
            counts[id(self)] += 1
            return counts[id(self)] <= MOST and original(self, seconds)

        monkeypatch.setattr(WaitBudget, "pause", pause)
