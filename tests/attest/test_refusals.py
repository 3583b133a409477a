"""What each faulty attestation comes to: the causes of docs/attestations.rst."""

from __future__ import annotations

import base64
import copy
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.attest.conftest import GITHUB, World
from tests.support.artifacts import ANOTHER_A, A, B
from tests.support.sigstore import Job, Sigstore, attestation, b64, provenance, statement

Change = Callable[[World, dict[str, Any]], object]


def material(made: dict[str, Any]) -> dict[str, Any]:
    found = made["verification_material"]
    assert isinstance(found, dict)
    return found


def entry(made: dict[str, Any]) -> dict[str, Any]:
    found = material(made)["transparency_entries"][0]
    assert isinstance(found, dict)
    return found


def with_statement(made: dict[str, Any], payload: bytes) -> dict[str, Any]:
    made["envelope"]["statement"] = b64(payload)
    return made


def with_signature(made: dict[str, Any], signature: str) -> dict[str, Any]:
    made["envelope"]["signature"] = signature
    return made


def with_certificate(
    made: dict[str, Any], certificate: str, old: bytes = b"", new: bytes = b""
) -> dict[str, Any]:
    """Replace the certificate, or bytes in it."""
    der = base64.b64decode(certificate or material(made)["certificate"])
    assert old in der
    material(made)["certificate"] = b64(der.replace(old, new))
    return made


def without_log(made: dict[str, Any]) -> dict[str, Any]:
    material(made)["transparency_entries"] = []
    return made


def empty_entry(made: dict[str, Any]) -> dict[str, Any]:
    material(made)["transparency_entries"] = [{}]
    return made


def bad_certificate(made: dict[str, Any]) -> dict[str, Any]:
    material(made)["certificate"] = b64(b"not DER")
    return made


def bad_proof(made: dict[str, Any]) -> dict[str, Any]:
    entry(made)["inclusionProof"]["treeSize"] = "5"
    return made


def bad_time(made: dict[str, Any]) -> dict[str, Any]:
    entry(made)["integratedTime"] = str(int(entry(made)["integratedTime"]) + 1)
    return made


def other_entry(world: World, made: dict[str, Any]) -> dict[str, Any]:
    material(made)["transparency_entries"] = material(world.attest())["transparency_entries"]
    return made


def rotated_log(world: World, made: dict[str, Any]) -> dict[str, Any]:
    world.instance.rotate_log()
    return world.attest()


def rotated_certificate_log(world: World, made: dict[str, Any]) -> dict[str, Any]:
    world.instance.rotate_certificate_log()
    return world.attest()


def late(world: World, made: dict[str, Any]) -> dict[str, Any]:
    payload = statement({A: world.digest})
    return attestation(world.instance.bundle(payload, Job(), late=3600))


UNREADABLE: dict[str, Change] = {
    "not JSON": lambda w, a: "nonsense",
    "an HTML page": lambda w, a: "<html>not found</html>",
    "empty": lambda w, a: "",
    "a list": lambda w, a: [a],
    "version 2": lambda w, a: a | {"version": 2},
    "no log entry": lambda w, a: without_log(a),
    "an empty log entry": lambda w, a: empty_entry(a),
    "deep nesting": lambda w, a: "[" * 200_000,
    "nested JSON": lambda w, a: '{"version":1,"envelope":' + "[" * 800 + "]" * 800 + "}",
    "certificate not DER": lambda w, a: bad_certificate(a),
    "a bare envelope": lambda w, a: {"payloadType": "x", "payload": "", "signatures": []},
}

