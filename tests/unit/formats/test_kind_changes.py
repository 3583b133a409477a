"""Kinds of artifacts that a release lacks, tried on real releases."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from tests.support.releases import with_candidate, with_previous
from wheelhouse_hashes.formats.kind_changes import gained, kinds_of, lost, resized
from wheelhouse_hashes.formats.releases import Release
from wheelhouse_hashes.formats.wheel_kinds import kind_of

#: Two platforms and three Pythons.
GRID = [
    f"demo-1.0-{tags}.whl"
    for tags in (
        *("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"),
        *("cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-win_amd64"),
        *("cp313-cp313t-manylinux_2_17_x86_64", "cp313-cp313t-win_amd64"),
    )
]
SDIST = "demo-1.0.tar.gz"


def differences(before: Release, now: Release) -> list[str]:
    """Return what a release lacks."""
    found = lost(kinds_of(before.sizes), kinds_of(now.sizes), str(before.version))
    return [each.text for each in found]


def texts_of(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """Return what the second of two lists of names lacks."""
    return [each.text for each in lost(kinds_of(before), kinds_of(now), "1.0")]


@pytest.mark.parametrize(
    ("removed", "texts"),
    [
        (GRID[4:], ["no cp313t wheels at all: 2 in 1.0"]),
        (GRID[1::2], ["no wheels for win_amd64 at all: 3 in 1.0"]),
        ([SDIST], ["no sdist: 1 in 1.0"]),
        (GRID[:1], ["no cp312 wheels for manylinux x86_64: 1 in 1.0"]),
        (
            [GRID[0], GRID[2]],
            ["no cp312, cp313 wheels for manylinux x86_64: 2 in 1.0"],
        ),
        (
            [*GRID[4:], GRID[1]],
            ["no cp313t wheels at all: 2 in 1.0", "no cp312 wheels for win_amd64: 1 in 1.0"],
        ),
        (
            [*GRID, SDIST],
            [
                *(f"no {column} wheels at all: 2 in 1.0" for column in ("cp312", "cp313")),
                *("no cp313t wheels at all: 2 in 1.0", "no sdist: 1 in 1.0"),
            ],
        ),
        ([], []),
    ],
)
def test_what_is_missing_is_named_by_row_and_column(removed: list[str], texts: list[str]) -> None:
    before = [*GRID, SDIST]
    now = [name for name in before if name not in removed]
    assert texts_of(before, now) == texts


def test_one_of_several_wheels_of_a_kind_is_missing() -> None:
    newer = [name.replace("2_17", "2_28") for name in GRID if "2_17" in name]
    texts = texts_of([*GRID, *newer], GRID)
    columns = "cp312, cp313, cp313t"
    assert texts == [f"fewer wheels for manylinux x86_64: 1 instead of 2 as in 1.0, for {columns}"]
    assert texts_of([SDIST, "demo-1.0.zip"], [SDIST]) == ["fewer sdists: 1, 2 in 1.0"]


def test_second_build_of_a_wheel_is_not_another_one() -> None:
    again = "demo-1.0-1-cp312-cp312-win_amd64.whl"
    assert texts_of([*GRID, again], GRID) == []
    assert texts_of(GRID, [again, *GRID[:1], *GRID[2:]]) == []


def test_platform_independent_wheels() -> None:
    pure, other = "demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-win_amd64.whl"
    texts = texts_of([pure, other], [other])
    assert texts == ["no platform-independent wheels at all: 1 in 1.0"]
    assert texts_of([pure], [SDIST]) == ["no py3 wheels at all: 1 in 1.0"]


def test_new_kinds() -> None:
    now = kinds_of([*GRID, SDIST, "demo-1.0-cp312-cp312-win_arm64.whl"])
    assert gained(kinds_of(GRID), now) == "sdist (1), wheels for win_arm64 (1)"
    assert gained(kinds_of(GRID[:4]), kinds_of(GRID)) == "cp313t wheels (2)"
    assert gained(kinds_of(GRID[1:]), kinds_of(GRID)) == "cp312 manylinux x86_64 (1)"
    assert gained(now, kinds_of(GRID)) == ""


def test_many_columns_are_counted() -> None:
    many = [f"demo-1.0-cp3{n}-cp3{n}-{p}.whl" for n in range(10, 30) for p in ("win32", "any")]
    (text,) = texts_of([*many, GRID[0]], [*many[1::2], many[38]])[1:]
    assert text.startswith("no cp310, cp311, ")
    assert text.endswith(" and 7 more wheels for win32: 19 in 1.0")


def test_many_differences_are_counted_in_little_time() -> None:
    many = [f"demo-1.0-cp{n}-cp{n}-plat{n}.whl" for n in range(5_000)]
    texts = texts_of(many, [SDIST])
    assert (len(texts), texts[-1]) == (61, "4940 more differences from 1.0")


def test_sizes_of_one_kind_that_differ_by_a_factor() -> None:
    before: dict[str, int | None] = {GRID[0]: 100, GRID[1]: 100, GRID[2]: 100, SDIST: None}
    now: dict[str, int | None] = {GRID[0]: 200, GRID[1]: 2001, GRID[2]: 49, SDIST: 7}
    assert resized(before, now) == [
        "cp312 win_amd64: 2,001 bytes, before 100",
        "cp313 manylinux x86_64: 49 bytes, before 100",
    ]


def test_no_final_release_lacks_what_its_candidate_had() -> None:
    pairs = list(with_candidate())
    yanked = [before for before, _ in pairs if before.yanked]
    assert (len(pairs), list(map(str, yanked))) == (15, ["pyyaml 6.0.2rc1"])
    assert [differences(*pair) for pair in pairs] == [[]] * 15


#: The differences of good releases from the previous ones that are neither a dropped Python nor
#: a dropped platform: graalpy for one platform, the wheels for an old glibc, a platform that had
#: one Python, and Windows wheels of one Python.
NEITHER = {
    "kiwisolver 1.5.1": ["no graalpy312 wheels for macosx x86_64: 1 in 1.5.0"],
    "pillow 12.3.0": [
        f"fewer wheels for manylinux {machine}: 1 instead of 2 as in 12.2.0, for cp310, cp311, "
        "cp312, cp313, cp314, cp314t, pp311"
        for machine in ("aarch64", "x86_64")
    ],
    "pywin32 306": ["no cp310 wheels for win_arm64: 1 in 305"],
    "simplejson 4.0.0": [
        "no cp312 wheels for win32: 1 in 3.20.2",
        "no cp312 wheels for win_amd64: 1 in 3.20.2",
    ],
}


def test_alarms_on_good_releases_compared_with_the_previous_ones() -> None:
    pairs = list(with_previous())
    alarms = {str(now): texts for before, now in pairs if (texts := differences(before, now))}
    others = {
        name: rest
        for name, texts in alarms.items()
        if (rest := [text for text in texts if " at all: " not in text and "no sdist" not in text])
    }
    assert (len(pairs), len(alarms)) == (140, 31)
    assert others == NEITHER


def test_each_removed_wheel_is_found() -> None:
    wheels = []
    for before, now in with_candidate():
        old, new = kinds_of(before.sizes), kinds_of(now.sizes)
        # Nobody can miss wheels of kinds that the candidate did not have.
        known = [name for name in now.sizes if (k := kind_of(name)) and old[k] >= new[k]]
        wheels += [(before, now, name) for name in known if name.endswith(".whl")]
    sample = random.Random(21).sample(wheels, 500)
    for before, now, name in sample:
        rest = Release(now.project, now.version, {k: v for k, v in now.sizes.items() if k != name})
        assert differences(before, rest), name


def test_few_good_releases_have_other_sizes() -> None:
    noted = [str(now) for before, now in with_previous() if resized(before.sizes, now.sizes)]
    assert noted == ["cffi 2.0.0", "markupsafe 3.0.3", "pillow 11.3.0", "pywin32 312"]
