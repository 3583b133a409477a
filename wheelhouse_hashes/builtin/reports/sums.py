"""``--sums FILE``: a sorted ``SHA256SUMS`` of what was verified.

``sha256sum -c`` reads it, in the folder that the artifacts are in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Digest, Outcome
from wheelhouse_hashes.disk.atomic_write import write_file
from wheelhouse_hashes.formats.hash_file import format_hash_file
from wheelhouse_hashes.options import CheckOptions, Options
from wheelhouse_hashes.report import FetchReport, Report

if TYPE_CHECKING:
    import argparse

    from wheelhouse_hashes.run import Run


@hookimpl
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add ``--sums``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--sums",
            metavar="FILE",
            help="write the SHA-256 of what was verified to a file that sha256sum -c reads",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write the file; only what was verified is in it."""
    options = run.options
    if report.ended_by is not None:
        return  # nothing was judged: a list that is there already stays as it is
    if isinstance(report, FetchReport) and isinstance(options, CheckOptions) and options.sums:
        verdicts = sorted(report.verdicts, key=lambda verdict: verdict.name)
        lines = [
            format_hash_file(Digest(DEFAULT_ALGORITHM, v.digests[DEFAULT_ALGORITHM]), v.name)
            for v in verdicts
            if v.outcome is Outcome.OK
        ]
        write_file(options.sums, b"".join(lines).decode())
