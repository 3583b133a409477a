"""Differences between a release and what is expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.wheel_kinds import Kind


class Difference(NamedTuple):
    """A difference: one sentence, and the artifacts that it is about."""

    text: str
    #: The kinds of missing artifacts, once for each artifact.
    missing: tuple[Kind, ...] = ()
    #: The names of artifacts that should not be there.
    unexpected: tuple[str, ...] = ()

    @classmethod
    def of_missing(cls, text: str, name: str) -> Difference:
        """Return the difference that one artifact is missing.

        :param text: the sentence.
        :param name: the artifact's name.
        """
        # Imported here because a number of artifacts is about no kinds.
        from wheelhouse_hashes.formats.wheel_kinds import kind_of

        kind = kind_of(name)
        return cls(text, missing=(kind,) if kind else ())
