"""The end of a zip archive, which says where its central directory is (APPNOTE.TXT 4.3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_hashes.formats.archives import UnreadableArchive

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.archives import ArchiveFile

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_WIDE_END = struct.Struct("<4sQ2H2L4Q")
_END_SIGNATURE, _LOCATOR_SIGNATURE, _WIDE_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"

#: Size of the end record with its longest comment, in bytes.
_LONGEST_END = _END.size + 0xFFFF


class Directory(NamedTuple):
    """The central directory of a zip archive: its place, and the number of its members."""

    start: int
    size: int
    members: int
    #: Reasons to refuse the archive.
    faults: tuple[str, ...]


def find_directory(file: ArchiveFile) -> Directory:
    """Read the end of a zip archive.

    :param file: the archive.
    :raises UnreadableArchive: if it has no valid end.
    """
    faults: tuple[str, ...] = ()
    end = file.size - _END.size
    record = file.at(end, _END.size) if end >= 0 else b""
    if not record.startswith(_END_SIGNATURE):
        end, record = _find_end(file)
        surplus = file.size - end - _END.size
        faults = (f"it has {surplus} bytes behind its end, or a comment",)
    _, disk, first_disk, here, count, size, start, comment = _END.unpack(record)
    if comment and not faults:
        faults = ("it has a comment",)
    wide = file.at(end - _LOCATOR.size, _LOCATOR.size) if end >= _LOCATOR.size else b""
    if wide.startswith(_LOCATOR_SIGNATURE):
        narrow = (disk, first_disk, here, count, size, start)
        end, (disk, first_disk, here, count, size, start) = _read_wide(file, end, wide, narrow)
    if disk or first_disk or here != count:
        raise UnreadableArchive("it is one part of several")
    if start + size != end:
        if start + size > end:
            raise UnreadableArchive("its central directory is cut off")
        faults += (f"it has {end - start - size} bytes that belong to no member",)
    return Directory(start, size, count, faults)


def _find_end(file: ArchiveFile) -> tuple[int, bytes]:
    """Find the end record of an archive that has other bytes behind it."""
    first = max(0, file.size - _LONGEST_END)
    tail = file.at(first, file.size - first)
    found = tail.rfind(_END_SIGNATURE)
    record = tail[found : found + _END.size]
    if found < 0 or len(record) < _END.size:
        raise UnreadableArchive("it has no end: truncated, or not a zip archive")
    return first + found, record


def _read_wide(
    file: ArchiveFile, end: int, locator: bytes, narrow: tuple[int, ...]
) -> tuple[int, tuple[int, ...]]:
    """Read the ZIP64 end record, which must agree with the other one.

    :returns: the position of the record, and its values.
    """
    _, disk, position, disks = _LOCATOR.unpack(locator)
    record = file.at(position, _WIDE_END.size)
    if len(record) < _WIDE_END.size or not record.startswith(_WIDE_SIGNATURE):
        raise UnreadableArchive("its ZIP64 end is damaged")
    _, length, _, _, *values = _WIDE_END.unpack(record)
    if disk or disks > 1 or position + length + 12 != end - _LOCATOR.size:
        raise UnreadableArchive("its ZIP64 end is damaged")
    limits = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    for one, other, limit in zip(narrow, values, limits, strict=True):
        if one not in (other, limit):
            raise UnreadableArchive("its two ends contradict each other")
    return position, tuple(values)
