"""Ed25519 keys of logs: their texts, ids and signatures, as in C2SP signed-note.

``cryptography`` is imported only where a signature is checked or made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.tlog.merkle import LogError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The command that installs what signatures need.
INSTALL = "python -m pip install 'wheelhouse-hashes[log]'"

#: The type of an Ed25519 signature of a note.
ED25519 = 1
#: The type of an Ed25519 cosignature with a time (C2SP tlog-cosignature, version 1).
COSIGNATURE = 4

#: The number of bytes of a key's id.
ID_SIZE = 4

_KEY_SIZE = 32
_ED25519_SIZE = 64

#: The beginning of a private key.
PRIVATE = "PRIVATE+KEY+"
_ID = re.compile("[0-9a-f]{8}", re.ASCII)


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
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:ID_SIZE]


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
        if text.startswith(PRIVATE):
            raise LogError("it is a private key: give the public one, and keep this one secret")
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
        if not text.startswith(PRIVATE):
            raise LogError("it is not a private key of a log")
        name, _, rest = text.removeprefix(PRIVATE).partition("+")
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
        return f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{value}"

    def signature(self, text: bytes) -> bytes:
        """Return the signature of a text; the same bytes every time."""
        return self._key().sign(text)
