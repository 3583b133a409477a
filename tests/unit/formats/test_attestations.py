"""Names and contents of attestations, without any check of signatures."""

from __future__ import annotations

import base64
import json

import pytest

from wheelhouse_hashes.formats.attestation_failures import explain_failure
from wheelhouse_hashes.formats.attestation_names import (
    attested_artifact,
    digest_names,
    is_bundle_list,
    is_downloaded,
)
from wheelhouse_hashes.formats.attestations import (
    MAX_ATTESTATIONS,
    MAX_BYTES,
    PAYLOAD_TYPE,
    Attestation,
    Kind,
    UnreadableAttestation,
    read_attestations,
    read_statement,
)

A = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
DIGEST = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"

#: A statement as PyPI's publishing action signs it.
STATEMENT = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"'
    + A.encode()
    + b'","digest":{"sha256":"'
    + DIGEST.encode()
    + b'"}}],"predicateType":"https://docs.pypi.org/attestations/publish/v1","predicate":null}'
)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


PEP740 = {
    "version": 1,
    "verification_material": {"certificate": "MIIC", "transparency_entries": [{}]},
    "envelope": {"statement": b64(STATEMENT), "signature": "MEUC"},
}
BUNDLE = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"certificate": {"rawBytes": "MIIC"}, "tlogEntries": [{}]},
    "dsseEnvelope": {"payload": b64(STATEMENT), "payloadType": PAYLOAD_TYPE, "signatures": []},
}
MESSAGE = {
    "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "verificationMaterial": {"tlogEntries": [{}]},
    "messageSignature": {
        "messageDigest": {"algorithm": "SHA2_256", "digest": b64(bytes.fromhex(DIGEST))},
        "signature": "MEUC",
    },
}
PROVENANCE = {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [PEP740]}]}


def read(document: object) -> list[Attestation]:
    return read_attestations(json.dumps(document).encode())


@pytest.mark.parametrize(
    "suffix",
    [
        *("publish.attestation", "slsa.attestation", "x-1.attestation", "attestation"),
        *("provenance", "sigstore", "sigstore.json", "sigstore.jsonl", "intoto.jsonl", "jsonl"),
    ],
)
@pytest.mark.parametrize("name", [A, SDIST])
def test_names_of_attestations(name: str, suffix: str) -> None:
    assert attested_artifact(f"{name}.{suffix}") == name


@pytest.mark.parametrize(
    "name",
    [
        *(A, f"{A}.sha256", f"{A}.asc", "provenance", ".attestation", "x.publish.attestation"),
        *(f"{A}.a.b.attestation", f"{A}..attestation", f"{A}.ü.attestation", f"{A}.json"),
        *(f"{A}.{'x' * 33}.attestation", "sha256:00.jsonl", f"{A}/x.attestation"),
    ],
)
def test_other_names(name: str) -> None:
    assert attested_artifact(name) is None


def test_names_of_downloaded_files() -> None:
    assert all(map(is_downloaded, digest_names(DIGEST)))
    assert digest_names("00")[0] == "sha256:00.jsonl"
    assert not is_downloaded(f"{A}.jsonl")
    assert not is_downloaded(f"sha256:{DIGEST}")


def test_names_of_bundle_lists() -> None:
    assert is_bundle_list(f"sha256:{DIGEST}.jsonl")
    assert not is_bundle_list(f"{A}.jsonl")
    assert not is_bundle_list("bundle.json")


@pytest.mark.parametrize(
    ("document", "kind"),
    [(PEP740, Kind.PEP740), (PROVENANCE, Kind.PEP740), (BUNDLE, Kind.BUNDLE)],
)
def test_documents_with_a_statement(document: object, kind: Kind) -> None:
    (attestation,) = read(document)
    assert attestation.kind is kind
    assert attestation.unverified_subjects() == {A: DIGEST}
    assert attestation.message_digest is None
    assert not attestation.is_private


def test_bundle_that_signs_bytes() -> None:
    (attestation,) = read(MESSAGE)
    assert attestation.message_digest == DIGEST
    assert attestation.is_unnamed
    assert attestation.unverified_subjects() == {}


@pytest.mark.parametrize(
    "digest", [{"algorithm": "SHA2_512", "digest": "AAAA"}, {"algorithm": "SHA2_256"}, None]
)
def test_bundle_without_a_sha256(digest: object) -> None:
    (attestation,) = read(MESSAGE | {"messageSignature": {"messageDigest": digest}})
    assert attestation.message_digest is None


def test_one_bundle_on_each_line() -> None:
    lines = "\n".join(json.dumps(each) for each in (BUNDLE, MESSAGE, BUNDLE))
    assert len(read_attestations(f"{lines}\n\n".encode())) == 3


