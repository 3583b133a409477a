"""Find the artifacts in the folder to upload; dev wheels get a timestamp."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.atomic_write import rename_new
from wheelhouse_hashes.disk.files import check_regular, disk_errors
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.filenames import printable, why_unsafe
from wheelhouse_hashes.formats.dev_builds import stamped_name
from wheelhouse_hashes.report import UploadOutcome, UploadRecord

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.plugins.reporter import UploadReporter


def scan(folder: pathlib.Path, reporter: UploadReporter) -> list[pathlib.Path]:
    """Return the artifacts in a folder; rename dev wheels, and report skipped files.

    :param folder: the folder.
    :param reporter: receives a record for each skipped or refused file.
    :raises DiskError: if the folder cannot be listed.
    """
    paths = []
    with disk_errors(f"list the folder {folder}"):
        names = sorted(os.listdir(folder))
    # One time for all, so that two spellings of one version get the same name.
    now = datetime.now(UTC)
    spellings = _spellings(names, now)
    for name in names:
        try:
            path = folder / name
            with disk_errors(f"access {path}"):
                if path.is_dir() and not path.is_symlink():
                    raise ValueError("a folder, not a file")
                stamped = stamped_name(name, now)
                check_regular(path)
            if others := [other for other in spellings[stamped] if other != name]:
                raise Refusal(
                    Cause.UNSAFE_NAME,
                    f"the same version as {', '.join(map(printable, others))}, spelled "
                    "differently; both would be uploaded under one name: remove one of them",
                )
            if stamped != name:
                with disk_errors(f"rename {path}"):
                    rename_new(path, path := path.with_name(stamped))
            if why := why_unsafe(path.name):
                raise Refusal(Cause.UNSAFE_NAME, why)
            paths.append(path)
        except ValueError as error:
            reporter.add(UploadRecord(printable(name), UploadOutcome.SKIPPED, str(error)))
        except Refusal as error:
            reporter.add(UploadRecord.of_error(printable(name), error))
    return paths


def _spellings(names: Iterable[str], now: datetime) -> Mapping[str, list[str]]:
    """Return the names of files, by the name under which they would be uploaded."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        with contextlib.suppress(ValueError):
            spellings[stamped_name(name, now)].append(name)
    return spellings
