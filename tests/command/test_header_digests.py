"""Digests in header fields of responses, over real sockets: which are about the artifact."""

from __future__ import annotations

import base64
import gzip
import hashlib
import pathlib
import sys
from collections.abc import Mapping

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, B, hash_file, sha256, wheel_bytes
from tests.support.commands import FETCH, FETCH_AND_WAIT, fetch, got
from tests.support.opener import SHELF, Opener
from tests.support.pages import page, page_of
from tests.support.plugins import install
from tests.support.servers import Handler, Respond, Routes, respond, serving
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.transport import Entry, Listing


def b64(content: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def in_parts(content: bytes) -> str:
    """Return the digest that S3 has for an object of two parts: that of their digests."""
    digests = (hashlib.sha256(part).digest() for part in (content[:100], content[100:]))
    return b64(b"".join(digests))


#: Fields with a digest of some bytes, and the algorithm that is printed.
TAKEN: dict[str, tuple[str, str, str]] = {
    "Repr-Digest": ("Repr-Digest", "sha-256=:{sha256}:", "sha256"),
    "Repr-Digest, SHA-512": ("Repr-Digest", "sha-512=:{sha512}:", "sha512"),
    "Content-Digest": ("Content-Digest", "sha-256=:{sha256}:", "sha256"),
    "Digest": ("Digest", "SHA-256={sha256},UNIXsum=30637", "sha256"),
    "S3": ("x-amz-checksum-sha256", "{sha256}", "sha256"),
    "Artifactory": ("X-Checksum-Sha256", "{hex}", "sha256"),
    "GitLab, MD5 only": ("X-Checksum-Md5", "{hexmd5}", "md5"),
    "Google": ("x-goog-hash", "crc32c=n03x6A==, md5={md5}", "md5"),
    "Content-MD5": ("Content-MD5", "{md5}", "md5"),
}


def field(what: str, content: bytes) -> dict[str, str]:
    name, form, _ = TAKEN[what]
    values = {algorithm: b64(content, algorithm) for algorithm in ("sha256", "sha512", "md5")}
    return {name: form.format(**values, hex=sha256(content), hexmd5=md5(content))}


#: Fields that are not about the artifact's bytes, although each has a well-formed digest of
#: something, or that cannot be read.
IGNORED: dict[str, dict[str, str]] = {
    "Repr-Digest, too short": {"Repr-Digest": "sha-256=:AAAA:"},
    "Repr-Digest, syntax of Digest": {"Repr-Digest": f"sha-256={b64(b'x')}"},
    "Repr-Digest, old algorithm": {"Repr-Digest": f"md5=:{b64(b'x', 'md5')}:"},
    "Digest, syntax of Repr-Digest": {"Digest": f"sha-256=:{b64(b'x')}:"},
    "S3, composite": {
        "x-amz-checksum-sha256": f"{b64(b'x')}-3",
        "x-amz-checksum-type": "COMPOSITE",
    },
    "S3, composite without a type": {"x-amz-checksum-sha256": f"{b64(b'x')}-3"},
    "S3, composite without a number": {
        "x-amz-checksum-sha256": b64(b"x"),
        "x-amz-checksum-type": "COMPOSITE",
    },
    "S3, composite by its etag": {
        "x-amz-checksum-sha256": b64(b"x"),
        "ETag": f'"{md5(b"x")}-2"',
    },
    "Google, compressed in the store": {
        "x-goog-hash": f"md5={b64(b'x', 'md5')}",
        "x-goog-stored-content-encoding": "gzip",
    },
    "SHA-1": {"X-Checksum-Sha1": "ab" * 20, "Digest": "SHA=qUqP5cyxm6YcTAhz05Hph5gvu9M="},
    "Artifactory, cut": {"X-Checksum-Sha256": "ab" * 31},
    "etag": {"ETag": f'"{md5(b"x")}"'},
}


def sends(content: bytes, headers: Mapping[str, str]) -> Respond:
    return lambda handler: respond(handler, 200, content, **headers)


def routes(content: bytes, headers: Mapping[str, str], *, beside: bool = False) -> Routes:
    made: dict[str, Respond | bytes] = {"/": page(A), f"/{A}": sends(content, headers)}
    return made | ({f"/{HASH_FILE}": hash_file(content)} if beside else {})


@pytest.mark.parametrize("what", TAKEN)
def test_field_is_a_source(cli: Cli, wheel: bytes, what: str) -> None:
    with serving(routes(wheel, field(what, wheel))) as server:
        result = cli(*FETCH, server.url, "--explain", A)
    algorithm = TAKEN[what][2]
    assert (result.code, got(), result.err) == (0, [A], ""), result
    assert result.line("ok").split()[2:5] == [algorithm, "header", "container"]
    assert f"{TAKEN[what][0].lower()} of " in result.out
    assert ("md5 detects accidental corruption" in result.out) is (algorithm == "md5")


@pytest.mark.parametrize("what", TAKEN)
def test_field_with_another_digest_refuses_the_artifact(cli: Cli, wheel: bytes, what: str) -> None:
    with serving(routes(wheel, field(what, b"other"))) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "mismatch: " in result.line("refused")) == (1, True), result


