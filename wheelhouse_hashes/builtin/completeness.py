"""Completeness checks: ``--expect N`` and ``--expect-file LIST``.

Without an expected count, an incomplete release looks complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.options import PREFIX, count

if TYPE_CHECKING:
    from wheelhouse_hashes.verbs import OptionGroup


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--expect`` and ``--expect-file``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--expect",
            type=count,
            metavar="N",
            environment=f"{PREFIX}EXPECT",
            help="require exactly N good artifacts in the folder (exit code 4 otherwise)",
        )
        parser.add_argument(
            "--expect-file",
            metavar="LIST",
            help="require exactly the artifacts named in the file LIST, one per line "
            "(exit code 4 otherwise)",
        )
