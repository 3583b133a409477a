"""The ``upload`` verb: scan, announce and publish each artifact, prune, index."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.disk.files import LocalFile, size_on_disk
from wheelhouse_hashes.errors import (
    Interrupted,
    NoContainer,
    NoPermission,
    UsageError,
    UsageErrors,
    WheelhouseHashesError,
)
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.plugins.reporter import UploadReporter
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.report import UploadOutcome, UploadRecord, UploadReport
from wheelhouse_hashes.runtime.parallel import for_each, processors, run_in_thread
from wheelhouse_hashes.stores.names import check_container_name
from wheelhouse_hashes.stores.opening import open_store
from wheelhouse_hashes.stores.write_only import WriteOnlyStore
from wheelhouse_hashes.upload.artifact import ArtifactUpload
from wheelhouse_hashes.upload.collisions import note_several_sdists, without_case_conflicts
from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot
from wheelhouse_hashes.upload.index_page import update_index
from wheelhouse_hashes.upload.inspection import inspect_file
from wheelhouse_hashes.upload.outdated_files import outdated_files
from wheelhouse_hashes.upload.outdated_links import OutdatedLinks
from wheelhouse_hashes.upload.prune import prune, superseded
from wheelhouse_hashes.upload.scan import scan

if TYPE_CHECKING:
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.stored import Stored

_BUILD_FIRST = (
    "build them first, choose another folder with --local-folder, or accept an empty upload "
    "with --allow-empty"
)

#: Object in which jobs that use the host alone share their digests.
HOST_METADATA = "metadata.json"

#: The problem of a container that the user may not list.
NO_INDEX = (
    "cannot update index.html: the container cannot be listed (permission denied); give "
    "--no-update-index here, and run index as a user who may list the container"
)

#: The note on a store without conditional puts.
BEST_EFFORT = (
    "--no-replace is best effort: the store has no conditional put, so objects were looked up "
    "before; a job that uploads at the same moment may be replaced"
)

#: Maximum size of this object, in bytes.
MAX_HOST_METADATA = 64 * 1024 * 1024


def upload(
    run: Session[UploadOptions], account: Account, container: str, folder: str, *, with_index: bool
) -> UploadReport:
    """Upload the artifacts of a folder.

    :param run: the current run.
    :param account: the account at the store.
    :param container: the name of the container, with its prefix if it has one.
    :param folder: the folder; dev wheels in it are renamed, as the host does.
    :param with_index: whether to write the index page.
    :raises WheelhouseHashesError: if the command cannot continue.  Errors that concern
        single artifacts are in the report.
    """
    usage = UsageErrors()
    with usage.noted():
        if (max_workers := run.options.max_workers) < 1:
            raise UsageError(f"--max-workers {max_workers}: must be a whole number, at least 1")
    with usage.noted():
        if not os.path.isdir(folder):  # noqa: PTH112 (Path("") is a folder)
            shown = printable(folder) or "--local-folder ''"
            raise UsageError(f"{shown}: no such folder; choose another with --local-folder")
    with usage.noted():
        check_container_name(container)
    with usage.noted():
        account.check()
    reporter = UploadReporter(run)
    report = reporter.report
    with contextlib.ExitStack() as temporary, phase(run, report, usage):
        store = open_store(account, container, run.store_requests(container))
        paths = scan(pathlib.Path(folder), reporter, temporary)
        refused = any(r.outcome is not UploadOutcome.SKIPPED for r in report.records)
        report.nothing_found = not (paths or refused or run.options.allow_empty)

        def publish() -> None:
            container_found, objects = _open(store, run)
            snapshot = ContainerSnapshot(objects, run.plugins)
            fit = without_case_conflicts(paths, snapshot, reporter)
            note_several_sdists(fit, snapshot, reporter)
            with_links = with_index and not run.options.dry_run
            links = OutdatedLinks(store, {path.name for path in fit}) if with_links else None
            uploaded = _publish_all(reporter, container_found, snapshot, fit, links)
            if store.is_best_effort and run.options.no_replace:
                run.note(line("note", store.container_name, BEST_EFFORT))
            if run.options.dry_run:
                _name_superseded(run, container_found, snapshot, uploaded)
            elif isinstance(container_found, WriteOnlyStore):
                report.problems += [NoPermission(NO_INDEX)] if with_index else []
            else:
                _clean_up(reporter, store, snapshot, uploaded, with_index=with_index)

        with noting_interruption(report):
            # All in one thread, because each thread that uses the store must authenticate.
            run_in_thread(publish, run.stop)
            conclude(run, report)
        if report.nothing_found:
            run.say(f"no artifacts in {printable(folder)}: {_BUILD_FIRST}")
        run.say(report.closing(store.container_name))
    return report


def _open(store: Store, run: Session[UploadOptions]) -> tuple[Store, dict[str, Stored]]:
    """Open a container; return it with its listing.

    A container that the user may not list is returned as a :class:`WriteOnlyStore`.
    """
    try:
        store.open(create=not run.options.dry_run)
        return store, store.objects()
    except NoContainer:
        run.note(line("note", store.container_name, "does not exist yet; an upload creates it"))
        return store, {}
    except NoPermission:
        run.note(line("note", store.container_name, WriteOnlyStore.NOTE))
        return WriteOnlyStore(store), {}


def _publish_all(
    reporter: UploadReporter,
    store: Store,
    snapshot: ContainerSnapshot,
    paths: Sequence[pathlib.Path],
    links: OutdatedLinks | None,
) -> dict[str, ArtifactUpload]:
    """Publish artifacts concurrently; return those that are now in the container.

    A dry run publishes nothing and returns those that would be there.

    :raises Interrupted: if the run is interrupted.
    """
    run = reporter.run
    published: dict[str, ArtifactUpload] = {}
    sizes = {path.name: size_on_disk(path) for path in paths}

    def publish(path: pathlib.Path) -> None:
        try:
            size = sizes[path.name]
            there = snapshot.objects.get(path.name)
            if size is not None and (there is None or there.size != size):
                store.check_size(path.name, size)
            with run.activities.on(path.name), LocalFile(path) as file:
                artifact_upload = ArtifactUpload(run, store, snapshot, file, links)
                inspect_file(run, artifact_upload.artifact, file)
                dry_run = run.options.dry_run
                record = artifact_upload.plan() if dry_run else artifact_upload.publish()
        except Interrupted:
            raise
        except WheelhouseHashesError as error:
            reporter.add(UploadRecord.of_error(path.name, error))
        else:
            published[record.name] = artifact_upload
            reporter.report.problems += artifact_upload.problems
            if run.options.dry_run:
                reporter.add(record.of_artifact(artifact_upload.artifact))
            else:
                reporter.conclude(artifact_upload.artifact, record)

    run.activities.plan(sizes)
    with reporter.by_name(sizes):
        first = None if store.is_remote else processors()
        workers = run.throttle.begin(run.options.max_workers, first)
        finished = for_each(paths, publish, workers, run.stop, run.throttle)
    if not finished:
        raise Interrupted("interrupted")
    return published


def _name_superseded(
    run: Session[UploadOptions],
    store: Store,
    snapshot: ContainerSnapshot,
    planned: Mapping[str, ArtifactUpload],
) -> None:
    """Name the objects that an upload would delete (``--dry-run``)."""
    companions = {name: [c.name for c in each.companions] for name, each in planned.items()}
    for name in superseded(run, store, snapshot, companions):
        run.note(line("note", name, "superseded dev build; would be deleted"))


def _in_host_metadata(
    store: Store, snapshot: ContainerSnapshot, replaced: Sequence[str]
) -> list[str]:
    """Return the replaced artifacts whose old digest the host alone would publish again."""
    if not replaced or HOST_METADATA not in snapshot.objects:
        return []
    content = store.read(HOST_METADATA, MAX_HOST_METADATA) or b""
    # Names are ASCII, so JSON does not escape them.
    return [name for name in replaced if f'"{name}"'.encode() in content]


def _clean_up(
    reporter: UploadReporter,
    store: Store,
    snapshot: ContainerSnapshot,
    uploaded: Mapping[str, ArtifactUpload],
    *,
    with_index: bool,
) -> None:
    """Prune and index.  The artifacts are published already, so failures are only reported."""
    run, report = reporter.run, reporter.report
    try:
        companions = {
            name: [companion.name for companion in artifact_upload.companions]
            for name, artifact_upload in uploaded.items()
        }
        replaced = [r.name for r in report.records if r.outcome is UploadOutcome.REPLACED]
        for name in _in_host_metadata(store, snapshot, replaced):
            run.note(line("note", name, f"{HOST_METADATA} still has the old digest"))
        report.pruned += prune(run, store, snapshot, companions)
        for name, description in outdated_files(snapshot, replaced, report.pruned):
            run.note(line("note", printable(name), description))
        if with_index:
            digests = {
                name: artifact_upload.index_digest
                for name, artifact_upload in uploaded.items()
                if name not in report.pruned
            }
            gone = set(report.pruned)
            objects = {name: o for name, o in snapshot.objects.items() if name not in gone}
            report.links = update_index(run, store, objects, digests)
    except Interrupted:
        raise
    except WheelhouseHashesError as problem:
        report.problems.append(problem)
