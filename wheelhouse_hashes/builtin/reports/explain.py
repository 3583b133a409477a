"""``--explain NAME``: every claim about one artifact, and how the verdict came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Outcome, Tier, Verdict
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.options import CheckOptions, Options
from wheelhouse_hashes.report import FetchReport, Report

if TYPE_CHECKING:
    import argparse

    from wheelhouse_hashes.run import Run

_MEANING = {
    Tier.CONTAINER: "from the same hands as the bytes: it detects accidents",
    Tier.PINNED: "a digest that you hold",
    Tier.LOGGED: "in a tamper-evident log",
}

_OUTCOMES = {
    Outcome.OK: "every claim matches the bytes, and nobody objects",
    Outcome.UNVERIFIED: "nobody claims a digest, and --missing-hash accept takes that",
    Outcome.WITHDRAWN: "it is named, and counts as neither good nor missing",
}


@hookimpl
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add ``--explain``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--explain",
            action="append",
            metavar="NAME",
            help="say every claim about one artifact, its source and tier, and how the "
            "verdict came about; repeatable",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Explain the verdicts that were asked for."""
    if not isinstance(report, FetchReport):
        return
    verdicts = {verdict.name: verdict for verdict in report.verdicts}
    for name in run.options.explain if isinstance(run.options, CheckOptions) else ():
        if name in verdicts:
            run.say(explanation(verdicts[name]))
        else:
            run.say(f"{printable(name)}: this run judged no artifact of that name")


def explanation(verdict: Verdict) -> str:
    """Return the lines that explain one verdict.

    :param verdict: what was concluded.
    """
    lines = [f"{verdict.name}: {verdict.outcome.value}"]
    for claim in verdict.claims:
        algorithm = claim.digest.algorithm
        seen = verdict.digests.get(algorithm)
        agreed = (
            "not compared"
            if seen is None
            else "matches"
            if seen == claim.digest.hex
            else ("does not match")
        )
        lines += [
            f"  {claim.source} claims {claim.digest}: {agreed}",
            f"    where  {claim.where}",
            f"    tier   {claim.tier}: {_MEANING[claim.tier]}",
        ]
    if not verdict.claims:
        lines.append("  no source claims a digest of it")
    if verdict.expected_size is not None:
        lines.append(f"  the listing says {verdict.expected_size} bytes")
    if verdict.size is not None:
        lines.append(f"  the bytes: {verdict.size}")
    lines += [f"    {name:<7}{value}" for name, value in sorted(verdict.digests.items())]
    if verdict.cause is not None:
        lines.append(f"  verdict: {verdict.cause.value} (exit {verdict.exit_code}): {verdict.text}")
    else:
        tier = f"; strongest tier: {verdict.tier}" if verdict.tier is not None else ""
        lines.append(f"  verdict: {_OUTCOMES[verdict.outcome]}{tier}")
    return "\n".join(lines)
