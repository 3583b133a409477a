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


@pytest.mark.parametrize(
    "name", ["content-digest", "content-md5", "x-amz-checksum-sha256", "x-amz-checksum-type"]
)
def test_digests_of_one_response_are_those_of_the_whole_object(name: str) -> None:
    answer = {"content-range": "bytes 3-9/10", name: "of the rest"}
    first = {"etag": '"v"', "content-length": "10"}
    assert Part(3, first).combined(answer) == first
    assert Part(3, {**first, name: "of all"}).combined(answer)[name] == "of all"


def test_part_of_unknown_total_size_is_not_appended() -> None:
    with pytest.raises(NotContinued):
        Part(3, {"etag": '"v"'}).combined({"content-range": "bytes 3-9/*"})
