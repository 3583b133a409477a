"""Attestations without valid signatures, and a checker that believes them."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from tests.support.artifacts import A, sha256
from tests.unit.formats.test_attestations import BUNDLE, PEP740, STATEMENT, b64
from wheelhouse_hashes.builtin.sources.attestation_claims import Checked
from wheelhouse_hashes.formats.attestations import Attestation
from wheelhouse_hashes.formats.identities import Signer

#: The module with the checker that needs sigstore.
CHECKS = "wheelhouse_hashes.builtin.sources.attestation_checks"
ATTESTATION = f"{A}.publish.attestation"
BY = ("--attested-by", "github:o/r")
SAVE = ("--save", "attestation")
CARRY = ("--carry", "attestation")


def signer(repository: str = "o/r", ref: str = "refs/heads/main") -> Signer:
    home = f"https://github.com/{repository}"
    config = f"{home}/.github/workflows/x.yml@{ref}"
    issuer = "https://token.actions.githubusercontent.com"
    return Signer(issuer, home, config, config, ref, "c0ffee", f"{home}/actions/runs/1", "push")


class Believer:
    """Stands in for the checker: takes every attestation as one of the same run."""

    root = "of the tests"
    signer = signer()

    def __init__(self, path: str | None) -> None:
        self.path = path

    def check(self, attestation: Attestation) -> Checked:
        subjects = attestation.unverified_subjects()
        predicate = "https://docs.pypi.org/attestations/publish/v1" if subjects else ""
        unnamed = attestation.message_digest is not None
        return Checked(self.signer, subjects, predicate, unnamed=unnamed)


def attestation(content: bytes, name: str = A) -> dict[str, Any]:
    """Return an attestation object of some bytes; its signature is not valid."""
    statement = json.loads(STATEMENT)
    statement["subject"] = [{"name": name, "digest": {"sha256": sha256(content)}}]
    return PEP740 | {"envelope": {"statement": b64(json.dumps(statement).encode())}}


def put(dist: pathlib.Path, document: object, name: str = ATTESTATION) -> None:
    dist.joinpath(name).write_text(json.dumps(document))


def bundle(**digests: bytes) -> dict[str, Any]:
    """Return a bundle; its signature is not valid.

    :param digests: the bytes of each artifact that it is about, by name.
    """
    rows = [{"name": name, "digest": {"sha256": sha256(c)}} for name, c in digests.items()]
    statement = json.loads(STATEMENT) | {"subject": rows}
    envelope: Any = BUNDLE["dsseEnvelope"]
    return BUNDLE | {"dsseEnvelope": envelope | {"payload": b64(json.dumps(statement).encode())}}
