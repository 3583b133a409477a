"""Signers: what ``--attested-by`` names, and what certificates say."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.identities import (
    OID,
    Identity,
    Signer,
    parse_identity,
    read_signer,
    utf8_string,
)

#: The extensions of a certificate of each kind, as they are in published attestations.
GITHUB = {
    f"{OID}8": b"\x0c+https://token.actions.githubusercontent.com",
    f"{OID}9": (
        b"\x0c`https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml"
        b"@refs/tags/v0.0.19"
    ),
    f"{OID}12": b"\x0c0https://github.com/trailofbits/pypi-attestations",
    f"{OID}13": b"\x0c(08802efe1f8e5fec4ad842d6b8ce97656092ee72",
    f"{OID}14": b"\x0c\x11refs/tags/v0.0.19",
    f"{OID}18": (
        b"\x0c`https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml"
        b"@refs/tags/v0.0.19"
    ),
    f"{OID}20": b"\x0c\x07release",
    f"{OID}21": (
        b"\x0cThttps://github.com/trailofbits/pypi-attestations/actions/runs/12169989787/attempts/1"
    ),
}
GITLAB = {
    f"{OID}8": b"\x0c\x12https://gitlab.com",
    f"{OID}12": b"\x0c1https://gitlab.com/facutuesca/gitlab-oidc-project",
    f"{OID}14": b"\x0c\x0frefs/heads/main",
    f"{OID}18": (
        b"\x0cQhttps://gitlab.com/facutuesca/gitlab-oidc-project//.gitlab-ci.yml@refs/heads/main"
    ),
}
CIRCLECI = {
    f"{OID}8": b"\x0c\x19https://oidc.circleci.com",
    f"{OID}12": b"\x0c4github.com/CircleCI-Public/sign-and-publish-examples",
}


def test_signer_at_github() -> None:
    signer = read_signer(GITHUB)
    assert str(signer) == "github:trailofbits/pypi-attestations/release.yml@refs/tags/v0.0.19"
    assert signer.workflow == ".github/workflows/release.yml"
    assert (signer.commit[:8], signer.trigger) == ("08802efe", "release")
    assert "called workflow" not in signer.evidence()
    assert signer.evidence()["repository"] == "https://github.com/trailofbits/pypi-attestations"


def test_signer_at_gitlab() -> None:
    signer = read_signer(GITLAB)
    assert str(signer) == "gitlab:facutuesca/gitlab-oidc-project//.gitlab-ci.yml@refs/heads/main"
    assert signer.workflow == ".gitlab-ci.yml"


def test_signer_of_another_service() -> None:
    signer = read_signer(CIRCLECI, "https://circleci.com/x")
    assert (signer.service, signer.workflow, signer.project) == (None, "", "")
    assert str(signer) == "https://circleci.com/x (issuer https://oidc.circleci.com)"
    assert str(Signer()) == "an unknown identity (issuer unknown)"


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("github:trailofbits/pypi-attestations", None),
        ("github:TrailOfBits/PyPI-attestations", None),
        ("github:trailofbits/pypi-attestations/release.yml", None),
        ("github:trailofbits/pypi-attestations/release.yml@v0.0.19", None),
        ("github:trailofbits/pypi-attestations@refs/tags/v0.*", None),
        ("github:trailofbits/pypi-attestations@v1.*", "ref"),
        ("github:trailofbits/pypi-attestations@refs/heads/*", "ref"),
        ("github:trailofbits/pypi-attestations/Release.yml", "workflow"),
        ("github:pypi/pypi-attestations", "repository"),
        ("github:trailofbits/pypi-attestation", "repository"),
        ("gitlab:trailofbits/pypi-attestations", "service"),
    ],
)
def test_named_signers(by: str, why: str | None) -> None:
    assert parse_identity(by).why_not(read_signer(GITHUB)) == why


def test_workflow_of_another_repository_is_none() -> None:
    signer = Signer(
        issuer="https://token.actions.githubusercontent.com",
        repository="https://github.com/o/r",
        config="https://github.com/o/r2/.github/workflows/x.yml@refs/heads/main",
    )
    assert signer.workflow == ""
    assert parse_identity("github:o/r/x.yml").why_not(signer) == "workflow"


@pytest.mark.parametrize(
    ("path", "ref", "workflow"),
    [
        ("x.yml@refs/heads/a@b", "refs/heads/a@b", "x.yml"),
        ("x.yml@y.yml@refs/heads/main", "refs/heads/main", "x.yml@y.yml"),
        ("x.yml@refs/tags/v1", "refs/heads/main", "x.yml"),
        ("x.yml", "refs/heads/main", ""),
    ],
)
def test_path_of_the_workflow(path: str, ref: str, workflow: str) -> None:
    repository = "https://gitlab.com/O/r"
    signer = Signer("https://gitlab.com", repository, f"https://gitlab.com/o/R//{path}", ref=ref)
    assert signer.workflow == workflow


def test_workflow_of_another_repository_is_named_in_full() -> None:
    signer = Signer("https://gitlab.com", "https://gitlab.com/o/r", "https://gitlab.com/a/b//x@y")
    assert signer.evidence()["workflow"] == "https://gitlab.com/a/b//x@y"


def test_names_that_are_not_ascii_belong_to_no_service() -> None:
    """They can equal ASCII ones once their case is folded."""
    signer = Signer("https://gitlab.com", "https://gitlab.com/o/demo\u017f")
    assert parse_identity("gitlab:o/demos").why_not(signer) == "service"


@pytest.mark.parametrize("trigger", ["pull_request", "pull_request_target", "merge_request_event"])
def test_triggers_of_pull_requests(trigger: str) -> None:
    assert Signer(ref="refs/heads/main", trigger=trigger).is_pull_request
    assert not Signer(ref="refs/heads/main", trigger="push").is_pull_request


@pytest.mark.parametrize("ref", ["refs/pull/7/merge", "refs/merge-requests/7/head"])
def test_pull_requests(ref: str) -> None:
    assert Signer(ref=ref).is_pull_request
    assert Identity("", "github", "", ref="*").why_not(Signer(ref=ref)) == "service"
    assert not Signer(ref="refs/heads/refs/pull").is_pull_request


@pytest.mark.parametrize(
    ("by", "identity"),
    [
        ("gitlab:a/b/c", ("a/b/c", None, None)),
        ("github:o/r/.github/workflows/x.yml", ("o/r", ".github/workflows/x.yml", None)),
        ("gitlab:a/b//ci/x.yml@main", ("a/b", "ci/x.yml", "main")),
        (
            "github:o/r.py/x.yaml@refs/tags/a@b",
            ("o/r.py", ".github/workflows/x.yaml", "refs/tags/a@b"),
        ),
    ],
)
def test_parsed_identities(by: str, identity: tuple[str, str | None, str | None]) -> None:
    parsed = parse_identity(by)
    assert (parsed.repository, parsed.workflow, parsed.ref) == identity


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("octo/demo", "must begin with github: or gitlab:"),
        ("google:x@example.org", "must begin with github: or gitlab:"),
        ("github:octo", "must be github:OWNER/REPO"),
        ("github:octo/demo/x.txt", "must be github:OWNER/REPO"),
        ("github:https://github.com/octo/demo", "must be github:OWNER/REPO"),
        ("github:octo/demo@", "no ref after @"),
        ("gitlab:octo", "must be gitlab:GROUP/PROJECT"),
        ("gitlab:octo/demo//x", "must be gitlab:GROUP/PROJECT"),
        ("github:octo/..", "must be github:OWNER/REPO"),
        ("github:./demo", "must be github:OWNER/REPO"),
        ("github:octo/demo/.github/../x.yml", "must be github:OWNER/REPO"),
        ("github:octo/demo/ci/x.yml", "must be github:OWNER/REPO"),
        ("github:octo/dem\u00f6", "must be github:OWNER/REPO"),
        ("gitlab:a/b//../x.yml", "must be gitlab:GROUP/PROJECT"),
        ("GitHub:octo/demo", "must begin with github: or gitlab:"),
        ("", "must begin with github: or gitlab:"),
    ],
)
def test_invalid_identities(by: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_identity(by)


@pytest.mark.parametrize(
    "der",
    [b"", b"\x0c", b"\x0c\x05abc", b"\x0c\x02abc", b"\x04\x01a", b"\x0c\x80", b"\x0c\x82\x01"],
)
def test_other_values_than_utf8_strings(der: bytes) -> None:
    with pytest.raises(ValueError, match="not a UTF8String"):
        utf8_string(der)


def test_long_utf8_string() -> None:
    assert utf8_string(b"\x0c\x81\x83" + b"a" * 131) == "a" * 131
    assert utf8_string(b"\x0c\x82\x01\x00" + b"a" * 256) == "a" * 256
