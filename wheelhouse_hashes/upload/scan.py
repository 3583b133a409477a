"""Find the artifacts in the folder to upload; dev wheels get a timestamp."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.atomic_write import rename_new
from wheelhouse_hashes.disk.files import BUFFER, LocalFile, check_regular
from wheelhouse_hashes.errors import Interrupted, Refusal, disk_errors
from wheelhouse_hashes.filenames import (
    parse_artifact_name,
    printable,
    read_artifact_name,
    why_unsafe,
)
from wheelhouse_hashes.formats.attestation_names import attested_artifact, is_downloaded
from wheelhouse_hashes.formats.dev_builds import stamped_name
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.options import ATTESTATION
from wheelhouse_hashes.report import UploadOutcome, UploadRecord

if TYPE_CHECKING:
    import threading

    from wheelhouse_hashes.plugins.reporter import UploadReporter

#: Extensions of the archives that can be sdists.
_ARCHIVES = (".tar.gz", ".zip")

#: Errors of a folder or a file system in which no file can be renamed.
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def scan(
    folder: pathlib.Path, reporter: UploadReporter, temporary: contextlib.ExitStack
) -> list[pathlib.Path]:
    """Return the artifacts in a folder; rename dev wheels, and report skipped files.

    A dry run renames nothing.

    A skipped file that looks like an artifact makes the command fail, because the
    release lacks that artifact.

    :param folder: the folder.
    :param reporter: receives a record for each skipped or refused file.
    :param temporary: receives a folder for dev wheels that cannot be renamed.
    :raises DiskError: if the folder cannot be listed.
    :raises Interrupted: if the run must end.
    """
    paths = []
    with disk_errors(f"list the folder {folder}"):
        names = sorted(os.listdir(folder))
    projects = {parsed.project for name in names if (parsed := parse_artifact_name(name))}
    # One time for all, so that two spellings of one version get the same name.
    now = datetime.now(UTC)
    spellings = _spellings(names, now)
    carried = set(names) if ATTESTATION in reporter.run.options.carry else set()
    for name in names:
        if carried and (attested_artifact(name) in carried or is_downloaded(name)):
            continue  # published with its artifact
        try:
            path = folder / name
            with disk_errors(f"access {path}"):
                if path.is_dir() and not path.is_symlink():
                    raise ValueError(_about_folder(path))
                stamped = stamped_name(name, now)
                check_regular(path)
            if others := [other for other in spellings[stamped] if other != name]:
                raise Refusal(
                    Cause.UNSAFE_NAME,
                    f"the same version as {', '.join(map(printable, others))}, spelled "
                    "differently; both would be uploaded under one name: remove one of them",
                )
            if stamped != name and reporter.run.options.dry_run:
                reporter.run.note(line("note", name, f"would be renamed to {stamped}"))
            elif stamped != name:
                path = _renamed(path, stamped, temporary, reporter.run.stop)
            if why := why_unsafe(path.name):
                raise Refusal(Cause.UNSAFE_NAME, why)
            paths.append(path)
        except ValueError as error:
            reporter.add(skipped(name, str(error), projects))
        except Refusal as error:
            reporter.add(UploadRecord.of_error(printable(name), error))
    return paths


def _renamed(
    path: pathlib.Path, name: str, temporary: contextlib.ExitStack, stop: threading.Event
) -> pathlib.Path:
    """Give a dev wheel its published name; return its path.

    If its folder is read-only, a copy gets that name.
    """
    final = path.with_name(name)
    with disk_errors(f"rename {path}"):
        try:
            rename_new(path, final)
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
        else:
            return final
    # Imported late: hardly any run needs it.
    import tempfile

    with disk_errors(f"copy {path}"), LocalFile(path) as file:
        folder = temporary.enter_context(tempfile.TemporaryDirectory(prefix="wheelhouse-hashes-"))
        copy = pathlib.Path(folder, name)
        source = file.rewound()
        with copy.open("xb") as target:
            while piece := source.read(BUFFER):
                if stop.is_set():
                    raise Interrupted("interrupted")
                target.write(piece)
    return copy


def _spellings(names: Iterable[str], now: datetime) -> Mapping[str, list[str]]:
    """Return the names of files, by the name under which they would be uploaded."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        with contextlib.suppress(ValueError):
            spellings[stamped_name(name, now)].append(name)
    return spellings


def _about_folder(path: pathlib.Path) -> str:
    """Return why a folder is skipped, with the number of artifacts in it."""
    try:
        count = sum(parse_artifact_name(name) is not None for name in os.listdir(path))
    except OSError:
        count = 0
    if not count:
        return "a folder, not a file"
    noun = "artifact" if count == 1 else "artifacts"
    return f"a folder with {count} {noun}; only files of the folder itself are used"


def why_skipped(path: pathlib.Path) -> str:
    """Return why a file is not an artifact, the empty string if it is one by its name.

    :param path: the file, or a folder; it need not be accessible.
    """
    # Path.is_dir raises an error if the folder must not be searched.
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
        return _about_folder(path)
    try:
        read_artifact_name(path.name)
    except ValueError as error:
        return str(error)
    return ""


def skipped(name: str, reason: str, projects: Collection[str]) -> UploadRecord:
    """Return the record of a file that is not an artifact.

    :param name: its name.
    :param reason: why it is not one.
    :param projects: the normalized names of the projects in the folder (:pep:`503`).
    """
    if not looks_like_artifact(name, projects):
        return UploadRecord(printable(name), UploadOutcome.SKIPPED, reason)
    text = f"{reason}; it looks like an artifact: rename it, or remove it from the folder"
    code = Cause.MISSING_ARTIFACT.exit_code
    return UploadRecord(printable(name), UploadOutcome.SKIPPED, text, code)


def looks_like_artifact(name: str, projects: Collection[str]) -> bool:
    """Return whether a user probably means a file to be uploaded.

    :param name: the name of a file that cannot be uploaded.
    :param projects: the normalized names of the projects in the folder (:pep:`503`).
    :returns: True for wheels, and for archives named after one of the projects.
    """
    lower = name.lower()
    if lower.endswith(".whl"):
        return True
    if not lower.endswith(_ARCHIVES):
        return False
    stem = canonicalize_name(name)
    return any(stem.startswith(f"{project}-") for project in projects)
