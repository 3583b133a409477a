"""``--explain NAME``: every claim about one artifact, and the reason for the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Outcome, Tier, Verdict
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import tiers_text
from wheelhouse_hashes.options import CheckOptions, Options

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: What each tier means.
MEANING = {
    Tier.CONTAINER: "published with the artifact: detects accidental corruption, not tampering",
    Tier.ELSEWHERE: "published at another origin, at an address that you named",
    Tier.ATTESTED: "signed by an identity that you named",
    Tier.LOGGED: "from a tamper-evident log",
    Tier.PINNED: "from a digest list that you provided",
}

_OUTCOMES = {
    Outcome.OK: "every digest matches, and no plugin rejected it",
    Outcome.UNVERIFIED: "no digest was found; accepted by --missing-hash accept",
    Outcome.PLANNED: "not fetched, and not checked: dry run",
    Outcome.WITHDRAWN: "the artifact no longer exists: neither verified nor refused",
}


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--explain``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--explain",
            action="append",
            metavar="NAME",
            help="explain the verdict on one artifact: print every digest found for it, with "
            "source and tier; repeatable",
        )


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Print the requested explanations."""
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport

    if not isinstance(report, FetchReport):
        return
    verdicts = {verdict.name: verdict for verdict in report.verdicts}
    for name in run.options.explain if isinstance(run.options, CheckOptions) else ():
        if name in verdicts:
            run.say(explanation(verdicts[name]))
        else:
            run.say(f"{printable(name)}: no such artifact in this run")


def explanation(verdict: Verdict) -> str:
    """Return the lines that explain one verdict.

    :param verdict: the verdict.
    """
    lines = [f"{verdict.name}: {verdict.outcome.value}"]
    for claim in verdict.claims:
        lines += [
            f"  {claim.source} claims {claim.digest}: {agreement(verdict, claim)}",
            f"    where  {claim.where}",
            f"    tier   {claim.earned}: {_meaning(claim)}",
            *(f"    {name}: {value}" for name, value in claim.evidence.items()),
        ]
    if not verdict.claims:
        lines.append("  no digest was found")
    if verdict.expected_size is not None:
        lines.append(f"  expected size: {verdict.expected_size} bytes")
    if verdict.size is not None:
        lines.append(f"  size: {verdict.size} bytes")
    lines += [f"    {name:<7}{value}" for name, value in sorted(verdict.digests.items())]
    if verdict.cause is not None:
        lines.append(f"  verdict: {verdict.cause.value} (exit {verdict.exit_code}): {verdict.text}")
        lines.append(f"  next: {verdict.next_step}")
    else:
        tiers = f"; {_tiers(verdict)}" if verdict.tiers else ""
        lines.append(f"  verdict: {_OUTCOMES[verdict.outcome]}{tiers}")
    return "\n".join(map(printable, lines))


def agreement(verdict: Verdict, claim: Claim) -> str:
    """Return whether a claim agrees with the bytes that were read."""
    seen = verdict.digests.get(claim.digest.algorithm)
    if seen is None:
        return "not compared"
    return "matches" if seen == claim.digest.hex else "does not match"


def _meaning(claim: Claim) -> str:
    if claim.earned is claim.tier:
        return MEANING[claim.tier]
    return f"MD5 is no proof of tier {claim.tier}"


def _tiers(verdict: Verdict) -> str:
    return f"{'tiers' if len(verdict.tiers) > 1 else 'tier'}: {tiers_text(verdict.tiers)}"
