"""Patterns of the tags of wheels."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.formats.tag_globs import (
    check_globs,
    covers,
    matches,
    matches_any,
    why_no_glob,
)

THREADS = "demo-1.0-cp313-cp313t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [
        ("cp313t-*", THREADS, True),
        ("cp313-cp313t-*", THREADS, True),
        ("cp313-cp313-*", THREADS, False),
        ("*-manylinux_2_17_x86_64", THREADS, True),
        ("*-manylinux2014_*", THREADS, True),
        ("*manylinux_2_17*.manylinux*", THREADS, False),
        ("demo-*", THREADS, False),
        ("*", THREADS, True),
        ("CP313*", THREADS, False),
        ("cp31[23]t-*", THREADS, True),
        ("cp312-*", "demo-1.0-cp312-abi3-win32.whl", True),
        ("*-abi3-*", "demo-1.0-cp312-abi3-win32.whl", True),
        ("pp311-win_amd64", "demo-1.0-pp311-pypy311_pp73-win_amd64.whl", True),
        ("py2-none-any", "demo-1.0-py2.py3-none-any.whl", True),
        ("sdist", "demo-1.0.tar.gz", True),
        ("sdist", "demo-1.0.zip", True),
        ("sdist", THREADS, False),
        ("*", "demo-1.0.tar.gz", True),
        ("*-*", "demo-1.0.tar.gz", False),
        ("*", "SHA256SUMS", False),
    ],
)
def test_patterns_match_expanded_tags(glob: str, name: str, expected: bool) -> None:
    assert matches(glob, name) is expected


@pytest.mark.parametrize(
    ("glob", "words"),
    [
        ("*.whl", "not file names"),
        ("demo-1.0.tar.gz", "not file names"),
        ("win_amd64", "PYTHON-ABI-PLATFORM"),
        ("", "not a pattern"),
        ("cp312 *", "not a pattern"),
        ("CP312-*", "not a pattern"),
        ("*a" * 9, "8 stars"),
        ("a-" * 101, "200 characters"),
    ],
)
def test_texts_that_can_match_nothing_are_refused(glob: str, words: str) -> None:
    assert words in (why_no_glob(glob) or "")
    with pytest.raises(UsageError, match=r"^--exclude "):
        check_globs("--exclude", ["sdist", glob])


def test_one_of_several_patterns_matches() -> None:
    assert matches_any(["sdist", "cp313t-*"], THREADS)
    assert not matches_any([], THREADS)


@pytest.mark.parametrize(
    ("glob", "other", "expected"),
    [
        ("cp313t-*", "cp313t-*", True),
        ("cp313t-*", "cp313t-win_*", True),
        ("*", "*-win32", True),
        ("*", "sdist", True),
        ("*-win32", "cp3[12]*-win32", True),
        ("cp31?-*", "cp31?-win32", True),
        ("cp31[23]-*", "cp31[23]-*", True),
        ("cp31?-*", "cp31*-win32", False),
        ("cp31[23]-*", "cp312-*", False),
        ("cp313t-win_*", "cp313t-*", False),
        ("*-win32", "*", False),
        ("?*-win32", "*-win32", False),
        ("cp313-*", "cp313t-*", False),
    ],
)
def test_pattern_that_covers_another_one(glob: str, other: str, expected: bool) -> None:
    """It is the wider one for certain; sets of characters are not compared."""
    assert covers(glob, other) is expected