UNTRUSTED: dict[str, tuple[Change, str]] = {
    "forged statement": (
        lambda w, a: with_statement(a, statement({A: "0" * 64})),
        "its signature is wrong",
    ),
    "forged signature": (
        lambda w, a: with_signature(a, w.attest()["envelope"]["signature"]),
        "its signature is wrong",
    ),
    "certificate of another run": (
        lambda w, a: with_certificate(a, material(w.attest())["certificate"]),
        "forged",
    ),
    "certificate with another repository": (
        lambda w, a: with_certificate(w.attest(Job("evil/demo")), "", b"evil/demo", b"octo/demo"),
        "not signed under this trust root (root.json, sigstore ",
    ),
    "another instance": (
        lambda w, a: Sigstore().attest(A, w.content),
        "not signed under this trust root (root.json, sigstore ",
    ),
    "log key not in the root": (rotated_log, "signed by no key of this trust root"),
    "certificate log not in the root": (rotated_certificate_log, "in no log of this trust root"),
    "forged proof": (lambda w, a: bad_proof(a), "its proof that the log has it is wrong"),
    "forged time": (lambda w, a: bad_time(a), "forged"),
    "signed too late": (late, "its certificate was not valid when it was signed"),
    "another log entry": (other_entry, "its log entry is about another attestation"),
    "another repository": (
        lambda w, a: w.attest(Job("evil/demo")),
        "signed by github:evil/demo/release.yml@refs/tags/v1.0, not by github:octo/demo",
    ),
    "another workflow": (
        lambda w, a: w.attest(Job(workflow="other.yml")),
        "signed by github:octo/demo/other.yml@refs/tags/v1.0, not by github:octo/demo/release.yml",
    ),
    "another service": (
        lambda w, a: w.attest(Job(service="gitlab", workflow=".gitlab-ci.yml")),
        "signed by gitlab:octo/demo//.gitlab-ci.yml@refs/tags/v1.0",
    ),
    "another file": (
        lambda w, a: w.instance.attest(B, w.content),
        f"attests '{B}', not this artifact",
    ),
    "a name that differs only in spelling": (
        lambda w, a: w.instance.attest(A.replace("demo", "Demo"), w.content),
        "attests 'Demo-1.0-py3-none-any.whl', another spelling of this artifact's name",
    ),
    "provenance by another publisher": (
        lambda w, a: provenance(w.attest(Job("evil/other", "x.yml"))),
        "signed by github:evil/other/x.yml",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_attestation(world: World, case: str) -> None:
    world.put(UNREADABLE[case](world, world.attest()))
    result = world.verify("--wait", 0)
    assert (result.code, result.err) == (3, "")
    assert "unreadable-hash: " in result.line("refused")


@pytest.mark.parametrize("case", UNTRUSTED)
def test_untrusted_attestation(world: World, case: str) -> None:
    change, text = UNTRUSTED[case]
    world.put(change(world, world.attest()))
    result = world.verify("--wait", 0)
    assert (result.code, result.err) == (7, "")
    assert "untrusted: " in result.line("refused")
    assert text in result.line("refused")


def test_upgrade_and_trusted_root_are_named_for_rotated_keys(world: World) -> None:
    world.put(rotated_log(world, {}))
    text = world.verify().line("refused")
    assert "upgrade sigstore" in text
    assert "--trusted-root" in text
    assert "forged" in text


def test_unknown_keys_are_accepted(world: World) -> None:
    world.put(world.attest() | {"novelty": 1})
    assert world.verify().code == 0


def test_deleted_attestation_is_not_attested(world: World) -> None:
    world.put(world.attest()).unlink()
    result = world.verify()
    assert result.code == 3
    assert "not-attested: no attestation by github:octo/demo/release.yml" in result.line("refused")


def test_other_digest_is_a_mismatch(world: World) -> None:
    world.put(world.instance.attest(A, b"an older build of the same name"))
    result = world.verify()
    assert result.code == 1
    assert "mismatch: " in result.line("refused")


def test_older_build_is_replaced_if_its_hash_file_confirms_it(world: World) -> None:
    world.put(world.instance.attest(A, b"an older build of the same name"))
    world.put(f"{world.digest}  {A}\n", f"{A}.sha256")
    result = world.verify()
    assert result.code == 7
    assert "replaced: " in result.line("refused")


def test_private_instance_is_not_supported(world: World) -> None:
    bundle = copy.deepcopy(world.bundle())
    bundle["verificationMaterial"] |= {
        "tlogEntries": [],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]},
    }
    world.put(bundle, f"{A}.sigstore.json")
    result = world.verify("--allow", "*.json")
    assert result.code == 3
    (about,) = [line for line in result.out.splitlines() if "not supported" in line]
    assert "not-attested: " in about


def test_other_statement_does_not_count(world: World) -> None:
    payload = statement({A: world.digest}, "https://spdx.dev/Document")
    world.put(world.instance.bundle(payload, Job()), f"{A}.sigstore.json")
    result = world.verify()
    assert result.code == 3
    assert "not-attested: " in result.line("refused")
    assert "https://spdx.dev/Document" in result.line("refused")


def test_bytes_signed_with_a_lying_digest(world: World) -> None:
    bundle = world.instance.signed_bytes(b"other", Job())
    digest = bytes.fromhex(world.digest)
    bundle["messageSignature"]["messageDigest"]["digest"] = b64(digest)
    world.put(bundle, f"{A}.sigstore.json")
    result = world.verify()
    assert result.code == 7
    assert "untrusted: " in result.line("refused")


