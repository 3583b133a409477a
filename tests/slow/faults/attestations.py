"""Attestations that are forged, damaged, of others or not there (E.14)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.slow.faults.catalogue import B, Case, fault, link, page, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, sha256
from tests.support.sigstore import Job, Sigstore, b64, statement
from wheelhouse_hashes.causes import Cause

SUFFIX = ".publish.attestation"


_INSTANCE = Sigstore()


def _attested(job: Job | None = None, content: bytes | None = None, name: str = A) -> Any:
    return _INSTANCE.attest(name, wheel() if content is None else content, job)


def _serve(case: Case, document: object, suffix: str = SUFFIX) -> None:
    """Serve a wheel with a document beside it, which must be an attestation of octo/demo."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    case.routes = {"/": page(link(A), link(A + suffix)), f"/{A}": wheel(), f"/{A}{suffix}": content}
    (case.folder / "root.json").write_text(_INSTANCE.root)
    case.options += ["--attested-by", "github:octo/demo/release.yml@v*"]
    case.options += ["--trusted-root", "root.json"]


def _entry(made: Mapping[str, Any]) -> Any:
    return made["verification_material"]["transparency_entries"][0]


@fault("E.14", left=(A,), says="attested by github:octo/demo/release.yml@refs/tags/v1.0")
def good_attestation(case: Case) -> None:
    """A run of the named workflow attested the wheel."""
    _serve(case, _attested())


@fault("E.14", left=(A,), says="attested")
def attestation_with_unknown_keys(case: Case) -> None:
    """The attestation has keys of a later version of its format."""
    _serve(case, _attested() | {"novelty": [1]})


@fault("E.14", causes=Cause.NOT_ATTESTED, says="no attestation by github:octo/demo")
def no_attestation(case: Case) -> None:
    """There is no attestation."""
    _serve(case, _attested())
    case.routes["/"] = page(link(A))
    del case.routes[f"/{A}{SUFFIX}"]


@fault("E.14", causes=Cause.NOT_ATTESTED, says="listed, but not there")
def deleted_attestation(case: Case) -> None:
    """The page names an attestation that was deleted."""
    _serve(case, _attested())
    del case.routes[f"/{A}{SUFFIX}"]


@fault("E.14", causes=Cause.UNREADABLE_HASH, says="it is an HTML page")
def page_in_place_of_an_attestation(case: Case) -> None:
    """The server answers with a page for humans."""
    _serve(case, b"<!doctype html><title>Log in</title>")


@fault("E.14", causes=Cause.UNREADABLE_HASH, says="version 1")
def attestation_of_version_2(case: Case) -> None:
    """The attestation is of a later version of its format."""
    _serve(case, _attested() | {"version": 2})


@fault("E.14", causes=Cause.UNREADABLE_HASH, says="it is not JSON")
def deeply_nested_attestation(case: Case) -> None:
    """The attestation has 100,000 brackets."""
    _serve(case, b"[" * 100_000)


@fault("E.14", causes=Cause.UNREADABLE_HASH, says="transparency_entries")
def attestation_without_a_log_entry(case: Case) -> None:
    """The attestation has no entry of a transparency log."""
    made = _attested()
    made["verification_material"]["transparency_entries"] = []
    _serve(case, made)


@fault("E.14", causes=Cause.UNREADABLE_HASH)
def attestation_with_a_bad_certificate(case: Case) -> None:
    """The certificate in the attestation is none."""
    made = _attested()
    made["verification_material"]["certificate"] = b64(b"not DER")
    _serve(case, made)


@fault("E.14", causes=Cause.UNTRUSTED, says="its signature is wrong")
def forged_statement(case: Case) -> None:
    """The statement was replaced, but not the signature."""
    made = _attested()
    made["envelope"]["statement"] = b64(statement({A: "0" * 64}))
    _serve(case, made)


@fault("E.14", causes=Cause.UNTRUSTED, says="forged")
def forged_certificate(case: Case) -> None:
    """The repository in the certificate was replaced."""
    made = _attested(Job("evil/demo"))
    material = made["verification_material"]
    der = base64.b64decode(material["certificate"])
    material["certificate"] = b64(der.replace(b"evil/demo", b"octo/demo"))
    _serve(case, made)


