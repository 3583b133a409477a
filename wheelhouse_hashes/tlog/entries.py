"""The entries of a log: which file was seen with which digest.

An entry has these lines, in this order, each with a final line feed::

    wheelhouse-hashes/v1
    file NAME
    size N
    sha256 HEX
    blake2b-256 HEX

The second line says ``observed`` instead of ``file`` if the digest was taken from a file
that somebody else published.  The lines ``size`` and ``blake2b-256`` are optional.  One
name has one digest, whatever the kind.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from wheelhouse_hashes.tlog.merkle import LogError

VERSION = "wheelhouse-hashes/v1"

#: Maximum length of a name, in bytes: that of file names on most systems.
_MAX_NAME = 255

_MAX_SIZE = 2**63

_LINES = re.compile(
    VERSION + r"\n(?P<kind>file|observed) (?P<name>[^\n]+)\n"
    r"(?:size (?P<size>0|[1-9][0-9]{0,18})\n)?"
    r"sha256 (?P<sha256>[0-9a-f]{64})\n"
    r"(?:blake2b-256 (?P<blake2b>[0-9a-f]{64})\n)?",
    re.ASCII,
)

#: The same for names of packages, which nearly all entries have.
_USUAL = re.compile(
    VERSION.encode() + rb"\n(?:file|observed) ([A-Za-z0-9][A-Za-z0-9._+!-]{0,254})\n"
    rb"(?:size (?:0|[1-9][0-9]{0,17})\n)?sha256 ([0-9a-f]{64})\n(?:blake2b-256 [0-9a-f]{64}\n)?"
)

#: The same without the digest, to be faster.
_USUAL_NAME = re.compile(_USUAL.pattern.replace(b"([0-9a-f]{64})", b"[0-9a-f]{64}"))


class Kind(enum.Enum):
    """How the digest of an entry became known."""

    FILE = "file"  #: recorded by whoever built the file
    OBSERVED = "observed"  #: taken from a file that somebody else published


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry.

    :raises LogError: if a value is not valid.
    """

    #: The name of the file.
    name: str
    #: Its SHA-256 digest, 64 lower-case hex digits.
    sha256: str
    #: Its size in bytes, None if unknown.
    size: int | None = None
    #: Its BLAKE2b digest of 32 bytes, 64 lower-case hex digits; None if unknown.
    blake2b: str | None = None
    #: How the digest became known.
    kind: Kind = Kind.FILE

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise LogError(f"{self.name[:80]!r} is not the name of a file")
        if not _LINES.fullmatch(self._text()):
            raise LogError(f"an entry for {self.name!r} cannot be written: a value is not valid")
        if self.size is not None and self.size >= _MAX_SIZE:
            raise LogError(f"{self.size} is not the size of a file")

    def _text(self) -> str:
        size = "" if self.size is None else f"size {self.size}\n"
        blake2b = "" if self.blake2b is None else f"blake2b-256 {self.blake2b}\n"
        second = f"{self.kind.value} {self.name}"
        return f"{VERSION}\n{second}\n{size}sha256 {self.sha256}\n{blake2b}"

    def encode(self) -> bytes:
        """Return the bytes of the entry."""
        return self._text().encode()

    @classmethod
    def parse(cls, content: bytes) -> Entry:
        """Read an entry.

        :raises LogError: if it is anything but what :meth:`encode` returns.
        """
        try:
            match = _LINES.fullmatch(content.decode())
        except UnicodeDecodeError:
            match = None
        if match is None:
            raise LogError("it is not an entry of this version")
        size = match["size"]
        return cls(
            match["name"],
            match["sha256"],
            None if size is None else int(size),
            match["blake2b"],
            Kind(match["kind"]),
        )


def name_and_digest(content: bytes) -> tuple[str, str] | None:
    """Return the name and the SHA-256 digest of an entry, None if it is not one.

    Faster than :meth:`Entry.parse`, for logs with many entries.
    """
    if usual := _USUAL.fullmatch(content):
        return usual[1].decode(), usual[2].decode()
    try:
        match = _LINES.fullmatch(content.decode())
    except UnicodeDecodeError:
        return None
    if match is None:
        return None
    name, size, digest = match.group("name", "size", "sha256")
    if not is_name(name) or (size is not None and int(size) >= _MAX_SIZE):
        return None
    return name, digest


def names_in(contents: Iterable[bytes]) -> list[bytes | None]:
    """Return the names of entries in UTF-8, None for what is not an entry.

    Faster than :func:`name_and_digest`, for all entries of a log.
    """
    usual, other = _USUAL_NAME.fullmatch, name_and_digest
    return [
        match[1]
        if (match := usual(each))
        else (None if (read := other(each)) is None else read[0].encode())
        for each in contents
    ]


def is_name(name: str) -> bool:
    """Return whether a text is the name of a file.

    It is not if it is empty or too long, or has a slash, a backslash, a character that is not
    printable, or a space at one end.
    """
    return (
        name.isprintable()
        and name == name.strip()
        and name not in ("", ".", "..")
        and "/" not in name
        and "\\" not in name
        and (len(name) <= _MAX_NAME if name.isascii() else len(name.encode()) <= _MAX_NAME)
    )
