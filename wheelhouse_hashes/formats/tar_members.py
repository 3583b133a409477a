"""The members of a compressed tar archive, read with limits on memory and time."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.archives import (
    MAX_MEMBERS,
    PIECE,
    ArchiveFile,
    Contents,
    UnreadableArchive,
    max_unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Errors of the standard library about archives that it cannot read.
_UNREADABLE = (
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
)

#: Maximum size of all headers of one member, in bytes.
_MAX_HEADER = 1024 * 1024

#: Maximum number of values that hold for all further members.
_MAX_GLOBAL = 64

#: Digits that no valid extended header has.  The standard library takes time that grows with the
#: square of their number (CVE-2024-6232).
_DIGITS = re.compile(rb"[0-9]{256}")


class _TooLarge(Exception):
    """The unpacked size is over the limit."""


class TarMembers:
    """The members of an archive.

    :param file: the archive, compressed with gzip.
    """

    def __init__(self, file: ArchiveFile) -> None:
        self._limit = max_unpacked(file.size)
        self._unpacked = _Unpacked(file, self._limit)

    def read(self, contents: Contents) -> Iterator[tarfile.TarInfo]:
        """Yield the members; read the archive to its end.

        :param contents: receives a note if it is too large to be read to its end.
        :raises UnreadableArchive: if it is damaged, truncated or of another kind.
        """
        try:
            yield from self._members()
            self._unpacked.check_rest()
        except _TooLarge:
            note = f"not read to its end: it unpacks to more than {self._limit:,} bytes"
            contents.notes.append(note)
        except _UNREADABLE as error:
            raise UnreadableArchive(str(error) or type(error).__name__) from None

    def _members(self) -> Iterator[tarfile.TarInfo]:
        self._unpacked.begin_header()
        with tarfile.TarFile(fileobj=self._unpacked) as archive:
            for _ in range(MAX_MEMBERS):
                member = archive.next()
                if member is None:
                    return
                if len(archive.pax_headers) > _MAX_GLOBAL:
                    raise UnreadableArchive("it has too many global headers")
                # Without this, the archive keeps all members in memory.
                archive.members = []  # type: ignore[attr-defined]
                yield member
                self._unpacked.begin_header()
        raise UnreadableArchive(f"it has more than {MAX_MEMBERS:,} members")

    def content(self, member: tarfile.TarInfo, max_bytes: int) -> bytes:
        """Return the content of the regular file that :meth:`read` has just yielded.

        :raises UnreadableArchive: if it is larger than *max_bytes*, or cut off.
        """
        if member.size > max_bytes:
            raise UnreadableArchive(f"{member.name} is larger than {max_bytes >> 20} MiB")
        try:
            return self._unpacked.content(member.offset_data, member.size)
        except _TooLarge:
            raise UnreadableArchive(f"{member.name} unpacks to too much") from None
        except _UNREADABLE as error:
            raise UnreadableArchive(str(error) or type(error).__name__) from None


class _Unpacked(io.RawIOBase):
    """The unpacked bytes, of which only a limited number can be read.

    :param file: the compressed archive.
    :param limit: their maximum number.
    """

    def __init__(self, file: ArchiveFile, limit: int) -> None:
        self._file = file
        file.file.seek(0)
        self._source = gzip.GzipFile(fileobj=file.file)
        self._limit = limit
        self._header = 0

    def begin_header(self) -> None:
        """Start to count the bytes of a member's headers."""
        self._header = _MAX_HEADER

    def content(self, start: int, size: int) -> bytes:
        """Return the bytes of a member that was just found.

        :raises EOFError: if the archive ends before.
        """
        self.seek(start)
        content = self._take(size)
        if len(content) < size:
            raise EOFError("a member is cut off")
        return content

    def check_rest(self) -> None:
        """Read the end, which shows whether the file is complete and has nothing behind it.

        :raises ValueError: if there are other bytes than zeros.
        """
        while piece := self._take(PIECE):
            if piece.strip(b"\0"):
                raise ValueError("it has data behind its end, or a damaged header")

    def tell(self) -> int:
        """Return the position in the unpacked bytes."""
        return self._source.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go forward; bytes are unpacked, but not kept."""
        if whence != 0 or offset < self.tell():
            raise ValueError("a member lies before its header")
        while (left := offset - self.tell()) > 0:
            if not self._take(min(left, PIECE)):
                break
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        """Read bytes of a header."""
        if not 0 <= size <= self._header:
            raise UnreadableArchive(f"a header is larger than {_MAX_HEADER >> 20} MiB")
        self._header -= size
        content = self._take(size)
        if size > tarfile.BLOCKSIZE and _DIGITS.search(content):
            raise UnreadableArchive("a header is malformed")
        return content

    def _take(self, size: int) -> bytes:
        if size >= PIECE:
            self._file.check_stop()
        if self.tell() + size > self._limit + PIECE:
            raise _TooLarge
        return self._source.read(size)
