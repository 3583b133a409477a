"""The names and versions that an artifact's own metadata have (core metadata specification)."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.filenames import ArtifactName, printable
from wheelhouse_hashes.formats.dev_builds import without_stamp

#: Maximum size of a metadata file, in bytes.
MAX_BYTES = 16 * 1024 * 1024

#: Maximum number of fields to read.  Real files have one ``Tag`` field for each tag.
_MAX_FIELDS = 1024

# As email.parser reads headers: lines end with \n, \r or both.
_NEWLINE = re.compile(rb"\r\n?")
_FIELD = re.compile(rb"^(name|version|tag|build):(.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """The fields ``Name`` and ``Version``, as written; each has one value in valid metadata."""

    names: tuple[str, ...]
    versions: tuple[str, ...]


def read_fields(content: bytes) -> dict[str, list[str]]:
    """Parse the fields that are checked of ``METADATA``, ``PKG-INFO`` or ``WHEEL``.

    :param content: the content, in UTF-8; other bytes are replaced.
    :returns: names in lower case, and all their values.
    """
    if b"\r" in content:
        content = _NEWLINE.sub(b"\n", content)
    # A header ends at the first empty line; the description follows and may be long.
    head = content.partition(b"\n\n")[0]
    found: dict[str, list[str]] = {}
    for match in itertools.islice(_FIELD.finditer(head), _MAX_FIELDS):
        name, value = match.groups()
        found.setdefault(name.lower().decode(), []).append(value.decode("utf-8", "replace").strip())
    return found


def read_core_metadata(content: bytes) -> CoreMetadata:
    """Parse the content of ``METADATA`` or ``PKG-INFO``.

    :param content: the content, in UTF-8; other bytes are replaced.
    """
    fields = read_fields(content)
    return CoreMetadata(tuple(fields.get("name", ())), tuple(fields.get("version", ())))


def why_other(parsed: ArtifactName, metadata: CoreMetadata) -> str | None:
    """Return how metadata differ from the name of their artifact, None if they agree.

    :param parsed: the parts of the artifact's name.
    :param metadata: its metadata.
    """
    for name in metadata.names:
        if name != parsed.project and canonicalize_name(name) != parsed.project:
            return f"its metadata are those of project {printable(name)!r}"
    for version in metadata.versions:
        try:
            if not is_version(version, parsed):
                return (
                    f"its metadata have version {Version(version)}, its name has {parsed.version}"
                )
        except InvalidVersion:
            return f"the version in its metadata is not valid: {printable(version)!r}"
    return None


def is_version(text: str, parsed: ArtifactName) -> bool:
    """Return whether a text is the version of an artifact's name.

    The time stamp that uploads add to the version of a dev build is not a difference.

    :raises InvalidVersion: if it is not a version.
    """
    version = Version(text)
    return version == parsed.version or version == without_stamp(parsed.version)
