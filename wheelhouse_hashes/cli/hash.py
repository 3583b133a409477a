"""The ``hash`` verb: digests of local artifacts, without a store.

Each artifact is read once, on all cores, and inspected by the plugins.  Nothing is changed
or renamed: a dev build keeps the name that its build gave it.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import LocalFile, size_on_disk
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.disk.hashing import hash_artifact
from wheelhouse_hashes.errors import (
    Interrupted,
    Refusal,
    UsageError,
    UsageErrors,
    disk_errors,
)
from wheelhouse_hashes.filenames import parse_artifact_name, printable, why_unsafe
from wheelhouse_hashes.formats.hash_file import (
    format_digest_list,
    format_hash_file,
    hash_file_name,
)
from wheelhouse_hashes.lines import describe_record
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.report import HashReport, UploadOutcome, UploadRecord
from wheelhouse_hashes.runtime.parallel import for_each, processors
from wheelhouse_hashes.upload.inspection import inspect_file
from wheelhouse_hashes.upload.scan import skipped, why_skipped

if TYPE_CHECKING:
    from wheelhouse_hashes.options import HashOptions

_NOTHING = "no artifacts found: build them first, or name their folder"


def hash_artifacts(run: Session[HashOptions]) -> int:
    """Run the ``hash`` verb and return its exit code.

    :raises WheelhouseHashesError: if the command cannot continue.  Errors that concern
        single artifacts are in the report.
    """
    report = HashReport()
    usage = UsageErrors()
    paths: Sequence[pathlib.Path] = ()
    with usage.noted():
        paths = _find(run.options.paths)
    with phase(run, report, usage):
        with noting_interruption(report):
            hashed = _hash_all(run, report, _select(run, report, paths))
            _print_records(run, report)
            conclude(run, report)
            _write(run, hashed)
        run.say(report.closing())
    return report.exit_code


def _find(names: Sequence[str]) -> list[pathlib.Path]:
    """Return the files that are named, and those in the folders that are named.

    :raises DiskError: if a folder cannot be listed.
    :raises UsageError: if a path does not exist, or two files have one name.
    """
    found: dict[str, pathlib.Path] = {}
    for given in names:
        if not os.path.lexists(given):  # Path("") would be the current folder
            raise UsageError(f"{given or repr(given)}: no such file or folder")
        path = pathlib.Path(given)
        if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir can raise)
            with disk_errors(f"list the folder {path}"):
                inside = [path / name for name in sorted(os.listdir(path))]
        else:
            inside = [path]
        for each in inside:
            other = found.setdefault(each.name, each)
            if os.path.abspath(other) != os.path.abspath(each):  # noqa: PTH100 (no link is followed)
                _check_names(each, other)
    return [found[name] for name in sorted(found)]


def _check_names(path: pathlib.Path, other: pathlib.Path) -> None:
    """Check that two files of one name are no artifacts: a digest list could not tell them."""
    if parse_artifact_name(path.name) is not None:
        raise UsageError(
            f"{path}: has the same name as {other}, and a digest list has names without folders; "
            "hash them separately"
        )


def _select(
    run: Session[HashOptions], report: HashReport, paths: Sequence[pathlib.Path]
) -> list[pathlib.Path]:
    """Return the artifacts among some files; report the others.

    A skipped file that looks like an artifact makes the command fail, as in ``upload``.
    """
    artifacts = []
    projects = {parsed.project for p in paths if (parsed := parse_artifact_name(p.name))}
    for path in paths:
        if reason := why_skipped(path):
            if _is_expected(run, path.name):
                continue
            report.records.append(skipped(path.name, reason, projects))
        else:
            artifacts.append(path)
    report.nothing_found = not artifacts
    if not artifacts:
        run.say(_NOTHING)
    return artifacts


def _is_expected(run: Session[HashOptions], name: str) -> bool:
    """Return whether a file that is not an artifact is usual beside artifacts."""
    if name.startswith(".") or run.plugins.companion_of(name) is not None:
        return True
    # Imported here because it is slow to import.
    from wheelhouse_hashes.formats.digest_list import is_list_name

    return "sum" in name.lower() and is_list_name(name)


def _hash_all(
    run: Session[HashOptions], report: HashReport, paths: Sequence[pathlib.Path]
) -> list[LocalArtifact]:
    """Hash and inspect artifacts, the largest first; return those that are sound, by name.

    :raises Interrupted: if the run must end.
    """
    hashed: list[LocalArtifact] = []

    def hash_one(path: pathlib.Path) -> None:
        try:
            artifact = _hashed(run, path)
        except Refusal as refusal:
            report.records.append(UploadRecord.of_error(printable(path.name), refusal))
        else:
            hashed.append(artifact)
            record = UploadRecord(artifact.name, UploadOutcome.HASHED)
            report.records.append(record.of_artifact(artifact))

    ordered = sorted(paths, key=lambda path: size_on_disk(path) or 0, reverse=True)
    if not for_each(ordered, hash_one, processors(), run.stop):
        raise Interrupted("interrupted")
    return sorted(hashed, key=lambda artifact: artifact.name)


def _hashed(run: Session[HashOptions], path: pathlib.Path) -> LocalArtifact:
    """Hash and inspect one artifact; worker thread.

    :raises Refusal: if it cannot be read, or is not sound.
    """
    if why := why_unsafe(path.name):
        raise Refusal(Cause.UNSAFE_NAME, why)
    with run.activities.on(path.name) as activity, LocalFile(path) as file:
        artifact = hash_artifact(file, run.algorithms, run.stop, activity)
        inspect_file(run, artifact, file)
    return artifact


def _print_records(run: Session[HashOptions], report: HashReport) -> None:
    """Print the files that were skipped or refused, by name; the others are in the list."""
    records = sorted(report.records, key=lambda record: record.name)
    others = [record for record in records if record.outcome is not UploadOutcome.HASHED]
    width = max((len(record.name) for record in others), default=0)
    for record in others:
        routine = record.outcome is UploadOutcome.SKIPPED and not record.exit_code
        (run.note if routine else run.say)(describe_record(record, width))


def _write(run: Session[HashOptions], hashed: Sequence[LocalArtifact]) -> None:
    """Write the digests of the sound artifacts; nothing if there are none.

    :raises DiskError: if they cannot be written.
    """
    if not hashed:
        return
    options = run.options
    algorithms = tuple(dict.fromkeys(options.hash_algorithm or (DEFAULT_ALGORITHM,)))
    if options.sidecars is not None:
        folder = pathlib.Path(options.sidecars)
        with disk_errors(f"create the folder {folder}"):
            Folder.reached(folder, create=True).close()
        for name, content in _hash_files(hashed, algorithms).items():
            run.write_file(folder / name, content)
    pairs = [(each.name, each.digest(algorithm)) for each in hashed for algorithm in algorithms]
    if options.sums is not None:
        run.write_file(options.sums, format_digest_list(pairs))
    elif options.sidecars is None:
        run.print_result(format_digest_list(pairs))


def _hash_files(hashed: Sequence[LocalArtifact], algorithms: Sequence[str]) -> Mapping[str, bytes]:
    """Return the hash files of artifacts, as ``upload`` publishes them."""
    return {
        hash_file_name(each.name, algorithm): format_hash_file(each.digest(algorithm), each.name)
        for each in hashed
        for algorithm in algorithms
    }
