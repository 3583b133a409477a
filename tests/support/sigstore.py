"""A private Sigstore instance: a CA, a certificate log and a transparency log, all in memory.

It signs statements about any files, as a run of any workflow, so that every refusal can be
tested.  Formats: https://docs.sigstore.dev/about/bundle/ and :rfc:`6962` (certificate log).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ECDSA = ec.ECDSA(hashes.SHA256())
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
SLSA = "https://slsa.dev/provenance/v1"
PAYLOAD = "application/vnd.in-toto+json"

#: Runs a command, and prints the CPU seconds that it took after the import of sigstore.
TIMED = """
import sys, time
import wheelhouse_hashes.builtin.sources.attestation_checks
from wheelhouse_hashes.__main__ import main
began = time.process_time()
try:
    code = main()
except SystemExit as end:
    code = end.code
print("seconds after the import:", time.process_time() - began)
sys.exit(code)
"""

_OID = "1.3.6.1.4.1.57264.1."
_SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
_ISSUERS = {
    "github": "https://token.actions.githubusercontent.com",
    "gitlab": "https://gitlab.com",
}


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b""
    return bytes([tag]) + (length or b"\x82" + size.to_bytes(2)) + content


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def statement(subjects: Mapping[str, str], predicate: str = PUBLISH) -> bytes:
    """Return an in-toto statement about artifacts: SHA-256 by name."""
    rows = [{"name": name, "digest": {"sha256": value}} for name, value in subjects.items()]
    return _json(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": rows,
            "predicateType": predicate,
            "predicate": None,
        }
    )


@dataclass(frozen=True)
class Job:
    """A run of a workflow at GitHub or GitLab."""

    repository: str = "octo/demo"
    workflow: str = "release.yml"
    ref: str = "refs/tags/v1.0"
    service: str = "github"
    trigger: str = "push"
    commit: str = "0" * 40
    #: The URL of the reusable workflow that signs; by default the workflow itself.
    called: str = ""

    @property
    def extensions(self) -> dict[int, str]:
        home = f"https://{self.service}.com/{self.repository}"
        between = "/.github/workflows/" if self.service == "github" else "//"
        config = f"{home}{between}{self.workflow}@{self.ref}"
        return {
            8: _ISSUERS[self.service],
            9: self.called or config,
            12: home,
            13: self.commit,
            14: self.ref,
            18: config,
            20: self.trigger,
            21: f"{home}/actions/runs/1/attempts/1",
        }


class Sigstore:
    """One instance.

    :param behind: how long ago its certificates began to be valid.
    """

    def __init__(self, behind: dt.timedelta = dt.timedelta(days=1)) -> None:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self._start = now - behind
        self._ca, self._ct, self._rekor = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self._certificate = (
            x509.CertificateBuilder(self._name, self._name, self._ca.public_key(), 1)
            .not_valid_before(self._start)
            .not_valid_after(now + dt.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._ca.public_key()), critical=False
            )
            .sign(self._ca, hashes.SHA256())
        )

    def rotate_log(self) -> None:
        """Sign log entries with another key from now on."""
        self._rekor = ec.generate_private_key(ec.SECP256R1())

    def rotate_certificate_log(self) -> None:
        """Sign entries of the certificate log with another key from now on."""
        self._ct = ec.generate_private_key(ec.SECP256R1())

    @property
    def root(self) -> str:
        """The trusted root."""
        valid = {"start": self._start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        authority = self._certificate.public_bytes(serialization.Encoding.DER)
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [_log(self._rekor, valid)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "tests", "commonName": "tests"},
                        "uri": "https://fulcio.invalid",
                        "certChain": {"certificates": [{"rawBytes": b64(authority)}]},
                        "validFor": valid,
                    }
                ],
                "ctlogs": [_log(self._ct, valid)],
                "timestampAuthorities": [],
            }
        )

    def _issue(
        self, extensions: Mapping[int, str], subject: str
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder(self._name, x509.Name([]), key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(minutes=9))
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._ca.public_key()),
                critical=False,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(subject)]),
                critical=True,
            )
        )
        for number, value in extensions.items():
            builder = builder.add_extension(_extension(f"{_OID}{number}", value), critical=False)
        logged = builder.sign(self._ca, hashes.SHA256()).tbs_certificate_bytes
        encoded = _der(4, self._timestamp_list(logged))
        listed = x509.UnrecognizedExtension(x509.ObjectIdentifier(_SCT_LIST), encoded)
        return key, builder.add_extension(listed, critical=False).sign(self._ca, hashes.SHA256())

    def _timestamp_list(self, logged: bytes) -> bytes:
        """Return the signed certificate timestamps of a certificate (:rfc:`6962`, 3.2)."""
        when = int(time.time() * 1000).to_bytes(8)
        issuer = hashlib.sha256(_spki(self._ca)).digest()
        entry = b"\0\0" + when + b"\0\1" + issuer + len(logged).to_bytes(3) + logged + b"\0\0"
        signature = self._ct.sign(entry, ECDSA)
        stamp = b"\0" + _key_id(self._ct) + when + b"\0\0\4\3"
        stamp += len(signature).to_bytes(2) + signature
        stamp = len(stamp).to_bytes(2) + stamp
        return len(stamp).to_bytes(2) + stamp

    def _entry(self, kind: str, body: bytes, at: int) -> dict[str, Any]:
        """Return the entry of the transparency log for a body."""
        leaf = hashlib.sha256(b"\0" + body).digest()
        identifier = _key_id(self._rekor)
        promised = {"body": b64(body), "integratedTime": at, "logID": identifier.hex()}
        promise = self._rekor.sign(_json({**promised, "logIndex": 0}), ECDSA)
        note = f"rekor.invalid - 1\n1\n{b64(leaf)}\n"
        signed = b64(identifier[:4] + self._rekor.sign(note.encode(), ECDSA))
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(identifier)},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": b64(promise)},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(leaf),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— rekor.invalid {signed}\n"},
            },
            "canonicalizedBody": b64(body),
        }

    def bundle(
        self,
        payload: bytes,
        job: Job,
        *,
        late: int = 0,
        subject: str = "",
        facts: Mapping[int, str] | None = None,
    ) -> Any:
        """Return a bundle with a signed statement.

        :param payload: the statement.
        :param job: the run that signs it.
        :param late: how many seconds after it was issued the certificate is used.
        :param subject: the subject of the certificate, by default the workflow.
        :param facts: the extensions of the certificate, by default those of the run.
        """
        extensions = job.extensions if facts is None else facts
        key, certificate = self._issue(extensions, subject or extensions[9])
        envelope = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
        signature = b64(key.sign(envelope, ECDSA))
        verifier = b64(certificate.public_bytes(serialization.Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": signature, "verifier": verifier}],
        }
        body = _json({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        entry = self._entry("dsse", body, int(time.time()) + late)
        return _bundle(certificate, entry) | {
            "dsseEnvelope": {
                "payload": b64(payload),
                "payloadType": PAYLOAD,
                "signatures": [{"sig": signature}],
            }
        }

    def signed_bytes(self, content: bytes, job: Job) -> Any:
        """Return a bundle that signs bytes, without their name."""
        key, certificate = self._issue(job.extensions, job.extensions[9])
        digest = hashlib.sha256(content)
        signature = b64(key.sign(content, ECDSA))
        public = b64(certificate.public_bytes(serialization.Encoding.PEM))
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
            "signature": {"content": signature, "publicKey": {"content": public}},
        }
        body = _json({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})
        entry = self._entry("hashedrekord", body, int(time.time()))
        hashed = {"algorithm": "SHA2_256", "digest": b64(digest.digest())}
        return _bundle(certificate, entry) | {
            "messageSignature": {"messageDigest": hashed, "signature": signature}
        }

    def attest(self, name: str, content: bytes, job: Job | None = None) -> Any:
        """Return an attestation object (:pep:`740`) of one artifact."""
        payload = statement({name: hashlib.sha256(content).hexdigest()})
        return attestation(self.bundle(payload, job or Job()))


def attestation(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bundle as an attestation object (:pep:`740`)."""
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": envelope["payload"],
            "signature": envelope["signatures"][0]["sig"],
        },
    }


def provenance(*attestations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance object of an index (:pep:`740`)."""
    publisher = {"kind": "GitHub", "repository": "evil/other", "workflow": "x.yml"}
    bundle = {"publisher": publisher, "attestations": list(attestations)}
    return {"version": 1, "attestation_bundles": [bundle]}


def _bundle(certificate: x509.Certificate, entry: Mapping[str, Any]) -> dict[str, Any]:
    raw = b64(certificate.public_bytes(serialization.Encoding.DER))
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": raw}, "tlogEntries": [entry]},
    }


def _extension(identifier: str, value: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(identifier), _der(0x0C, value.encode()))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


def _log(key: ec.EllipticCurvePrivateKey, valid: Mapping[str, str]) -> dict[str, Any]:
    return {
        "baseUrl": "https://log.invalid",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64(_spki(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": valid,
        },
        "logId": {"keyId": b64(_key_id(key))},
    }
