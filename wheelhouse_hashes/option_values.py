"""Parsers of the values of options.

They raise ``ArgumentTypeError``, because argparse prints its message.  For a ``ValueError``,
it prints the function's name and the text, which may contain a secret.
"""

from __future__ import annotations

import argparse
import math
from typing import Any

from wheelhouse_hashes.artifacts import ALGORITHMS, Tier


class Once(argparse.Action):
    """Stores the value of an option that may be given once only.

    argparse alone keeps the last of several values; a check that the others asked for would be
    dropped without a message.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 (argparse passes it)
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 (as argparse has it)
        option_string: str | None = None,  # noqa: ARG002 (as above)
    ) -> None:
        """Store the value."""
        if getattr(namespace, self.dest, None) is not None:
            raise argparse.ArgumentError(self, "can be given once only; remove the others")
        setattr(namespace, self.dest, values)


def seconds(text: str) -> float:
    """Parse a non-negative number of seconds.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds, at least 0")
    return value


def some_seconds(text: str) -> float:
    """Parse a positive number of seconds.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds, greater than 0")
    return value


def _number(text: str) -> float:
    """Return the number in a text, NaN if it has none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def count(text: str) -> int:
    """Parse a positive integer.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number, at least 1")
    return value


def algorithm(text: str) -> str:
    """Parse the name of a digest algorithm.

    :raises argparse.ArgumentTypeError: if it is not supported.
    """
    if text not in ALGORITHMS:
        # Imported here because only mistakes need it.
        from wheelhouse_hashes.suggestions import must_be_one_of

        raise argparse.ArgumentTypeError(must_be_one_of(text, ALGORITHMS))
    return text


def tier(text: str) -> Tier:
    """Parse the name of a tier.

    :raises argparse.ArgumentTypeError: if there is no such tier.
    """
    for each in Tier:
        if text == str(each):
            return each
    # Imported here because only mistakes need it.
    from wheelhouse_hashes.suggestions import must_be_one_of

    raise argparse.ArgumentTypeError(must_be_one_of(text, map(str, Tier)))


def driver_option(text: str) -> str:
    """Parse ``KEY=VALUE``.

    :raises argparse.ArgumentTypeError: if the text is anything else.
    """
    key, equals, _ = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError("must be KEY=VALUE")
    return text
