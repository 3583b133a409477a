"""Records are shown and compared as the dataclasses that the standard library makes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.records import Record
from wheelhouse_hashes.report import FetchReport, Report
from wheelhouse_hashes.transport import Entry, OpenRequest


@dataclass(frozen=True)
class Made:
    """A dataclass of the standard library."""

    shown: int
    hidden: int = field(default=1, repr=False)
    ignored: int = field(default=2, compare=False)


@dataclass(frozen=True, repr=False, eq=False)
class Same(Record):
    """The same as a record."""

    shown: int
    hidden: int = field(default=1, repr=False)
    ignored: int = field(default=2, compare=False)


def test_records_are_shown_and_compared_as_dataclasses() -> None:
    for kind in Made, Same:
        one = kind(1)
        assert repr(one) == f"{kind.__name__}(shown=1, ignored=2)"
        assert one == kind(1, ignored=3) != kind(1, hidden=2)
        assert hash(one) == hash(kind(1, ignored=3))
    assert Same(1) != Made(1)


def test_public_values_are_compared_by_their_fields() -> None:
    assert Finding(Cause.STALE, "old") == Finding(Cause.STALE, "old") != Finding(Cause.STALE, "new")
    assert Entry("a", "b") == Entry("a", "b") != Entry("a", "c")
    assert len({OpenRequest(), OpenRequest(), OpenRequest(3)}) == 2
    assert Report() == Report() != FetchReport()
    with pytest.raises(TypeError):
        hash(Report())
