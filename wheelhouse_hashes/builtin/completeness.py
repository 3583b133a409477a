"""Whether all is there: ``--expect N`` and ``--expect-file LIST``.

A release that lacks a wheel looks like one that has all of them, to whoever
does not know how many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.options import count

if TYPE_CHECKING:
    import argparse


@hookimpl
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add ``--expect`` and ``--expect-file``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--expect",
            type=count,
            metavar="N",
            help="the number of artifacts that the folder must have, all of them good (exit 4)",
        )
        parser.add_argument(
            "--expect-file",
            metavar="LIST",
            help="a file with the names of the artifacts that it must have, one a line (exit 4)",
        )
