"""A body is continued only by a part that fits."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.http.resume import NotContinued, Part


def test_headers_of_both_responses_are_combined() -> None:
    part = Part(3, {"etag": '"v"', "content-length": "10", "x": "old", "date": "then"})
    answer = {"content-range": "bytes 3-9/10", "content-length": "7", "x": "new"}
    assert part.combined(answer) == {
        "etag": '"v"',
        "content-length": "10",
        "x": "new",
        "date": "then",
    }


def test_part_of_unknown_total_size_is_not_appended() -> None:
    with pytest.raises(NotContinued):
        Part(3, {"etag": '"v"'}).combined({"content-range": "bytes 3-9/*"})
