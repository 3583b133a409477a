"""``--attested-by``: which attestations count, where they are found, what is printed."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from importlib.metadata import version

import pytest

from tests.attest.conftest import GITHUB, World
from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, make_sdist, make_wheel, sha256
from tests.support.commands import UPLOAD, fetch, got, names
from tests.support.servers import Respond, Server, respond, serving
from tests.support.sigstore import SLSA, Job, attestation, provenance, statement

PULL = Job(ref="refs/pull/7/merge", trigger="pull_request")
CALLED = Job(called="https://github.com/shared/ci/.github/workflows/build.yml@refs/heads/main")


@pytest.mark.parametrize(
    ("by", "job", "code"),
    [
        ("github:octo/demo", Job(), 0),
        ("github:Octo/DEMO", Job(), 0),
        (GITHUB, Job(), 0),
        (f"{GITHUB}@v1.0", Job(), 0),
        (f"{GITHUB}@refs/tags/v*", Job(), 0),
        (f"{GITHUB}@v*", Job(ref="refs/heads/main"), 7),
        (f"{GITHUB}@main", Job(ref="refs/heads/main"), 0),
        (f"{GITHUB}@*", PULL, 7),
        (f"{GITHUB}@refs/pull/*", PULL, 0),
        ("github:octo/demo/other.yml", Job(), 7),
        ("github:octo/dem", Job(), 7),
        ("github:octo/demo/.github/workflows/release.yml", Job(), 0),
        (f"{GITHUB}@v1", Job(), 7),
        (f"{GITHUB}@refs/tags/v1", Job(), 7),
        (f"{GITHUB}@V1.0", Job(), 7),
        (f"{GITHUB}@refs/tags/*", Job(ref="refs/heads/refs/tags/v1.0"), 7),
        (f"{GITHUB}@a@b", Job(ref="refs/heads/a@b"), 0),
        (GITHUB, Job(workflow="release.yml@x.yml"), 7),
        (GITHUB, Job(workflow="../release.yml"), 7),
        (GITHUB, Job(workflow="Release.yml"), 7),
        (GITHUB, Job("octo/demo.git"), 7),
        ("github:octo/demos", Job("octo/demo\u017f", called="https://github.com/octo/x"), 7),
        (GITHUB, CALLED, 0),
        ("github:shared/ci/build.yml", CALLED, 7),
        ("gitlab:octo/demo", Job(), 7),
        ("gitlab:a/b/c", Job("a/b/c", ".gitlab-ci.yml", service="gitlab"), 0),
        ("gitlab:a/b/c//.gitlab-ci.yml@v1.0", Job("a/b/c", ".gitlab-ci.yml", service="gitlab"), 0),
        ("gitlab:a/b/c//other.yml", Job("a/b/c", ".gitlab-ci.yml", service="gitlab"), 7),
    ],
)
def test_signer(world: World, by: str, job: Job, code: int) -> None:
    world.put(world.attest(job))
    result = world.verify(by=by)
    assert (result.code, result.err) == (code, "")
    if code == 0:
        assert "attested" in result.line("ok")
    else:
        assert "untrusted: " in result.line("refused")


def test_any_named_signer_suffices(world: World) -> None:
    world.put(world.attest())
    assert world.verify("--attested-by", "github:OCTO/Demo@v2.*").code == 0
    assert world.verify("--attested-by", "gitlab:a/b").code == 0
    assert world.verify("--attested-by", GITHUB, by="gitlab:a/b").code == 0


def test_facts_about_the_run_are_printed(world: World) -> None:
    world.put(world.attest())
    result = world.verify("--explain", A, "--report", "report.json")
    assert result.code == 0
    note = result.line("note")
    assert f"attested by {GITHUB}@refs/tags/v1.0, commit {'0' * 40}, run https://" in note
    assert "(trust root: root.json, sigstore " in note
    assert "weakest tier: attested" in result.out
    report = json.loads(pathlib.Path("report.json").read_text())
    (claim,) = report["artifacts"][0]["claims"]
    assert claim["tier"] == "attested"
    evidence = claim["evidence"]
    assert evidence["repository"] == "https://github.com/octo/demo"
    assert evidence["workflow"] == ".github/workflows/release.yml"
    assert (evidence["ref"], evidence["trigger"]) == ("refs/tags/v1.0", "push")
    assert evidence["run"].startswith("https://github.com/octo/demo/actions/runs/")
    assert evidence["commit"] == "0" * 40
    assert evidence["trust root"] == f"root.json, sigstore {version('sigstore')}"


@pytest.mark.parametrize(
    "job",
    [
        PULL,
        Job(ref="refs/heads/main", trigger="pull_request_target"),
        Job("a/b", ".gitlab-ci.yml", "refs/merge-requests/7/head", service="gitlab"),
    ],
)
def test_pull_request_is_warned_of_even_if_quiet(world: World, job: Job) -> None:
    world.put(world.attest(job))
    result = world.verify("--quiet", "--attested-by", "gitlab:a/b")
    assert result.code == 0
    assert f"a run for a pull request ({job.ref}" in result.line("warning")


def test_private_bundle_beside_a_public_one(world: World) -> None:
    private = world.bundle()
    private["verificationMaterial"] |= {
        "tlogEntries": [],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]},
    }
    text = "".join(f"{json.dumps(each)}\n" for each in (private, world.bundle()))
    world.put(text, f"{A}.jsonl")
    result = world.verify()
    assert result.code == 0
    assert "does not count: signed by a private Sigstore instance" in result.out


def test_workflow_of_another_repository_is_printed(world: World) -> None:
    """An organization can require a workflow that is in a repository of its own."""
    workflow = "https://github.com/octo/rules/.github/workflows/x.yml@refs/heads/main"
    job = Job()
    facts = job.extensions | {9: workflow, 18: workflow}
    payload = statement({A: world.digest})
    world.put(attestation(world.instance.bundle(payload, job, facts=facts)))
    result = world.verify("--report", "report.json", by="github:octo/demo")
    assert result.code == 0
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["artifacts"][0]["claims"][0]["evidence"]["workflow"] == workflow
    assert world.verify().code == 7


def test_calling_workflow_is_named_for_reusable_ones(world: World) -> None:
    world.put(world.attest(CALLED))
    refused = world.verify(by="github:shared/ci/build.yml").line("refused")
    assert "signed by github:octo/demo/release.yml" in refused
    assert "--attested-by names the calling workflow" in refused
    accepted = world.verify("--explain", A)
    assert accepted.code == 0
    assert f"attested by {GITHUB}@refs/tags/v1.0" in accepted.out
    assert CALLED.called in accepted.out


@pytest.mark.parametrize("name", ["publish.attestation", "slsa.attestation", "x-y.attestation"])
def test_names_of_attestation_objects(world: World, name: str) -> None:
    world.put(world.attest(), f"{A}.{name}")
    assert world.verify().code == 0


@pytest.mark.parametrize("name", ["sigstore", "sigstore.json", "intoto.jsonl", "jsonl"])
def test_names_of_bundles(world: World, name: str) -> None:
    world.put(world.bundle(), f"{A}.{name}")
    assert world.verify().code == 0


def test_slsa_provenance(world: World) -> None:
    payload = statement({A: world.digest}, SLSA)
    world.put(attestation(world.instance.bundle(payload, Job())), f"{A}.slsa.attestation")
    assert world.verify().code == 0


def test_provenance_object_with_several_attestations(world: World) -> None:
    evil = world.attest(Job("evil/demo"))
    world.put(provenance(evil, world.attest()), f"{A}.provenance")
    assert world.verify().code == 0


def test_bytes_without_a_name_are_a_note_and_no_tier(world: World) -> None:
    """The signed name must be the artifact's, and a signature of bytes has none."""
    world.put(world.instance.signed_bytes(world.content, Job()), f"{A}.sigstore.json")
    refused = world.verify()
    assert refused.code == 3
    assert "not-attested: " in refused.line("refused")
    assert f"{GITHUB}@refs/tags/v1.0 signed the bytes without a name" in refused.line("refused")
    world.put(world.attest())
    result = world.verify()
    assert result.code == 0
    assert f"does not count: {GITHUB}@refs/tags/v1.0 signed the bytes" in result.out


