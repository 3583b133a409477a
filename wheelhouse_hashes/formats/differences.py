"""Differences between a release and what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.wheel_kinds import Kind


class Difference(str):
    """A sentence about a difference, with the artifacts that it is about.

    :param text: the sentence.
    :param missing: the kinds of missing artifacts, once for each artifact.
    :param unexpected: the names of artifacts that should not be there.
    """

    __slots__ = ("missing", "unexpected")

    #: The kinds of missing artifacts, once for each artifact.
    missing: tuple[Kind, ...]
    #: The names of artifacts that should not be there.
    unexpected: tuple[str, ...]

    def __new__(
        cls, text: str, missing: Iterable[Kind] = (), unexpected: Iterable[str] = ()
    ) -> Self:
        """Make a difference."""
        made = super().__new__(cls, text)
        made.missing = tuple(missing)
        made.unexpected = tuple(unexpected)
        return made

    @classmethod
    def of_missing(cls, text: str, name: str) -> Self:
        """Return the difference that one artifact is missing.

        :param text: the sentence.
        :param name: the artifact's name.
        """
        # Imported here because a number of artifacts is about no kinds.
        from wheelhouse_hashes.formats.wheel_kinds import kind_of

        kind = kind_of(name)
        return cls(text, missing=[kind] if kind else [])
