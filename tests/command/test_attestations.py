"""Attestations without sigstore: options, upload, and what a checked one comes to.

Signatures are checked in tests/attest.
"""

from __future__ import annotations

import json
import pathlib
import sys
import types

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import ANOTHER_A, A, hash_file, make_wheel, sha256
from tests.support.attestations import (
    ATTESTATION,
    BY,
    CARRY,
    CHECKS,
    SAVE,
    Believer,
    attestation,
    bundle,
    put,
    signer,
)
from tests.support.commands import UPLOAD, fetch, got, names
from tests.support.servers import Handler, Respond, respond, serving
from tests.unit.formats.test_attestations import MESSAGE, b64
from wheelhouse_hashes.builtin.sources.attestation_claims import Checked, Failed, decide
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.attestations import MAX_BYTES
from wheelhouse_hashes.formats.identities import Signer, parse_identity


def test_missing_extra_is_a_usage_error(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, CHECKS, raising=False)
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    monkeypatch.setitem(sys.modules, "cryptography.x509", None)
    result = cli("verify", dist, *BY)
    assert result.code == 2
    assert "install it: python -m pip install 'wheelhouse-hashes[attest]'" in result.err


def test_unsupported_version_of_the_extra_is_a_usage_error(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module is there, but has other names."""
    monkeypatch.setitem(sys.modules, CHECKS, types.ModuleType(CHECKS))
    result = cli("verify", dist, *BY)
    assert result.code == 2
    assert "this version of wheelhouse_hashes is not supported (cannot import name" in result.err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--trusted-root", "x"), "--trusted-root: no effect without --attested-by"),
        (("--attested-by", "octo"), "--attested-by octo: must begin with github: or gitlab:"),
        ((*BY, "--missing-hash", "accept"), "--attested-by: not possible with --missing-hash"),
        (("--require", "attested"), "name the signer of attestations with --attested-by"),
    ],
)
def test_usage_errors(
    cli: Cli, dist: pathlib.Path, believing: type, options: tuple[str, ...], text: str
) -> None:
    result = cli("verify", dist, *options)
    assert result.code == 2
    assert text in result.err
    assert believing


def test_folder_with_attestations(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type[Believer]
) -> None:
    put(dist, attestation(content))
    other = make_wheel(dist, ANOTHER_A).read_bytes()
    put(dist, bundle(**{ANOTHER_A: other}), "sha256:0.jsonl")
    dist.joinpath("nonsense.jsonl").write_text("nonsense")
    result = cli("verify", dist, *BY, "--trusted-root", "root.json", "--explain", A)
    assert (result.code, result.err) == (0, "")
    assert "weakest tier: attested" in result.out
    text = "attested by github:o/r/x.yml@refs/heads/main, commit c0ffee, run https://github.com/o/r"
    assert result.out.count(text) == 1
    assert "nonsense.jsonl: ignored: not an attestation: it is not JSON" in result.out
    assert believing


def test_folder_without_attestations(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type
) -> None:
    dist.joinpath(f"{A}.sha256").write_bytes(hash_file(content))
    result = cli("verify", dist, *BY)
    assert result.code == 3
    assert "not-attested: no attestation by github:o/r found" in result.line("refused")
    assert "next      do not publish it unless you know of its build" in result.out
    assert believing


def test_list_with_other_digests_only(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type
) -> None:
    """Its digests cannot be compared with those of attestations."""
    put(dist, attestation(content))
    pathlib.Path("SHA512SUMS").write_text(f"{'0' * 128}  {A}\n")
    result = cli("verify", "SHA512SUMS", "--against", "SHA512SUMS", "--against", dist, *BY)
    assert result.code == 3
    assert "not-attested: " in result.line("refused")
    assert believing


def test_pull_request_is_warned_of(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type[Believer]
) -> None:
    believing.signer = signer(ref="refs/pull/7/merge")
    put(dist, attestation(content))
    result = cli("verify", dist, *BY)
    assert result.code == 0
    assert "a run for a pull request (refs/pull/7/merge" in result.line("warning")


def test_bytes_without_a_name_do_not_count(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type
) -> None:
    digest = {"algorithm": "SHA2_256", "digest": b64(bytes.fromhex(sha256(content)))}
    put(dist, MESSAGE | {"messageSignature": {"messageDigest": digest}}, f"{A}.sigstore.json")
    result = cli("verify", dist, *BY)
    assert result.code == 3
    assert "not-attested: " in result.line("refused")
    assert "@refs/heads/main signed the bytes without a name" in result.line("refused")
    put(dist, attestation(content))
    result = cli("verify", dist, *BY)
    assert result.code == 0
    assert "does not count: github:o/r/x.yml@refs/heads/main signed the bytes" in result.out
    assert believing


def test_fetched_and_saved(cli: Cli, content: bytes, believing: type) -> None:
    document = json.dumps(attestation(content)).encode()
    other = json.dumps(attestation(b"another file", ANOTHER_A)).encode()
    page = f'<a href="{A}" data-provenance="/p">x</a><a href="{A}.slsa.attestation">y</a>'
    routes = {
        "/": page.encode(),
        f"/{A}": content,
        f"/{A}.slsa.attestation": other,
        "/p": document,
    }
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY, *SAVE)
    assert (result.code, got()) == (0, [A, f"{A}.provenance"])
    assert f"does not count: attests '{ANOTHER_A}', not this artifact" in result.out
    assert believing


def test_saved_without_a_named_signer(cli: Cli, content: bytes) -> None:
    document = json.dumps(attestation(content)).encode()
    page = f'<a href="{A}#sha256={sha256(content)}">x</a><a href="{ATTESTATION}">y</a>'
    routes = {"/": page.encode(), f"/{A}": content, f"/{ATTESTATION}": document}
    with serving(routes) as server:
        result = fetch(cli, server.url, *SAVE)
        plain = fetch(cli, server.url)
    assert (result.code, got()) == (0, [A, ATTESTATION])
    assert "weakest tier: container" in result.out
    assert "attestations were found and not checked" in plain.out


def test_unlisted_attestation(cli: Cli, content: bytes, believing: type) -> None:
    def forbidden(handler: Handler) -> None:
        respond(handler, 451, b"not for you")

    routes: dict[str, Respond | bytes] = {
        "/": f'<a href="{A}">x</a>'.encode(),
        f"/{A}": content,
        f"/{ATTESTATION}": forbidden,
        f"/{A}.slsa.attestation": json.dumps(attestation(content)).encode(),
    }
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY)
        assert f"/{A}.provenance" not in server.paths()
    assert (result.code, got()) == (0, [A])
    assert believing


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (None, "the page names it, but it is not there"),
        (b" " * (MAX_BYTES + 1), "unreadable-hash: "),
    ],
)
def test_provenance_that_cannot_be_read(
    cli: Cli, content: bytes, believing: type, document: bytes | None, text: str
) -> None:
    page = f'<a href="{A}" data-provenance="/p">x</a>'.encode()
    routes = {"/": page, f"/{A}": content} | ({"/p": document} if document else {})
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY)
    assert result.code == 3
    assert text in result.line("refused")
    assert believing


@pytest.mark.parametrize("listed", [True, False])
def test_unreadable_and_absent_documents(
    cli: Cli, content: bytes, believing: type, *, listed: bool
) -> None:
    link = f'<a href="{ATTESTATION}">y</a>' if listed else ""
    page = f'<a href="{A}" data-provenance="http://[bad">x</a>{link}'.encode()
    routes = {"/": page, f"/{A}": content, f"/{ATTESTATION}": b"<html>nothing here</html>"}
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY)
        assert f"/{A}" not in server.paths()
    assert result.code == 3
    words = "unreadable-hash: " if listed else "not-attested: "
    assert words in result.line("refused")
    assert believing


def test_carried_attestation(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    put(dist, attestation(content))
    make_wheel(dist, ANOTHER_A)
    result = cli(*UPLOAD, *CARRY)
    assert (result.code, result.err) == (0, "")
    assert ATTESTATION in names(container)
    assert f"{ANOTHER_A}: no attestation beside it" in result.out
    assert "skipped" not in result.out
    again = cli(*UPLOAD, *CARRY)
    assert "sent" not in again.out


def test_attestation_of_the_previous_build_is_replaced(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    put(dist, attestation(content))
    assert cli(*UPLOAD, *CARRY).code == 0
    rebuilt = make_wheel(dist, A, b"another build").read_bytes()
    put(dist, attestation(rebuilt))
    result = cli(*UPLOAD, *CARRY)
    assert (result.code, result.err) == (0, "")
    assert (container / A).read_bytes() == rebuilt
    assert json.loads((container / ATTESTATION).read_text()) == attestation(rebuilt)


def test_attestation_of_the_previous_build_is_deleted(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    put(dist, attestation(content))
    assert cli(*UPLOAD, *CARRY).code == 0
    make_wheel(dist, A, b"another build")
    dist.joinpath(ATTESTATION).unlink()
    assert cli(*UPLOAD, *CARRY).code == 0
    assert ATTESTATION not in names(container)


def test_carry_is_an_option_of_wheelhouse_hashes_alone(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    put(dist, attestation(content))
    assert cli("upload", *LOCAL, *CARRY, "wheels").code == 0
    assert names(container) == sorted([A, ATTESTATION, "index.html"])


def test_attestation_is_not_carried_by_default(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    put(dist, attestation(content))
    result = cli(*UPLOAD)
    assert result.code == 0
    assert ATTESTATION not in names(container)
    assert "skipped" in result.out


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (attestation(b"another build"), "attests another file, or another build of this one"),
        (MESSAGE, "attests another file, or another build of this one"),
        ("nonsense", "not an attestation: it is not a JSON object"),
    ],
)
def test_wrong_attestation_is_not_published(
    cli: Cli,
    dist: pathlib.Path,
    content: bytes,
    container: pathlib.Path,
    document: object,
    text: str,
) -> None:
    assert content
    put(dist, document)
    result = cli(*UPLOAD, *CARRY)
    assert result.code != 0
    assert text in result.line("refused")
    assert A not in names(container)


def test_decision_names_some_objections() -> None:
    failed = [(f"place {n}", Failed(Cause.UNTRUSTED, f"reason {n}")) for n in range(5)]
    (finding,) = decide(A, failed, [parse_identity("github:o/r")], "root").findings
    assert finding.text.endswith("place 2: reason 2; and 2 more")
    assert finding.next.startswith("do not publish it unless you know its signer")


def test_decision_about_other_statements() -> None:
    checked = Checked(signer(), {A: "0" * 64}, "https://spdx.dev/Document")
    (finding,) = decide(A, [("x", checked)], [parse_identity("github:o/r")], "root").findings
    assert finding.cause is Cause.NOT_ATTESTED


def test_decision_about_other_signers() -> None:
    called = Signer(**(vars(signer()) | {"signer": "https://github.com/a/b/x.yml@main"}))
    checked = Checked(called, {A: "0" * 64}, "https://slsa.dev/provenance/v1")
    identities = [parse_identity("github:a/b"), parse_identity("gitlab:a/b")]
    (finding,) = decide(A, [("x", checked)], identities, "root").findings
    assert "signed by github:o/r/x.yml@refs/heads/main, not by github:a/b or gitlab" in finding.text
    assert "names the calling workflow" in finding.text
