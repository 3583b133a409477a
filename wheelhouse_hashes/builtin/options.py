"""The options that belong to no other plugin.

A plugin of its own, like the sources: it uses the public hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes.options import (
    ACCEPT,
    DEFAULT_MAX_WORKERS,
    DEFAULT_TIMEOUT,
    DEFAULT_WAIT,
    PREFIX,
    REFUSE,
    count,
    driver_option,
    seconds,
    some_seconds,
)

if TYPE_CHECKING:
    import argparse


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
        _add_publishing_options(parser)
    if verb in ("upload", "index"):
        _add_driver_option(parser)
    if verb == "fetch":
        parser.add_argument(
            "--verify",
            action="store_true",
            help="keep an artifact only if its bytes match every digest that its sources "
            f"claim (environment: {PREFIX}VERIFY=1)",
        )
    if verb in ("fetch", "verify"):
        _add_check_options(parser)
        _add_network_options(parser)


def _add_publishing_options(parser: argparse._ArgumentGroup) -> None:
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


def _add_driver_option(parser: argparse._ArgumentGroup) -> None:
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


def _add_check_options(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--missing-hash",
        choices=(REFUSE, ACCEPT),
        default=REFUSE,
        help="what to do with an artifact that no source claims a digest of (default: %(default)s)",
    )
    parser.add_argument(
        "--max-workers",
        type=count,
        metavar="N",
        default=DEFAULT_MAX_WORKERS,
        help="maximum number of artifacts that are worked on at the same time "
        f"(default: %(default)s; environment: {PREFIX}MAX_WORKERS)",
    )


def _add_network_options(parser: argparse._ArgumentGroup) -> None:
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
