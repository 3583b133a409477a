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
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, UsageError, UsageErrors
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.lines import LEFTOVER_NOTE, describe_findings, line
from wheelhouse_hashes.listing.lists import Subject
from wheelhouse_hashes.listing.locate import record_cut, record_listing, record_transport
from wheelhouse_hashes.listing.readings import excluded_of
from wheelhouse_hashes.listing.selection import Wanted, note_ignored
from wheelhouse_hashes.listing.sources import Sources, addresses_of, read_sources
from wheelhouse_hashes.options import CHECK_FULL
from wheelhouse_hashes.plugins.reporter import FetchReporter
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.runtime.parallel import for_each, processors
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
    folder, against, index = run.options.folder, run.options.against, run.options.index
    usage = UsageErrors()
    with usage.noted():
        _check_operand(run.options)
    # A list needs no source beside the index.
    addresses = [folder] if index is None or not os.path.isfile(folder) else []  # noqa: PTH113
    with usage.noted():
        addresses = addresses_of(run, against) or addresses
    reporter = FetchReporter(run)
    report = reporter.report
    with phase(run, report, usage, lambda: check_required_tiers(run)):
        with noting_interruption(report):
            try:
                _verify(reporter, pathlib.Path(folder), addresses)
            finally:
                record_transport(run, report, *addresses, *([index] if index else []))
            conclude(run, report)
        run.say(report.closing())
    return report.exit_code


def _check_operand(options: VerifyOptions) -> None:
    """Check the operand of the command.

    :raises UsageError: if there is nothing to verify, or an option needs a folder.
    """
    operand = options.folder
    if os.path.isdir(operand):  # noqa: PTH112 (Path("") is a folder)
        return
    if not os.path.isfile(operand):  # noqa: PTH113 (Path.is_file can raise)
        raise UsageError(f"{operand}: no such folder or digest list")
    needs_files = {
        "--check-contents full": options.check_contents == CHECK_FULL,
        "--strict-folder": options.strict_folder,
        "--allow": options.allow,
    }
    for option in [name for name, given in needs_files.items() if given]:
        raise UsageError(f"{option}: no effect on a digest list; verify a folder, or remove it")
    if not options.against and options.index is None:
        text = "not a folder; to compare the digests of a list, add --against SOURCE or --index"
        raise UsageError(f"{operand}: {text}")


def _verify(
    reporter: FetchReporter[VerifyOptions], folder: pathlib.Path, addresses: Sequence[str]
) -> None:
    run, report = reporter.run, reporter.report
    operand: Operand = Files(folder, run) if folder.is_dir() else DigestsOfList(folder, run)
    report.no_bytes = isinstance(operand, DigestsOfList) and not run.options.download
    subject = Subject(operand.names, _projects(operand.names))
    sources = read_sources(run, addresses, subject, lambda each: _record(run, report, each))
    run.unlisted = sources.unlisted()
    for source in sources.sources:
        for name in source.selection.leftovers:
            run.note(line("note", name, LEFTOVER_NOTE))
        if not source.is_local:
            note_ignored(run, source.selection)
            for verdict in source.selection.refused:
                reporter.add(verdict)
    _exclude(reporter, operand, sources)
    refused = {verdict.name for verdict in report.verdicts} | report.excluded
    announced = sources.announced
    artifacts = [
        sources.listed(name) or ListedArtifact(name, "", listed=False)
        for name in sorted({*operand.names, *announced} - refused)
    ]
    report.nothing_matched = not artifacts and not refused
    if report.nothing_matched:
        where = ", ".join(source.listing.url for source in sources.sources)
        run.say(f"no artifacts in {folder}, and none announced by {where}")
    # Artifacts that are announced but not in the folder need no hashing.
    sizes = operand.sizes()
    run.activities.plan({artifact.name: sizes.get(artifact.name, 0) for artifact in artifacts})

    def verify_one(artifact: ListedArtifact) -> None:
        verify_artifact(reporter, operand, sources, artifact)
        run.throttle.answered()  # by disks, or by plugins that wait

    with reporter.by_name(artifact.name for artifact in artifacts):
        workers = run.throttle.begin(run.options.max_workers, processors())
        finished = for_each(artifacts, verify_one, workers, run.stop, run.throttle)
    if not finished:
        raise Interrupted("interrupted")
    if isinstance(operand, Files):
        _report_others(reporter, folder, operand.all_names)


def _exclude(reporter: FetchReporter[VerifyOptions], operand: Operand, sources: Sources) -> None:
    """Record the artifacts that ``--exclude`` leaves out; refuse those in the folder."""
    run, report = reporter.run, reporter.report
    excluded = excluded_of(run, operand.names)
    report.excluded = excluded | sources.excluded
    if not isinstance(operand, Files):
        return
    report.excluded -= excluded
    for name in sorted(excluded):
        text = "--exclude leaves it out, but it is in the folder, and twine would send it"
        next_step = "move it out of the folder before you upload, or remove --exclude"
        cause = Cause.UNEXPECTED
        reporter.add(Verdict(name, Outcome.REFUSED, cause=cause, text=text, next=next_step))


def _record(run: Session[VerifyOptions], report: FetchReport, listing: Listing) -> None:
    """Record the first listing, before anything else is requested; of others, if it is cut."""
    if report.listing is None:
        record_listing(run, report, listing)
    record_cut(report, listing)


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
            run.say(describe_findings([note]), color="red")
        else:
            run.say(line("note", note.text))


def _projects(names: Iterable[str]) -> Wanted:
    """Return the projects and versions of some artifacts, because a URL may offer others."""
    wanted: dict[str, set[Version]] = defaultdict(set)
    for name in names:
        if (parsed := parse_artifact_name(name)) is not None:
            wanted[parsed.project].add(parsed.version)
    return {project: frozenset(versions) for project, versions in wanted.items()}
