"""The ``verify`` verb: verify the artifacts in a local folder, without changing anything.

The rules are the same as for fetched artifacts.  The digests come from the folder itself,
other folders, digest lists, or the listings at URLs.  A digest list can take the place of the
folder: its digests are then compared, and no artifact is read.
"""

from __future__ import annotations

import os
import pathlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ListedArtifact
from wheelhouse_hashes.errors import Interrupted, UsageError, UsageErrors
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.lines import LEFTOVER_NOTE, describe_findings, line
from wheelhouse_hashes.listing.lists import Subject
from wheelhouse_hashes.listing.locate import record_listing, record_transport
from wheelhouse_hashes.listing.selection import Wanted, note_ignored
from wheelhouse_hashes.listing.sources import addresses_of, read_sources
from wheelhouse_hashes.plugins.reporter import FetchReporter
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.runtime.parallel import for_each
from wheelhouse_hashes.verdict.requirement import check_required_tiers
from wheelhouse_hashes.verify.artifact import verify_artifact
from wheelhouse_hashes.verify.operand import DigestsOfList, Files, Operand
from wheelhouse_hashes.verify.others import find_others

if TYPE_CHECKING:
    from packaging.version import Version

    from wheelhouse_hashes.options import VerifyOptions
    from wheelhouse_hashes.report import FetchReport
    from wheelhouse_hashes.transport import Listing


def verify_folder(run: Session[VerifyOptions]) -> int:
    """Run the ``verify`` verb and return its exit code.

    :raises WheelhouseHashesError: if the command cannot continue.  Errors that concern
        single artifacts are in the report.
    """
    folder, against = run.options.folder, run.options.against
    usage = UsageErrors()
    with usage.noted():
        _check_operand(folder, against)
    addresses = [folder]
    with usage.noted():
        addresses = addresses_of(run, against) or addresses
    reporter = FetchReporter(run)
    report = reporter.report
    with phase(run, report, usage, lambda: check_required_tiers(run)):
        with noting_interruption(report):
            try:
                _verify(reporter, pathlib.Path(folder), addresses)
            finally:
                record_transport(run, report, *addresses)
            conclude(run, report)
        run.say(report.closing())
    return report.exit_code


def _check_operand(operand: str, against: Sequence[str]) -> None:
    """Check the operand of the command.

    :raises UsageError: if there is nothing to verify.
    """
    if os.path.isdir(operand):  # noqa: PTH112 (Path("") is a folder)
        return
    if not os.path.isfile(operand):  # noqa: PTH113 (Path.is_file can raise)
        raise UsageError(f"{operand}: no such folder or digest list")
    if not against:
        text = "not a folder; to compare the digests of a list, add --against SOURCE"
        raise UsageError(f"{operand}: {text}")


def _verify(
    reporter: FetchReporter[VerifyOptions], folder: pathlib.Path, addresses: Sequence[str]
) -> None:
    run, report = reporter.run, reporter.report
    operand: Operand = Files(folder, run) if folder.is_dir() else DigestsOfList(folder, run)
    report.no_bytes = isinstance(operand, DigestsOfList)
    subject = Subject.of(operand.names, _projects(operand.names))
    sources = read_sources(run, addresses, subject, lambda each: _record(run, report, each))
    run.unlisted = sources.unlisted()
    for source in sources.sources:
        for name in source.selection.leftovers:
            run.note(line("note", name, LEFTOVER_NOTE))
        if not source.is_local:
            note_ignored(run, source.selection)
            for verdict in source.selection.refused:
                reporter.add(verdict)
    refused = {verdict.name for verdict in report.verdicts}
    announced = sources.announced
    artifacts = [
        sources.listed(name) or ListedArtifact(name, "", listed=False)
        for name in sorted({*operand.names, *announced} - refused)
    ]
    report.nothing_matched = not artifacts and not refused
    if report.nothing_matched:
        where = ", ".join(source.listing.url for source in sources.sources)
        run.say(f"no artifacts in {folder}, and none announced by {where}")
    reporter.align(artifact.name for artifact in artifacts)
    # Artifacts that are announced but not in the folder need no hashing.
    sizes = operand.sizes()
    run.activities.plan({artifact.name: sizes.get(artifact.name, 0) for artifact in artifacts})
    verify_one = partial(verify_artifact, reporter, operand, sources)
    if not for_each(artifacts, verify_one, run.options.max_workers, run.stop):
        raise Interrupted("interrupted")
    if isinstance(operand, Files):
        _report_others(reporter, folder, operand.all_names)


def _record(run: Session[VerifyOptions], report: FetchReport, listing: Listing) -> None:
    """Record the first listing, before anything else is requested."""
    if report.listing is None:
        record_listing(run, report, listing)


def _report_others(
    reporter: FetchReporter[VerifyOptions], folder: pathlib.Path, names: Iterable[str]
) -> None:
    """Report the files that are not artifacts, even with ``--quiet``: twine sees them, too."""
    run, report = reporter.run, reporter.report
    judged = {verdict.name for verdict in report.verdicts}
    others = find_others(folder, names, judged, run.options.allow)
    for verdict in others.unexpected:
        reporter.add(verdict)
    if others.refused_by_twine:
        note = others.note(str(folder))
        if run.options.strict_folder:
            report.findings.append(note)
            run.say(describe_findings([note]))
        else:
            run.say(line("note", note.text))


def _projects(names: Iterable[str]) -> Wanted:
    """Return the projects and versions of some artifacts, because a URL may offer others."""
    wanted: dict[str, set[Version]] = defaultdict(set)
    for name in names:
        if (parsed := parse_artifact_name(name)) is not None:
            wanted[parsed.project].add(parsed.version)
    return {project: frozenset(versions) for project, versions in wanted.items()}
