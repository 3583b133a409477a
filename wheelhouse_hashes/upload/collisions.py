"""Artifacts of an upload that collide: names that differ only in case, several sdists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.filenames import (
    case_conflict_text,
    case_conflicts,
    listed,
    parse_artifact_name,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.report import UploadRecord

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.plugins.reporter import UploadReporter
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

_SEVERAL_SDISTS = "other sdists of this version: {}; the package index accepts only one"


def without_case_conflicts(
    paths: Sequence[pathlib.Path], snapshot: ContainerSnapshot, reporter: UploadReporter
) -> list[pathlib.Path]:
    """Refuse names that differ only in case, because a fetch would refuse them, too.

    :param paths: the artifacts to upload.
    :param snapshot: the container's listing.
    :param reporter: receives a record for each refused artifact.
    :returns: the other artifacts.
    """
    ours = {path.name for path in paths}
    conflicts = case_conflicts({*ours, *filter(parse_artifact_name, snapshot.objects)})
    for name in sorted(ours.intersection(conflicts)):
        text = case_conflict_text(name, conflicts[name])
        refusal = Refusal(Cause.UNSAFE_NAME, text, next=_advice(name, conflicts[name], snapshot))
        reporter.add(UploadRecord.of_error(name, refusal))
    return [path for path in paths if path.name not in conflicts]


def _advice(name: str, spellings: Sequence[str], snapshot: ContainerSnapshot) -> str:
    there = [each for each in spellings if each != name and each in snapshot.objects]
    if not there:
        return "remove all but one of them from the folder"
    old = [each for other in there for each in (other, *snapshot.companions.get(other, ()))]
    return f"delete {listed(old)} from the container, then upload it again"


def note_several_sdists(
    paths: Sequence[pathlib.Path], snapshot: ContainerSnapshot, reporter: UploadReporter
) -> None:
    """Name the sdists that share their version with another one.

    Project names can be spelled in several ways (:pep:`625` has one), and older tools also
    build ``.zip`` files.  The package index accepts one sdist for each version.

    :param paths: the artifacts to upload.
    :param snapshot: the container's listing.
    :param reporter: prints the notes.
    """
    ours = {path.name for path in paths}
    sdists: dict[tuple[str, object], list[str]] = defaultdict(list)
    for name in {*ours, *snapshot.objects}:
        parsed = parse_artifact_name(name)
        if parsed is not None and parsed.kind == "sdist":
            sdists[parsed.project, parsed.version].append(name)
    for same in sdists.values():
        to_upload = ours.intersection(same)
        if to_upload and len(same) > 1:
            name = min(to_upload)
            others = listed(sorted(same), name)
            reporter.run.note(line("note", name, _SEVERAL_SDISTS.format(others)))
