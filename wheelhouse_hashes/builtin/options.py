"""The options that are not any plugin's own, and the environment twins of all.

A plugin of its own, like the sources: it uses the public hook.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.artifacts import ALGORITHMS
from wheelhouse_hashes.errors import UsageError

PREFIX = "WHEELHOUSE_UPLOADER_"

#: The options that hand a verb of the host over to us, also by their twins.
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
        raise ValueError(text)
    return text


@hookspecs.hookimpl
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add the options of the phases themselves."""
    if verb != "index":
        parser.add_argument(
            "-q",
            "--quiet",
            action="store_true",
            help="print only what is refused, what goes wrong and the closing lines",
        )
    if verb == "upload":
        parser.add_argument(
            "--no-replace",
            action="store_true",
            help="refuse to replace an artifact of the container by other bytes (exit 1)",
        )
        parser.add_argument(
            "--resend",
            action="store_true",
            help="send everything again, also what is there already",
        )
    if verb in ("upload", "index"):
        parser.add_argument(
            "--driver-option",
            dest="driver_options",
            action="append",
            type=driver_option,
            metavar="KEY=VALUE",
            help="an argument of the provider's libcloud driver, such as host or "
            "ex_force_auth_url; repeatable, a wrong key lists the known ones (environment: "
            f"{PREFIX}DRIVER_OPTIONS, separated by spaces, quoted as in a shell)",
        )
    if verb == "fetch":
        parser.add_argument(
            "--verify",
            action="store_true",
            help="keep an artifact only if its bytes match every digest that its sources "
            f"claim (environment: {PREFIX}VERIFY=1)",
        )
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--missing-hash",
            choices=(REFUSE, ACCEPT),
            default=REFUSE,
            help="what to do with an artifact that no source claims a digest of "
            "(default: %(default)s)",
        )
        parser.add_argument(
            "--max-workers",
            type=count,
            metavar="N",
            default=DEFAULT_MAX_WORKERS,
            help="maximum number of artifacts that are worked on at the same time "
            f"(default: %(default)s; environment: {PREFIX}MAX_WORKERS)",
        )
        parser.add_argument(
            "--wait",
            type=seconds,
            metavar="SECONDS",
            default=DEFAULT_WAIT,
            help="how long a run may wait, in all, for a store that is not consistent yet "
            f"(default: %(default)g; environment: {PREFIX}WAIT)",
        )
        parser.add_argument(
            "--timeout",
            type=some_seconds,
            metavar="SECONDS",
            default=DEFAULT_TIMEOUT,
            help="how long one download may take, in all "
            f"(default: %(default)g; environment: {PREFIX}TIMEOUT). It ends sooner after 30 "
            "seconds without a connection, or 60 below 1000 bytes a second",
        )
        parser.add_argument(
            "--no-ssl-check",
            action="store_true",
            help="do not check TLS certificates: anybody on the way can replace what is "
            "fetched (an authority of your own: name its bundle in SSL_CERT_FILE)",
        )


def apply_twins(actions: Iterable[argparse.Action], environ: Mapping[str, str]) -> None:
    """Make environment twins the defaults of their options.

    :param actions: our options of a verb; an option of the host may have the
        same name, and has no twin.
    :param environ: the environment.
    :raises UsageError: if a twin has a value that its option does not take.
    """
    for action in actions:
        twin = PREFIX + action.dest.upper()
        text = environ.get(twin)
        # No seconds at all is a time to wait; elsewhere 0 means off.
        is_zero_wait = action.dest == "wait" and (text or "").strip() == "0"
        if text is None or twin not in _readers or not (is_on(text) or is_zero_wait):
            continue
        try:
            action.default = _readers[twin](text)
        except ValueError:
            raise UsageError(
                f"{twin}={text!r} is not a value that --{action.dest.replace('_', '-')} takes"
            ) from None


_readers: dict[str, Any] = {
    PREFIX + "HASHFILE": lambda text: True,
    PREFIX + "VERIFY": lambda text: True,
    PREFIX + "HASH_ALGORITHM": lambda text: [algorithm(word) for word in text.split()],
    PREFIX + "DRIVER_OPTIONS": lambda text: [driver_option(word) for word in shlex.split(text)],
    PREFIX + "WAIT": seconds,
    PREFIX + "TIMEOUT": some_seconds,
    PREFIX + "MAX_WORKERS": count,
}
