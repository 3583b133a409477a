"""``--sums FILE``: a sorted ``SHA256SUMS`` of the verified artifacts.

Run ``sha256sum -c`` on it in the folder of the artifacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Digest, Outcome
from wheelhouse_hashes.formats.hash_file import format_hash_file
from wheelhouse_hashes.options import CheckOptions, Options

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--sums``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--sums",
            writes=True,
            metavar="FILE",
            help="write the SHA-256 digests of the verified artifacts to FILE, for sha256sum -c",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write the file; it contains verified artifacts only."""
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport

    options = run.options
    if report.ended_by is not None or options.dry_run:
        return  # nothing was verified: keep an existing list
    if isinstance(report, FetchReport) and isinstance(options, CheckOptions) and options.sums:
        verdicts = sorted(report.verdicts, key=lambda verdict: verdict.name)
        lines = [
            format_hash_file(Digest(DEFAULT_ALGORITHM, v.digests[DEFAULT_ALGORITHM]), v.name)
            for v in verdicts
            if v.outcome is Outcome.OK and DEFAULT_ALGORITHM in v.digests
        ]
        run.write_file(options.sums, b"".join(lines).decode())
