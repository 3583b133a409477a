"""The grid of a release as text."""

from __future__ import annotations

import re

import pytest

from tests.support.releases import real_releases
from wheelhouse_hashes.formats.grid import (
    MAX_COLUMNS,
    MAX_LABEL,
    MAX_ROWS,
    MIN_LABEL,
    Entry,
    Grid,
    State,
    shortened,
)
from wheelhouse_hashes.formats.wheel_kinds import Kind, kind_of


def entry(tags: str, state: State = State.VERIFIED) -> Entry:
    name = "demo-1.0.tar.gz" if tags == "sdist" else f"demo-1.0-{tags}.whl"
    kind = kind_of(name)
    assert kind is not None
    return Entry(kind, state)


GRID = Grid(
    [
        entry("cp313-cp313-win_amd64"),
        entry("cp39-cp39-win_amd64", State.REFUSED),
        entry("cp313-cp313t-win_amd64", State.MISSING),
        entry("cp313-cp313-manylinux2014_x86_64"),
        entry("cp313-cp313-manylinux_2_28_x86_64", State.UNEXPECTED),
        entry("sdist", State.UNVERIFIED),
    ]
)


def test_grid_has_a_column_for_each_python_and_a_row_for_each_platform() -> None:
    lines = list(GRID.lines(100))
    assert [text for text, _ in lines] == [
        "                  cp39     cp313                     cp313t   no Python",
        "manylinux x86_64           1 verified, 1 unexpected",
        "sdist                                                         unverified",
        "win_amd64         refused  verified                  missing",
    ]
    assert [state for _, state in lines] == [
        None,
        State.UNEXPECTED,
        State.UNVERIFIED,
        State.REFUSED,
    ]


def test_columns_that_do_not_fit_follow_below() -> None:
    """Each part repeats the rows that have artifacts in it; a column is never cut."""
    assert [text for text, _ in GRID.lines(40)] == [
        "                  cp39",
        "win_amd64         refused",
        "                  cp313",
        "manylinux x86_64  1 verified, 1 unexpected",
        "win_amd64         verified",
        "                  cp313t   no Python",
        "sdist                      unverified",
        "win_amd64         missing",
    ]


def test_grid_counts_states_and_knows_the_worst() -> None:
    there = [state for state in State if state is not State.PLANNED]
    assert GRID.count == dict.fromkeys(there, 1) | {State.VERIFIED: 2}
    assert list(GRID.count) == there
    assert GRID.worst("win_amd64", "cp313") is State.VERIFIED
    assert GRID.worst("win_amd64") is State.REFUSED
    assert GRID.worst("sdist", "cp313") is None


def test_empty_grid_has_no_lines() -> None:
    assert not Grid([])
    assert list(Grid([]).lines(80)) == []


def test_control_characters_in_kinds_are_escaped() -> None:
    """Kinds may come from a plugin's finding."""
    grid = Grid([Entry(Kind("cp3\x1b[2J", "win\n::error::"), State.MISSING)])
    assert "".join(text for text, _ in grid.lines(80)).isprintable()


def test_grid_of_a_hostile_page_is_limited() -> None:
    """A page can name a Python and a platform of its own with each link."""
    kinds = [Kind(f"cp{number}", f"platform_{number}") for number in range(2_000)]
    grid = Grid(Entry(kind, State.REFUSED) for kind in kinds)
    assert (len(grid.columns), len(grid.rows)) == (MAX_COLUMNS, MAX_ROWS)
    assert grid.left_out == 2_000 - MAX_COLUMNS
    *_, (last, state) = grid.lines(120)
    assert (last, state) == ("and 1940 artifacts of more Pythons and platforms", None)


@pytest.mark.parametrize("width", [20, 80, 120, 500])
def test_long_names_do_not_widen_the_grid(width: int) -> None:
    """A name has 255 characters, nearly all of which can be its platform or its Python."""
    kinds = [
        Kind("cp312", "win_" + "x" * 200 + "_arm64"),
        Kind("cp313" + "y" * 150, "win_amd64"),
        Kind("cp313", "\x1b" * 59),
        Kind("7" * 5_000, "7" * 5_000),
    ]
    grid = Grid(Entry(kind, State.REFUSED) for kind in kinds)
    lines = [text for text, _ in grid.lines(width)]
    limit = max(MIN_LABEL, min(MAX_LABEL, width // 2))
    assert max(map(len, lines)) <= max(width, 2 * limit + 2)
    assert any(re.match(r"win_x+\.\.\.x+_arm64 ", text) for text in lines)
    assert "".join(lines).isprintable()


def test_names_of_real_releases_are_whole() -> None:
    labels = {
        label
        for releases in real_releases().values()
        for release in releases.values()
        for name in release.sizes
        for label in kind_of(name) or ()
    }
    assert {shortened(label, 40) for label in labels} == labels
