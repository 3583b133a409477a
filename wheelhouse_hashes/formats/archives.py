"""The metadata at the top of a wheel or an sdist.

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
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.core_metadata import MAX_BYTES, CoreMetadata, read_core_metadata

if TYPE_CHECKING:
    import pathlib

#: The member with the metadata.
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

#: Number of bytes to read at a time.
_PIECE = 1024 * 1024

#: Maximum number of unpacked bytes to read: this many for each byte of the file, but no more
#: than 8 GiB.  The largest ratio of real sdists is 10.
_MAX_RATIO, _MAX_UNPACKED = 200, 8 * 1024**3


class UnreadableArchive(Exception):
    """An archive is damaged, truncated or of another kind.  The text is not escaped."""


class ArchiveTooLarge(Exception):
    """The unpacked size is over the limit."""


def top_metadata(path: pathlib.Path, name: str) -> Iterator[CoreMetadata]:
    """Yield the metadata at the top of an archive; read an sdist to its end.

    :param path: the file.
    :param name: the name of the artifact.
    :raises UnreadableArchive: if it cannot be read as what the name says.
    :raises ArchiveTooLarge: if it is not read to its end, because it is too large.
    :raises OSError: if the file cannot be read.
    """
    try:
        yield from _metadata(path, name)
    except _UNREADABLE as error:
        raise UnreadableArchive(str(error) or type(error).__name__) from None


def _metadata(path: pathlib.Path, name: str) -> Iterator[CoreMetadata]:
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

        :raises ArchiveTooLarge: if the limit is reached.
        """
        if self._left < 0:
            raise ArchiveTooLarge
        piece = self._file.read(size)
        self._left -= len(piece)
        return piece
