"""The ``fetch`` verb: locate, select and fetch each artifact, then report."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, Refusal, UsageErrors
from wheelhouse_hashes.fetch.artifact import ArtifactFetch
from wheelhouse_hashes.fetch.target_folder import TargetFolder
from wheelhouse_hashes.filenames import case_conflict_text, case_conflicts
from wheelhouse_hashes.formats.urls import origins_of
from wheelhouse_hashes.lines import LEFTOVER_NOTE, line, others_write
from wheelhouse_hashes.listing.lists import Subject, read_lists, with_lists
from wheelhouse_hashes.listing.locate import (
    authorized,
    locate,
    record_cut,
    record_listing,
    record_transport,
)
from wheelhouse_hashes.listing.readings import read_selection
from wheelhouse_hashes.listing.selection import (
    MAX_VERSIONS,
    Selection,
    Wanted,
    asked_for,
    note_ignored,
)
from wheelhouse_hashes.listing.sources import Sources, addresses_of, read_sources
from wheelhouse_hashes.plugins.reporter import FetchReporter
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.runtime.parallel import for_each
from wheelhouse_hashes.runtime.throttle import FIRST
from wheelhouse_hashes.verdict.requirement import check_required_tiers

if TYPE_CHECKING:
    from wheelhouse_hashes.options import FetchOptions
    from wheelhouse_hashes.report import FetchReport
    from wheelhouse_hashes.transport import Listing


def fetch(
    run: Session[FetchOptions], url: str, folder: str, project: str, version: str | None
) -> FetchReport:
    """Fetch the artifacts of a project and keep those that pass verification.

    :param run: the current run.
    :param url: the URL of an index page or directory listing.
    :param folder: the folder for the artifacts.
    :param project: the name of the project.
    :param version: the version, or None for all versions.
    :raises WheelhouseHashesError: if the command cannot continue.  Errors that concern
        single artifacts are in the report.
    """
    usage = UsageErrors()
    against: list[str] = []
    with usage.noted():
        address = authorized(run, url)
    with usage.noted():
        against = addresses_of(run, run.options.against)
    with usage.noted():
        wanted = asked_for(project, version)
    reporter = FetchReporter(run)
    report = reporter.report
    with phase(run, report, usage, lambda: check_required_tiers(run)):
        with noting_interruption(report):
            try:
                _fetch(reporter, address, pathlib.Path(folder), wanted, against)
            finally:
                record_transport(run, report, address, *against)
            conclude(run, report)
        run.say(report.closing())
    return report


def _fetch(
    reporter: FetchReporter[FetchOptions],
    address: str,
    folder: pathlib.Path,
    wanted: Wanted,
    against: Sequence[str],
) -> None:
    """Locate, select and fetch the artifacts.

    :param against: the paths and URLs of ``--against``.
    :raises Interrupted: if the run is interrupted.
    """
    run, report = reporter.run, reporter.report
    listing = locate(run, address)
    record_listing(run, report, listing)
    if not listing.announces:
        text = f"{listing.url}: names artifacts and digests, but is not a page of artifacts"
        raise Refusal(Cause.UNREADABLE, text, may_heal=False, next=_GIVE_AGAINST)
    listing = read_lists(run, listing, wanted)
    subject = Subject((entry.name for entry in listing.entries), wanted)
    listing = with_lists(run, listing, subject)
    listing, selection = read_selection(run, listing, wanted)
    sources = read_sources(run, against, subject, partial(record_cut, report))
    report.excluded = selection.excluded | sources.excluded
    for name in selection.leftovers:
        run.note(line("note", name, LEFTOVER_NOTE))
    note_ignored(run, selection)
    if selection.others:
        noun = "artifact" if selection.others == 1 else "artifacts"
        run.note(line("note", f"ignored {selection.others} {noun} of other versions"))
    for name in selection.misplaced:
        run.note(line("note", name, "ignored: not in the same folder as its artifact"))
    artifacts = _refuse_unsafe(selection, reporter)
    run.unlisted = sources.unlisted(artifacts, selection)
    for verdict in sources.missing({verdict.name for verdict in report.verdicts}, artifacts):
        reporter.add(verdict)
    if not selection.artifacts and not report.verdicts:
        report.nothing_matched = True
        options = run.options
        name = f"{options.project_name} {options.version or ''}".rstrip()
        found = ", ".join(map(str, selection.versions)) or "none"
        found += ", and maybe others" if len(selection.versions) == MAX_VERSIONS else ""
        run.say(f"nothing matches {name} at {listing.url}; available versions: {found}")
    _note_other_origins(run, listing, artifacts)
    if run.options.dry_run:
        _plan(reporter, artifacts, folder)
        return
    with TargetFolder(folder) as target:
        if target.other_writers:
            run.note(line("note", str(folder), others_write(target.other_writers)))
        finished = _fetch_all(reporter, artifacts, target, listing, sources)
        target.sync()
        report.unjudged = target.unjudged(set(report.good))
    if not finished:
        raise Interrupted("interrupted")


def _plan(
    reporter: FetchReporter[FetchOptions], artifacts: Sequence[ListedArtifact], folder: pathlib.Path
) -> None:
    """Name the artifacts that would be fetched; request nothing (``--dry-run``)."""
    with reporter.by_name(artifact.name for artifact in artifacts):
        for artifact in artifacts:
            there = os.path.lexists(folder / artifact.name)
            facts = [f"{artifact.size} bytes"] if artifact.size is not None else []
            facts += ["already in the folder, would be checked"] if there else []
            facts += ["yanked"] if artifact.yanked is not None else []
            reporter.add(
                Verdict(
                    artifact.name,
                    Outcome.PLANNED,
                    text=", ".join(facts),
                    expected_size=artifact.size,
                )
            )


#: The advice for a lock file or requirements file in place of a page.
_GIVE_AGAINST = "give it with --against, and the URL of a page"

#: The advice for names that differ only in case.
_DELETE_OUTDATED = "delete the outdated one and its hash file from the container"


def _refuse_unsafe(
    selection: Selection, reporter: FetchReporter[FetchOptions]
) -> list[ListedArtifact]:
    """Refuse artifacts with an unsafe name or URL; return the others."""
    conflicts = case_conflicts(artifact.name for artifact in selection.artifacts)
    for name in sorted(conflicts):
        text = case_conflict_text(name, conflicts[name])
        reporter.add(
            Verdict(
                name, Outcome.REFUSED, cause=Cause.UNSAFE_NAME, text=text, next=_DELETE_OUTDATED
            )
        )
    for verdict in selection.refused:
        reporter.add(verdict)
    return [artifact for artifact in selection.artifacts if artifact.name not in conflicts]


def _note_other_origins(
    run: Session[FetchOptions], listing: Listing, artifacts: Sequence[ListedArtifact]
) -> None:
    here = origins_of(listing.url)
    others = set(origins_of(*(artifact.url for artifact in artifacts))).difference(here)
    for other in sorted(others if here else ()):
        page, server = (each.partition("://")[2] for each in (here[0], other))
        text = f"the page at {page} links to artifacts on another server, {server}"
        run.note(line("note", text))


def _fetch_all(
    reporter: FetchReporter[FetchOptions],
    artifacts: Sequence[ListedArtifact],
    target: TargetFolder,
    listing: Listing,
    sources: Sources,
) -> bool:
    run = reporter.run
    fetch_one = partial(_fetch_one, reporter, target, listing, sources)
    run.activities.plan({artifact.name: artifact.size for artifact in artifacts})
    with reporter.by_name(artifact.name for artifact in artifacts):
        return for_each(artifacts, fetch_one, _workers(run), run.stop, run.throttle)


def _workers(run: Session[FetchOptions]) -> int:
    """Let the number of artifacts in progress grow up to ``--max-workers``; return that number.

    Without time for another try, a server that refuses more connections would break the
    fetch, so it does not grow.
    """
    most = run.options.max_workers
    return run.throttle.begin(most if run.budget.seconds else min(most, FIRST), FIRST)


def _fetch_one(
    reporter: FetchReporter[FetchOptions],
    target: TargetFolder,
    listing: Listing,
    sources: Sources,
    artifact: ListedArtifact,
) -> Callable[[], None]:
    """Ask the sources for the digests of an artifact; return the function that fetches it."""
    run = reporter.run
    fetch_of_it = ArtifactFetch(artifact, run, target, listing, sources)
    with run.activities.on(artifact.name, last=False):
        fetch_of_it.ask()
    return partial(_finish_one, reporter, fetch_of_it)


def _finish_one(reporter: FetchReporter[FetchOptions], begun: ArtifactFetch) -> None:
    with reporter.run.activities.on(begun.artifact.name):
        verdict = begun.run()
    reporter.conclude(begun.artifact, verdict)