@pytest.mark.parametrize("what", IGNORED)
def test_field_that_is_not_about_the_artifact_is_ignored(cli: Cli, wheel: bytes, what: str) -> None:
    with serving(routes(wheel, IGNORED[what], beside=True)) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err) == (0, ""), result
    assert result.line("ok").split()[2:] == ["sha256", "hash", "file", "container"]
    with serving(routes(wheel, IGNORED[what])) as server:
        alone = fetch(cli, server.url, "--local-folder", "alone")
    assert (alone.code, "missing-hash: " in alone.line("refused")) == (3, True), alone


def test_field_that_cannot_be_read_is_noted_once(cli: Cli, wheel: bytes) -> None:
    bad = {"Repr-Digest": "sha-256=:AAAA:"}
    contents = {A: wheel, B: wheel_bytes("other", B)}
    made: dict[str, Respond | bytes] = {"/": page(A, B)}
    for name, content in contents.items():
        made |= {f"/{name}": sends(content, bad), f"/{name}.sha256": hash_file(content, name)}
    with serving(made) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert result.out.count("ignored: its value for sha256 is not a digest in base64") == 1


def test_md5_of_headers_is_not_read_beside_a_stronger_digest(cli: Cli, wheel: bytes) -> None:
    headers = {**field("Artifactory", wheel), **field("Content-MD5", wheel), **field("S3", wheel)}
    with serving(routes(wheel, headers)) as server:
        result = cli(*FETCH, server.url)
    assert result.line("ok").split()[2:] == ["sha256", "header", "container"]
    metadata = {"X-Object-Meta-Sha256": sha256(wheel), **field("Google", b"other")}
    with serving(routes(wheel, metadata)) as server:
        result = fetch(cli, server.url, "--local-folder", "again")
    assert (result.code, result.line("ok").split()[2]) == (0, "sha256")


def test_field_shows_that_the_hash_file_is_stale(cli: Cli, wheel: bytes) -> None:
    made = {**routes(wheel, field("Repr-Digest", wheel)), f"/{HASH_FILE}": hash_file(b"newer")}
    with serving(made) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "stale: " in result.line("refused")) == (5, True)


@pytest.mark.parametrize("what", ["Repr-Digest", "Content-Digest", "Digest", "Content-MD5"])
def test_digest_of_encoded_bytes_is_not_that_of_the_artifact(
    cli: Cli, wheel: bytes, what: str
) -> None:
    """A proxy compressed the wheel, and says correctly what it sends."""
    packed = gzip.compress(wheel)
    made: Routes = {
        "/": page_of(wheel),
        f"/{A}": sends(packed, {"Content-Encoding": "gzip", **field(what, packed)}),
    }
    with serving(made) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "stale" not in result.line("refused")
    assert "sent with Content-Encoding: gzip" in result.out


def test_digests_are_asked_for(cli: Cli, wheel: bytes) -> None:
    """A server may send them only on request (:rfc:`9530`, section 4)."""

    def answer(handler: Handler) -> None:
        wanted = "sha-256" in handler.headers.get("Want-Repr-Digest", "")
        respond(handler, 200, wheel, **(field("Repr-Digest", wheel) if wanted else {}))

    with serving({"/": page(A), f"/{A}": answer}) as server:
        assert cli(*FETCH, server.url).code == 0


class Cut:
    """An object whose first response is cut, with headers of its own for the whole and the rest."""

    def __init__(self, content: bytes, whole: Mapping[str, str], rest: Mapping[str, str]) -> None:
        self.content = content
        self.headers = [whole, rest]
        self.sent = 0

    def __call__(self, handler: Handler) -> None:
        wanted = handler.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        end = len(self.content) if wanted else 40_000
        handler.send_response(206 if wanted else 200)
        handler.send_header("ETag", '"v1"')
        handler.send_header("Content-Length", str(len(self.content) - start))
        if wanted:
            last = len(self.content) - 1
            handler.send_header("Content-Range", f"bytes {start}-{last}/{last + 1}")
        for name, value in self.headers[wanted is not None].items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(self.content[start:end])
        self.sent += end - start
        handler.close_connection = True


