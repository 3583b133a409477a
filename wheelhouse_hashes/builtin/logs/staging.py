"""The batch of an append, written to the log before anything else.

The object ``append/SIZE`` has the entries that are appended to the tree of that size.  It is
created only once, so of two appends with different entries one stops before it has written a
tile, and an append that was interrupted is repeated with the same entries.  It is signed:
otherwise, anyone who can write to the log could add entries of their own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.tlog.merkle import LogError
from wheelhouse_hashes.tlog.note import Note, sign
from wheelhouse_hashes.tlog.tiles import decode_bundle, encode_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelhouse_hashes.tlog.keys import SigningKey, VerifierKey

#: The first line of the signed text.  No checkpoint starts with it: it is no origin.
_HEADER = "wheelhouse-hashes append v1"

#: Number of lines of the signed note: four of text, an empty one, and the signature.
_LINES = 6

_COUNT = re.compile("0|[1-9][0-9]{0,5}", re.ASCII)

#: Maximum number of entries of one append; more are appended one batch after the other.
MAX_ENTRIES = 65_536

#: Maximum size of the object, in bytes.
MAX_BYTES = 64 * 1024 * 1024


def path_of(size: int) -> str:
    """Return the path of the batch that is appended to a tree.

    :param size: the size of the tree.
    """
    return f"append/{size}"


@dataclass(frozen=True)
class Batch:
    """Entries to append."""

    #: The size of the tree that they are appended to.
    size: int
    #: The entries.
    entries: Sequence[bytes]

    def encode(self, key: SigningKey) -> bytes:
        """Return the content of the object, signed."""
        content = encode_entries(self.entries)
        digest = hashlib.sha256(content).hexdigest()
        text = f"{_HEADER}\n{key.name}\n{self.size} {len(self.entries)}\n{digest}\n"
        return sign(text, key) + content

    @classmethod
    def parse(cls, content: bytes, size: int, key: VerifierKey) -> Batch:
        """Read an object, and check its signature.

        :param content: the object.
        :param size: the size of the tree.
        :param key: the key of the log.
        :raises LogError: if it is malformed or not signed with the key.
        """
        lines = content.split(b"\n", _LINES)
        note = Note.parse(b"\n".join([*lines[:_LINES], b""]))
        note.check([key])
        entries = lines[-1]
        header, name, counts, digest, *rest = note.text.split("\n")
        before, _, count = counts.partition(" ")
        if (
            (header, name, before, rest) != (_HEADER, key.name, str(size), [""])
            or hashlib.sha256(entries).hexdigest() != digest
            or not _COUNT.fullmatch(count)
        ):
            raise LogError(f"{path_of(size)} is not the batch of an append to this log")
        return cls(size, decode_bundle(entries, int(count)))
