"""``--html FILE``: the report as one page, without scripts, to look at and to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.options import CheckOptions, Options
from wheelhouse_hashes.report import FetchReport, Report

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--html``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--html",
            writes=True,
            metavar="FILE",
            help="write the report to FILE as one HTML page: grid, artifacts, digests with their "
            "tiers, sizes and next steps",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write the page, no matter how the run ended."""
    options = run.options
    if isinstance(options, CheckOptions) and options.html and isinstance(report, FetchReport):
        # Imported here because most runs write no page.
        from wheelhouse_hashes.builtin.reports.html_page import page

        run.write_file(options.html, page(run, report))
