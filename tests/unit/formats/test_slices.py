"""Pages are decoded and searched in slices, and the slices make no difference."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

import pytest

from wheelhouse_hashes.formats.slices import decoded, search
from wheelhouse_hashes.formats.tags import MAX_TAG

SLICE = 1024 * 1024
TAG = re.compile("<a [^<>]*>|<!--")


@pytest.mark.parametrize(
    "charset", ["utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le"]
)
@pytest.mark.parametrize("text", ["a\u00e4\u20ac\U0001f600", "\ufeffx", "\udcff"])
def test_decoding_in_slices_is_the_same(charset: str, text: str) -> None:
    piece = text.encode(charset, "replace" if text != "\udcff" else "ignore") + b"\xff\x80"
    for content in (b"x" * (SLICE - 5) + piece * 9, piece * (SLICE // len(piece) + 9), b"\xfe"):
        assert decoded(content, charset) == content.decode(charset, "replace")


@pytest.mark.parametrize("at", [0, 1, SLICE - 65_537, SLICE - 3, SLICE - 1, SLICE, 3 * SLICE + 7])
@pytest.mark.parametrize("found", ["<!--", "<a href=x>", f"<a {'x' * MAX_TAG}>"])
def test_searching_in_slices_is_the_same(at: int, found: str) -> None:
    text = "x" * at + found + "y" * SLICE
    for position in {0, at // 2, at, at + 1}:
        match, usual = search(TAG, text, position), TAG.search(text, position)
        assert (match and match.span()) == (usual and usual.span())


def test_search_ends_at_its_end() -> None:
    text = "x" * (2 * SLICE) + "<!--"
    assert search(TAG, text, 0, len(text) - 1) is None
    assert search(TAG, text, 0, len(text)) is not None


def _turns(call: Callable[[], object]) -> int:
    """Return how often another thread ran during a call."""
    begun, ended = threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        call()
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    turns = 0
    while not ended.is_set():
        time.sleep(0.001)
        turns += 1
    thread.join()
    return turns


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(
            lambda: search(re.compile("<a(?=[ /])|<!--"), "<" * 64 * SLICE, 0), id="search"
        ),
        pytest.param(lambda: decoded(b"\xff" * 24 * SLICE, "utf-8"), id="utf-8"),
        pytest.param(lambda: decoded(b"\x81" * 24 * SLICE, "ascii"), id="ascii"),
    ],
)
def test_other_threads_run_in_between(call: Callable[[], object]) -> None:
    # At one or two times, it would run before and after a call that is made in one piece.
    assert _turns(call) > 4
