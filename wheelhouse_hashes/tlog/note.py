"""Signed notes, their keys, and checkpoints: C2SP signed-note and tlog-checkpoint, version 1.

Ed25519 is the only algorithm that is checked.  Signatures of other kinds, and those of
unknown keys, are ignored, as the format requires.  ``cryptography`` is imported only where
a signature is checked or made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.tlog.merkle import HASH_SIZE, LogError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The command that installs what signatures need.
INSTALL = "python -m pip install 'wheelhouse-hashes[log]'"

#: The type of an Ed25519 signature of a note.
ED25519 = 1
#: The type of an Ed25519 cosignature with a time (C2SP tlog-cosignature, version 1).
COSIGNATURE = 4

#: Maximum size of a note, in bytes.
MAX_NOTE = 1_000_000

#: Maximum number of signatures of a note, as in Go's package.
MAX_SIGNATURES = 100

_KEY_SIZE = 32
_ID_SIZE = 4
_ED25519_SIZE = 64
_MAX_SIZE = 2**63

_PRIVATE = "PRIVATE+KEY+"
_SIGNATURE = re.compile("\u2014 (?P<name>[^ ]+) (?P<value>[^ ]+)")
_ID = re.compile("[0-9a-f]{8}", re.ASCII)
_SIZE = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


def decode_base64(text: str) -> bytes:
    """Decode standard base64 with padding; nothing else is accepted.

    :raises LogError: if it is anything else.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if encode_base64(value) != text:
        raise LogError("a value is not in base64")
    return value


def encode_base64(value: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(value).decode("ascii")


def check_key_name(name: str) -> None:
    """Check the name of a key or log.

    :raises LogError: if it is empty, or has white space, control characters or a plus sign.
    """
    if not name or "+" in name or not name.isprintable() or any(map(str.isspace, name)):
        raise LogError(
            f"{name[:80]!r} is not the name of a log: use a URL without https://, such as "
            "example.org/log, without spaces and plus signs"
        )


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the id of a key: four bytes that select it among keys of one name."""
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:_ID_SIZE]


def _crypto() -> Any:  # noqa: ANN401 (a module)
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UsageError(
            f"signatures of a log need {error.name or 'cryptography'}; install it: {INSTALL}"
        ) from None
    return ed25519


@dataclass(frozen=True)
class VerifierKey:
    """A public key, written as ``NAME+ID+KEY``."""

    #: Its name, the origin of the log.
    name: str
    #: The key's type, :data:`ED25519` or :data:`COSIGNATURE`.
    kind: int
    #: The Ed25519 public key.
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a key.

        :raises LogError: if it is malformed, or of another type.
        """
        name, _, rest = text.partition("+")
        written, _, value = rest.partition("+")
        check_key_name(name)
        content = decode_base64(value)
        if len(content) != 1 + _KEY_SIZE or content[0] not in (ED25519, COSIGNATURE):
            raise LogError("it is not an Ed25519 key")
        key = cls(name, content[0], content[1:])
        if not _ID.fullmatch(written) or bytes.fromhex(written) != key.id:
            raise LogError("its name, id and value do not belong together: it was cut or edited")
        return key

    @property
    def id(self) -> bytes:
        """The id."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Return whether a signature of a note is valid.

        :param text: the text of the note.
        :param signature: the signature without the id.
        :raises UsageError: if ``cryptography`` is not installed.
        """
        ed25519 = _crypto()
        from cryptography.exceptions import InvalidSignature

        if self.kind == COSIGNATURE:
            time, signature = signature[:8], signature[8:]
            text = f"cosignature/v1\ntime {int.from_bytes(time, 'big')}\n".encode() + text
        if len(signature) != _ED25519_SIZE:
            return False
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A private key, written as ``PRIVATE+KEY+NAME+ID+KEY`` as Go's tools do."""

    #: Its name, the origin of the log.
    name: str
    #: The seed of the Ed25519 key.
    seed: bytes

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read a key.  Messages do not show its value.

        :raises LogError: if it is malformed, or of another type.
        :raises UsageError: if ``cryptography`` is not installed.
        """
        if not text.startswith(_PRIVATE):
            raise LogError("it is not a private key of a log")
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        written, _, value = rest.partition("+")
        check_key_name(name)
        content = decode_base64(value)
        if len(content) != 1 + _KEY_SIZE or content[0] != ED25519:
            raise LogError("it is not an Ed25519 key")
        key = cls(name, content[1:])
        if not _ID.fullmatch(written) or bytes.fromhex(written) != key.verifier.id:
            raise LogError("its name, id and value do not belong together: it was cut or edited")
        return key

    def _key(self) -> Ed25519PrivateKey:
        key: Ed25519PrivateKey = _crypto().Ed25519PrivateKey.from_private_bytes(self.seed)
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public key."""
        return VerifierKey(self.name, ED25519, self._key().public_key().public_bytes_raw())

    def encode(self) -> str:
        """Return the text of the key, which is secret."""
        value = encode_base64(bytes([ED25519]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{value}"

    def sign(self, text: str) -> bytes:
        """Return a note with this text, signed; the same bytes every time.

        :param text: the text, with a final line feed.
        """
        signature = Signature(self.name, self.verifier.id, self._key().sign(text.encode()))
        return Note(text, (signature,)).encode()


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


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise LogError("a signature line of the note is malformed")
    check_key_name(match["name"])
    value = decode_base64(match["value"])
    if len(value) <= _ID_SIZE:
        raise LogError("a signature of the note is too short")
    return Signature(match["name"], value[:_ID_SIZE], value[_ID_SIZE:])


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
