"""Messages about words of the command line that argparse does not accept."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from wheelhouse_hashes.suggestions import must_be_one_of, resembling


def refuse_choice(action: argparse.Action, value: object) -> NoReturn:
    """Raise the error about a verb, or a value of an option, that is not one of the choices.

    :param action: the option, or the action that holds the verbs.
    :param value: the invalid value.
    :raises argparse.ArgumentError: always.
    """
    names: list[Any] = list(action.choices or ())
    expected = must_be_one_of(str(value), map(str, names))
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 (no public name)
        # Not for any argument: the name of this one is a list of all verbs.
        raise argparse.ArgumentError(None, f"unknown command {value!r}: {expected}")
    raise argparse.ArgumentError(action, f"invalid choice: {value!r}: {expected}")


def unrecognized(
    words: Sequence[str], verb: str, parser: argparse.ArgumentParser, mask: str
) -> str:
    """Return a message for unrecognized arguments, without values.

    :param words: the unrecognized arguments.
    :param verb: the name of the verb, empty if there is none.
    :param parser: the parser of the verb, or that of the whole command.
    :param mask: replaces each value.
    """
    shown = _shown(words, mask)
    known = parser._option_string_actions  # noqa: SLF001 (argparse has no public list)
    # The dashes count for nothing: ``-verify`` is a misspelled ``--verify``, and options that
    # share only their dashes do not resemble each other.
    flags = [flag.lstrip("-") for flag in known if flag.startswith("--")]
    options = [word.partition("=")[0].lstrip("-") for word in words if _is_option(word)]
    misplaced = [name for word in words if (name := word.partition("=")[0]) in known]
    if verb and misplaced:
        return f"unrecognized arguments: {shown}; {verb} must be before {' '.join(misplaced)}"
    meant = [f"--{found}" for option in options if (found := resembling(option, flags))]
    others = shown.replace(mask, "").rstrip(" =")
    if len(options) == len(meant) == 1 and others == f"--{options[0]}":
        return f"unrecognized option {others}: did you mean {meant[0]}?"
    suggestion = f"; did you mean {' '.join(meant)}?" if meant else ""
    return f"unrecognized arguments: {shown}{suggestion}"


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word.lstrip("-")) > 1


def _shown(words: Iterable[str], mask: str) -> str:
    """Return unrecognized arguments, without values.

    What follows an unknown option may be its value, and the option may be a misspelled
    secret one.
    """
    shown = []
    follows = False
    for word in words:
        name, equals, _ = word.partition("=")
        if word.startswith("--") or (word.startswith("-") and len(word) == len("-x")):
            follows = not equals
            shown.append(f"{name}={mask}" if equals else name)
        elif word.startswith("-") and word != "-":
            shown.append(word[:2] + mask)
        elif follows:
            shown.append(mask)
        else:
            shown.append(f"{name}={mask}" if equals else word)
    return " ".join(shown)