def test_lines_end_only_at_newlines() -> None:
    text = json.dumps(BUNDLE | {"x": "\u2028\x85"}, ensure_ascii=False)
    assert len(read_attestations(f"{text}\r\n{text}\n".encode())) == 2


def test_equal_attestations_have_equal_texts() -> None:
    (one,) = read(PEP740)
    (other,) = read(dict(reversed(PEP740.items())))
    assert one.text == other.text


def test_private_instance() -> None:
    material = {"tlogEntries": [], "timestampVerificationData": {"rfc3161Timestamps": [{}]}}
    (attestation,) = read(BUNDLE | {"verificationMaterial": material})
    assert attestation.is_private


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"<html>", "it is an HTML page"),
        (b"hex  name\n", "it is not JSON"),
        (b"\xff\xfe{}", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"{}", "version 1"),
        (json.dumps(PEP740 | {"version": 2}).encode(), "version 1"),
        (json.dumps(PEP740 | {"version": True}).encode(), "version 1"),
        (b'{"payloadType":"x"}', "an envelope without a certificate"),
        (b'{"version":1,"attestation_bundles":[{}]}', "not a valid provenance object"),
        (b'{"version":1,"attestation_bundles":5}', "not a valid provenance object"),
        (b" " * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_unreadable_documents(content: bytes, text: str) -> None:
    with pytest.raises(UnreadableAttestation, match=text):
        read_attestations(content)


def test_too_many_attestations() -> None:
    attestations: list[dict[str, str]] = [{}] * (MAX_ATTESTATIONS + 1)
    bundles = [{"attestations": attestations}]
    with pytest.raises(UnreadableAttestation, match="more than 256 attestations"):
        read({"version": 1, "attestation_bundles": bundles})


def test_statement_with_several_subjects() -> None:
    rows = [{"name": name, "digest": {"sha256": DIGEST.upper(), "x": "y"}} for name in (A, SDIST)]
    rows += [{"name": "other", "digest": {"sha512": "00"}}]
    document = json.loads(STATEMENT) | {"subject": rows}
    statement = read_statement(PAYLOAD_TYPE, json.dumps(document).encode())
    assert statement.subjects == {A: DIGEST, SDIST: DIGEST}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"_type": "https://in-toto.io/Link/v1"}, "another type"),
        ({"subject": [{"name": A}]}, "not a valid in-toto statement"),
        ({"subject": [{"name": A, "digest": {"sha256": "short"}}]}, "not a valid"),
        (
            {"subject": [{"name": A, "digest": {"sha256": d * 64}} for d in "01"]},
            "two digests for one name",
        ),
        ({"subject": ["x"]}, "not a valid"),
    ],
)
def test_unreadable_statements(change: dict[str, object], text: str) -> None:
    content = json.dumps(json.loads(STATEMENT) | change).encode()
    with pytest.raises(UnreadableAttestation, match=text):
        read_statement(PAYLOAD_TYPE, content)
    envelope = {"statement": b64(content)}
    (attestation,) = read(PEP740 | {"envelope": envelope})
    assert attestation.unverified_subjects() == {}


def test_other_payload() -> None:
    with pytest.raises(UnreadableAttestation, match="not an in-toto statement"):
        read_statement("text/plain", STATEMENT)


@pytest.mark.parametrize("envelope", [None, {"statement": "?"}, {"statement": 5}, {}])
def test_attestation_without_a_readable_envelope(envelope: object) -> None:
    (attestation,) = read(PEP740 | {"envelope": envelope})
    assert attestation.unverified_subjects() == {}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("DSSE: invalid signature", "its signature is wrong"),
        (
            "failed to build timestamp certificate chain: candidates exhausted",
            "not signed under this trust root (that of sigstore 4.5.1)",
        ),
        (
            "failed to build timestamp certificate chain: cert is not valid at validation time",
            "its certificate was not valid when it was signed",
        ),
        ("checkpoint: invalid signature: keyring: invalid signature", "upgrade sigstore"),
        ("SCT verify failed: keyring: invalid signature", "in no log of this trust root"),
        ("invalid log entry: inclusion proof has wrong size", "its proof that the log has it"),
        ("log entry payload hash does not match bundle", "about another attestation"),
        ("something\nnew", "not valid under this trust root (that of sigstore 4.5.1)"),
        ("x" * 500, "..."),
    ],
)
def test_explained_failures(text: str, meaning: str) -> None:
    explained = explain_failure(text, "that of sigstore 4.5.1")
    assert meaning in explained
    assert "\n" not in explained
