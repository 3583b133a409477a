"""Defaults and switches of options, and the functions that read option values.

They are here because several rooms need them and must agree on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from wheelhouse_hashes.artifacts import ALGORITHMS

PREFIX = "WHEELHOUSE_UPLOADER_"

#: The options that hand a verb of the host over to us, also by their environment variables.
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "upload": ("hashfile", "driver_options"),
    "fetch": ("verify",),
}

#: What is done if nobody claims a digest.
REFUSE, ACCEPT = "refuse", "accept"

DEFAULT_WAIT = 90.0

#: Six hours, as long as a CI job may run: 1.5 GB at 70 kB/s.  A server that has
#: stopped is noticed by the idle limit; this one ends what merely drips.
DEFAULT_TIMEOUT = 21600.0

DEFAULT_MAX_WORKERS = 4


def seconds(text: str) -> float:
    """Read a number of seconds that is not negative."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def some_seconds(text: str) -> float:
    """Read a number of seconds that is more than none."""
    value = seconds(text)
    if not value:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """Read a whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def algorithm(text: str) -> str:
    """Read the name of a digest algorithm."""
    if text not in ALGORITHMS:
        raise ValueError(text)
    return text


def driver_option(text: str) -> str:
    """Read ``KEY=VALUE``."""
    key, equals, _ = text.partition("=")
    if not key or not equals:
        # argparse would quote the text, in which there may be a secret.
        raise argparse.ArgumentTypeError("it is not KEY=VALUE")
    return text
