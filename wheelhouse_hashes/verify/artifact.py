"""Judge one artifact of a folder: collect claims, hash the file, compare.

Nothing on disk is changed or renamed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import hash_file_on_disk
from wheelhouse_hashes.errors import DiskError, Refusal, disk_errors
from wheelhouse_hashes.formats.urls import origins_of
from wheelhouse_hashes.verdict.conclude import judge_file
from wheelhouse_hashes.verdict.outside import Address, with_elsewhere
from wheelhouse_hashes.verdict.rules import algorithms_of, claims_of, refused

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.options import VerifyOptions
    from wheelhouse_hashes.plugins.reporter import FetchReporter
    from wheelhouse_hashes.plugins.session import Session


def verify_artifact(
    reporter: FetchReporter[VerifyOptions],
    there: Mapping[str, pathlib.Path],
    announced: set[str],
    address: Collection[str],
    artifact: ListedArtifact,
) -> None:
    """Judge one artifact and report its verdict.

    :param reporter: receives the verdict.
    :param there: the artifacts in the folder: name to path.
    :param announced: the names of the announced artifacts.
    :param address: the origins of ``--against``, if it is a URL.
    :param artifact: the artifact.
    """
    run = reporter.run
    path = there.get(artifact.name)
    heard: list[Claim | Finding] = []
    with run.activities.on(artifact.name) as activity:
        activity.begin("asking")
        try:
            if artifact.name in announced:
                heard = _heard(run, artifact, address)
            verdict = _judge(run, artifact, heard, path)
        except Refusal as refusal:
            verdict = Verdict(artifact.name, Outcome.REFUSED, claims=claims_of(heard))
            verdict = refused(verdict, refusal)
    reporter.conclude(artifact, verdict)


def _judge(
    run: Session[VerifyOptions],
    artifact: ListedArtifact,
    heard: Sequence[Claim | Finding],
    path: pathlib.Path | None,
) -> Verdict:
    if path is None:
        raise Refusal(Cause.MISSING_ARTIFACT, "announced, but not in the folder")
    with disk_errors(f"read {path}"):
        if not path.is_file():
            raise DiskError(f"{path} is not a file")
        counter = run.activity.begin("hashing", moves=True)
        algorithms = algorithms_of(heard)
        seen = hash_file_on_disk(path, algorithms, run.stop, follow=True, counter=counter)
    run.activity.begin("judging")
    return judge_file(run, artifact, heard, seen, path)


def _heard(
    run: Session[VerifyOptions], artifact: ListedArtifact, address: Collection[str]
) -> list[Claim | Finding]:
    """Collect claims and findings from the sources; retry while a server is unavailable."""
    if not address:
        return [*artifact.claims, *_ask(run, artifact)]
    with run.client.attempt(fresh=False) as attempt:
        heard = [*artifact.claims, *_ask(run, artifact)]
    named = Address(
        frozenset((*address, *origins_of(artifact.url))),
        frozenset(origins_of(*(response.url for response in attempt.responses))),
    )
    return with_elsewhere(heard, named, (), checked=run.verify_tls)


def _ask(run: Session[VerifyOptions], artifact: ListedArtifact) -> Sequence[Claim | Finding]:
    return run.repeat(lambda: run.plugins.claims(artifact, run))
