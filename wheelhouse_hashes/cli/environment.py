"""Default values of options from environment variables."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.errors import UsageError

if TYPE_CHECKING:
    from wheelhouse_hashes.verbs import AddedOption

#: Actions whose option may be given several times.
_REPEATABLE = (argparse._AppendAction, argparse._ExtendAction)  # noqa: SLF001 (no public names)


def apply_environment(options: Iterable[AddedOption], environ: Mapping[str, str]) -> None:
    """Use the values of environment variables as the defaults of their options.

    :param options: the options that wheelhouse-hashes and plugins add to a verb.
    :param environ: the environment.
    :raises UsageError: if the value of a variable is invalid.
    """
    for option in options:
        text = environ.get(option.environment or "", "")
        if not text.strip():
            continue
        try:
            value = _value(option.action, text)
        except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
            if not is_on(text):
                continue
            raise UsageError(_problem(option, text, error)) from None
        if is_on(text) or _is_zero(value):
            option.action.default = value
            option.action.required = False


def _value(action: argparse.Action, text: str) -> Any:  # noqa: ANN401 (whatever the option holds)
    """Return the value of an option, converted as argparse does it.

    :raises ValueError, TypeError, argparse.ArgumentTypeError: if the text is not valid.
    """
    if action.nargs == 0:
        value = True if action.const is None else action.const
        return [value] if isinstance(action, argparse._AppendConstAction) else value  # noqa: SLF001
    several = isinstance(action, _REPEATABLE) or action.nargs not in (None, argparse.OPTIONAL)
    values = [_converted(action, word) for word in (_words(text) if several else [text])]
    return values if several else values[0]


def _words(text: str) -> list[str]:
    """Split a text as a shell does.

    :raises ValueError: if a quotation mark is missing.
    """
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.sep == "\\":
        lexer.escape = ""  # it separates folders
    return list(lexer)


def _converted(action: argparse.Action, text: str) -> Any:  # noqa: ANN401 (as above)
    if action.type is None:
        value: Any = text
    else:
        assert callable(action.type)  # noqa: S101 (argparse checked it)
        try:
            value = action.type(text)
        except (ValueError, TypeError):
            # As argparse, which does not show the text of these errors.
            name = getattr(action.type, "__name__", repr(action.type))
            raise argparse.ArgumentTypeError(f"invalid {name} value") from None
    if action.choices is not None and value not in action.choices:
        # Imported here because only mistakes need it.
        from wheelhouse_hashes.suggestions import must_be_one_of

        raise argparse.ArgumentTypeError(must_be_one_of(text, map(str, action.choices)))
    return value


def _is_zero(value: object) -> bool:
    """Return whether a value is the number 0, which for flags and texts means "off"."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return isinstance(one, (int, float)) and not isinstance(one, bool) and one == 0


def _problem(option: AddedOption, text: str, error: Exception) -> str:
    name = (option.action.option_strings or [option.action.dest])[-1]
    if option.action.dest == "driver_options":  # it may hold secrets
        why = "expected KEY=VALUE pairs, separated by spaces and quoted as in a shell"
        return f"{option.environment}: {why}"
    if option.secret:
        return f"{option.environment}: {name} invalid value (secret, not shown)"
    return f"{option.environment}={text!r}: {name} {error}"
