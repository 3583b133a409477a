"""Lists of expected artifacts: one name or pattern a line.

A line is the name of an artifact, ``TAG-GLOB``, ``TAG-GLOB COUNT``, ``TAG-GLOB MIN-MAX`` or
``!TAG-GLOB``.  A pattern without a number must match at least one artifact; one after ``!``
must not match any.  Text from ``#`` on is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from wheelhouse_hashes.filenames import listed, parse_artifact_name
from wheelhouse_hashes.formats.differences import Difference
from wheelhouse_hashes.formats.tag_globs import covers, matches, matches_any, why_no_glob

_NUMBER = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)

#: Maximum number of artifacts that a text about a pattern names.
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, and how many artifacts it must match."""

    glob: str
    least: int = 1
    #: None if there is no limit.
    most: int | None = None
    #: The number of its line.
    line: int = 0

    @property
    def number(self) -> str:
        """How many artifacts must match, in words."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.most == self.least else f"{self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class ExpectedLines:
    """The expected artifacts of a list."""

    names: frozenset[str]
    patterns: tuple[Pattern, ...]
    forbidden: tuple[Pattern, ...]

    def unmet(self, good: Collection[str]) -> list[Difference]:
        """Return the differences between artifacts and the list.

        :param good: the names of the artifacts with a good verdict.
        """
        differences = [
            Difference.of_missing(f"expected, but missing or refused: {name}", name)
            for name in sorted(self.names - set(good))
        ]
        for pattern in self.patterns:
            found = [name for name in good if matches(pattern.glob, name)]
            if len(found) < pattern.least or (
                pattern.most is not None and len(found) > pattern.most
            ):
                text = f"expected {pattern.number}, found {len(found)}{_named(found)}"
                differences.append(Difference(f"line {pattern.line}, {pattern.glob}: {text}"))
        for pattern in self.forbidden:
            found = [name for name in good if matches(pattern.glob, name)]
            if found:
                where = f"line {pattern.line}, !{pattern.glob}"
                text = f"{where}: must not be there{_named(found)}"
                differences.append(Difference(text, unexpected=tuple(found)))
        surplus = sorted(self.surplus(good))
        return differences + [
            Difference(f"not expected: {each}", unexpected=(each,)) for each in surplus
        ]

    def excluding(self, globs: Collection[str]) -> ExpectedLines:
        """Return the list without names and patterns that are about excluded artifacts.

        :param globs: the patterns of ``--exclude``.
        :raises ValueError: if nothing is left.
        """
        if not globs:
            return self
        names = frozenset(name for name in self.names if not matches_any(globs, name))
        patterns = tuple(
            each for each in self.patterns if not any(covers(glob, each.glob) for glob in globs)
        )
        if not names and not any(pattern.least for pattern in patterns):
            raise ValueError("--exclude excludes all of it, so nothing is expected")
        return replace(self, names=names, patterns=patterns)

    def surplus(self, good: Collection[str]) -> list[str]:
        """Return the artifacts that no line is about."""
        globs = [pattern.glob for pattern in (*self.patterns, *self.forbidden)]
        return [name for name in good if name not in self.names and not matches_any(globs, name)]


def _named(names: Iterable[str]) -> str:
    some = sorted(names)
    return f": {listed(some, most=_MAX_NAMED)}" if some else ""


def parse_lines(text: str) -> ExpectedLines:
    """Parse a list of expected artifacts.

    :param text: the list.
    :raises ValueError: if a line cannot be read, or if nothing is expected.
    """
    names: set[str] = set()
    patterns: list[Pattern] = []
    forbidden: list[Pattern] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) == 1 and parse_artifact_name(words[0]) is not None:
            names.add(words[0])
        elif words[0].startswith("!"):
            forbidden.append(_pattern(words[0][1:], words[1:], number, counted=False))
        else:
            patterns.append(_pattern(words[0], words[1:], number, counted=True))
    if not names and not any(pattern.least for pattern in patterns):
        raise ValueError("nothing is expected; add the names of artifacts, or patterns of tags")
    return ExpectedLines(frozenset(names), tuple(patterns), tuple(forbidden))


def _pattern(glob: str, numbers: list[str], line: int, *, counted: bool) -> Pattern:
    """Return the pattern of a line.

    :raises ValueError: if it is not one.
    """
    if why := why_no_glob(glob):
        text = f"{glob[:80]!r} is not the name of an artifact, and {why}"
        raise ValueError(f"line {line}: {text}")
    if not numbers:
        return Pattern(glob, line=line)
    match = _NUMBER.fullmatch(numbers[0]) if counted and len(numbers) == 1 else None
    if match is None:
        text = "a pattern is followed by nothing, a number or MIN-MAX"
        raise ValueError(
            f"line {line}: {text}" if counted else f"line {line}: one !TAG-GLOB a line"
        )
    least, most = int(match[1]), int(match[2] or match[1])
    if most < least:
        raise ValueError(f"line {line}: {numbers[0]}: the first number is the larger one")
    return Pattern(glob, least, most, line)
