"""Where attestations are found: beside artifacts, at an index, and in downloaded bundles."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import ANOTHER_A, SDIST, A, hash_file, make_sdist, make_wheel, sha256
from tests.support.attestations import BY, CARRY, SAVE, Believer, attestation, bundle, put
from tests.support.commands import FETCH, UPLOAD, fetch, got, names
from tests.support.servers import Handler, Respond, respond, serving
from wheelhouse_hashes.builtin.sources import attestation_folders
from wheelhouse_hashes.builtin.sources.attestation_documents import MAX_DOCUMENTS
from wheelhouse_hashes.formats.attestations import MAX_ATTESTATIONS, MAX_BYTES


def lines(*documents: object) -> bytes:
    """Return one document on each line."""
    return "".join(f"{json.dumps(document)}\n" for document in documents).encode()


@pytest.mark.parametrize("mark", [":", "-"])
@pytest.mark.parametrize("linked", [True, False])
def test_file_of_github_is_found_by_the_digest(
    cli: Cli, content: bytes, believing: type, mark: str, *, linked: bool
) -> None:
    digest = sha256(content)
    fragment = f"#sha256={digest}" if linked else ""
    path = f"/sub/sha256{mark}{digest}.jsonl"
    routes: dict[str, Respond | bytes] = {
        "/": f'<a href="/sub/{A}{fragment}">x</a>'.encode(),
        f"/sub/{A}": content,
        path: lines(bundle(**{ANOTHER_A: b"other"}), bundle(**{A: content})),
    }
    if not linked:
        routes[f"/sub/{A}.sha256"] = hash_file(content)
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY, *SAVE)
        asked = server.paths()
    assert (result.code, got()) == (0, [A, f"{A}.jsonl"])
    assert asked.index(path) < asked.index(f"/sub/{A}")
    assert f"does not count: attests '{ANOTHER_A}', not this artifact" in result.out
    again = cli("verify", "got", *BY)
    assert again.code == 0
    assert believing


@pytest.mark.parametrize("answer", [b"<html>", hash_file(b"x"), 500, 451])
def test_no_file_of_github_without_a_digest(
    cli: Cli, content: bytes, believing: type, answer: bytes | int
) -> None:
    def hashes(handler: Handler) -> None:
        status = answer if isinstance(answer, int) else 200
        respond(handler, status, answer if isinstance(answer, bytes) else b"")

    routes: dict[str, Respond | bytes] = {
        "/": f'<a href="{A}">x</a>'.encode(),
        f"/{A}": content,
        f"/{A}.sha256": hashes,
    }
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY)
        assert f"/{A}" not in server.paths()
    assert result.code != 0
    assert believing


def test_nothing_unlisted_is_requested_from_a_package_index(
    cli: Cli, content: bytes, believing: type
) -> None:
    """The page of an index names its attestations (PEP 740)."""
    with serving({f"/{A}": content}) as files:
        page = f'<a href="{files.url}{A}#sha256={sha256(content)}">x</a>'.encode()
        with serving({"/": page}) as index:
            result = fetch(cli, index.url, *BY)
        assert files.paths() == []
    assert result.code == 3
    assert "not-attested: " in result.line("refused")
    assert believing


def test_large_page_in_place_of_an_unlisted_attestation(
    cli: Cli, content: bytes, believing: type
) -> None:
    routes = {
        "/": f'<a href="{A}">x</a>'.encode(),
        f"/{A}": content,
        f"/{A}.publish.attestation": b" " * (MAX_BYTES + 1),
        f"/{A}.slsa.attestation": json.dumps(attestation(content)).encode(),
    }
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY)
    assert (result.code, got()) == (0, [A])
    assert believing


def test_unreadable_attestation_is_requested_again(
    cli: Cli, content: bytes, believing: type, brief: None
) -> None:
    document = json.dumps(attestation(content)).encode()
    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    left = [b"<html>not yet</html>", document]

    def answer(handler: Handler) -> None:
        respond(handler, 200, left.pop(0) if len(left) > 1 else left[0])

    routes: dict[str, Respond | bytes] = {"/": page, f"/{A}": content}
    routes[f"/{A}.publish.attestation"] = answer
    with serving(routes) as server:
        result = fetch(cli, server.url, *BY, "--wait", 30)
    assert (result.code, got()) == (0, [A])
    assert believing


def test_dry_run_saves_nothing(cli: Cli, content: bytes, believing: type) -> None:
    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    document = json.dumps(attestation(content)).encode()
    routes = {"/": page, f"/{A}": content, f"/{A}.publish.attestation": document}
    with serving(routes) as server:
        fetch(cli, server.url, *BY, *SAVE, "--dry-run")
    assert got() == []
    assert believing


def test_older_build_of_the_same_signer_is_a_conflict(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type
) -> None:
    put(dist, attestation(content))
    put(dist, attestation(b"an older build"), f"{A}.slsa.attestation")
    result = cli("verify", dist, *BY)
    assert result.code == 1
    assert "conflict: " in result.line("refused")
    assert believing


def test_one_bundle_in_the_files_of_many_artifacts_counts_once(
    cli: Cli, dist: pathlib.Path, believing: type
) -> None:
    """``actions/attest`` signs all artifacts at once; each has a file with that bundle."""
    contents = {}
    for number in range(1, 70):
        name = f"demo-1.0-{number}-py3-none-any.whl"
        contents[name] = make_wheel(dist, name).read_bytes()
    made = lines(bundle(**contents))
    for content in contents.values():
        dist.joinpath(f"sha256:{sha256(content)}.jsonl").write_bytes(made)
    result = cli("verify", dist, *BY, "--report", "report.json")
    assert (result.code, result.err) == (0, "")
    report = json.loads(pathlib.Path("report.json").read_text())
    assert [len(each["claims"]) for each in report["artifacts"]] == [1] * len(contents)
    assert believing


@pytest.mark.parametrize(
    ("limit", "value", "files", "padding", "noted"),
    [
        ("MAX_LISTS", 2, 5, b"", "3 more files with attestations are ignored: too many"),
        ("MAX_LIST_BYTES", 1000, 3, b" " * 600, "more files with attestations are ignored"),
    ],
)
def test_files_with_bundles_beyond_a_limit_are_noted(
    cli: Cli,
    dist: pathlib.Path,
    content: bytes,
    believing: type,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    files: int,
    padding: bytes,
    noted: str,
) -> None:
    monkeypatch.setattr(attestation_folders, limit, value)
    for number in range(files):
        dist.joinpath(f"{number}.jsonl").write_bytes(lines(bundle(**{A: content})) + padding)
    result = cli("verify", dist, *BY)
    assert result.code == 0
    assert noted in result.out
    assert believing


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link"])
def test_file_with_bundles_that_cannot_be_read_is_ignored(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type, kind: str
) -> None:
    path = dist / "other.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nothing")
    put(dist, attestation(content))
    result = cli("verify", dist, *BY)
    assert "other.jsonl: ignored: cannot read" in result.out
    assert "attested" in result.line("ok")
    assert believing


def test_documents_of_one_artifact_are_limited(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type
) -> None:
    suffixes = [f".a{number:03}.attestation" for number in range(MAX_DOCUMENTS + 2)]
    document = json.dumps(attestation(content)).encode()
    links = "".join(f'<a href="{A}{suffix}">y</a>' for suffix in suffixes)
    routes = {"/": f'<a href="{A}">x</a>{links}'.encode(), f"/{A}": content}
    routes |= {f"/{A}{suffix}": document for suffix in suffixes}
    for suffix in suffixes:
        dist.joinpath(A + suffix).write_bytes(document)
    with serving(routes) as server:
        fetched = fetch(cli, server.url, *BY)
        assert len(server.paths()) < len(suffixes) + 2
    for result in (fetched, cli("verify", dist, *BY)):
        assert result.code == 0
        assert "does not count: 2 more documents are not read" in result.out
    assert believing


def test_provenance_whose_url_is_not_followed_is_noted(
    cli: Cli, content: bytes, believing: type
) -> None:
    page = f'<a href="{A}" data-provenance="ftp://localhost/p">x</a>'.encode()
    with serving({"/": page, f"/{A}": content}) as server:
        result = fetch(cli, server.url, *BY)
    assert result.code == 3
    assert f"the attestations of {A} are not read: ftp: links are not followed" in result.out
    assert believing


def test_file_of_github_is_noted_if_nobody_is_named(
    cli: Cli, dist: pathlib.Path, content: bytes
) -> None:
    dist.joinpath(f"{A}.sha256").write_bytes(hash_file(content))
    dist.joinpath(f"sha256:{sha256(content)}.jsonl").write_bytes(lines(bundle(**{A: content})))
    result = cli("verify", dist)
    assert result.code == 0
    assert result.out.count("attestations were found and not checked") == 1
    assert "weakest tier: container" in result.out


def test_attestations_of_one_artifact_are_limited(
    cli: Cli, dist: pathlib.Path, content: bytes, believing: type[Believer]
) -> None:
    others = [bundle(**{A: content, "x": str(n).encode()}) for n in range(MAX_ATTESTATIONS)]
    dist.joinpath(f"{A}.jsonl").write_bytes(lines(*others))
    dist.joinpath(f"{A}.sigstore.jsonl").write_bytes(lines(bundle(**{A: content})))
    result = cli("verify", dist, *BY)
    assert result.code == 0
    assert f"not checked: the artifact has more than {MAX_ATTESTATIONS} attestations" in result.out
    assert believing


def test_file_of_github_is_carried_under_the_name_of_each_artifact(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path, believing: type
) -> None:
    sdist = make_sdist(dist, SDIST).read_bytes()
    both, older = bundle(**{A: content, SDIST: sdist}), bundle(**{A: b"an older build"})
    dist.joinpath(f"sha256:{sha256(content)}.jsonl").write_bytes(lines(older, both))
    dist.joinpath(f"sha256-{sha256(sdist)}.jsonl").write_bytes(lines(both))
    result = cli(*UPLOAD, *CARRY)
    assert (result.code, result.err) == (0, "")
    assert "skipped" not in result.out
    assert "no attestation beside it" not in result.out
    carried = [name for name in names(container) if name.endswith("jsonl")]
    assert carried == [f"{A}.jsonl", f"{SDIST}.jsonl"]
    for name in carried:
        (line,) = (container / name).read_bytes().splitlines()
        assert json.loads(line) == both
    fetched = cli(*FETCH, *BY, *SAVE, *LOCAL, "container://wheels")
    assert (fetched.code, fetched.err) == (0, "")
    assert [name for name in got() if name.endswith("jsonl")] == carried
    assert believing


def test_file_beside_an_artifact_is_carried_as_it_is(
    cli: Cli, dist: pathlib.Path, content: bytes, container: pathlib.Path
) -> None:
    own = lines(bundle(**{A: content}))
    dist.joinpath(f"{A}.jsonl").write_bytes(own)
    dist.joinpath("all.jsonl").write_bytes(lines(bundle(**{A: content, "x": b""})))
    result = cli(*UPLOAD, *CARRY)
    assert result.code == 0
    assert (container / f"{A}.jsonl").read_bytes() == own
