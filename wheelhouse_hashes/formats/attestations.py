"""Read documents with attestations, and the statements in them.  Nothing is verified here.

Formats: attestation and provenance objects (:pep:`740`), Sigstore bundles
(https://docs.sigstore.dev/about/bundle/), one bundle per line as ``gh attestation download``
writes them, and in-toto statements (https://github.com/in-toto/attestation).
"""

from __future__ import annotations

import base64
import binascii
import enum
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wheelhouse_hashes.artifacts import Digest

#: Maximum size of a document, in bytes.  A provenance object with several attestations has
#: about 10 kB for each.
MAX_BYTES = 1024 * 1024

#: Maximum number of attestations in a document.
MAX_ATTESTATIONS = 256

#: The statements that say that a run made an artifact.  Others, such as an SBOM or the result
#: of a scan, say something else about it.
PREDICATES = frozenset(
    {
        "https://docs.pypi.org/attestations/publish/v1",
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/provenance/v0.2",
    }
)

#: The media type of statements in envelopes.
PAYLOAD_TYPE = "application/vnd.in-toto+json"

_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_BUNDLE = "application/vnd.dev.sigstore.bundle"


class UnreadableAttestation(ValueError):
    """A document or statement is in another form."""


class Kind(enum.Enum):
    """The forms of an attestation."""

    PEP740 = "attestation object"  #: :pep:`740`
    BUNDLE = "bundle"  #: Sigstore


@dataclass(frozen=True)
class Attestation:
    """One attestation of a document."""

    #: Its form.
    kind: Kind
    #: The JSON object.
    content: Mapping[str, Any] = field(repr=False)

    @functools.cached_property
    def text(self) -> str:
        """The JSON object as text, the same for equal attestations."""
        return json.dumps(self.content, sort_keys=True, separators=(",", ":"))

    @property
    def is_private(self) -> bool:
        """Whether a private Sigstore instance signed it, which has no transparency log.

        GitHub has one for private repositories.
        """
        material = self.content.get("verificationMaterial")
        if self.kind is not Kind.BUNDLE or not isinstance(material, dict):
            return False
        return not material.get("tlogEntries") and bool(material.get("timestampVerificationData"))

    @property
    def is_unnamed(self) -> bool:
        """Whether it signs bytes instead of a statement, so it has no name."""
        return self.kind is Kind.BUNDLE and "messageSignature" in self.content

    @property
    def message_digest(self) -> str | None:
        """The SHA-256 of a bundle that signs bytes instead of a statement; None otherwise."""
        signature = self.content.get("messageSignature")
        digest = signature.get("messageDigest") if isinstance(signature, dict) else None
        if self.kind is not Kind.BUNDLE or not isinstance(digest, dict):
            return None
        if digest.get("algorithm") not in ("SHA2_256", 1):
            return None
        return _decoded(digest.get("digest")).hex() or None

    def unverified_subjects(self) -> Mapping[str, str]:
        """Return the subjects of its statement without any check of the signature.

        :returns: SHA-256 by name; empty if it has no readable statement.
        """
        key = "envelope" if self.kind is Kind.PEP740 else "dsseEnvelope"
        envelope = self.content.get(key)
        if not isinstance(envelope, dict):
            return {}
        payload = envelope.get("statement" if self.kind is Kind.PEP740 else "payload")
        try:
            return read_statement(PAYLOAD_TYPE, _decoded(payload)).subjects
        except UnreadableAttestation:
            return {}


@dataclass(frozen=True)
class Statement:
    """A statement about some artifacts."""

    #: What kind of statement it is: a URL.
    predicate: str
    #: The SHA-256 of each artifact, by name.
    subjects: Mapping[str, str]


def read_attestations(content: bytes) -> list[Attestation]:
    """Read a document with attestations.

    :param content: the document.
    :raises UnreadableAttestation: if it is none, or has too many.
    """
    found: list[Attestation] = []
    for document in _documents(content):
        found += _of_document(document)
        if len(found) > MAX_ATTESTATIONS:
            raise UnreadableAttestation(f"it has more than {MAX_ATTESTATIONS} attestations")
    try:
        for each in found:
            each.text  # noqa: B018 (kept by the attestation)
    except RecursionError:
        raise UnreadableAttestation("it is not JSON") from None
    return found


def _documents(content: bytes) -> Iterator[object]:
    """Yield the JSON document, or that of each line.

    :raises UnreadableAttestation: if it is not JSON.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableAttestation(f"it is larger than {MAX_BYTES} bytes")
    if not content.strip():
        raise UnreadableAttestation("it is empty")
    try:
        text = content.decode("utf-8-sig")
        try:
            yield json.loads(text)
        except ValueError:
            # Strings in JSON may have the other characters that splitlines() splits at.
            lines = [line for line in text.split("\n") if line.strip()]
            if len(lines) == 1:
                raise
            yield from map(json.loads, lines)
    except (ValueError, RecursionError):
        seen = "an HTML page" if content.lstrip()[:1] == b"<" else "not JSON"
        raise UnreadableAttestation(f"it is {seen}") from None


def _of_document(document: object) -> list[Attestation]:
    if not isinstance(document, dict):
        raise UnreadableAttestation("it is not a JSON object")
    if str(document.get("mediaType")).startswith(_BUNDLE):
        return [Attestation(Kind.BUNDLE, document)]
    if "payloadType" in document:
        raise UnreadableAttestation("it is an envelope without a certificate and a log entry")
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        raise UnreadableAttestation(
            "it is neither an attestation or provenance object of version 1 (PEP 740) nor a "
            "Sigstore bundle"
        )
    bundles = document.get("attestation_bundles")
    if bundles is None:
        return [Attestation(Kind.PEP740, document)]
    try:
        objects = [each for bundle in bundles for each in bundle["attestations"]]
    except (TypeError, LookupError):
        objects = [None]
    if not all(isinstance(each, dict) for each in objects):
        raise UnreadableAttestation("it is not a valid provenance object (PEP 740)")
    return [Attestation(Kind.PEP740, each) for each in objects]


def read_statement(payload_type: str, payload: bytes) -> Statement:
    """Read an in-toto statement.

    :param payload_type: the media type of the envelope.
    :param payload: the content of the envelope.
    :raises UnreadableAttestation: if it is none, or has two digests for one name.
    """
    if payload_type != PAYLOAD_TYPE:
        raise UnreadableAttestation(f"it signs {payload_type[:80]!r}, not an in-toto statement")
    try:
        document = json.loads(payload)
        if document["_type"] not in _STATEMENTS:
            raise UnreadableAttestation("it is another type of in-toto statement")
        predicate, subjects = document["predicateType"], _subjects(document["subject"])
    except UnreadableAttestation:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UnreadableAttestation("its statement is not a valid in-toto statement") from None
    return Statement(str(predicate), subjects)


def _subjects(rows: object) -> dict[str, str]:
    """Return the SHA-256 of each subject by name.

    :raises UnreadableAttestation: if a name has two digests.
    """
    found: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else []:
        name, value = row.get("name"), row["digest"].get("sha256")
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        digest = Digest("sha256", value).hex
        if found.setdefault(name, digest) != digest:
            raise UnreadableAttestation("its statement has two digests for one name")
    return found


def _decoded(value: object) -> bytes:
    """Decode base64; return nothing if it is not valid."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