def test_lines_of_github_for_several_artifacts(world: World) -> None:
    other = make_wheel(world.folder, B).read_bytes()
    several = world.bundle({A: world.digest, B: sha256(other), "unrelated.txt": "0" * 64})
    lines = [json.dumps(world.bundle(job=Job("evil/demo"))), json.dumps(several)]
    world.put("\n".join(lines) + "\n", f"sha256:{world.digest}.jsonl")
    result = world.verify()
    assert result.code == 0
    assert "weakest tier: attested" in result.out


def test_whole_folder_in_one_call(world: World) -> None:
    world.put(world.attest())
    for name in (B, SDIST):
        make = make_sdist if name == SDIST else make_wheel
        content = make(world.folder, name).read_bytes()
        world.put(world.instance.attest(name, content), f"{name}.publish.attestation")
    result = world.verify("--expect", 3)
    assert result.code == 0
    assert "verified 3 of 3 artifacts (weakest tier: attested)" in result.out
    make_wheel(world.folder, B, b"changed afterwards")
    assert world.verify().code == 1


def test_list_of_digests_beside(world: World) -> None:
    world.put(world.attest())
    pathlib.Path("SUMS").write_text(f"{world.digest}  {A}\n")
    result = world.verify("--against", "SUMS")
    assert result.code == 0
    assert "pinned+attested" in result.line("ok")


