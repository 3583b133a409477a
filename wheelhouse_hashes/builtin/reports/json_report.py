"""``--report FILE``: the complete result of a run, as JSON.

The format is documented in ``docs/reports.rst`` and defined by
``docs/report.schema.json``.  :data:`SCHEMA` is increased if a reader of the old
format could misread the new one; an additional field alone does not increase it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes import __version__, hookimpl
from wheelhouse_hashes.builtin.completeness import INCOMPLETE
from wheelhouse_hashes.errors import Refusal, WheelhouseHashesError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.lazy_patterns import lazily

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_hashes.artifacts import Claim, Finding, Verdict
    from wheelhouse_hashes.digests import Digest
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.report import Report, UploadRecord
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: Characters that are escaped (:rfc:`8259`, section 7): those of HTML, and the second one of
#: a CI service's command.
_MARKUP = lazily(r"[<>&]|(?<=#)#")

#: Version of the format.
SCHEMA = 2


@hookimpl
def wheelhouse_add_options(parser: OptionGroup) -> None:
    """Add ``--report`` to every verb."""
    parser.add_argument(
        "--report", writes=True, metavar="FILE", help="write a JSON report of the run to FILE"
    )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write the file, no matter how the run ended."""
    if run.options.report:
        text = run.masked(json.dumps(as_json(run, report), indent=2, sort_keys=True))
        # FILE may be a CI job's output, or be inserted in a page.
        text = _MARKUP.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        run.write_file(run.options.report, f"{text}\n")


def as_json(run: Run[Options], report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can represent.

    :param run: the run.
    :param report: its report.
    """
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport, FilesReport, IndexReport, UploadReport

    values: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "verb": run.verb,
        "exit_code": report.exit_code,
        "interrupted": report.interrupted,
        "problems": [str(problem) for problem in report.problems],
        "ended_by": _ended_by(report.ended_by) if report.ended_by else None,
        "findings": [_finding(finding) for finding in report.findings],
    }
    if isinstance(report, FetchReport):
        values["artifacts"] = [_verdict(v) for v in sorted(report.verdicts, key=lambda v: v.name)]
        values["unjudged"] = sorted(report.unjudged)
        values["excluded"] = sorted(report.excluded)
        values["incomplete"] = [f.text for f in report.findings if f.cause is INCOMPLETE]
        values["plain_http"] = report.plain_http
        values["unchecked_tls"] = report.unchecked_tls
        values["other_origins"] = list(report.other_origins)
        listing = report.listing
        values["listing"] = {"url": listing.url, "secure": listing.secure} if listing else None
    elif isinstance(report, FilesReport):
        values["artifacts"] = [_record(r) for r in sorted(report.records, key=lambda r: r.name)]
    if isinstance(report, UploadReport):
        values["pruned"] = sorted(report.pruned)
    if isinstance(report, (UploadReport, IndexReport)):
        values["links"] = None if report.links is None else _links(report.links)
    return values


def _ended_by(error: WheelhouseHashesError) -> dict[str, str | None]:
    if isinstance(error, Refusal):
        advice = error.next or error.cause.next_step
        return {"cause": error.cause.value, "text": str(error), "next": advice}
    return {"cause": None, "text": str(error), "next": error.next}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause.value,
        "text": finding.text,
        "next": finding.next_step,
        "exit_code": finding.cause.exit_code,
    }


def _links(links: Mapping[str, Digest | None]) -> list[dict[str, str | None]]:
    return [
        {
            "name": name,
            "algorithm": digest.algorithm if digest else None,
            "hex": digest.hex if digest else None,
        }
        for name, digest in sorted(links.items())
    ]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "outcome": verdict.outcome.value,
        "cause": verdict.cause.value if verdict.cause else None,
        "text": verdict.text,
        "exit_code": verdict.exit_code,
        "next": verdict.next_step,
        "tier": str(verdict.tier) if verdict.tier is not None else None,
        "tiers": [str(tier) for tier in sorted(verdict.tiers, reverse=True)],
        "size": verdict.size,
        "expected_size": verdict.expected_size,
        "digests": dict(verdict.digests),
        "claims": [_claim(claim) for claim in verdict.claims],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "algorithm": claim.digest.algorithm,
        "hex": claim.digest.hex,
        "source": claim.source,
        "where": claim.where,
        "tier": str(claim.earned),
        "evidence": {printable(name): printable(value) for name, value in claim.evidence.items()},
    }


def _record(record: UploadRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "outcome": record.outcome.value,
        "text": record.text,
        "exit_code": record.exit_code,
        "cause": record.cause.value if record.cause else None,
        "next": record.next,
        "size": record.size,
        "digests": dict(record.digests),
    }
