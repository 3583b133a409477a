"""The RECORD of a wheel: the files in it, their digests and sizes.

Source: recording installed projects, and the binary distribution format
(https://packaging.python.org/specifications/).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zlib
from typing import TYPE_CHECKING

from wheelhouse_hashes.formats.archives import (
    MAX_MEMBERS,
    PIECE,
    ArchiveFile,
    UnreadableArchive,
    max_unpacked,
)
from wheelhouse_hashes.formats.zip_directory import DEFLATED, Member, check_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: The length of a digest in RECORD (URL-safe base64 without padding), by algorithm.  MD5 and SHA-1
#: are not allowed.
_LENGTHS = {
    "sha256": 43,
    "sha384": 64,
    "sha512": 86,
    "sha3_256": 43,
    "sha3_384": 64,
    "sha3_512": 86,
    "blake2b": 86,
    "blake2s": 43,
}

#: Maximum length of a line, in characters: that of the longest path in a zip archive, with a digest
#: and a size.
_MAX_LINE = 0xFFFF + 256

#: Maximum number of rows: one for each member, and the signatures.
_MAX_ROWS = MAX_MEMBERS + 2

#: The columns of a row: path, digest, size in bytes.
_COLUMNS = 3

Rows = dict[str, list[str]]


def read_record(content: bytes, faults: list[str]) -> Rows:
    """Parse a RECORD.

    :param content: its content.
    :param faults: receives what is wrong with single rows.
    :returns: the rows, by path.
    :raises UnreadableArchive: if it is not UTF-8, or too large.
    """
    try:
        lines = io.StringIO(content.decode())
    except UnicodeDecodeError as error:
        raise UnreadableArchive(f"its RECORD cannot be read: {error}") from None
    found: Rows = {}
    for line in lines:
        if len(line) > _MAX_LINE or len(found) > _MAX_ROWS:
            raise UnreadableArchive("its RECORD has too many or too long lines")
        # A path has no newline, so each line is a row.
        row = line.rstrip("\r\n").split(",", 3) if '"' not in line else next(csv.reader([line]))
        if len(row) != _COLUMNS:
            if row != [""]:
                faults.append(f"a row of its RECORD does not have 3 columns: {row[0]}")
        elif row[0] in found:
            faults.append(f"its RECORD has {row[0]} twice")
        else:
            found[row[0]] = row
    return found


def compare(rows: Rows, members: Iterable[Member], record: str, faults: list[str]) -> list[str]:
    """Compare a RECORD with the files of the wheel; do not read them.

    :param rows: the RECORD.
    :param members: the members of the wheel.
    :param record: the path of the RECORD.
    :param faults: receives the differences.
    :returns: the folders that the RECORD names; they should not be there.
    """
    exempt = {record, f"{record}.jws", f"{record}.p7s"}
    left = set(rows) - exempt
    lengths = _LENGTHS.get
    for name, _, _, _, size, _ in members:
        row = rows.get(name)
        if row is None:
            if name not in exempt and not name.endswith("/"):
                faults.append(f"{name} is not in its RECORD")
            continue
        left.discard(name)
        algorithm, _, digest = row[1].partition("=")
        if row[2] != str(size) or lengths(algorithm) != len(digest):
            faults += _about_row(row, size, exempt)
    folders = []
    if left:
        parents = {f"{name.rpartition('/')[0]}/" for name in rows}
        for name in sorted(left):
            folder = name.rstrip("/") + "/"
            if any(parent.startswith(folder) for parent in parents):
                folders.append(name)
            else:
                faults.append(f"its RECORD has {name}, which is not in the wheel")
    return folders


def _about_row(row: list[str], size: int, exempt: Iterable[str]) -> Iterator[str]:
    """Yield the faults of one row.

    :param row: the row.
    :param size: the size of the file, in bytes.
    :param exempt: the paths that need no digest.
    """
    name, value, length = row
    if length and name not in exempt and length != str(size):
        yield f"{name} has {size} bytes, its RECORD says {length}"
    algorithm, _, digest = value.partition("=")
    if not value:
        if name not in exempt and not name.endswith("/"):
            yield f"its RECORD has no digest of {name}"
    elif algorithm not in _LENGTHS:
        yield f"its RECORD has a digest of {name} by {algorithm}, which is weak or unknown"
    elif len(digest.rstrip("=")) != _LENGTHS[algorithm]:
        yield f"its RECORD has a malformed digest of {name}"


def compare_digests(
    rows: Mapping[str, list[str]], members: Iterable[Member], file: ArchiveFile, faults: list[str]
) -> str | None:
    """Read all files of a zip archive and compare their digests with the RECORD.

    :param rows: the RECORD; files that are not in it are only read.
    :param members: the members of the archive.
    :param file: the archive.
    :param faults: receives the differences.
    :returns: a note on the files that are not read, because they are too large.
    :raises UnreadableArchive: if a member is damaged.
    """
    left = limit = max_unpacked(file.size)
    note = None
    for member in members:
        if member.size > left:
            # The files behind it are read all the same.
            note = note or (
                f"not read to its end: with {member.name}, it unpacks to more than {limit:,} bytes"
            )
            continue
        left -= member.size
        algorithm, _, digest = rows.get(member.name, ["", "", ""])[1].partition("=")
        hasher = hashlib.new(algorithm) if algorithm in _LENGTHS else None
        _read(member, file, hasher.update if hasher else None)
        if hasher:
            found = base64.urlsafe_b64encode(hasher.digest()).decode().rstrip("=")
            if found != digest.rstrip("="):
                faults.append(f"{member.name} does not match its digest in RECORD")
    return note


def _read(member: Member, file: ArchiveFile, update: Callable[[bytes], object] | None) -> None:
    """Read a member to its end, and check its size and CRC-32.

    :param update: receives the content, in pieces.
    :raises UnreadableArchive: if it is damaged.
    """
    size = crc = 0
    for piece in _pieces(member, file):
        size += len(piece)
        if size > member.size:
            break
        crc = zlib.crc32(piece, crc)
        if update:
            update(piece)
    check_content(member, size, crc)


def _pieces(member: Member, file: ArchiveFile) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-15) if member.method == DEFLATED else None
    position, end = member.start, member.start + member.packed
    while position < end:
        file.check_stop()
        packed = file.at(position, min(PIECE, end - position))
        if not packed:
            raise UnreadableArchive(f"{member.name} is cut off")
        position += len(packed)
        if unpacker is None:
            yield packed
            continue
        try:
            while packed and not unpacker.eof:
                yield unpacker.decompress(packed, PIECE)
                packed = unpacker.unconsumed_tail
        except zlib.error as error:
            raise UnreadableArchive(f"{member.name} is damaged: {error}") from None
        if unpacker.unused_data or (unpacker.eof and position < end):
            raise UnreadableArchive(f"{member.name} has bytes behind its end")
    if unpacker and not unpacker.eof:
        raise UnreadableArchive(f"{member.name} is cut off")
