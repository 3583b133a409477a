"""The members of a zip archive, and whether all readers see the same ones.

An archive is refused if its central directory, its local headers and its bytes leave room for
two readings: installers and other tools could then see different files.

Source: APPNOTE.TXT, the zip file format specification (version 6.3.10).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_hashes.formats.archives import MAX_MEMBERS, UnreadableArchive
from wheelhouse_hashes.formats.zip_end import find_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_hashes.formats.archives import ArchiveFile

# An entry of the central directory: signature, needed version, flags, method, CRC-32, packed size,
# size, lengths of name, extra fields and comment, attributes, position.  A local header has the
# same from the flags up to the length of the extra fields.
_ENTRY = struct.Struct("<4s2x3H4x3L3H4x2L")
_LOCAL = struct.Struct("<4s2x2H4x3L2H")
_ENTRY_SIGNATURE, _LOCAL_SIGNATURE = b"PK\x01\x02", b"PK\x03\x04"
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"

#: The newest version of the format.
_MAX_VERSION = 63

#: Bits of a member's flags: encryption of all kinds, patches, a data descriptor, names in UTF-8.
_ENCRYPTED, _PATCHED, _DESCRIPTOR, _UTF8 = 0x2041, 0x0020, 0x0008, 0x0800

#: The values of a size and an offset that are in a ZIP64 extra field.
_ZIP64 = 0xFFFFFFFF
_ZIP64_EXTRA, _NAME_EXTRA = 0x0001, 0x7075

#: The file type of a symbolic link in the Unix mode of a member.
_LINK = 0xA

#: Maximum size of the central directory, in bytes: more than twice what the largest number of
#: members needs.
MAX_DIRECTORY = 32 * 1024 * 1024

#: The methods of members: stored and deflated.
STORED, DEFLATED = 0, 8

# Names are joined by newlines for this search, which is faster than one search per name.
_BAD_NAME = re.compile(
    r"^[/\\]|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)|\\|[\0-\x09\x0b-\x1f\x7f]|^$", re.MULTILINE
)


class Member(NamedTuple):
    """A member of a zip archive."""

    name: str
    method: int
    crc: int
    #: The size of its data in the archive and of its content, in bytes.
    packed: int
    size: int
    #: The position of its data.
    start: int


class ZipDirectory:
    """The members of a zip archive.

    :param file: the archive.
    :raises UnreadableArchive: if it is damaged or not a zip archive.
    :raises OSError: if the file cannot be read.
    """

    def __init__(self, file: ArchiveFile) -> None:
        self.file = file
        #: The reasons to refuse the archive.
        self.faults: list[str] = []
        #: The members, in the order of the central directory.
        self.members: list[Member] = []
        directory = find_directory(file)
        self.faults += directory.faults
        if directory.members > MAX_MEMBERS:
            self.faults.append(f"it has more than {MAX_MEMBERS:,} members")
        if directory.size > MAX_DIRECTORY:
            self.faults.append(f"its central directory is larger than {MAX_DIRECTORY >> 20} MiB")
        if self.faults:
            return
        content = file.at(directory.start, directory.size)
        entries = list(self._entries(content, directory.members))
        self._check_names()
        self._check_places(entries, directory.start)

    def _entries(self, content: bytes, count: int) -> Iterator[tuple[int, int, bytes]]:
        """Read the central directory; yield each header's position, the flags and the name."""
        position = 0
        unpack = _ENTRY.unpack_from
        members = self.members
        for _ in range(count):
            if len(content) < position + _ENTRY.size:
                raise UnreadableArchive("its central directory is cut off")
            signature, version, flags, method, crc, packed, size, *rest = unpack(content, position)
            name_bytes, extra_bytes, comment_bytes, attributes, offset = rest
            if signature != _ENTRY_SIGNATURE or version > _MAX_VERSION:
                raise UnreadableArchive("its central directory is damaged")
            position += _ENTRY.size
            raw = content[position : position + name_bytes]
            position += name_bytes
            name = _decode(raw, flags)
            if extra_bytes:
                extra = content[position : position + extra_bytes]
                position += extra_bytes
                if _ZIP64 in (packed, size, offset):
                    size, packed, offset = _wide(extra, size, packed, offset)
                self._check_extra(extra, name)
            position += comment_bytes
            member = Member(name, method, crc, packed, size, 0)
            self._check_kind(member, flags, attributes)
            members.append(member)
            yield offset, flags, raw
        if position != len(content):
            raise UnreadableArchive("its central directory has another size than it says")

    def _check_kind(self, member: Member, flags: int, attributes: int) -> None:
        if flags & (_ENCRYPTED | _PATCHED):
            self.faults.append(f"{member.name} is encrypted or a patch")
        if member.method not in (STORED, DEFLATED):
            method = f"method {member.method}, not deflate"
            self.faults.append(f"{member.name} is compressed with {method}")
        if attributes >> 28 == _LINK:
            self.faults.append(f"{member.name} is a symbolic link")
        if member.size and member.name.endswith("/"):
            self.faults.append(f"the folder {member.name} has content")

    def _check_extra(self, extra: bytes, name: str) -> None:
        """Refuse a second name of a member, which only some readers use."""
        for kind, value in _fields(extra):
            if kind == _NAME_EXTRA and value[5:] != name.encode():
                self.faults.append(f"{name} has a second name")

    def _check_names(self) -> None:
        names = [member.name for member in self.members]
        joined = "\n".join(names)
        # A newline in a name would split it.
        if _BAD_NAME.search(joined) or joined.count("\n") >= len(names) > 0:
            for name in names:
                if "\n" in name or _BAD_NAME.search(name):
                    self.faults.append(f"the member name {name!r} is not safe")
        if len(set(names)) != len(names):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            self.faults += [f"{name} is there twice" for name in twice]

    def _check_places(self, entries: list[tuple[int, int, bytes]], end: int) -> None:
        """Check that the members lie one after another, from the start to the directory.

        :param entries: the position, the flags and the name of each member.
        :param end: the position of the central directory.
        """
        order = sorted(range(len(entries)), key=entries.__getitem__)
        expected = 0
        before: Member | None = None
        with_descriptor = False
        for number in order:
            offset, flags, raw = entries[number]
            if offset != expected:
                self._check_gap(before, expected, offset, with_descriptor=with_descriptor)
            member, with_descriptor = self._local(self.members[number], offset, flags, raw)
            self.members[number] = before = member
            expected = member.start + member.packed
        if expected != end:
            self._check_gap(before, expected, end, with_descriptor=with_descriptor)

    def _check_gap(
        self, before: Member | None, start: int, end: int, *, with_descriptor: bool
    ) -> None:
        """Refuse bytes between two members, unless they are the data descriptor of the first."""
        if end < start:
            self.faults.append("its members overlap")
        elif before is None:
            self.faults.append(f"it has {end} bytes before its first member")
        elif not with_descriptor or (
            # One byte more than the longest one.
            self.file.at(start, min(end - start, 25)) not in _descriptors(before)
        ):
            self.faults.append(
                f"it has {end - start} bytes behind {before.name} that no member has"
            )

    def _local(self, member: Member, offset: int, flags: int, raw: bytes) -> tuple[Member, bool]:
        """Compare a member's local header with the central directory.

        :returns: the member with its position, and whether a data descriptor follows it.
        """
        header = self.file.at(offset, _LOCAL.size + len(raw))
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
            self.faults.append(f"{member.name} has no local header")
            return member, False
        _, local_flags, method, crc, packed, size, *lengths = _LOCAL.unpack_from(header)
        name_bytes, extra_bytes = lengths
        start = offset + _LOCAL.size + name_bytes + extra_bytes
        found = member._replace(start=start)
        if header[_LOCAL.size :] != raw or name_bytes != len(raw):
            self.faults.append(f"{member.name} has another name in its local header")
            return found, False
        if _ZIP64 in (packed, size):
            extra = self.file.at(offset + len(header), extra_bytes)
            size, packed, _ = _wide(extra, size, packed, 0)
        with_descriptor = bool(local_flags & _DESCRIPTOR)
        values, wanted = (crc, packed, size), (member.crc, member.packed, member.size)
        if (
            method != member.method
            or (flags ^ local_flags) & (_ENCRYPTED | _PATCHED | (0 if raw.isascii() else _UTF8))
            or (values != wanted and not (with_descriptor and _are_left_out(values, wanted)))
        ):
            self.faults.append(f"{member.name} has other properties in its local header")
        return found, with_descriptor


