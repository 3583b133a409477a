"""``--report FILE``: the complete result of a run, as JSON.

The format is documented in ``docs/reports.rst`` and defined by
``docs/report.schema.json``.  :data:`SCHEMA` is increased if a reader of the old
format could misread the new one; an additional field alone does not increase it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes import __version__, hookimpl
from wheelhouse_hashes.report import FetchReport, Report, UploadRecord, UploadReport

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Claim, Verdict
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: Version of the format.
SCHEMA = 1


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--report``."""
    if verb != "index":
        parser.add_argument(
            "--report", metavar="FILE", help="write a JSON report of the run to FILE"
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write the file, no matter how the run ended."""
    if run.options.report:
        text = json.dumps(as_json(run, report), indent=2, sort_keys=True)
        run.write_file(run.options.report, f"{run.masked(text)}\n")


def as_json(run: Run[Options], report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can represent.

    :param run: the run.
    :param report: its report.
    """
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "verb": run.verb,
        "exit_code": report.exit_code,
        "interrupted": report.interrupted,
        "problems": [str(problem) for problem in report.problems],
        "ended_by": str(report.ended_by) if report.ended_by else None,
    }
    if isinstance(report, FetchReport):
        values["artifacts"] = [_verdict(v) for v in sorted(report.verdicts, key=lambda v: v.name)]
        values["unjudged"] = sorted(report.unjudged)
        values["incomplete"] = list(report.incomplete)
        values["plain_http"] = report.plain_http
        values["unchecked_tls"] = report.unchecked_tls
        values["other_origins"] = list(report.other_origins)
    elif isinstance(report, UploadReport):
        values["artifacts"] = [_record(r) for r in sorted(report.records, key=lambda r: r.name)]
        values["pruned"] = sorted(report.pruned)
    return values


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "outcome": verdict.outcome.value,
        "cause": verdict.cause.value if verdict.cause else None,
        "text": verdict.text,
        "exit_code": verdict.exit_code,
        "tier": str(verdict.tier) if verdict.tier is not None else None,
        "tiers": [str(tier) for tier in sorted(verdict.tiers, reverse=True)],
        "size": verdict.size,
        "expected_size": verdict.expected_size,
        "digests": dict(verdict.digests),
        "claims": [_claim(claim) for claim in verdict.claims],
    }


def _claim(claim: Claim) -> dict[str, str]:
    return {
        "algorithm": claim.digest.algorithm,
        "hex": claim.digest.hex,
        "source": claim.source,
        "where": claim.where,
        "tier": str(claim.earned),
    }


def _record(record: UploadRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "outcome": record.outcome.value,
        "text": record.text,
        "exit_code": record.exit_code,
    }
