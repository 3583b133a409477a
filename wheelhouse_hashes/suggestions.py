"""Suggestions for misspelled words of a command line: verbs, options and their values."""

from __future__ import annotations

from collections.abc import Iterable


def resembling(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelled one resembles, None if none does.

    Case is ignored.

    :param word: the misspelled word.
    :param known: all valid words.
    """
    # Imported here because only mistakes need it.
    import difflib

    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def must_be_one_of(word: str, known: Iterable[str]) -> str:
    """Return a message for an invalid value: all valid ones, and the one that it resembles.

    :param word: the invalid value.
    :param known: the valid values.
    """
    names = list(known)
    meant = resembling(word, names)
    suggestion = f"; did you mean {meant}?" if meant is not None else ""
    return f"must be one of {', '.join(names)}{suggestion}"
