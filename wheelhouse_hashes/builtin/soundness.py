"""Check that an artifact's contents match its name.

Sources: the binary distribution format and the source distribution format
(https://packaging.python.org/specifications/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.dev_builds import without_stamp
from wheelhouse_hashes.formats.kinds import other_kind

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Sequence

    from wheelhouse_hashes.artifacts import Artifact
    from wheelhouse_hashes.formats.core_metadata import CoreMetadata
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run

#: Advice about a file that is no artifact: the fault is in the job that made it.
_REBUILD = "look for an error in the job that built the file, then build it again"

#: Number of bytes that show the kind of a file.
_HEAD_BYTES = 512


# First, before another plugin can change the file.
@hookimpl(tryfirst=True)
def wheelhouse_inspect(
    artifact: Artifact, path: pathlib.Path | None, run: Run[Options]
) -> Sequence[Finding]:
    """Refuse an artifact that is not what its name says, on upload only.

    It is an empty file, an HTML page or a truncated archive, or its metadata have another name
    or version.
    """
    if path is None or run.verb != "upload":
        return ()
    # Only uploads need the modules for archives; importing them takes 10 ms.
    from wheelhouse_hashes.formats.archives import (
        ArchiveTooLarge,
        UnreadableArchive,
        top_metadata,
    )

    with disk_errors(f"read {path}"):
        if kind := other_kind(artifact.name, _head(path)):
            return [_not_a_distribution(f"the file is {kind}")]
        try:
            for metadata in top_metadata(path, artifact.name):
                if why := why_other(artifact.name, metadata):
                    return [Finding(Cause.UNSOUND, why, next=Cause.UNSOUND.next_step)]
        except ArchiveTooLarge:
            note = f"{artifact.name}: not unpacked to its end, because it is too large"
            run.note_once(artifact.name, note)
        except UnreadableArchive as error:
            reason = printable(str(error))
            return [_not_a_distribution(f"the archive cannot be read: {reason}")]
    return ()


def _not_a_distribution(text: str) -> Finding:
    return Finding(Cause.NOT_A_DISTRIBUTION, text, next=_REBUILD)


def _head(path: pathlib.Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def why_other(name: str, metadata: CoreMetadata) -> str | None:
    """Return how metadata differ from the name of their artifact, None if they agree.

    The time stamp that uploads add to the version of a dev build is not a difference.

    :param name: the name of the artifact.
    :param metadata: its metadata.
    """
    parsed = parse_artifact_name(name)
    if parsed is None:
        return None
    if metadata.name and canonicalize_name(metadata.name) != parsed.project:
        return f"its metadata are those of project {printable(metadata.name)!r}"
    if not metadata.version:
        return None
    try:
        version = Version(metadata.version)
    except InvalidVersion:
        return f"the version in its metadata is not valid: {printable(metadata.version)!r}"
    if version not in (parsed.version, without_stamp(parsed.version)):
        return f"its metadata have version {version}, its name has {parsed.version}"
    return None