@pytest.mark.parametrize("what", ["Content-Digest", "Content-MD5", "S3"])
def test_digest_of_a_part_is_not_that_of_the_artifact(cli: Cli, wheel: bytes, what: str) -> None:
    """The rest of a cut body has a digest of its own; S3 sends the composite digest then."""
    rest = {"x-amz-checksum-sha256": in_parts(wheel)}
    rest = rest if what == "S3" else field(what, wheel[40_000:])
    cut = Cut(wheel, field(what, wheel), rest)
    with serving({"/": page(A), f"/{A}": cut}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert (result.code, cut.sent) == (0, len(wheel)), result
    assert result.line("ok").split()[2:5] == [TAKEN[what][2], "header", "container"]

    cut = Cut(wheel, {}, rest)
    with serving({**routes(wheel, {}, beside=True), f"/{A}": cut}) as server:
        result = fetch(cli, server.url, "--wait", "20", "--local-folder", "again")
    assert (result.code, cut.sent) == (0, len(wheel)), result
    assert result.line("ok").split()[3:5] == ["hash", "file"]


@pytest.mark.parametrize("what", ["Repr-Digest", "Digest", "Artifactory"])
def test_digest_of_the_whole_counts_in_the_response_with_the_rest(
    cli: Cli, wheel: bytes, what: str
) -> None:
    cut = Cut(wheel, field(what, b"other"), field(what, wheel))
    with serving({"/": page(A), f"/{A}": cut}) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "20", server.url)
    assert (result.code, cut.sent) == (0, len(wheel)), result


def test_headers_that_contradict_each_other_are_a_conflict(cli: Cli, wheel: bytes) -> None:
    headers = {"X-Object-Meta-Sha256": sha256(wheel), **field("Repr-Digest", b"other")}
    with serving(routes(wheel, headers)) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "conflict: " in result.line("refused")) == (1, True), result


#: The headers of servers with the S3 API, and of others.
S3 = {"x-amz-request-id": "4442587FB7D0A2F9"}
GOOGLE = {**S3, "x-goog-generation": "1"}


@pytest.mark.parametrize(
    ("kind", "headers", "link", "asked"),
    [
        ("page", S3, A, True),
        ("page", {"x-amz-id-2": "x"}, A, True),
        ("page", {}, A, False),
        ("page", GOOGLE, A, False),
        ("page", S3, f"{A}?X-Amz-Signature=0", False),
        ("listing", S3, A, True),
        ("listing", {}, A, False),
        ("listing", GOOGLE, A, False),
    ],
)
def test_s3_is_asked_for_checksums(
    cli: Cli, wheel: bytes, kind: str, headers: Mapping[str, str], link: str, asked: bool
) -> None:
    """The header is not part of the signature of a signed URL, so S3 would refuse it."""
    content = page(link)
    kinds = {"Content-Type": "text/html"}
    if kind == "listing":
        entry = f"<Key>{A}</Key><Size>{len(wheel)}</Size>"
        content = (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
            f"<IsTruncated>false</IsTruncated><Contents>{entry}</Contents></ListBucketResult>"
        ).encode()
        kinds = {"Content-Type": "application/xml"}
    made = {**routes(wheel, field("S3", wheel)), "/": sends(content, {**kinds, **headers})}
    with serving(made) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0, result
    modes = [each.get("x-amz-checksum-mode") for _, path, each in server.requests if A in path]
    assert ("ENABLED" in modes) is asked


def test_other_origin_is_not_asked_for_checksums(cli: Cli, wheel: bytes) -> None:
    with (
        serving(routes(wheel, field("S3", wheel))) as store,
        serving({"/": sends(page(store.url + A), S3)}) as server,
    ):
        assert cli(*FETCH, server.url).code == 0
    assert all("x-amz-checksum-mode" not in headers for _, _, headers in store.requests)


@pytest.mark.parametrize("signature", ["AWS4-HMAC-SHA256 Credential=x", "AWS user:x", "Bearer x"])
def test_header_is_not_added_to_a_request_that_a_plugin_signed(
    cli: Cli, wheel: bytes, monkeypatch: pytest.MonkeyPatch, signature: str
) -> None:
    class Signing:
        @hookimpl
        def wheelhouse_authorize(self) -> dict[str, str]:
            return {"Authorization": signature, "x-amz-date": "20261126T000000Z"}

    install(monkeypatch, signing=Signing())
    made = {**routes(wheel, field("S3", wheel)), "/": sends(page(A), S3)}
    with serving(made) as server:
        assert cli(*FETCH, server.url).code == 0
    sent = server.requests[-1][2]
    assert sent["authorization"] == signature
    assert "x-amz-date" in sent
    assert ("x-amz-checksum-mode" in sent) is not signature.startswith("AWS")