def test_statement_with_another_digest_than_sha256(world: World) -> None:
    document = json.loads(statement({A: world.digest}))
    document["subject"][0]["digest"] = {"sha512": "0" * 128}
    world.put(world.instance.bundle(json.dumps(document).encode(), Job()), f"{A}.sigstore.json")
    result = world.verify()
    assert result.code == 7
    assert "has no SHA-256 of any file" in result.line("refused")


@pytest.mark.parametrize("digest", [{"algorithm": "SHA2_512", "digest": "AAAA"}, None])
def test_bytes_signed_by_another_digest_than_sha256(
    world: World, digest: dict[str, str] | None
) -> None:
    bundle = world.instance.signed_bytes(world.content, Job())
    bundle["messageSignature"]["messageDigest"] = digest
    world.put(bundle, f"{A}.sigstore.json")
    result = world.verify("--wait", 0)
    assert result.code == 3
    assert "signs bytes by a digest other than SHA-256" in result.line("refused")


def test_bundle_with_a_statement_and_signed_bytes(world: World) -> None:
    both = world.instance.signed_bytes(world.content, Job()) | {
        "dsseEnvelope": world.bundle()["dsseEnvelope"]
    }
    world.put(both, f"{A}.sigstore.json")
    result = world.verify("--wait", 0)
    assert result.code == 3
    assert "unreadable-hash: " in result.line("refused")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("[]", "not a trusted_root.json of Sigstore: Input should be an object"),
        ("{}", "not a trusted_root.json of Sigstore: mediaType: Field required"),
        ("<html>", "not a trusted_root.json of Sigstore: Invalid JSON"),
        ("", "not a trusted_root.json of Sigstore: Invalid JSON"),
        (" " * (1024 * 1024 + 1), "it is larger than 1048576 bytes"),
        ('{"a":1}\n{"b":2}\n', "has 2 trust roots, as gh attestation trusted-root writes them"),
        (None, "No such file"),
    ],
)
def test_unusable_trusted_root(world: World, content: str | None, text: str) -> None:
    path = pathlib.Path("root.json")
    path.unlink()
    if content is not None:
        path.write_text(content)
    world.put(world.attest())
    result = world.verify()
    assert result.code == 2
    assert text in result.err
    assert result.err.count("\n") == 1
    assert "pydantic" not in result.err


@pytest.mark.parametrize(("path", "text"), [("/dev/zero", "not a file"), (".", "Is a directory")])
def test_trusted_root_that_is_no_file(world: World, path: str, text: str) -> None:
    world.put(world.attest())
    result = world.cli("verify", "dist", "--attested-by", GITHUB, "--trusted-root", path)
    assert result.code == 2
    assert f"--trusted-root {path}: {text}" in result.err


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mediaType": "application/vnd.dev.sigstore.bundle.v9+json"}, "a valid bundle: mediaType"),
        ({"mediaType": "application/json"}, "neither an attestation or provenance object"),
        ({"verificationMaterial": {}}, "not a valid bundle: verificationMaterial"),
    ],
)
def test_bundle_of_another_form(world: World, change: dict[str, object], text: str) -> None:
    world.put(world.bundle() | change, f"{A}.sigstore.json")
    refused = world.verify("--wait", 0).line("refused")
    assert "unreadable-hash: " in refused
    assert text in refused
    assert "pydantic" not in refused


def test_statement_of_another_media_type(world: World) -> None:
    bundle = world.bundle()
    bundle["dsseEnvelope"]["payloadType"] = "text/plain"
    world.put(bundle, f"{A}.sigstore.json")
    assert world.verify("--wait", 0).code == 7


def test_one_bad_attestation_beside_a_good_one_is_noted(world: World) -> None:
    world.put(world.attest())
    world.put(world.attest(Job("evil/demo")), f"{A}.slsa.attestation")
    result = world.verify()
    assert result.code == 0
    assert "does not count: signed by github:evil/demo/release.yml" in result.out


def test_attestation_of_an_artifact_with_another_build_tag(world: World) -> None:
    world.put(world.instance.attest(ANOTHER_A, world.content))
    assert world.verify().code == 7


def test_two_digests_for_one_name(world: World) -> None:
    rows = [{"name": A, "digest": {"sha256": value}} for value in (world.digest, "0" * 64)]
    document = json.loads(statement({})) | {"subject": rows}
    world.put(world.instance.bundle(json.dumps(document).encode(), Job()), f"{A}.sigstore.json")
    assert world.verify().code == 7
