"""``--grid``: print a table of the release, with a column for each Python.

The artifacts that are missing come from the findings about the run: see ``missing`` and
``unexpected`` of :class:`~wheelhouse_hashes.artifacts.Finding`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.options import CheckOptions, Options
from wheelhouse_hashes.report import FetchReport, Report

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: Width of the grid if standard output is not a terminal, in characters: that of the log of a
#: CI service.
_LOG_WIDTH = 120


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--grid``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--grid",
            action="store_true",
            help="print a table of the artifacts, with a column for each Python and a row for "
            "each platform: verified, refused, missing or unexpected",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Print the grid."""
    options = run.options
    if not (isinstance(options, CheckOptions) and options.grid and isinstance(report, FetchReport)):
        return
    # Imported here because most runs need no grid.
    import shutil

    from wheelhouse_hashes.builtin.reports.grid_model import COLORS, grid_of

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _LOG_WIDTH
    grid = grid_of(report)
    for text, state in grid.lines(width):
        run.say(text, color=COLORS[state] if state else "")
    if not grid:
        run.say("no artifacts for a grid")