def _are_left_out(values: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether a local header leaves values to the data descriptor, as zeros or ones."""
    return all(value in (0, _ZIP64, right) for value, right in zip(values, wanted, strict=True))


def _descriptors(member: Member) -> list[bytes]:
    """Return all valid data descriptors of a member: with signature or without, 4 or 8 bytes."""
    values = (member.crc, member.packed, member.size)
    found = [struct.pack("<LQQ", *values)]
    if max(values) <= _ZIP64:
        found.append(struct.pack("<3L", *values))
    return [*found, *(_DESCRIPTOR_SIGNATURE + each for each in found)]


def _decode(raw: bytes, flags: int) -> str:
    if not flags & _UTF8:
        return raw.decode("cp437")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UnreadableArchive("a member's name is not valid UTF-8") from None


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the value of each extra field; malformed ones end them."""
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return the values that are in the ZIP64 extra field, in place of those that say so.

    :raises UnreadableArchive: if a value is missing.
    """
    value = next((value for kind, value in _fields(extra) if kind == _ZIP64_EXTRA), b"")
    given = (size, packed, offset)
    wide = iter(struct.unpack_from(f"<{len(value) // 8}Q", value))
    try:
        size, packed, offset = (next(wide) if v == _ZIP64 else v for v in given)
    except (RuntimeError, StopIteration):
        raise UnreadableArchive("a ZIP64 extra field is cut off") from None
    return size, packed, offset


def read_member(file: ArchiveFile, member: Member, max_bytes: int) -> bytes:
    """Return the content of a small member.

    :param file: the archive.
    :param member: the member.
    :param max_bytes: the maximum size of its data and of its content.
    :raises UnreadableArchive: if it is larger or damaged.
    """
    if max(member.packed, member.size) > max_bytes:
        raise UnreadableArchive(f"{member.name} is larger than {max_bytes >> 20} MiB")
    content = file.at(member.start, member.packed)
    if member.method == DEFLATED:
        unpacker = zlib.decompressobj(-15)
        try:
            content = unpacker.decompress(content, member.size + 1)
        except zlib.error as error:
            raise UnreadableArchive(f"{member.name} is damaged: {error}") from None
        if not unpacker.eof or unpacker.unused_data:
            raise UnreadableArchive(f"{member.name} has another size than the archive says")
    check_content(member, len(content), zlib.crc32(content))
    return content


def check_content(member: Member, size: int, crc: int) -> None:
    """Check the size and the CRC-32 of a member's content.

    :raises UnreadableArchive: if they are not those that the archive says.
    """
    if size != member.size:
        raise UnreadableArchive(f"{member.name} has another size than the archive says")
    if crc != member.crc:
        raise UnreadableArchive(f"{member.name} is damaged: its CRC-32 does not match")
