"""Default values of options from environment variables."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.options import (
    PREFIX,
    algorithm,
    count,
    driver_option,
    seconds,
    some_seconds,
    tier,
)


def apply_environment(actions: Iterable[argparse.Action], environ: Mapping[str, str]) -> None:
    """Use the values of environment variables as the defaults of their options.

    :param actions: the options that wheelhouse-hashes adds to a verb.  Options of the
        host may have the same names, but have no variables.
    :param environ: the environment.
    :raises UsageError: if the value of a variable is invalid.
    """
    for action in actions:
        variable = PREFIX + action.dest.upper()
        text = environ.get(variable)
        # For --wait, 0 is a valid value; for all other options, it means off.
        is_zero_wait = action.dest == "wait" and (text or "").strip() == "0"
        if text is None or variable not in _readers or not (is_on(text) or is_zero_wait):
            continue
        try:
            action.default = _readers[variable](text)
        except (ValueError, argparse.ArgumentTypeError) as error:
            if action.dest == "driver_options":  # it may hold secrets
                why = "expected KEY=VALUE pairs, separated by spaces and quoted as in a shell"
                raise UsageError(f"{variable}: {why}") from None
            option = action.option_strings[-1]
            raise UsageError(f"{variable}={text!r}: {option} {error}") from None


_readers: dict[str, Any] = {
    PREFIX + "HASHFILE": lambda _: True,
    PREFIX + "VERIFY": lambda _: True,
    PREFIX + "HASH_ALGORITHM": lambda text: [algorithm(word) for word in text.split()],
    PREFIX + "REQUIRE": lambda text: [tier(word) for word in text.split()],
    PREFIX + "DRIVER_OPTIONS": lambda text: [driver_option(word) for word in shlex.split(text)],
    PREFIX + "ALLOW_EMPTY": lambda _: True,
    PREFIX + "WAIT": seconds,
    PREFIX + "TIMEOUT": some_seconds,
    PREFIX + "MAX_WORKERS": count,
}
