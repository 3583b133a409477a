"""Differences between two releases in the kinds of their artifacts, by row and column."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wheelhouse_hashes.filenames import listed, parse_artifact_name
from wheelhouse_hashes.formats.differences import Difference
from wheelhouse_hashes.formats.wheel_kinds import ANY, Kind, in_order, kind_of

#: Maximum number of columns, of new kinds and of changed sizes in one text.
MAX_SHOWN = 12

#: Maximum number of sentences about one release.
MAX_TEXTS = 60

#: How many times larger or smaller a file is if its size is worth a note.  Of 90 good
#: releases, three have such a file (markupsafe's sdist, psycopg2's wheels for Windows, cffi).
FACTOR = 2

Counts = Mapping[Kind, int]


def kinds_of(names: Iterable[str]) -> Counter[Kind]:
    """Count the artifacts of each kind; other names are skipped.

    Wheels that differ in the build tag only are one: the second replaces the first.
    """
    variants: dict[Kind, set[frozenset[str]]] = defaultdict(set)
    for name in names:
        kind, parsed = kind_of(name), parse_artifact_name(name)
        if kind is not None and parsed is not None:
            variants[kind].add(parsed.variant)
    return Counter({kind: len(found) for kind, found in variants.items()})


def lost(before: Counts, now: Counts, where: str) -> list[Difference]:
    """Return what a release lacks, whole columns and rows first.

    :param before: the artifacts of another release by kind.
    :param now: those of the release.
    :param where: what the other release is called: ``3.0.2``.
    :returns: one for each group of missing artifacts; empty if there are none.
    """
    columns, rows = {kind.column for kind in now} | {""}, {kind.row for kind in now}
    by_column: dict[str, list[Kind]] = defaultdict(list)
    by_row: dict[str, list[Kind]] = defaultdict(list)
    fewer: list[Kind] = []
    for kind, number in before.items():
        if now.get(kind, 0) >= number:
            continue
        if kind.column not in columns:
            by_column[kind.column].append(kind)
        elif kind.row not in rows:
            by_row[kind.row].append(kind)
        else:
            fewer.append(kind)
    found = []
    for column, gone in sorted(by_column.items(), key=lambda item: in_order(item[0])):
        text = f"no {column} wheels at all: {_total(before, gone)} in {where}"
        found.append(Difference(text, _lacking(before, now, gone)))
    for row, gone in sorted(by_row.items(), key=lambda item: in_order(item[0])):
        text = f"no {_artifacts(row, gone)}: {_total(before, gone)} in {where}"
        found.append(Difference(text, _lacking(before, now, gone)))
    found += _fewer({kind: (before[kind], now.get(kind, 0)) for kind in fewer}, where)
    return _limited(found, where)


def _limited(found: list[Difference], where: str) -> list[Difference]:
    """Join the differences over the limit in one."""
    rest = found[MAX_TEXTS:]
    if not rest:
        return found
    missing = tuple(kind for each in rest for kind in each.missing)
    text = f"{len(rest)} more differences from {where}"
    return [*found[:MAX_TEXTS], Difference(text, missing)]


def _lacking(before: Counts, now: Counts, kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    """Return some kinds, each as often as an artifact of it is missing."""
    return tuple(kind for kind in sorted(kinds) for _ in range(before[kind] - now.get(kind, 0)))


def _total(counts: Counts, kinds: Iterable[Kind]) -> int:
    return sum(counts[kind] for kind in kinds)


def _artifacts(row: str, kinds: Iterable[Kind]) -> str:
    if not any(kind.column for kind in kinds):
        return row
    if row == ANY:
        return "platform-independent wheels at all"
    return f"wheels for {row} at all"


class _Group(NamedTuple):
    """Kinds that are described in one sentence."""

    row: str
    now: int
    #: The number in the other release; 0 if all numbers are added up.
    before: int


def _fewer(missing: Mapping[Kind, tuple[int, int]], where: str) -> list[Difference]:
    """Return the differences in kinds whose column and row are still there."""
    groups: dict[_Group, list[str]] = defaultdict(list)
    totals: Counter[_Group] = Counter()
    for kind, (before, now) in missing.items():
        group = _Group(kind.row, now, before if now else 0)
        groups[group].append(kind.column)
        totals[group] += before
    found = []
    for group, columns in sorted(groups.items()):
        row, now, before = group
        named = _some(sorted(columns, key=in_order))
        if not named:
            text = f"fewer {row}s: {now}, {before} in {where}"
        elif now:
            each = f"{now} instead of {before} as in {where}"
            text = f"fewer wheels for {row}: {each}, for {named}"
        else:
            text = f"no {named} wheels for {row}: {totals[group]} in {where}"
        kinds = {Kind(column, row) for column in columns}
        old, new = ({kind: missing[kind][i] for kind in kinds} for i in (0, 1))
        found.append(Difference(text, _lacking(old, new, kinds)))
    return found


def _some(texts: list[str]) -> str:
    return listed(texts, most=MAX_SHOWN)


def gained(before: Counts, now: Counts) -> str:
    """Return the kinds that only the second of two releases has; empty if there are none."""
    columns, rows = {kind.column for kind in before}, {kind.row for kind in before}
    new = {kind: number for kind, number in now.items() if before.get(kind, 0) < number}
    groups: Counter[str] = Counter()
    for kind in sorted(new, key=lambda kind: (in_order(kind.column), in_order(kind.row))):
        if kind.column and kind.column not in columns:
            group = f"{kind.column} wheels"
        elif kind.row not in rows:
            group = f"wheels for {kind.row}" if kind.column else kind.row
        else:
            group = str(kind)
        groups[group] += new[kind] - before.get(kind, 0)
    return _some([f"{group} ({number})" for group, number in groups.items()])


def resized(before: Mapping[str, int | None], now: Mapping[str, int | None]) -> list[str]:
    """Return the artifacts that are much larger or smaller than those of their kind before.

    :param before: the artifacts of the other release: names and sizes in bytes, None if unknown.
    :param now: those of the release.
    :returns: one text for each kind: its name and both sizes.
    """
    old, new = _largest(before), _largest(now)
    return [
        f"{kind}: {new[kind]:,} bytes, before {old[kind]:,}"
        for kind in sorted(old.keys() & new.keys(), key=str)
        if not old[kind] <= FACTOR * new[kind] <= FACTOR * FACTOR * old[kind]
    ]


def _largest(sizes: Mapping[str, int | None]) -> dict[Kind, int]:
    largest: dict[Kind, int] = {}
    for name, size in sizes.items():
        kind = kind_of(name)
        if kind is not None and size:
            largest[kind] = max(size, largest.get(kind, 0))
    return largest