def test_missing_requirement_of_structured_fields_is_a_usage_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "http_sf", None)
    for module in ("wheelhouse_hashes.http.client", "wheelhouse_hashes.http.settings"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    result = cli(*FETCH, "http://127.0.0.1:9/")
    assert result.code == 2
    assert "needs http-sf; install it: " in result.err
    assert "pip install 'wheelhouse-hashes[fetch]'" in result.err


@pytest.fixture
def built(dist: pathlib.Path, wheel: bytes) -> bytes:
    """The bytes of the only wheel in ``dist``."""
    dist.joinpath(A).write_bytes(wheel)
    return wheel


@pytest.mark.parametrize("what", [name for name in TAKEN if name != "Content-Digest"])
def test_verify_asks_for_headers_if_nothing_else_has_a_digest(
    cli: Cli, built: bytes, what: str
) -> None:
    with serving(routes(built, field(what, built))) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    tier = "container" if TAKEN[what][2] == "md5" else "elsewhere"
    assert result.code == 0, result
    assert result.line("ok").split()[2:5] == [TAKEN[what][2], "header", tier]
    methods = [method for method, path, _ in server.requests if path == f"/{A}"]
    assert methods == ["HEAD"]
    with serving(routes(built, field(what, b"other"))) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert (result.code, "mismatch: " in result.line("refused")) == (1, True), result


def test_verify_ignores_the_digest_of_the_empty_body(cli: Cli, built: bytes) -> None:
    """``Content-Digest`` of the response to ``HEAD`` (:rfc:`9530`, appendix B.2)."""
    headers = {**field("Content-Digest", b""), **field("Repr-Digest", built)}
    with serving(routes(built, headers)) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert result.code == 0, result


@pytest.mark.parametrize("what", IGNORED)
def test_verify_ignores_fields_that_are_not_about_the_artifact(
    cli: Cli, built: bytes, what: str
) -> None:
    with serving(routes(built, IGNORED[what])) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert (result.code, "missing-hash: " in result.line("refused")) == (3, True), result


def test_verify_does_not_ask_for_headers_beside_another_digest(cli: Cli, built: bytes) -> None:
    with serving(routes(built, field("Digest", b"other"), beside=True)) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert result.code == 0, result
    assert "HEAD" not in [method for method, _, _ in server.requests]


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_server_that_refuses_head_has_no_digest(cli: Cli, built: bytes, status: int) -> None:
    made: Routes = {"/": page(A), f"/{A}": lambda handler: respond(handler, status, b"")}
    with serving(made) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert (result.code, "missing-hash: " in result.line("refused")) == (3, True), result
    assert (f"HTTP status {status}; so its headers" in result.out) is (status != 404)


def test_head_is_repeated_while_the_server_is_unavailable(cli: Cli, built: bytes) -> None:
    statuses = iter((503, 200, 503))

    def answer(handler: Handler) -> None:
        respond(handler, next(statuses), built, **field("Repr-Digest", built))

    with serving({"/": page(A), f"/{A}": answer}) as server:
        command = ("verify", "dist", "--against", server.url, "--wait")
        assert cli(*command, "20").code == 0
        result = cli(*command, "0")
    assert (result.code, "unreachable: " in result.line("refused")) == (5, True), result


def test_disabled_plugin_asks_for_no_headers(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_HASHES_DISABLED_PLUGINS", "headers")
    with serving(routes(built, field("Digest", built))) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert result.code == 3, result
    assert "HEAD" not in [method for method, _, _ in server.requests]


def test_verify_opens_and_closes_objects_of_a_plugin(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Opener({"": page(A), A: built}, field("Artifactory", built))
    install(monkeypatch, shelf=shelf)
    result = cli("verify", "dist", "--wait", "0", "--against", SHELF)
    assert result.code == 0, result
    assert result.line("ok").split()[2:] == ["sha256", "header", "container"]
    opened = [name for name, _ in shelf.asked if name in shelf.objects]
    assert (opened, shelf.closed) == (["", A], 2)


def test_head_is_authorized(
    cli: Cli, built: bytes, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature of S3 is for one method."""

    class Signing:
        @hookimpl
        def wheelhouse_authorize(self, method: str) -> dict[str, str]:
            return {"Authorization": f"for {method}"}

    def answer(handler: Handler) -> None:
        good = handler.headers.get("Authorization") == f"for {handler.command}"
        respond(handler, 200 if good else 403, wheel, **field("Artifactory", wheel))

    install(monkeypatch, signing=Signing())
    with serving({"/": page(A), f"/{A}": answer}) as server:
        result = cli("verify", "dist", "--wait", "0", "--against", server.url)
    assert (result.code, len(built)) == (0, len(wheel)), result


def test_local_list_leads_to_no_request(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(routes(built, field("Digest", built))) as server:

        class Lists:
            @hookimpl
            def wheelhouse_locate(self, url: str) -> Listing:
                return Listing(url, (Entry(A, f"{server.url}{A}"),), companions_listed=True)

        install(monkeypatch, lists=Lists())
        pathlib.Path("list").touch()
        result = cli("verify", "dist", "--against", "list")
    assert (result.code, "missing-hash: " in result.line("refused")) == (3, True), result
    assert server.requests == []
