"""Judge one artifact of a folder or list: collect claims, hash the file, compare.

Nothing on disk is changed or renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.verdict.outside import Address, with_elsewhere
from wheelhouse_hashes.verdict.rules import claims_of, refused

if TYPE_CHECKING:
    from wheelhouse_hashes.listing.sources import Sources
    from wheelhouse_hashes.options import VerifyOptions
    from wheelhouse_hashes.plugins.reporter import FetchReporter
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.verify.operand import Operand


def verify_artifact(
    reporter: FetchReporter[VerifyOptions],
    operand: Operand,
    sources: Sources,
    artifact: ListedArtifact,
) -> None:
    """Judge one artifact and report its verdict.

    :param reporter: receives the verdict.
    :param operand: the artifacts to verify.
    :param sources: the sources of digests.
    :param artifact: the artifact.
    """
    run = reporter.run
    heard: list[Claim | Finding] = []
    with run.activities.on(artifact.name) as activity:
        activity.begin("asking")
        try:
            heard = _heard(run, artifact, operand, sources)
            verdict = operand.judge(artifact, heard)
        except Refusal as refusal:
            verdict = Verdict(artifact.name, Outcome.REFUSED, claims=claims_of(heard))
            verdict = refused(verdict, refusal)
    reporter.conclude(artifact, verdict)


def _heard(
    run: Session[VerifyOptions], artifact: ListedArtifact, operand: Operand, sources: Sources
) -> list[Claim | Finding]:
    """Collect claims and findings from the sources; give those of addresses their tier."""
    heard: dict[Claim | Finding, None] = {}
    there = artifact.name in operand.names
    for each in sources.heard(artifact.name, there=there, is_base=True):
        address = Address(each.linked, each.answered)
        items = with_elsewhere(each.items, address, (), checked=run.verify_tls)
        heard.update(dict.fromkeys(items))
    return list(heard)
