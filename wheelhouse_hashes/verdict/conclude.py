"""Judge the bytes of one artifact with the plugins' help, and report the verdict."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from wheelhouse_hashes._settings import ACCEPT
from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.options import CheckOptions
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import FetchReport, describe_verdict
from wheelhouse_hashes.verdict.rules import judge


def judge_file(
    run: Session[CheckOptions],
    artifact: ListedArtifact,
    heard: Sequence[Claim | Finding],
    seen: Seen,
    path: pathlib.Path,
    before: Seen | None = None,
) -> Verdict:
    """Conclude what claims and bytes say; if that is good, ask the plugins that inspect files.

    :param run: the command in progress.
    :param artifact: the artifact.
    :param heard: what the sources said.
    :param seen: what was seen of its bytes.
    :param path: the file that has them.
    :param before: what an earlier read of them saw.
    """
    accept = run.options.missing_hash == ACCEPT
    verdict = judge(artifact, heard, seen, accept_missing=accept, before=before)
    if verdict.good and (findings := run.plugins.inspect(artifact, path, run)):
        return judge(artifact, [*heard, *findings], seen)
    return verdict


def report_verdict(
    run: Session[CheckOptions],
    report: FetchReport,
    artifact: ListedArtifact,
    verdict: Verdict,
    width: int,
) -> None:
    """Report a final verdict: add it to the report, print it, hand it to the plugins.

    With ``--quiet`` a good one is not printed.

    :param run: the command in progress.
    :param report: gets the verdict, and what plugins raise.
    :param artifact: the artifact.
    :param verdict: the verdict.
    :param width: the width of the longest name, for alignment.
    """
    report.verdicts.append(verdict)
    (run.note if verdict.outcome is Outcome.OK else run.say)(describe_verdict(verdict, width))
    try:
        run.plugins.artifact_settled(artifact, verdict, run)
    except Refusal as problem:
        report.problems.append(problem)
