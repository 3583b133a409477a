"""Judge the bytes of one artifact, with the help of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.options import ACCEPT, CheckOptions
from wheelhouse_hashes.verdict.demand import unmet_demand
from wheelhouse_hashes.verdict.outside import LOCAL, Provenance
from wheelhouse_hashes.verdict.rules import judge, refused

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Verdict
    from wheelhouse_hashes.formats.seen import Seen
    from wheelhouse_hashes.plugins.session import Session


def judge_file(  # noqa: PLR0913 (the facts about one file)
    run: Session[CheckOptions],
    artifact: ListedArtifact,
    heard: Sequence[Claim | Finding],
    seen: Seen,
    path: pathlib.Path | None,
    *,
    before: Seen | None = None,
    provenance: Provenance = LOCAL,
) -> Verdict:
    """Compare claims and bytes; if they agree, let the plugins inspect the file.

    :param run: the command in progress.
    :param artifact: the artifact.
    :param heard: the claims and findings of the sources.
    :param seen: the facts about its bytes.
    :param path: the file with these bytes; None if only digests are compared.
    :param before: the facts from an earlier read, if any.
    :param provenance: where these bytes came from.
    """
    options = run.options
    verdict = judge(
        artifact,
        heard,
        seen,
        accept_missing=options.missing_hash == ACCEPT,
        required=options.require,
        before=before,
        provenance=provenance,
    )
    if verdict.good and (unmet := unmet_demand(options, verdict.tiers)):
        # Claims about a list may be impossible to compare with its digests.
        return refused(verdict, unmet)
    if verdict.good:
        findings = run.plugins.inspect(artifact, path, verdict.claims, seen.digests, run)
        if findings:
            return judge(artifact, [*heard, *findings], seen)
    return verdict