@fault("E.14", causes=Cause.UNTRUSTED, says="not signed under this trust root")
def attestation_of_another_instance(case: Case) -> None:
    """Another Sigstore instance certified the signer."""
    _serve(case, Sigstore().attest(A, wheel()))


@fault("E.14", causes=Cause.UNTRUSTED, says="signed by no key of this trust root")
def log_key_that_is_not_in_the_trust_root(case: Case) -> None:
    """The log has a new key, which the trust root lacks."""
    _serve(case, _attested())
    rotated = Sigstore()
    (case.folder / "root.json").write_text(rotated.root)
    rotated.rotate_log()
    case.routes[f"/{A}{SUFFIX}"] = json.dumps(rotated.attest(A, wheel())).encode()


@fault("E.14", causes=Cause.UNTRUSTED, says="forged")
def forged_time_of_the_log(case: Case) -> None:
    """The time at which the log has got the attestation was changed."""
    made = _attested()
    _entry(made)["integratedTime"] = str(int(_entry(made)["integratedTime"]) + 1)
    _serve(case, made)


@fault("E.14", causes=Cause.UNTRUSTED, says="its proof that the log has it is wrong")
def forged_proof_of_the_log(case: Case) -> None:
    """The proof that the log has the attestation is for a log of another size."""
    made = _attested()
    _entry(made)["inclusionProof"]["treeSize"] = "5"
    _serve(case, made)


@fault("E.14", causes=Cause.UNTRUSTED, says="signed by github:evil/demo/release.yml")
def attestation_of_another_repository(case: Case) -> None:
    """Somebody attested the wheel with a repository of their own."""
    _serve(case, _attested(Job("evil/demo")))


@fault("E.14", causes=Cause.UNTRUSTED, says="signed by github:octo/demo/test.yml")
def attestation_of_another_workflow(case: Case) -> None:
    """Another workflow of the repository attested the wheel."""
    _serve(case, _attested(Job(workflow="test.yml")))


@fault("E.14", causes=Cause.UNTRUSTED, says="@refs/pull/7/merge, not by")
def attestation_of_a_pull_request(case: Case) -> None:
    """A run for a pull request attested the wheel, but tags were asked for."""
    _serve(case, _attested(Job(ref="refs/pull/7/merge", trigger="pull_request")))


@fault("E.14", causes=Cause.UNTRUSTED, says=f"attests '{B}', not this artifact")
def attestation_of_another_file(case: Case) -> None:
    """The attestation is of a wheel with another name."""
    _serve(case, _attested(name=B))


@fault("E.14", causes=Cause.MISMATCH, left=(REJECTED,))
def attestation_of_an_older_build(case: Case) -> None:
    """The attestation is of an older build of the same name."""
    _serve(case, _attested(content=wheel(seed=1)))


@fault("E.14", causes=Cause.NOT_ATTESTED, says="without a name")
def signature_of_the_bytes_alone(case: Case) -> None:
    """A bundle signs the bytes, but no name."""
    _serve(case, _INSTANCE.signed_bytes(wheel(), Job()), ".sigstore.json")


@fault("E.14", causes=Cause.NOT_ATTESTED, says="not supported")
def attestation_of_a_private_instance(case: Case) -> None:
    """GitHub's Sigstore instance for private repositories signed the bundle."""
    bundle = _INSTANCE.bundle(statement({A: sha256(wheel())}), Job())
    bundle["verificationMaterial"] |= {
        "tlogEntries": [],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]},
    }
    _serve(case, bundle, ".sigstore.json")


@fault("E.14", left=(A,), says="does not count: signed by github:evil/demo/release.yml")
def attestation_of_another_beside_a_good_one(case: Case) -> None:
    """One line of a file is an attestation by somebody else, the other one counts."""
    digest = sha256(wheel())
    bundles = [_INSTANCE.bundle(statement({A: digest}), Job(r)) for r in ("evil/demo", "octo/demo")]
    _serve(case, "".join(f"{json.dumps(each)}\n" for each in bundles).encode(), ".jsonl")


@fault("E.14", exit_code=2, says="--trusted-root root.json: not a trusted_root.json of Sigstore")
def trust_root_that_is_none(case: Case) -> None:
    """The file of ``--trusted-root`` has something else."""
    _serve(case, _attested())
    (case.folder / "root.json").write_text("<html>")
