"""Shorter pauses between tries, for tests that retry."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from wheelhouse_hashes.runtime.waiting import WaitBudget


def short_pauses(monkeypatch: pytest.MonkeyPatch, pauses: Sequence[float] | None = None) -> None:
    """Let tries follow after other pauses than usual.

    :param pauses: the pauses in seconds; a further one is an error.  None for short ones
        without an end.
    """

    def chosen() -> object:
        return itertools.repeat(0.01) if pauses is None else iter(pauses)

    monkeypatch.setattr(WaitBudget, "pauses", staticmethod(chosen))
