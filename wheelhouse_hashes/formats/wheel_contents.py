"""Check that the contents of a wheel match its name and its RECORD.

Source: the binary distribution format (https://packaging.python.org/specifications/).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from packaging.tags import parse_tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from wheelhouse_hashes.filenames import MAX_TAGS, case_conflicts
from wheelhouse_hashes.formats.archives import Contents, UnreadableArchive
from wheelhouse_hashes.formats.core_metadata import (
    MAX_BYTES,
    is_version,
    read_core_metadata,
    read_fields,
    why_other,
)
from wheelhouse_hashes.formats.wheel_record import compare, compare_digests, read_record
from wheelhouse_hashes.formats.zip_directory import ZipDirectory, read_member

if TYPE_CHECKING:
    from collections.abc import Collection

    from wheelhouse_hashes.filenames import ArtifactName
    from wheelhouse_hashes.formats.archives import ArchiveFile
    from wheelhouse_hashes.formats.zip_directory import Member

_DIST_INFO = ".dist-info"

#: The number of dashes in a tag, PYTHON-ABI-PLATFORM.
_DASHES = 2


def check_wheel(file: ArchiveFile, parsed: ArtifactName, *, full: bool) -> Contents:
    """Check a wheel.

    :param file: the wheel.
    :param parsed: the parts of its name.
    :param full: whether to read all files, to check their digests.
    :raises UnreadableArchive: if it cannot be read.
    :raises OSError: if the file cannot be read.
    """
    contents = Contents()
    directory = ZipDirectory(file)
    contents.faults += directory.faults
    if not contents.faults:
        members = {member.name: member for member in directory.members}
        _note_case_twins(members, contents)
        info = _dist_info(members, parsed, contents)
        if info is not None:
            _check_metadata(file, members, info, parsed, contents)
            _check_tags(file, members, info, parsed, contents)
        if info is not None and not contents.faults:
            _check_record(file, members, info, contents, full=full)
    return contents


def _note_case_twins(names: Collection[str], contents: Contents) -> None:
    folded = {name.casefold() for name in names}
    if len(folded) != len(names):
        name = min(case_conflicts(names))
        contents.notes.append(f"{name} differs from another file in it only in case")


def _dist_info(names: Collection[str], parsed: ArtifactName, contents: Contents) -> str | None:
    """Return the only ``.dist-info`` folder, None if there is no such folder."""
    tops = (name.partition("/")[0] for name in names if f"{_DIST_INFO}/" in name)
    folders = sorted({top for top in tops if top.endswith(_DIST_INFO)})
    if len(folders) != 1:
        found = ", ".join(folders) or "none"
        contents.faults.append(f"it must have one .dist-info folder at its top; it has: {found}")
        return None
    stem = folders[0].removesuffix(_DIST_INFO)
    # Neither the name nor the version should contain a dash, but old names did.
    project, _, version = stem.rpartition("-")
    try:
        right = canonicalize_name(project) == parsed.project and is_version(version, parsed)
    except InvalidVersion:
        right = False
    if not right:
        contents.faults.append(f"its folder {folders[0]} is that of another project or version")
    return folders[0]


def _required(
    file: ArchiveFile, members: dict[str, Member], path: str, faults: list[str]
) -> bytes | None:
    """Return the content of a file of the wheel, None if it is missing."""
    member = members.get(path)
    if member is None:
        faults.append(f"it has no {path}")
        return None
    return read_member(file, member, MAX_BYTES)


def _check_metadata(
    file: ArchiveFile,
    members: dict[str, Member],
    info: str,
    parsed: ArtifactName,
    contents: Contents,
) -> None:
    content = _required(file, members, f"{info}/METADATA", contents.faults)
    if content is None:
        return
    metadata = read_core_metadata(content)
    if not metadata.names or not metadata.versions:
        contents.faults.append("its METADATA has no name or no version")
    elif why := why_other(parsed, metadata):
        contents.faults.append(why)


def _check_tags(
    file: ArchiveFile,
    members: dict[str, Member],
    info: str,
    parsed: ArtifactName,
    contents: Contents,
) -> None:
    """Compare the tags and the build tag in ``WHEEL`` with those of the name."""
    content = _required(file, members, f"{info}/WHEEL", contents.faults)
    if content is None:
        return
    fields = read_fields(content)
    tags = _tags(fields.get("tag", []))
    if tags != parsed.variant:
        if tags and _are_others(tags, parsed.variant):
            found = " ".join(sorted(tags)[:3])
            contents.faults.append(f"its tags are not those of its name, but {found}")
        else:
            contents.notes.append("the tags in its WHEEL file are not those of its name")
    build = "{}{}".format(*parsed.build) if parsed.build else ""
    if fields.get("build", [""])[0].lstrip("0") != build.lstrip("0"):
        contents.notes.append("the build tag in its WHEEL file is not that of its name")


def _are_others(tags: Collection[str], named: Collection[str]) -> bool:
    """Return whether two sets of tags have no Python, no ABI or no platform in common.

    The ABI ``none`` is that of any: old tools put it into the names of wheels for Windows.
    """
    for one, other in zip(_parts(tags), _parts(named), strict=True):
        if one.isdisjoint(other) and "none" not in one | other:
            return True
    return False


def _parts(tags: Collection[str]) -> list[set[str]]:
    """Return the Pythons, the ABIs and the platforms of tags."""
    return [set(part) for part in zip(*(tag.split("-", 2) for tag in tags), strict=True)]


def _tags(lines: list[str]) -> frozenset[str] | None:
    """Return the tags of ``Tag`` fields, expanded; None if they are malformed or too many.

    A field should have one tag, but some tools wrote compressed sets.
    """
    lower = [line.lower() for line in lines]
    if any(line.count("-") != _DASHES for line in lower):
        return None
    if not any("." in line for line in lower):
        return frozenset(lower)
    if sum(math.prod(p.count(".") + 1 for p in line.split("-")) for line in lower) > MAX_TAGS:
        return None
    return frozenset(str(tag) for line in lower for tag in parse_tag(line))


def _check_record(
    file: ArchiveFile, members: dict[str, Member], info: str, contents: Contents, *, full: bool
) -> None:
    path = f"{info}/RECORD"
    content = _required(file, members, path, contents.record_faults)
    rows = {}
    if content is not None:
        try:
            rows = read_record(content, contents.record_faults)
        except UnreadableArchive as error:
            contents.record_faults.append(str(error))
        else:
            folders = compare(rows, members.values(), path, contents.record_faults)
            if folders:
                contents.notes.append(f"its RECORD has the folder {folders[0]}")
    if full:
        note = compare_digests(rows, members.values(), file, contents.record_faults)
        if note:
            contents.notes.append(note)
