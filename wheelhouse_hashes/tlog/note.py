"""Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, version 1.

Signatures of unknown keys are ignored, as the format requires; so are those of kinds other
than Ed25519, because no key of another kind can be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from wheelhouse_hashes.tlog.keys import (
    ED25519,
    ID_SIZE,
    SigningKey,
    VerifierKey,
    check_key_name,
    decode_base64,
    encode_base64,
)
from wheelhouse_hashes.tlog.merkle import HASH_SIZE, LogError

#: Maximum size of a note, in bytes.
MAX_NOTE = 1_000_000

#: Maximum number of signatures of a note, as in Go's package.
MAX_SIGNATURES = 100

_MAX_SIZE = 2**63

_SIGNATURE = re.compile("\u2014 (?P<name>[^ ]+) (?P<value>[^ ]+)")
_SIZE = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class Signature:
    """A signature of a note."""

    #: The name of the key.
    name: str
    #: The id of the key.
    id: bytes
    #: The signature itself.
    value: bytes


@dataclass(frozen=True)
class Note:
    """A text with signatures, which need not be valid."""

    #: The text, with its final line feed.
    text: str
    #: The signatures, at least one.
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, content: bytes) -> Note:
        """Read a note.

        :raises LogError: if it is malformed.
        """
        if len(content) > MAX_NOTE:
            raise LogError(f"the note has more than {MAX_NOTE} bytes")
        try:
            whole = content.decode()
        except UnicodeDecodeError:
            raise LogError("the note is not in UTF-8") from None
        if any(each < " " and each != "\n" for each in whole):
            raise LogError("the note has control characters")
        text, empty, rest = whole.rpartition("\n\n")
        lines = rest.split("\n")
        if not empty or lines.pop() or not lines or len(lines) > MAX_SIGNATURES:
            raise LogError("this is not a signed note: it has no signatures after an empty line")
        note = cls(text + "\n", tuple(map(_parse_signature, lines)))
        if note.encode() != content:
            raise LogError("the note is not in its canonical form")
        return note

    def encode(self) -> bytes:
        """Return the bytes of the note."""
        lines = [
            f"\u2014 {each.name} {encode_base64(each.id + each.value)}\n"
            for each in self.signatures
        ]
        return (self.text + "\n" + "".join(lines)).encode()

    def check(self, keys: Iterable[VerifierKey]) -> None:
        """Check the signatures of known keys.

        :param keys: the known keys.
        :raises LogError: if there are none, or one is not valid.
        :raises UsageError: if ``cryptography`` is not installed.
        """
        known = {(key.name, key.id): key for key in keys}
        found = False
        for signature in self.signatures:
            key = known.get((signature.name, signature.id))
            if key is None:
                continue
            if not key.verifies(self.text.encode(), signature.value):
                raise LogError(f"the signature of {signature.name} is not valid")
            found = True
        if not found:
            names = ", ".join(f"{s.name}+{s.id.hex()}" for s in self.signatures)
            wanted = ", ".join(f"{name}+{number.hex()}" for name, number in known)
            raise LogError(f"it is not signed by {wanted}, but by {names}")


def sign(text: str, key: SigningKey) -> bytes:
    """Return a note with one signature; the same bytes every time.

    :param text: the text, with a final line feed.
    :param key: the key.
    :raises UsageError: if ``cryptography`` is not installed.
    """
    signature = Signature(key.name, key.verifier.id, key.signature(text.encode()))
    return Note(text, (signature,)).encode()


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise LogError("a signature line of the note is malformed")
    check_key_name(match["name"])
    value = decode_base64(match["value"])
    if len(value) <= ID_SIZE:
        raise LogError("a signature of the note is too short")
    return Signature(match["name"], value[:ID_SIZE], value[ID_SIZE:])


@dataclass(frozen=True)
class Checkpoint:
    """The size and the root of a log."""

    #: The name of the log.
    origin: str
    #: The number of its entries.
    size: int
    #: The root of its tree.
    root: bytes
    #: Further lines, which have no meaning here.
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint's note.

        :raises LogError: if it is malformed.
        """
        origin, *lines = text.split("\n")
        if len(lines) < 3 or lines.pop() or not origin or not all(lines):  # noqa: PLR2004
            raise LogError("this is not a checkpoint: it needs an origin, a size and a root")
        size, root, *extensions = lines
        if not _SIZE.fullmatch(size) or int(size) >= _MAX_SIZE:
            raise LogError(f"{size[:40]!r} is not the size of a log")
        digest = decode_base64(root)
        if len(digest) != HASH_SIZE:
            raise LogError(f"the root of the checkpoint does not have {HASH_SIZE} bytes")
        return cls(origin, int(size), digest, tuple(extensions))

    def encode(self) -> str:
        """Return the text."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def open_checkpoint(content: bytes, key: VerifierKey) -> Checkpoint:
    """Read a signed checkpoint, and check the signature and the origin.

    :param content: the signed note.
    :param key: the key of the log.
    :raises LogError: if it is malformed, or not signed with the key.
    :raises UsageError: if ``cryptography`` is not installed.
    """
    note = Note.parse(content)
    note.check([key])
    checkpoint = Checkpoint.parse(note.text)
    if key.kind == ED25519 and checkpoint.origin != key.name:
        raise LogError(f"it is the checkpoint of {checkpoint.origin!r}, not of {key.name!r}")
    return checkpoint
