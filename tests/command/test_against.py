"""``--against``: every form of list, and what ``fetch`` and ``verify`` make of it."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import SDIST, A, hash_file, make_sdist, make_wheel, sha256
from tests.support.commands import FETCH, got
from tests.support.lists import (
    FORMS,
    Form,
    Pairs,
    direct_requirements,
    pylock,
    requirements,
)
from tests.support.servers import Routes, Server, respond, serving

#: An artifact of another platform, which a lock file names and nobody built here.
NOT_HERE = "demo-1.0-cp311-cp311-win_amd64.whl"
OTHER_RELEASE = "demo-0.9-py3-none-any.whl"

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


@pytest.fixture
def pairs(dist: pathlib.Path) -> Pairs:
    """The digests of two artifacts in ``dist``."""
    made = [make_wheel(dist, A), make_sdist(dist, SDIST)]
    return [(path.name, sha256(path.read_bytes())) for path in made]


@pytest.fixture
def served(pairs: Pairs) -> Iterator[Server]:
    """A server with these artifacts, and without a digest of its own."""
    routes: dict[str, bytes] = {f"/{n}": pathlib.Path("dist", n).read_bytes() for n, _ in pairs}
    routes["/"] = "".join(f'<a href="{name}">x</a>' for name, _ in pairs).encode()
    with serving(routes) as server:
        yield server


def wrong(pairs: Pairs) -> Pairs:
    return [(name, hashlib.sha256(value.encode()).hexdigest()) for name, value in pairs]


def md5(name: str) -> str:
    content = pathlib.Path("dist", name).read_bytes()
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def write(form: Form, pairs: Pairs) -> pathlib.Path:
    path = pathlib.Path(form.file)
    path.write_text(form.text(pairs))
    return path


def run(cli: Cli, verb: str, list_: pathlib.Path, served: Server, *options: object) -> Result:
    if verb == "verify":
        return cli("verify", "dist", "--against", list_, *options)
    return cli(*FETCH, served.url, "--against", list_, *options)


each_verb = pytest.mark.parametrize("verb", ["fetch", "verify"])


@each_verb
@each_form
def test_right_list_is_pinned(
    cli: Cli, form: Form, pairs: Pairs, served: Server, verb: str
) -> None:
    result = run(cli, verb, write(form, pairs), served, "--require", "pinned")
    assert (result.code, result.err) == (0, "")
    assert "verified 2 of 2 artifacts (weakest tier: pinned" in result.out


@each_verb
@each_form
def test_wrong_digest_is_a_mismatch(
    cli: Cli, form: Form, pairs: Pairs, served: Server, verb: str
) -> None:
    result = run(cli, verb, write(form, wrong(pairs)), served)
    assert (result.code, result.out.count("mismatch: ")) == (1, 2)


@each_verb
@each_form
def test_artifact_of_no_list_is_not_listed(
    cli: Cli, form: Form, pairs: Pairs, served: Server, verb: str
) -> None:
    renamed = [(name.replace("demo-1.0", "demo-1.0.1"), value) for name, value in pairs]
    result = run(cli, verb, write(form, renamed), served)
    assert (result.code, result.out.count("not-listed: ")) == (3, 2)
    assert f"not in {form.file}" in result.out
    # What a lock file names need not be there.
    assert result.out.count("missing-artifact: ") == (2 if form.announces else 0)
    assert "missing-hash" not in result.out
    assert verb == "verify" or got() == []


@each_form
def test_cut_list_is_refused_in_one_line(cli: Cli, form: Form, pairs: Pairs) -> None:
    path = write(form, pairs)
    text = path.read_text()
    path.write_text(text[: text.rindex(pairs[-1][1] if form.text is not pylock else "sha256") + 9])
    result = cli("verify", "dist", "--against", path)
    assert (result.code, result.err.count("\n"), result.out) == (3, 1, "")
    assert str(path) in result.err
    assert "; " in result.err


@each_form
def test_ambiguous_list_is_refused_in_one_line(cli: Cli, form: Form, pairs: Pairs) -> None:
    path = write(form, [*pairs[:1], (pairs[0][0], "0" * 64)])
    result = cli("verify", "dist", "--against", path)
    if form.text is requirements:
        # Alternatives: each artifact of the release has one of the digests.
        assert result.line("ok").split()[1] == A
        assert "mismatch: " in result.line("refused")
        return
    if form.text is direct_requirements:
        path.write_text(path.read_text() + path.read_text().replace(pairs[0][1], "0" * 64))
        result = cli("verify", "dist", "--against", path)
    assert (result.code, result.err.count("\n"), result.out) == (3, 1, "")
    assert "two " in result.err
    assert A in result.err


@each_form
def test_list_of_more_than_is_there(cli: Cli, form: Form, pairs: Pairs) -> None:
    result = cli("verify", "dist", "--against", write(form, [*pairs, (NOT_HERE, "0" * 64)]))
    assert result.code == (4 if form.announces else 0)
    assert ("missing-artifact: announced" in result.out) == form.announces


@each_form
def test_list_at_an_address(cli: Cli, form: Form, pairs: Pairs) -> None:
    content = write(form, pairs).read_bytes()
    json_like = content[:1] == b"{"
    kind = "application/json" if json_like else "text/plain"
    routes: Routes = {f"/{form.file}": lambda h: respond(h, 200, content, Content_Type=kind)}
    with serving(routes) as server:
        address = f"{server.url}{form.file}"
        result = cli("verify", "dist", "--against", address, "--require", "elsewhere")
        assert (result.code, result.err) == (0, "")
        assert "verified 2 of 2 artifacts (weakest tier: elsewhere" in result.out
        assert {path for path in server.paths() if path.endswith((".whl", ".gz"))} == set()


# The tools agree.


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("name", ["sha256sum", "sha256sum --tag", "goreleaser"])
def test_sha256sum_agrees(cli: Cli, pairs: Pairs, name: str, good: bool) -> None:
    path = write(FORMS[name], pairs if good else [pairs[0], *wrong(pairs[1:])]).resolve()
    command = ["sha256sum", "-c", "--strict", str(path)]
    done = subprocess.run(command, cwd="dist", capture_output=True, check=False)
    assert (done.returncode == 0) == good
    assert (cli("verify", "dist", "--against", path).code == 0) == good


@pytest.mark.parametrize(
    ("which", "good"),
    [("all", True), ("one", True), ("other", False), ("weak and strong", True)],
)
def test_pip_agrees(cli: Cli, pairs: Pairs, served: Server, which: str, good: bool) -> None:
    """An artifact needs one of the digests of its release, as for ``pip --require-hashes``."""
    used = {
        "all": [*pairs, (A, "0" * 64)],
        "one": pairs[:1],
        "other": pairs[1:],
        "weak and strong": pairs[:1],
    }[which]
    text = "demo==1.0" + "".join(f" --hash=sha256:{value}" for _, value in used)
    if which == "weak and strong":
        text += f" --hash=sha512:{'1' * 128}"
    pathlib.Path("requirements.txt").write_text(f"{text}\n")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-index", "--no-binary=:none:"]
    pip += ["--find-links", served.url, "--only-binary=:all:", "--require-hashes", "-d", "p"]
    pip += ["--isolated", "--disable-pip-version-check", "--no-cache-dir"]
    done = subprocess.run([*pip, "-r", "requirements.txt"], capture_output=True, check=False)
    assert (done.returncode == 0) == good, done.stderr
    pathlib.Path("dist", SDIST).unlink()
    result = cli("verify", "dist", "--against", "requirements.txt")
    assert (result.code == 0) == good


# Attacks.


@pytest.fixture
def replaced(pairs: Pairs) -> Iterator[tuple[Server, Pairs]]:
    """A container in which wheel A and its hash file were replaced; the old digests."""
    make_wheel(pathlib.Path("dist"), A, b"another build")
    content = pathlib.Path("dist", A).read_bytes()
    links = f'<a href="{A}">x</a><a href="{A}.sha256">x</a>'.encode()
    with serving({"/": links, f"/{A}": content, f"/{A}.sha256": hash_file(content)}) as server:
        yield server, pairs[:1]


@each_form
def test_replaced_artifact_is_exit_7(cli: Cli, form: Form, replaced: tuple[Server, Pairs]) -> None:
    server, pairs = replaced
    assert cli(*FETCH, server.url).code == 0
    pathlib.Path("got", A).unlink()
    result = cli(*FETCH, server.url, "--against", write(form, pairs))
    assert (result.code, "replaced: " in result.line("refused")) == (7, True)
    assert got() == [".rejected"]


def test_every_artifact_of_a_replaced_release_is_exit_7(cli: Cli, dist: pathlib.Path) -> None:
    """The hash files of all are asked for, although the list has a digest of each."""
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 6)]
    bodies = {name: make_wheel(dist, name).read_bytes() for name in names}
    routes: dict[str, bytes] = {"/": "".join(f'<a href="{n}">x</a>' for n in names).encode()}
    for name, body in bodies.items():
        routes |= {f"/{name}": body, f"/{name}.sha256": hash_file(body, name)}
    pathlib.Path("SUMS").write_text("".join(f"{'0' * 64}  {name}\n" for name in names))
    with serving(routes) as server:
        result = cli(*FETCH, server.url, "--against", "SUMS")
    assert (result.code, result.out.count("replaced: ")) == (7, 5)


def test_list_beside_the_wheels_does_not_satisfy_pinned(cli: Cli, pairs: Pairs) -> None:
    pathlib.Path("dist", "SHA256SUMS").write_text(FORMS["sha256sum"].text(pairs))
    pathlib.Path("MD5SUMS").write_text("".join(f"{md5(name)}  {name}\n" for name, _ in pairs))
    assert cli("verify", "dist", "--require", "pinned").code == 2
    assert cli("verify", "dist", "--require", "container").code == 0
    result = cli("verify", "dist", "--against", "MD5SUMS", "--require", "pinned")
    assert (result.code, result.out.count("weak: ")) == (3, 2)
    result = cli("verify", "dist", "--against", "MD5SUMS")
    assert (result.code, "(weakest tier: container, md5 only: 2)" in result.out) == (0, True)


@each_verb
def test_pinned_list_of_md5_is_weak(cli: Cli, pairs: Pairs, served: Server, verb: str) -> None:
    sums = pathlib.Path("MD5SUMS")
    digests = {n: md5(n) for n, _ in pairs}
    sums.write_text("".join(f"{value}  {name}\n" for name, value in digests.items()))
    assert run(cli, verb, sums, served).code == 0
    result = run(cli, verb, sums, served, "--require", "pinned")
    assert (result.code, result.out.count("weak: ")) == (3, 2)
    assert verb == "verify" or got() == [A, SDIST]  # from the first run


# Several sources.


def test_every_source_counts(cli: Cli, pairs: Pairs, served: Server) -> None:
    pathlib.Path("one").write_text(FORMS["sha256sum"].text(pairs[:1]))
    pathlib.Path("two").write_text(FORMS["sha256sum"].text(pairs[1:]))
    pathlib.Path("bad").write_text(FORMS["sha256sum"].text(wrong(pairs[1:])))
    both = ("--against", "one", "--against", "two")
    for command in (("verify", "dist"), (*FETCH, served.url)):
        assert cli(*command, *both).code == 0
        assert cli(*command, "--against", "one").code == 3
        result = cli(*command, *both, "--against", "bad")
        assert result.code == 1
        assert "contradict each other: list (bad) and list (two)" in result.out


def test_sources_come_from_the_environment(
    cli: Cli, pairs: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    pathlib.Path("one").write_text(FORMS["sha256sum"].text(pairs[:1]))
    pathlib.Path("a b").write_text(FORMS["sha256sum"].text(pairs[1:]))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_AGAINST", "one 'a b'")
    assert cli("verify", "dist").code == 0
    assert cli("verify", "dist", "--against", "one").code == 3


def test_page_elsewhere_is_asked_by_fetch(cli: Cli, pairs: Pairs, served: Server) -> None:
    links = "".join(f'<a href="{name}#sha256={value}">x</a>' for name, value in pairs[:1])
    links += "".join(f'<a href="{name}">x</a>' for name, _ in pairs[1:])
    value = pairs[1][1]
    routes: Routes = {"/": links.encode(), f"/{SDIST}.sha256": f"{value}  {SDIST}\n".encode()}
    with serving(routes) as other:
        command = (*FETCH, served.url, "--against", other.url, "--require", "elsewhere")
        result = cli(*command)
    assert (result.code, "weakest tier: elsewhere" in result.out) == (0, True), result.out
    assert "also from" not in result.out


def test_page_of_the_same_server_is_not_elsewhere(cli: Cli, pairs: Pairs, served: Server) -> None:
    links = "".join(f'<a href="{name}#sha256={value}">x</a>' for name, value in pairs)
    with serving({"/": links.encode(), **_bodies(pairs)}) as server:
        result = cli(*FETCH, server.url, "--against", f"{server.url}?again")
        assert (result.code, "weakest tier: container" in result.out) == (0, True)
        moved = {"/": lambda h: respond(h, 302, b"", Location=server.url)}
        with serving(moved) as other:
            result = cli(*FETCH, server.url, "--against", other.url)
    assert (result.code, "weakest tier: container" in result.out) == (0, True)


def _bodies(pairs: Pairs) -> dict[str, bytes]:
    return {f"/{name}": pathlib.Path("dist", name).read_bytes() for name, _ in pairs}


def test_artifact_that_the_page_lacks_is_missing(cli: Cli, pairs: Pairs, served: Server) -> None:
    path = write(FORMS["sha256sum"], [*pairs, (NOT_HERE, "0" * 64)])
    result = cli(*FETCH, served.url, "--against", path)
    assert result.code == 4
    text = "missing-artifact: announced by SHA256SUMS, but the page does not list it"
    assert text in result.line("refused")


@each_verb
def test_other_releases_of_a_list_are_one_note(
    cli: Cli, pairs: Pairs, served: Server, verb: str
) -> None:
    others = [(OTHER_RELEASE, "0" * 64), ("demo-0.8.tar.gz", "1" * 64), ("x-1.tar.gz", "2" * 64)]
    result = run(cli, verb, write(FORMS["sha256sum"], [*pairs, *others]), served)
    assert result.code == 0
    assert result.out.count("ignored 3 artifacts of other releases: demo 0.8, demo 0.9, x 1") == 1


@pytest.mark.parametrize(
    "near",
    ["Demo-1.0-py3-none-any.whl", "demo-1-0-py3-none-any.whl", "demo-1%2E0-py3-none-any.whl"],
)
def test_similar_name_is_named(cli: Cli, pairs: Pairs, near: str) -> None:
    path = write(FORMS["sha256sum"], [(near, pairs[0][1]), pairs[1]])
    result = cli("verify", "dist", "--against", path)
    assert result.code == 3
    assert f"'{near}' is listed, and names must be equal" in result.out


def test_hash_file_of_one_artifact(cli: Cli, pairs: Pairs, dist: pathlib.Path) -> None:
    dist.joinpath(SDIST).unlink()
    for algorithm in ("sha256", "blake2b-256"):
        content = dist.joinpath(A).read_bytes()
        digest = hashlib.blake2b(content, digest_size=32) if "-" in algorithm else None
        path = pathlib.Path(f"{A}.{algorithm}")
        path.write_text((digest.hexdigest() if digest else sha256(content)) + "\n")
        result = cli("verify", "dist", "--against", path)
        assert (result.code, f"  {algorithm}  hash file  pinned" in result.out) == (0, True)


# Lists beside the wheels.


@pytest.mark.parametrize("name", ["SHA256SUMS", "demo_1.0_checksums.txt", "sha256sum.txt"])
def test_list_beside_the_wheels_is_read_by_fetch(cli: Cli, pairs: Pairs, name: str) -> None:
    links = "".join(f'<a href="{each}">x</a>' for each in (A, SDIST, name)).encode()
    for digests, code in ((pairs, 0), (wrong(pairs), 1)):
        sums = FORMS["sha256sum"].text(digests).encode()
        with serving({"/": links, f"/{name}": sums, **_bodies(pairs)}) as server:
            result = cli(*FETCH, server.url)
        assert result.code == code
        assert code or result.out.count("  sha256  list  container") == 2


def test_list_beside_the_wheels_announces(cli: Cli, pairs: Pairs) -> None:
    links = "".join(f'<a href="{each}">x</a>' for each in (A, SDIST, "SHA256SUMS")).encode()
    text = FORMS["sha256sum"].text
    sums = text([*pairs, (NOT_HERE, "0" * 64), (OTHER_RELEASE, "0" * 64)]).encode()
    with serving({"/": links, "/SHA256SUMS": sums, **_bodies(pairs)}) as server:
        result = cli(*FETCH, server.url)
        assert (result.code, NOT_HERE in result.line("refused")) == (4, True)
        assert "ignored 1 artifact of other releases: demo 0.9" in result.out


def test_list_of_another_folder_says_nothing(cli: Cli, pairs: Pairs) -> None:
    links = f'<a href="{A}">x</a><a href="old/{SDIST}">x</a><a href="old/SHA256SUMS">x</a>'
    routes: dict[str, bytes] = {
        "/": links.encode(),
        "/old/SHA256SUMS": FORMS["sha256sum"].text([(A, "0" * 64), pairs[1]]).encode(),
        f"/{A}.sha256": f"{pairs[0][1]}  {A}\n".encode(),
        **_bodies(pairs),
    }
    routes[f"/old/{SDIST}"] = routes.pop(f"/{SDIST}")
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0, result.out


@pytest.mark.parametrize("what", ["missing", "page", "unreadable"])
def test_list_beside_the_wheels_that_is_none(cli: Cli, pairs: Pairs, what: str) -> None:
    links = "".join(
        f'<a href="{name}#sha256={value}">x</a>' for name, value in [*pairs, ("SHA256SUMS", "")]
    )
    routes: dict[str, bytes] = {"/": links.encode(), **_bodies(pairs)}
    contents = {"page": b"<html>x</html>", "unreadable": f"{'0' * 63}  {A}\n".encode()}
    if what in contents:
        routes["/SHA256SUMS"] = contents[what]
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == (3 if what == "unreadable" else 0)
    assert ("not a digest list" in result.out) == (what == "page")
    assert ("has 63 hex digits" in result.err) == (what == "unreadable")


# A list in place of the folder.


def test_digests_are_compared_with_digests(cli: Cli, pairs: Pairs) -> None:
    sums, lock = write(FORMS["sha256sum"], pairs), write(FORMS["uv.lock"], pairs)
    for name, _ in pairs:
        pathlib.Path("dist", name).unlink()
    result = cli("verify", sums, "--against", lock, "--sums", "OUT", "--report", "r.json")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("; no artifact was read: digests were compared with digests\n")
    assert pathlib.Path("OUT").read_text() == sums.read_text()  # sorted by name
    assert {each["size"] for each in json.loads(pathlib.Path("r.json").read_text())["artifacts"]}
    sums.write_text(FORMS["sha256sum"].text(wrong(pairs)))
    result = cli("verify", sums, "--against", lock)
    assert (result.code, result.out.count("mismatch: the digest of the list")) == (1, 2)


def test_digests_are_compared_with_a_page(cli: Cli, pairs: Pairs) -> None:
    sums = write(FORMS["sha256sum"], pairs)
    links = "".join(f'<a href="{name}#sha256={value}">x</a>' for name, value in pairs)
    with serving({"/": links.encode()}) as server:
        result = cli("verify", sums, "--against", server.url)
        assert (result.code, "weakest tier: elsewhere" in result.out) == (0, True)
        # The hash files are requested concurrently.
        assert sorted(server.paths()) == ["/", f"/{A}.sha256", f"/{SDIST}.sha256"]
        sums.write_text(FORMS["sha256sum"].text(pairs[:1]))
        result = cli("verify", sums, "--against", server.url)
        assert (result.code, "announced, but not in SHA256SUMS" in result.out) == (4, True)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{hex}  {name}\n", 2, "SHA256SUMS: not a folder; to compare the digests of a list, add"),
        ("demo==1.0 --hash=sha256:{hex}\n", 3, "SHA256SUMS: has no digests of artifacts by name"),
    ],
)
def test_list_that_cannot_be_verified(
    cli: Cli, pairs: Pairs, text: str, code: int, message: str
) -> None:
    pathlib.Path("SHA256SUMS").write_text(text.format(name=A, hex=pairs[0][1]))
    against = ("--against", write(FORMS["uv.lock"], pairs)) if code == 3 else ()
    result = cli("verify", "SHA256SUMS", *against)
    assert (result.code, result.err.count("\n")) == (code, 1)
    assert message in result.err


def test_digests_of_other_algorithms_are_not_compared(cli: Cli, pairs: Pairs) -> None:
    pathlib.Path("SHA512SUMS").write_text(f"{'0' * 128}  {A}\n")
    sums = write(FORMS["sha256sum"], pairs[:1])
    result = cli("verify", "SHA512SUMS", "--against", sums)
    assert result.code == 3
    assert "missing-hash: no digest found that has an algorithm of the list" in result.out


# What is no list.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"tag_name": "v1", "assets": []}]', "a list of releases, in which names can occur"),
        ('{"_type": "https://in-toto.io/Statement/v1", "predicateType": ""}', "an in-toto"),
        ('{"mediaType": "x", "verificationMaterial": {}}', "a Sigstore bundle"),
        ('{"attestation_bundles": []}', "the provenance of a file (PEP 740)"),
        ('{"bomFormat": "CycloneDX"}', "a CycloneDX bill of materials"),
        ('{"some": 1, "thing": 2}', "of an unknown kind, with the keys 'some', 'thing'"),
        ('{"assets": [', "the JSON document is cut off"),
        ("[" * 100_000, "not a valid JSON document"),
        ('[project]\nname = "x"\n', "TOML of an unknown kind, with the keys 'project'"),
        ('version = 4\n[[package]]\nname = "x"\nchecksum = "0"\n', "'version', 'package'"),
        ("six==1.17.0\n", "the requirements file has no digests of artifacts"),
        ("six>=1 --hash=sha256:{hex}\n", "the requirements file has no digests of artifacts"),
        ("<!DOCTYPE html><title>x</title>", "is an HTML or XML page"),
        ("-----BEGIN PGP SIGNATURE-----\n", "is a detached signature"),
        ("{hex}\n", "has no file name"),
        ("", "is empty"),
    ],
)
@each_verb
def test_other_text_is_named_in_one_line(
    cli: Cli, pairs: Pairs, served: Server, text: str, words: str, verb: str
) -> None:
    pathlib.Path("what").write_text(text.replace("{hex}", pairs[0][1]))
    result = run(cli, verb, pathlib.Path("what"), served)
    assert (result.code, result.err.count("\n")) == (3, 1)
    assert "what: " in result.err
    assert words in result.err
    assert f"/{A}" not in served.paths()


@each_verb
def test_unverified_artifacts_cannot_be_accepted_beside_a_list(
    cli: Cli, pairs: Pairs, served: Server, verb: str
) -> None:
    path = write(FORMS["sha256sum"], pairs)
    result = run(cli, verb, path, served, "--missing-hash", "accept")
    assert (result.code, served.paths()) == (2, [])
    assert "--against: not possible with --missing-hash accept; remove one" in result.err


def test_lock_file_is_not_a_page(cli: Cli, pairs: Pairs) -> None:
    text = FORMS["uv.lock"].text(pairs).encode()
    routes: Routes = {"/uv.lock": lambda h: respond(h, 200, text, Content_Type="text/plain")}
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}uv.lock")
    assert result.code == 3
    assert "not a page of artifacts; give it with --against" in result.err


def test_digest_list_is_an_address_of_fetch(cli: Cli, pairs: Pairs) -> None:
    text = FORMS["sha256sum"].text(pairs).encode()
    routes: Routes = {
        "/rel/SHA256SUMS": lambda h: respond(h, 200, text, Content_Type="text/plain"),
        **{f"/rel{path}": body for path, body in _bodies(pairs).items()},
    }
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}rel/SHA256SUMS")
        assert (result.code, got()) == (0, [A, SDIST])
        assert not [path for path in server.paths() if path.endswith(".sha256")]


@pytest.mark.parametrize("inside", [[], ["wheels"], ["notes.txt"], ["index.html"]])
def test_folder_without_digests_says_how_to_make_some(
    cli: Cli, pairs: Pairs, dist: pathlib.Path, inside: list[str]
) -> None:
    """A copy of the wheels confirms nothing: ``verify dist --against copy``."""
    copy = pathlib.Path("copy")
    copy.mkdir()
    for name in inside:
        if name == "wheels":
            shutil.copytree(dist, copy, dirs_exist_ok=True)
        else:
            copy.joinpath(name).write_text("hello")
    result = cli("verify", "dist", "--against", "copy")
    assert result.code == 3
    if inside == ["wheels"]:
        assert result.out.count("missing-hash: no digest found") == 2
        assert result.out.count("(hash FOLDER --sums SHA256SUMS) and give it with --against") == 2
    else:
        text = "not-listed: not in copy, which has no artifacts or digests"
        assert result.out.count(text) == 2


@each_verb
def test_list_of_another_release_is_not_said_to_be_empty(
    cli: Cli, pairs: Pairs, served: Server, verb: str
) -> None:
    pathlib.Path("OLD").write_text(f"{'0' * 64}  {OTHER_RELEASE}\n")
    old = pathlib.Path("old")
    old.mkdir()
    old.joinpath(f"{OTHER_RELEASE}.sha256").write_text("0" * 64)
    for source in ("OLD", "old"):
        result = run(cli, verb, pathlib.Path(source), served)
        assert result.code in (3, 4), result
        assert result.out.count(f"not-listed: not in {source}\n") == 2
