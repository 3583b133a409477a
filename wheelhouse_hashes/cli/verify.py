"""The ``verify`` verb: verify the artifacts in a local folder, without changing anything.

The rules are the same as for fetched artifacts.  The digests come from the folder itself,
another folder, a digest list, or the listing at a URL.
"""

from __future__ import annotations

import os
import pathlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ListedArtifact
from wheelhouse_hashes.disk.files import size_on_disk
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.errors import DiskError, Interrupted, UsageError, UsageErrors, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.lines import LEFTOVER_NOTE, describe_findings, line, others_write
from wheelhouse_hashes.listing.locate import authorized, locate, record_listing, record_transport
from wheelhouse_hashes.listing.readings import read_selection
from wheelhouse_hashes.listing.selection import Wanted, note_ignored
from wheelhouse_hashes.plugins.reporter import FetchReporter
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.runtime.parallel import for_each
from wheelhouse_hashes.runtime.unlisted import UnlistedHashFiles
from wheelhouse_hashes.verdict.requirement import check_required_tiers
from wheelhouse_hashes.verify.artifact import verify_artifact
from wheelhouse_hashes.verify.others import find_others

if TYPE_CHECKING:
    from packaging.version import Version

    from wheelhouse_hashes.options import VerifyOptions


def verify_folder(run: Session[VerifyOptions]) -> int:
    """Run the ``verify`` verb and return its exit code.

    :raises WheelhouseHashesError: if the command cannot continue.  Errors that concern
        single artifacts are in the report.
    """
    folder, against = run.options.folder, run.options.against
    usage = UsageErrors()
    with usage.noted():
        if not os.path.isdir(folder):  # noqa: PTH112 (Path("") is a folder)
            raise UsageError(f"{folder}: no such folder")
    # A local path announces one release; a URL may offer others, too.
    address = against or folder
    is_local = os.path.exists(address)  # noqa: PTH110 (Path.exists can raise)
    with usage.noted():
        if against is not None and not is_local:
            address = authorized(run, against)
    reporter = FetchReporter(run)
    report = reporter.report
    with phase(run, report, usage, lambda: check_required_tiers(run)):
        with noting_interruption(report):
            try:
                _verify(reporter, pathlib.Path(folder), address, is_local=is_local)
            finally:
                record_transport(run, report, address)
            conclude(run, report)
        run.say(report.closing())
    return report.exit_code


def _verify(
    reporter: FetchReporter[VerifyOptions], folder: pathlib.Path, address: str, *, is_local: bool
) -> None:
    run, report = reporter.run, reporter.report
    names = _names_in(folder, run)
    there = {name: folder / name for name in names if parse_artifact_name(name) is not None}
    listing = locate(run, address)
    record_listing(run, report, listing)
    wanted = None if is_local else _projects(there)
    listing, selection = read_selection(run, listing, wanted)
    announced = {artifact.name: artifact for artifact in selection.artifacts}
    run.unlisted = UnlistedHashFiles(
        run.stop,
        selection.artifacts,
        listed=selection.hash_file_folders,
        package_index=selection.package_index,
    )
    for name in selection.leftovers:
        run.note(line("note", name, LEFTOVER_NOTE))
    if not is_local:
        note_ignored(run, selection)
        for verdict in selection.refused:
            reporter.add(verdict)
    refused = {verdict.name for verdict in report.verdicts}
    artifacts = [
        announced.get(name) or ListedArtifact(name, "", listed=False)
        for name in sorted({*there, *announced} - refused)
    ]
    report.nothing_matched = not artifacts and not refused
    if report.nothing_matched:
        run.say(f"no artifacts in {folder}, and none announced by {listing.url}")
    reporter.align(artifact.name for artifact in artifacts)
    # Artifacts that are announced but not in the folder need no hashing.
    sizes = {name: size_on_disk(path) for name, path in there.items()}
    run.activities.plan({artifact.name: sizes.get(artifact.name, 0) for artifact in artifacts})
    against = listing.origins if run.options.against else ()
    verify_one = partial(verify_artifact, reporter, there, set(announced), against)
    if not for_each(artifacts, verify_one, run.options.max_workers, run.stop):
        raise Interrupted("interrupted")
    _report_others(reporter, folder, names)


def _names_in(folder: pathlib.Path, run: Session[VerifyOptions]) -> list[str]:
    """Return the names in a folder; check that other users cannot write to it.

    :raises DiskError: if it cannot be listed, or if others can write and it must be strict.
    """
    with disk_errors(f"list the folder {folder}"), Folder(folder) as opened:
        names, others = opened.names(), opened.other_writers
    if others and run.options.strict_folder:
        error = DiskError(f"{folder}: {others_write(others)}")
        error.next = "run chmod go-w on it, or copy the files to a folder of your own"
        raise error
    if others:
        run.note(line("note", str(folder), others_write(others)))
    return names


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


def _projects(names: Mapping[str, object]) -> Wanted:
    """Return the projects and versions of some artifacts, because a URL may offer others."""
    wanted: dict[str, set[Version]] = defaultdict(set)
    for name in names:
        if (parsed := parse_artifact_name(name)) is not None:
            wanted[parsed.project].add(parsed.version)
    return {project: frozenset(versions) for project, versions in wanted.items()}
