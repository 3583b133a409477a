"""Lists of expected artifacts."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.expected_lines import parse_lines

SDIST = "demo-1.0.tar.gz"
LINUX, WINDOWS, THREADS = (
    f"demo-1.0-{tags}.whl"
    for tags in (
        "cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64",
        "cp313-cp313-win_amd64",
        "cp313-cp313t-win_amd64",
    )
)
ALL = [SDIST, LINUX, WINDOWS, THREADS]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(ALL),
        "sdist\n*-manylinux_*\n*-win_amd64 2\n",
        "sdist 1\ncp313-* 3  # all Pythons\n!pp*\n",
        f"# the release\r\n{SDIST}\r\n\r\n*-* 2-3\r\n",
        "* 4",
        "sdist\n*-* 1-9\ncp314-* 0-9\n",
    ],
)
def test_lists_that_a_release_meets(text: str) -> None:
    assert parse_lines(text).unmet(ALL) == []


@pytest.mark.parametrize(
    ("text", "good", "texts"),
    [
        (
            "*\n*-win_arm64",
            ALL,
            ["line 2, *-win_arm64: expected at least 1, found 0"],
        ),
        (
            "sdist\n*-win_amd64 3\n*-manylinux*",
            ALL,
            [f"line 2, *-win_amd64: expected 3, found 2: {WINDOWS}, {THREADS}"],
        ),
        (
            "* 5-7",
            ALL,
            [f"line 1, *: expected 5 to 7, found 4: {', '.join(ALL[1:])} and 1 more"],
        ),
        ("*\n!cp313t-*", ALL, [f"line 2, !cp313t-*: must not be there: {THREADS}"]),
        ("sdist\n*-win_amd64", ALL, [f"not expected: {LINUX}"]),
        (
            f"{SDIST}\n{LINUX}\n*-win_amd64",
            [LINUX, WINDOWS],
            [f"expected, but missing or refused: {SDIST}"],
        ),
    ],
)
def test_differences_are_named(text: str, good: list[str], texts: list[str]) -> None:
    assert [each.text for each in parse_lines(text).unmet(good)] == texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing is expected"),
        ("# all of it\n\n", "nothing is expected"),
        ("!pp*", "nothing is expected"),
        ("cp314-* 0-9", "nothing is expected"),
        ("sdist\nnumpy>=2", "line 2: 'numpy>=2' is not the name of an artifact"),
        ("demo-1.0-*.whl", "line 1: .*not file names"),
        ("sdist many", "line 1: a pattern is followed by"),
        ("sdist 1 2", "line 1: a pattern is followed by"),
        ("sdist 3-2", "line 1: 3-2: the first number"),
        ("sdist -1", "line 1: a pattern is followed by"),
        ("sdist\n!pp* 1", "line 2: one !TAG-GLOB a line"),
        (f"{SDIST} 1", "line 1: .*not file names"),
        ("\x1b[31m", r"line 1: '\\x1b\[31m' is not"),
    ],
)
def test_lists_that_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_lines(text)


def test_excluded_names_are_not_expected() -> None:
    lines = parse_lines("\n".join(ALL)).excluding(["cp313t-*"])
    assert lines.unmet(ALL[:3]) == []
    assert parse_lines(SDIST).excluding([]).names == {SDIST}
    with pytest.raises(ValueError, match="nothing is expected"):
        parse_lines(SDIST).excluding(["sdist"])
