"""What the checks of wheels and sdists have in common: results, limits, reading a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

#: Maximum number of members.  The largest real wheel has 13,554.
MAX_MEMBERS = 100_000

#: Number of bytes to read and unpack at a time.
PIECE = 1024 * 1024

#: Maximum number of unpacked bytes to read: this many for each byte of the file, but no more
#: than 8 GiB.  The largest ratio of real artifacts is 10.
_MAX_RATIO, _MAX_UNPACKED = 200, 8 * 1024**3

#: Maximum size of a file that is read at once, in bytes.
_SMALL = 256 * 1024


class UnreadableArchive(Exception):
    """An archive is damaged, truncated or of another kind.  The text is not escaped."""


@dataclass(slots=True)
class Contents:
    """The result of checking the contents of one artifact.  Its texts are not escaped."""

    #: The reasons to refuse it.
    faults: list[str] = field(default_factory=list)
    #: The differences between a wheel's RECORD and its files.
    record_faults: list[str] = field(default_factory=list)
    #: Differences that are no reason to refuse it.
    notes: list[str] = field(default_factory=list)


def max_unpacked(size: int) -> int:
    """Return the maximum number of unpacked bytes to read from a file of some size in bytes."""
    return min(_MAX_RATIO * size, _MAX_UNPACKED)


class ArchiveFile:
    """An open file that is read at given positions.  Small files are read once.

    :param file: the file.
    :param size: its size in bytes.
    :param check_stop: called before each piece of a long read; it may raise an exception to
        end the check.
    """

    def __init__(self, file: BinaryIO, size: int, check_stop: Callable[[], object]) -> None:
        self.file = file
        self.check_stop = check_stop
        self._content = file.read(size) if size <= _SMALL else None
        #: The number of bytes that can be read.
        self.size = size if self._content is None else len(self._content)

    def at(self, position: int, size: int) -> bytes:
        """Return at most *size* bytes from a position; fewer at the end of the file.

        :raises OSError: if the file cannot be read.
        """
        if self._content is not None:
            return self._content[position : position + size]
        self.file.seek(position)
        return self.file.read(size)