def test_requirements_file_beside(world: World) -> None:
    world.put(world.attest())
    pathlib.Path("requirements.txt").write_text(f"demo==1.0 --hash=sha256:{world.digest}\n")
    result = world.verify("--against", "requirements.txt")
    assert result.code == 0
    assert "pinned+attested" in result.line("ok")


def test_list_does_not_make_up_for_a_missing_attestation(world: World) -> None:
    pathlib.Path("SUMS").write_text(f"{world.digest}  {A}\n")
    result = world.verify("--against", "SUMS")
    assert result.code == 3
    assert "not-attested: " in result.line("refused")


def test_attestation_is_not_a_digest_of_a_list(world: World) -> None:
    world.put(world.attest())
    pathlib.Path("SUMS").write_text(f"{'0' * 64}  {B}\n")
    result = world.verify("--against", "SUMS")
    assert result.code == 3
    assert "not-listed: " in result.out


def test_required_tier(world: World) -> None:
    world.put(world.attest())
    assert world.verify("--require", "attested").code == 0
    alone = world.cli("verify", world.folder, "--require", "attested")
    assert alone.code == 2
    assert "name the signer of attestations with --attested-by" in alone.err


def test_without_a_named_signer_attestations_are_a_note(world: World) -> None:
    world.put(world.attest())
    world.put(f"{world.digest}  {A}\n", f"{A}.sha256")
    result = world.cli("verify", world.folder)
    assert result.code == 0
    assert result.out.count("attestations were found and not checked") == 1
    assert "weakest tier: container" in result.out


@pytest.fixture
def served(world: World) -> Iterator[Server]:
    """A page that links the wheel, and its attestation at the index."""
    document = json.dumps(provenance(world.attest())).encode()
    page = f'<a href="/files/{A}" data-provenance="/integrity/demo/{A}/provenance">x</a>'
    routes: dict[str, bytes | Respond] = {
        "/": page.encode(),
        f"/files/{A}": world.content,
        f"/integrity/demo/{A}/provenance": document,
    }
    with serving(routes) as server:
        yield server


def test_fetch_with_provenance_of_an_html_index(world: World, served: Server) -> None:
    result = fetch(world.cli, served.url, "--attested-by", GITHUB, *world.options)
    assert (result.code, got()) == (0, [A])
    assert "attested" in result.line("ok")


def test_verify_against_an_index_with_provenance(world: World, served: Server) -> None:
    result = world.verify("--against", served.url)
    # The page has no digest but that of the attestation.
    assert result.code == 0
    assert "attested" in result.line("ok")


def test_index_that_is_compared_and_has_attestations(world: World) -> None:
    """``verify --index`` compares the digests; ``--against`` reads the attestations."""
    page = f'<a href="/f/{A}#sha256={world.digest}" data-provenance="/p">x</a>'.encode()
    routes = {"/": page, "/p": json.dumps(provenance(world.attest())).encode()}
    with serving(routes) as server:
        both = ("--index", server.url, "--against", server.url)
        assert world.verify(*both).code == 0
        alone = world.verify("--index", server.url)
        asked = server.paths()
    assert alone.code == 3
    assert "not-attested: " in alone.line("refused")
    assert f"/f/{A}" not in asked


def test_fetch_with_provenance_of_a_json_index(world: World) -> None:
    document = json.dumps(provenance(world.attest())).encode()
    file = {"filename": A, "url": f"/f/{A}", "hashes": {}, "provenance": "/p"}
    page = json.dumps({"meta": {"api-version": "1.3"}, "name": "demo", "files": [file]}).encode()

    def answer(handler: object) -> None:
        respond(handler, 200, page, Content_Type="application/vnd.pypi.simple.v1+json")  # type: ignore[arg-type]

    with serving({"/": answer, f"/f/{A}": world.content, "/p": document}) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert result.code == 0


