"""Proofs that a log has an entry: C2SP tlog-proof, version 1.

The ``extra`` line of a proof has the entry itself: size and kind are not known from the
file alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import VerifierKey, decode_base64, encode_base64
from wheelhouse_hashes.tlog.merkle import HASH_SIZE, LogError, check_inclusion, leaf_hash
from wheelhouse_hashes.tlog.note import Checkpoint, Note, open_checkpoint

HEADER = "c2sp.org/tlog-proof@v1"

#: The suffix of the files with proofs.
SUFFIX = ".tlog-proof"

#: Maximum size of a proof, in bytes.
MAX_PROOF = 64 * 1024

#: A tree has fewer than 2**63 leaves.
_MAX_HASHES = 63

_INDEX = re.compile("index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Proof:
    """A proof, which need not be valid."""

    #: The index of the entry.
    index: int
    #: The hashes, that of the leaf's sibling first.
    hashes: tuple[bytes, ...]
    #: The signed checkpoint.
    note: Note
    #: The entry, None if the proof has none.
    extra: bytes | None = None

    @classmethod
    def parse(cls, content: bytes) -> Proof:
        """Read a proof.

        :raises LogError: if it is malformed.
        """
        head, empty, note = content.partition(b"\n\n")
        if len(content) > MAX_PROOF or not empty or not head.isascii():
            raise LogError("this is not a proof of a log")
        header, *lines = head.decode("ascii").split("\n")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if header != HEADER or index is None or len(lines) > _MAX_HASHES:
            raise LogError("this is not a proof of a log")
        hashes = tuple(map(decode_base64, lines))
        if any(len(each) != HASH_SIZE for each in hashes):
            raise LogError(f"a hash of the proof does not have {HASH_SIZE} bytes")
        return cls(int(index[1]), hashes, Note.parse(note), extra)

    def encode(self) -> bytes:
        """Return the bytes of the proof."""
        lines = [HEADER]
        lines += [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        lines += [f"index {self.index}", *map(encode_base64, self.hashes)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note.encode()

    def check(self, key: VerifierKey) -> tuple[Entry, Checkpoint]:
        """Check that the log has the entry.

        :param key: the key of the log.
        :returns: the entry, and the checkpoint that the proof leads to.
        :raises LogError: if the proof is not valid.
        :raises UsageError: if ``cryptography`` is not installed.
        """
        checkpoint = open_checkpoint(self.note.encode(), key)
        if self.extra is None:
            raise LogError("the proof does not contain the entry")
        leaf = leaf_hash(self.extra)
        check_inclusion(checkpoint.root, checkpoint.size, self.index, leaf, self.hashes)
        return Entry.parse(self.extra), checkpoint
