"""Check that an artifact's contents match its name.

Sources: the binary distribution format and the source distribution format
(https://packaging.python.org/specifications/).
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.core_metadata import MAX_BYTES, CoreMetadata, read_core_metadata
from wheelhouse_hashes.formats.dev_builds import without_stamp
from wheelhouse_hashes.formats.kinds import other_kind

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator, Sequence

    from wheelhouse_hashes.artifacts import Artifact
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run

#: The member with the metadata, at the top of a wheel and of an sdist.
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_PKG_INFO = re.compile(r"(?:\./)?[^/]+/PKG-INFO")

#: Errors of the standard library about archives that it cannot read.
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)

#: Advice about a file that is no artifact: the fault is in the job that made it.
_REBUILD = "look for an error in the job that built the file, then build it again"

#: Number of bytes that show the kind of a file.
_HEAD_BYTES = 512

#: Number of bytes to read at a time.
_PIECE = 1024 * 1024

#: Maximum number of unpacked bytes to read: this many for each byte of the file, but no more
#: than 8 GiB.  The largest ratio of real sdists is 10.
_MAX_RATIO, _MAX_UNPACKED = 200, 8 * 1024**3


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
    with disk_errors(f"read {path}"):
        if kind := other_kind(artifact.name, _head(path)):
            return [_not_a_distribution(f"the file is {kind}")]
        try:
            for metadata in _metadata(path, artifact.name):
                if why := why_other(artifact.name, metadata):
                    return [Finding(Cause.UNSOUND, why, next=Cause.UNSOUND.next_step)]
        except _TooLarge:
            note = f"{artifact.name}: not unpacked to its end, because it is too large"
            run.note_once(artifact.name, note)
        except _UNREADABLE as error:
            reason = printable(str(error)) or type(error).__name__
            return [_not_a_distribution(f"the archive cannot be read: {reason}")]
    return ()


def _not_a_distribution(text: str) -> Finding:
    return Finding(Cause.NOT_A_DISTRIBUTION, text, next=_REBUILD)


def _head(path: pathlib.Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _metadata(path: pathlib.Path, name: str) -> Iterator[CoreMetadata]:
    """Yield the metadata at the top of an archive; read an sdist to its end."""
    if name.endswith((".whl", ".zip")):
        pattern = _METADATA if name.endswith(".whl") else _PKG_INFO
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if pattern.fullmatch(member):
                    with archive.open(member) as file:
                        yield read_core_metadata(file.read(MAX_BYTES))
    elif name.endswith(".tar.gz"):
        with gzip.open(path) as unpacked:
            bounded = _Bounded(unpacked, min(_MAX_RATIO * path.stat().st_size, _MAX_UNPACKED))
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                yield from _in_tar(archive)
            while bounded.read(_PIECE):
                pass  # the end of a gzip file shows whether it is complete and undamaged


def _in_tar(archive: tarfile.TarFile) -> Iterator[CoreMetadata]:
    for member in archive:
        if member.isreg() and _PKG_INFO.fullmatch(member.name):
            file = archive.extractfile(member)
            yield read_core_metadata(file.read(MAX_BYTES) if file else b"")


class _TooLarge(Exception):
    """The unpacked size is over the limit."""


class _Bounded(io.RawIOBase):
    """A file of which only so many bytes can be read.

    :param file: the file.
    :param left: the number of bytes.
    """

    def __init__(self, file: gzip.GzipFile, left: int) -> None:
        self._file = file
        self._left = left

    def read(self, size: int = -1) -> bytes:
        """Read bytes.

        :raises _TooLarge: if the limit is reached.
        """
        if self._left < 0:
            raise _TooLarge
        piece = self._file.read(size)
        self._left -= len(piece)
        return piece


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