def test_bytes_are_not_requested_without_attestation(world: World) -> None:
    pages = {"/": f'<a href="{A}">x</a>'.encode(), f"/{A}": world.content}
    with serving(pages) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
        assert f"/{A}" not in server.paths()
    assert (result.code, got()) == (3, [])
    assert "not-attested: " in result.line("refused")


def test_unlisted_attestation_is_found(world: World) -> None:
    pages = {
        "/": f'<a href="{A}">x</a>'.encode(),
        f"/{A}": world.content,
        f"/{A}.publish.attestation": b"<html>a page for everything</html>",
        f"/{A}.slsa.attestation": json.dumps(world.attest()).encode(),
    }
    with serving(pages) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert (result.code, got()) == (0, [A])


def test_listed_attestation_that_is_not_there(world: World) -> None:
    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    with serving({"/": page, f"/{A}": world.content}) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert result.code == 3
    assert "not-attested: " in result.line("refused")


def test_provenance_that_is_not_there(world: World) -> None:
    page = f'<a href="{A}" data-provenance="/gone">x</a>'.encode()
    with serving({"/": page, f"/{A}": world.content}) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert result.code == 3
    assert "the page names it, but it is not there" in result.line("refused")


def test_large_provenance_is_read(world: World, served: Server) -> None:
    many = provenance(*[world.attest() for _ in range(20)])
    page = f'<a href="{A}">x</a><a href="{A}.provenance">y</a>'.encode()
    document = json.dumps(many).encode()
    assert len(document) > 64 * 1024
    routes = {"/": page, f"/{A}": world.content, f"/{A}.provenance": document}
    with serving(routes) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert result.code == 0


def test_document_that_is_too_large(world: World) -> None:
    page = f'<a href="{A}">x</a><a href="{A}.provenance">y</a>'.encode()
    routes = {"/": page, f"/{A}": world.content, f"/{A}.provenance": b" " * (1024 * 1024 + 1)}
    with serving(routes) as server:
        result = fetch(world.cli, server.url, "--attested-by", GITHUB, *world.options)
    assert result.code == 3
    assert "unreadable-hash: " in result.line("refused")


def test_saved_attestations(world: World, served: Server) -> None:
    result = fetch(
        world.cli, served.url, "--attested-by", GITHUB, *world.options, "--save", "attestation"
    )
    assert (result.code, got()) == (0, [A, f"{A}.provenance"])
    again = world.cli("verify", "got", "--attested-by", GITHUB, *world.options)
    assert again.code == 0


def test_only_attestations_that_count_are_saved(world: World) -> None:
    page = "".join(f'<a href="{A}{s}">x</a>' for s in ("", ".x.attestation", ".y.attestation"))
    routes = {
        "/": page.encode(),
        f"/{A}": world.content,
        f"/{A}.x.attestation": json.dumps(world.attest(Job("evil/demo"))).encode(),
        f"/{A}.y.attestation": json.dumps(world.attest()).encode(),
    }
    with serving(routes) as server:
        options = ("--attested-by", GITHUB, *world.options, "--save", "attestation")
        result = fetch(world.cli, server.url, *options)
    assert (result.code, got()) == (0, [A, f"{A}.y.attestation"])


def test_refused_artifact_leaves_no_attestation(world: World) -> None:
    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    document = json.dumps(world.instance.attest(A, b"another build")).encode()
    routes = {"/": page, f"/{A}": world.content, f"/{A}.publish.attestation": document}
    with serving(routes) as server:
        options = ("--attested-by", GITHUB, *world.options, "--save", "attestation")
        result = fetch(world.cli, server.url, *options)
    assert result.code == 1
    assert not [name for name in got() if not name.startswith(".")]


def test_environment_variable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(world.attest())
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_ATTESTED_BY", f"gitlab:a/b {GITHUB}")
    assert world.cli("verify", world.folder, *world.options).code == 0


def test_round_trip_through_a_container(cli: Cli, world: World, container: pathlib.Path) -> None:
    world.put(world.attest())
    sent = cli(*UPLOAD, "--carry", "attestation")
    assert (sent.code, sent.err) == (0, "")
    assert f"{A}.publish.attestation" in names(container)
    routes = {f"/{name}": (container / name).read_bytes() for name in names(container)}
    routes["/"] = routes["/index.html"]
    with serving(routes) as server:
        options = ("--attested-by", GITHUB, *world.options, "--save", "attestation")
        result = fetch(cli, server.url, *options)
    assert (result.code, got()) == (0, [A, f"{A}.publish.attestation"])
    assert "attested+container" in result.line("ok")
