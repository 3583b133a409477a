"""``fetch --verify`` from real servers, through the host's command line."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from tests.conftest import Cli
from tests.support.artifacts import (
    ANOTHER_A,
    SDIST,
    A,
    B,
    C,
    hash_file,
    make_sdist,
    make_wheel,
    publish,
    sha256,
    wheel_bytes,
)
from tests.support.commands import FETCH, FETCH_AND_WAIT, GOT, got
from tests.support.pages import page
from tests.support.params import quick
from tests.support.processes import living_elsewhere
from tests.support.servers import Handler, Respond, Routes, Server, respond, serving, serving_folder
from wheelhouse_hashes.disk.private_folder import LOCK, PRIVATE_PREFIX


def test_fetch_keeps_good_artifacts_only(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    contents = {name: publish(folder, name) for name in (A, B, C, SDIST)}
    result = cli(*FETCH, served.url)
    assert (result.code, result.err) == (0, "")
    assert got() == sorted(contents)
    for name, content in contents.items():
        assert (GOT / name).read_bytes() == content
        assert re.search(
            rf"^ok +{re.escape(name)} +sha256  hash file  container$", result.out, re.MULTILINE
        )
    closing = "verified 4 of 4 artifacts (weakest tier: container, over plain HTTP)"
    assert result.out.splitlines()[-1] == closing


def test_fetch_makes_two_requests_per_artifact(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    for name in (A, B, C):
        publish(folder, name)
    cli(*FETCH, served.url)
    assert len(served.requests) == 1 + 2 * 3


def test_flipped_bit_is_mismatch_after_two_reads(cli: Cli, wheel: bytes) -> None:
    bad = bytearray(wheel)
    bad[50_000] ^= 1
    routes: Routes = {"/": page(A), f"/{A}": bytes(bad), f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "mismatch: " in result.line("refused")
    assert f"expected  sha256:{sha256(wheel)}  hash file, {server.url}{A}.sha256" in result.out
    assert f"got       sha256:{sha256(bytes(bad))}" in result.out
    assert server.paths().count(f"/{A}") == 2
    assert got() == [".rejected"]
    assert (GOT / ".rejected" / f"{A}.rejected").read_bytes() == bytes(bad)


def test_second_read_bypasses_caches(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/": page(A), f"/{A}": wheel, f"/{A}.sha256": hash_file(b"other")}
    with serving(routes) as server:
        cli(*FETCH, server.url)
    first, second = (r for r in server.requests if r[1].startswith(f"/{A}") and ".sha" not in r[1])
    assert "?" not in first[1]
    assert re.search(r"\?fresh=\w+$", second[1])
    assert second[2]["cache-control"] == "no-cache"
    assert second[2]["x-newest"] == "true"


def test_truncated_body_is_refused(cli: Cli, wheel: bytes) -> None:
    def truncated(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(wheel)))
        handler.end_headers()
        handler.wfile.write(wheel[:60_000])
        handler.close_connection = True

    with serving({"/": page(A), f"/{A}": truncated, f"/{A}.sha256": hash_file(wheel)}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert f"truncated: {server.url}{A}: the download ended after 60000 of {len(wheel)} bytes" in (
        result.line("refused")
    )
    assert got() == []


def test_truncated_body_of_unknown_length_is_refused(cli: Cli, wheel: bytes) -> None:
    lengths = iter((60_000, 70_000, 80_000))

    def truncated(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(wheel[: next(lengths)])
        handler.close_connection = True

    with serving({"/": page(A), f"/{A}": truncated, f"/{A}.sha256": hash_file(wheel)}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "truncated: " in result.line("refused")) == (5, True)
    assert got() == []


def test_truncated_body_is_fetched_again_within_wait(cli: Cli, wheel: bytes) -> None:
    tries: list[int] = []

    def truncated_once(handler: Handler) -> None:
        tries.append(1)
        if len(tries) > 1:
            return respond(handler, 200, wheel)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(wheel)))
        handler.end_headers()
        handler.wfile.write(wheel[:10])
        handler.close_connection = True
        return None

    routes: Routes = {"/": page(A), f"/{A}": truncated_once, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "90", server.url)
    assert result.code == 0
    assert "truncated" in result.line("waiting")
    assert got() == [A]


def test_html_page_is_not_a_distribution(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {
        "/": page(A),
        f"/{A}": b"<!doctype html><p>log in",
        f"/{A}.sha256": hash_file(wheel),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "not-a-distribution: the file is an HTML or XML page" in result.line("refused")
    assert got() == []


def test_html_page_with_matching_digest_is_refused(cli: Cli) -> None:
    html = b"<!doctype html><p>uploaded by mistake"
    with serving({"/": page(f"{A}#sha256={sha256(html)}"), f"/{A}": html}) as server:
        assert cli(*FETCH, server.url).code == 1
    assert got() == []


def test_missing_hash_is_refused_before_the_body(cli: Cli, wheel: bytes) -> None:
    with serving({"/": page(A, B), f"/{A}": wheel, f"/{B}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert result.out.count("missing-hash: no digest found for this artifact") == 2
    assert got() == []


def test_missing_hash_accept_counts_unverified(cli: Cli, wheel: bytes) -> None:
    with serving({"/": page(A), f"/{A}": wheel}) as server:
        result = cli(*FETCH, "--missing-hash", "accept", server.url)
    assert result.code == 0
    assert "no digest found" in result.line("unverified")
    assert (
        result.out.splitlines()[-1] == "verified 0 of 1 artifacts (over plain HTTP), unverified 1"
    )
    assert got() == [A]


@pytest.mark.parametrize("status", [403, 404])
def test_absent_hash_file_is_ignored_with_link_digest(cli: Cli, wheel: bytes, status: int) -> None:
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}"),
        f"/{A}": wheel,
        f"/{A}.sha256": lambda handler: respond(handler, status, b"no"),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert result.line("ok").endswith("sha256  link  container")


def test_every_claim_must_match(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(b'other')}"),
        f"/{A}": wheel,
        f"/{A}.sha256": hash_file(wheel),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert "conflict: the digests found for this artifact contradict" in result.line("refused")
    assert got() == [".rejected"]


def test_unreadable_hash_file_is_refused(cli: Cli, wheel: bytes) -> None:
    links = page(A, f"{A}.sha256")
    routes: Routes = {"/": links, f"/{A}": wheel, f"/{A}.sha256": b"<html>not yet"}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "unreadable-hash: the hash file is an HTML or XML page" in result.line("refused")
    assert f"/{A}" not in server.paths()


def test_hash_file_of_another_artifact_is_refused(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/": page(A), f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel, B)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "names another file" in result.out) == (3, True)


def test_unrequested_compressed_hash_file_is_read(cli: Cli, wheel: bytes) -> None:
    def compressed(handler: Handler) -> None:
        respond(handler, 200, gzip.compress(hash_file(wheel)), Content_Encoding="gzip")

    with serving({"/": page(A), f"/{A}": wheel, f"/{A}.sha256": compressed}) as server:
        assert cli(*FETCH, server.url).code == 0


def test_content_encoding_of_artifact_is_ignored(cli: Cli, tmp_path: pathlib.Path) -> None:
    content = make_sdist(tmp_path / "made", SDIST).read_bytes()

    def with_gzip_header(handler: Handler) -> None:
        respond(handler, 200, content, Content_Encoding="gzip")

    routes: Routes = {
        "/": page(SDIST),
        f"/{SDIST}": with_gzip_header,
        f"/{SDIST}.sha256": hash_file(content, SDIST),
    }
    with serving(routes) as server:
        assert cli(*FETCH, server.url).code == 0
    assert (GOT / SDIST).read_bytes() == content


def test_listed_hash_files_of_all_algorithms_are_fetched(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    content = publish(folder, A)
    (folder / f"{A}.md5").write_text(hashlib.md5(content, usedforsecurity=False).hexdigest())
    (folder / f"{A}.sha512").write_text(f"{'0' * 128}  {A}\n")
    result = cli(*FETCH, served.url)
    assert result.code == 1
    assert "conflict" in result.line("refused")
    (folder / f"{A}.sha512").write_text(f"{hashlib.sha512(content).hexdigest()}  {A}\n")
    assert "md5,sha256,sha512" in cli(*FETCH, served.url).line("ok")


def test_md5_alone_is_noted_as_weak(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    content = make_wheel(folder, A).read_bytes()
    (folder / f"{A}.md5").write_text(hashlib.md5(content, usedforsecurity=False).hexdigest())
    assert "md5 detects accidental corruption, not tampering" in cli(*FETCH, served.url).line("ok")


def test_hash_algorithm_option_tries_unlisted_hash_file(cli: Cli, wheel: bytes) -> None:
    digits = hashlib.blake2b(wheel).hexdigest().encode()
    routes: Routes = {"/": page(A), f"/{A}": wheel, f"/{A}.blake2b": digits + b"  " + A.encode()}
    with serving(routes) as server:
        result = cli(*FETCH, "--hash-algorithm", "blake2b", server.url)
    assert result.line("ok").endswith("blake2b  hash file  container")
    assert server.paths().index(f"/{A}.sha256") < server.paths().index(f"/{A}.blake2b")


def test_good_file_on_disk_is_not_fetched_again(cli: Cli, served: Server) -> None:
    publish(pathlib.Path("store/wheels"), A)
    cli(*FETCH, served.url)
    inode = (GOT / A).stat().st_ino
    served.requests.clear()
    result = cli(*FETCH, served.url)
    assert result.code == 0
    assert "already in the folder" in result.line("ok")
    assert served.paths() == ["/", f"/{A}.sha256"]
    assert (GOT / A).stat().st_ino == inode


def test_damaged_file_on_disk_is_replaced_and_quarantined(cli: Cli, served: Server) -> None:
    content = publish(pathlib.Path("store/wheels"), A)
    GOT.mkdir()
    (GOT / A).write_bytes(content[:100])
    result = cli(*FETCH, served.url)
    assert result.code == 0
    assert "the copy in the folder was bad: moved to .rejected" in result.line("ok")
    assert (GOT / A).read_bytes() == content
    assert (GOT / ".rejected" / f"{A}.rejected").read_bytes() == content[:100]


def test_damaged_file_is_quarantined_if_fetch_fails(cli: Cli, wheel: bytes) -> None:
    GOT.mkdir()
    (GOT / A).write_bytes(wheel[:100])
    with serving({"/": page(A), f"/{A}.sha256": hash_file(wheel)}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 4
    assert got() == [".rejected"]


def test_file_on_disk_without_claim_is_kept_and_reported(cli: Cli, wheel: bytes) -> None:
    GOT.mkdir()
    (GOT / A).write_bytes(wheel)
    with serving({"/": page(A), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 3
    assert "the copy in the folder was left there, unverified" in result.line("refused")
    assert got() == [A]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_link_or_folder_named_like_artifact_is_untouched(
    cli: Cli, served: Server, kind: str, tmp_path: pathlib.Path
) -> None:
    folder = pathlib.Path("store/wheels")
    publish(folder, A)
    publish(folder, B)
    GOT.mkdir()
    (tmp_path / "elsewhere").write_text("precious")
    if kind == "link":
        (GOT / A).symlink_to(tmp_path / "elsewhere")
    else:
        (GOT / A).mkdir()
    result = cli(*FETCH, served.url)
    assert result.code == 6
    assert "disk: " in result.line("refused")
    assert (tmp_path / "elsewhere").read_text() == "precious"
    assert result.line("ok").split()[1] == B


def test_rejected_folder_is_not_used_through_symlink(
    cli: Cli, wheel: bytes, tmp_path: pathlib.Path
) -> None:
    GOT.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (GOT / ".rejected").symlink_to(tmp_path / "elsewhere")
    routes: Routes = {"/": page(A), f"/{A}": wheel, f"/{A}.sha256": hash_file(b"other")}
    with serving(routes) as server:
        assert cli(*FETCH, server.url).code == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert got() == [".rejected"]


def test_unjudged_artifacts_in_folder_are_listed(cli: Cli, served: Server) -> None:
    publish(pathlib.Path("store/wheels"), A)
    GOT.mkdir()
    for name in ("demo-0.9-py3-none-any.whl", "other-1.0.tar.gz", "notes.txt"):
        (GOT / name).write_text("old")
    result = cli(*FETCH, served.url)
    assert result.code == 0
    *_, heading, first, second = result.out.splitlines()
    assert heading == "in the folder but not checked by this run:"
    assert [first.strip(), second.strip()] == ["demo-0.9-py3-none-any.whl", "other-1.0.tar.gz"]


def test_private_folders_of_dead_runs_are_removed(cli: Cli, served: Server) -> None:
    publish(pathlib.Path("store/wheels"), A)
    dead = GOT / f"{PRIVATE_PREFIX}dead"
    dead.mkdir(parents=True)
    (dead / LOCK).touch()
    (dead / A).write_text("half a wheel")
    with living_elsewhere(GOT) as live:
        assert cli(*FETCH, served.url).code == 0
        assert got() == [live.name, A]
    assert cli(*FETCH, served.url).code == 0
    assert got() == [A]


def test_no_match_is_exit_4_and_lists_versions(cli: Cli, served: Server) -> None:
    publish(pathlib.Path("store/wheels"), A)
    result = cli(*FETCH[:-1], "--version", "2.0", "demo", served.url)
    assert result.code == 4
    assert "nothing matches demo 2.0" in result.out
    assert "available versions: 1.0" in result.out
    assert cli(*FETCH[:-1], "nobody", served.url).code == 4


def test_invalid_version_option_is_exit_2(cli: Cli, served: Server) -> None:
    result = cli(*FETCH[:-1], "--version", "one point oh", "demo", served.url)
    assert (result.code, "not a valid version" in result.err) == (2, True)


def test_announced_artifact_without_bytes_is_missing(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    publish(folder, A)
    publish(folder, B)
    (folder / A).unlink()
    result = cli(*FETCH, served.url)
    assert result.code == 4
    assert "missing-artifact: " in result.line("refused")
    assert got() == [B]


def test_artifact_gone_with_hash_file_is_withdrawn(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/": page(A, B), f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert "missing-artifact: listed, but neither it nor" in result.line("withdrawn")


def test_superseded_dev_build_is_not_waited_for(cli: Cli) -> None:
    names = [f"demo-1.0.dev0+2026010100000{number}-py3-none-any.whl" for number in range(6)]
    routes: dict[str, Respond | bytes] = {"/": page(*names)}
    for name in names[1:]:
        content = wheel_bytes(name=name)
        routes |= {f"/{name}": content, f"/{name}.sha256": hash_file(content, name)}
    options = ("--verify", "--wait", "60", "--local-folder", "got", "demo")
    with serving(routes) as server:
        result = cli("fetch", *options, server.url)
        assert (result.code, got()) == (0, names[1:])
        assert names[0] in result.line("withdrawn")
        assert "waiting" not in result.out
        # A build that no newer builds supersede may still appear.
        del routes[f"/{names[1]}"], routes[f"/{names[1]}.sha256"]
        shutil.rmtree("got")
        result = cli("fetch", *options[:2], "0.5", *options[3:], server.url)
    assert names[1] in result.line("waiting")


def test_half_deleted_dev_build_is_withdrawn(cli: Cli) -> None:
    names = [f"demo-1.0.dev0+2026010100000{number}-py3-none-any.whl" for number in range(6)]
    hash_files = [f"{name}.sha256" for name in names]
    routes: dict[str, Respond | bytes] = {"/": page(*names, *hash_files)}
    for name in names:
        content = wheel_bytes(name=name)
        routes |= {f"/{name}": content, f"/{name}.sha256": hash_file(content, name)}
    del routes[f"/{names[0]}"]
    with serving(routes) as server:
        result = cli("fetch", "--verify", "--wait", "60", "demo", server.url)
        assert (result.code, "waiting" in result.out) == (0, False)
        assert "listed, but deleted: superseded by newer dev builds" in result.line("withdrawn")
        # A build that no newer builds supersede is missing: its hash file announces it.
        del routes[f"/{names[1]}"]
        result = cli(*FETCH, server.url)
    assert result.code == 4
    assert names[1] in result.line("refused")


def test_all_artifacts_withdrawn_is_exit_4(cli: Cli) -> None:
    with serving({"/": page(A, B)}) as server:
        assert cli(*FETCH, server.url).code == 4


def test_dead_link_with_digest_is_missing(cli: Cli) -> None:
    with serving({"/": page(f"{A}#sha256={sha256(b'')}")}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "missing-artifact" in result.line("refused")) == (4, True)


def test_leftover_dev_hash_file_is_noted_not_missing(cli: Cli, served: Server) -> None:
    folder = pathlib.Path("store/wheels")
    for minute in range(1, 6):
        publish(folder, f"demo-1.1.dev0+2026010100{minute:02}00-py3-none-any.whl")
    old = "demo-1.1.dev0+20260101000000-py3-none-any.whl"
    (folder / f"{old}.sha256").write_text("x")
    result = cli(*FETCH, served.url)
    assert result.code == 0
    assert result.line("note").split()[1] == old
    assert "verified 5 of 5" in result.out


def test_late_hash_file_is_waited_for(cli: Cli, wheel: bytes) -> None:
    asked: list[float] = []

    def appear_late(handler: Handler) -> None:
        asked.append(time.monotonic())
        if len(asked) < 3:
            respond(handler, 404, b"not yet")
        else:
            respond(handler, 200, hash_file(wheel))

    routes: Routes = {
        "/": page(A, ANOTHER_A),
        f"/{A}": wheel,
        f"/{A}.sha256": appear_late,
        f"/{ANOTHER_A}": wheel,
        f"/{ANOTHER_A}.sha256": hash_file(wheel, ANOTHER_A),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "90", server.url)
    assert result.code == 0
    assert "hash file not published yet; waiting up to 90 s" in result.line("waiting")


def test_stable_objects_are_not_waited_for(cli: Cli, wheel: bytes) -> None:
    def old(body: bytes) -> Respond:
        return lambda handler: respond(
            handler, 200, body, Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"
        )

    routes: Routes = {"/": page(A), f"/{A}": old(wheel), f"/{A}.sha256": old(hash_file(b"other"))}
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert (result.code, "waiting" in result.out) == (1, False)
    assert server.paths().count(f"/{A}") == 2


def test_server_error_is_retried(cli: Cli, wheel: bytes) -> None:
    troubles = iter((503, 500))

    def failing_first(body: bytes) -> Respond:
        def answer(handler: Handler) -> None:
            status = next(troubles, 200)
            respond(handler, status, body, **({"Retry_After": "0"} if status == 503 else {}))

        return answer

    routes: Routes = {
        "/": failing_first(page(A)),
        f"/{A}": failing_first(wheel),
        f"/{A}.sha256": hash_file(wheel),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, "--wait", "90", server.url)
    assert result.code == 0


@pytest.mark.parametrize(("status", "code", "cause"), [(401, 5, "forbidden"), (500, 5, "unreach")])
def test_http_status_of_artifact_has_cause(
    cli: Cli, wheel: bytes, status: int, code: int, cause: str
) -> None:
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}"),
        f"/{A}": lambda handler: respond(handler, status, b"no"),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == code
    assert cause in result.line("refused")
    assert f"HTTP status {status}" in result.out


def test_missing_page_is_one_line_error(cli: Cli) -> None:
    with serving({}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert result.err == (
        f"wheelhouse-hashes: error: unreachable: {server.url}: HTTP status 404; "
        "check the URL and the network, then fetch it again\n"
    )


def test_unreachable_server_is_one_line_error(cli: Cli) -> None:
    with serving({}) as server:
        pass
    result = cli(*FETCH, server.url)
    assert (result.code, result.err.count("\n")) == (5, 1)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("file:///etc/passwd", "'file': use http, https or container"),
        ("ftp://h/", "'ftp': use http, https or container"),
        ("nonsense", "not an http or https URL"),
    ],
)
def test_unsupported_url_schemes_are_refused(cli: Cli, url: str, text: str) -> None:
    result = cli(*FETCH, url)
    assert result.code == 2
    assert text in result.err


def test_credentials_are_sent_to_their_origin_only(cli: Cli, wheel: bytes) -> None:
    content = wheel_bytes(name=B)
    with serving({f"/{B}": content, f"/{B}.sha256": hash_file(content, B)}) as other:
        routes: Routes = {
            "/": page(A, f"{other.url}{B}"),
            f"/{A}": wheel,
            f"/{A}.sha256": hash_file(wheel),
        }
        with serving(routes) as server:
            url = server.url.replace("://", "://someone:hunter2@")
            result = cli(*FETCH, url)
            assert all("authorization" in headers for _, _, headers in server.requests)
        assert other.requests
        assert not any("authorization" in headers for _, _, headers in other.requests)
    assert result.code == 0
    assert "links to artifacts on another server" in result.line("note")
    assert "hunter2" not in result.out + result.err


def test_redirects_are_followed_within_limits(cli: Cli, wheel: bytes) -> None:
    def to(path: str) -> Respond:
        return lambda handler: respond(handler, 302, b"", Location=path)

    routes: Routes = {
        "/": to("/index.html"),
        "/index.html": page(A, B),
        f"/{A}": to("/deep/artifact"),
        "/deep/artifact": wheel,
        f"/{A}.sha256": hash_file(wheel),
        f"/{B}": to(f"/{B}"),
        f"/{B}.sha256": hash_file(wheel, B),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.line("ok").split()[1] == A
    assert "more than 10 redirects" in result.line("refused")
    assert result.code == 5


def test_redirect_to_file_url_is_refused(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {
        "/": page(f"{A}#sha256={sha256(wheel)}"),
        f"/{A}": lambda handler: respond(handler, 302, b"", Location="file:///etc/passwd"),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert got() == []


def test_redirect_drops_credentials(cli: Cli, wheel: bytes) -> None:
    with serving({"/there": wheel}) as other:
        routes: Routes = {
            "/": page(A),
            f"/{A}": lambda handler: respond(handler, 302, b"", Location=f"{other.url}there"),
            f"/{A}.sha256": hash_file(wheel),
        }
        with serving(routes) as server:
            result = cli(*FETCH, server.url.replace("://", "://someone:hunter2@"))
        assert [headers.get("authorization") for _, _, headers in other.requests] == [None]
    assert result.code == 0


def test_json_page_is_read(cli: Cli, wheel: bytes) -> None:
    files = [{"filename": A, "url": A, "hashes": {"sha256": sha256(wheel)}, "size": len(wheel)}]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": files}).encode()

    def answer(handler: Handler) -> None:
        respond(handler, 200, body, Content_Type="application/vnd.pypi.simple.v1+json")

    with serving({"/demo/": answer, f"/demo/{A}": wheel}) as server:
        result = cli(*FETCH, f"{server.url}demo/")
    assert result.code == 0


def test_body_shorter_than_listed_size_is_truncated(cli: Cli, wheel: bytes) -> None:
    files = [{"filename": A, "url": A, "hashes": {"sha256": sha256(wheel)}, "size": len(wheel)}]

    def answer(handler: Handler) -> None:
        body = json.dumps({"files": files}).encode()
        respond(handler, 200, body, Content_Type="application/vnd.pypi.simple.v1+json")

    with serving({"/demo/": answer, f"/demo/{A}": wheel[:-1]}) as server:
        result = cli(*FETCH, f"{server.url}demo/")
    assert result.code == 5
    assert f"{len(wheel) - 1} of {len(wheel)} bytes arrived" in result.line("refused")


def test_names_differing_in_case_only_are_refused(cli: Cli, wheel: bytes) -> None:
    other_case = A.replace("demo", "Demo")
    with serving({"/": page(A, other_case), f"/{A}": wheel, f"/{other_case}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert f"unsafe-name: the name differs from {other_case} only in case" in result.out
    assert result.out.count("delete the outdated one and its hash file from the container") == 2
    assert got() == []


def test_path_traversal_names_are_refused(cli: Cli, wheel: bytes, tmp_path: pathlib.Path) -> None:
    with serving({"/": page(f"%2e%2e%2f{A}", f"..%5c{A}", f"x/%2e%2e%2f{A}")}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 1
    assert result.out.count("unsafe-name: the name contains a path separator") == 2
    assert not (tmp_path / A).exists()


@pytest.mark.parametrize("count", quick([2, 8], 2))
def test_concurrent_fetches_into_one_folder_succeed(served: Server, count: int) -> None:
    folder = pathlib.Path("store/wheels")
    names = [f"demo-1.0-{build}-py3-none-any.whl" for build in range(8)]
    contents = {name: publish(folder, name, os.urandom(200_000)) for name in names}
    commands = [
        subprocess.Popen([sys.executable, "-m", "wheelhouse_hashes", *FETCH, served.url])
        for _ in range(count)
    ]
    assert [command.wait(600) for command in commands] == [0] * count
    assert got() == sorted(contents)
    for name, content in contents.items():
        assert (GOT / name).read_bytes() == content


def test_listing_url_without_trailing_slash_is_read(cli: Cli, tmp_path: pathlib.Path) -> None:
    publish(tmp_path / "root" / "wheels", A)
    with serving_folder(tmp_path / "root") as server:
        assert cli(*FETCH, f"{server.url}wheels").code == 0


def test_withdrawn_artifact_with_old_copy_is_missing(cli: Cli, wheel: bytes) -> None:
    GOT.mkdir()
    (GOT / A).write_bytes(wheel)
    content = wheel_bytes(name=B)
    routes: Routes = {"/": page(A, B), f"/{B}": content, f"/{B}.sha256": hash_file(content, B)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 4
    assert "the copy in the folder was left there, unverified" in result.line("refused")
    assert result.out.splitlines()[-2:] == [
        "in the folder but not checked by this run:",
        f"           {A}",
    ]


def test_url_query_and_user_are_not_shown(cli: Cli, wheel: bytes) -> None:
    signed = f"{A}?sig=SECRET1"
    with serving({f"/{B}": b"PK", f"/{B}.sha256": hash_file(wheel, B)}) as other:
        foreign = other.url.replace("://", "://bob:SECRET2@") + B
        links = page(signed, f"{A}.sha256?sig=SECRET3", foreign, "x.txt")
        routes: Routes = {"/": links, f"/{A}": wheel, f"/{A}.sha256": b"<html>"}
        with serving(routes) as server:
            result = cli(*FETCH, f"{server.url}?token=SECRET4")
            nothing = cli(*FETCH, "--version", "9", f"{server.url}?token=SECRET4")
    assert result.code == 1
    assert other.url.removeprefix("http://").rstrip("/") in result.out
    assert "SECRET" not in result.out + result.err + nothing.out + nothing.err


def test_hash_file_at_other_origin_is_not_fetched(cli: Cli, wheel: bytes) -> None:
    with serving({f"/{A}.sha256": hash_file(wheel)}) as other:
        routes: Routes = {"/": page(A, f"{other.url}{A}.sha256"), f"/{A}": wheel}
        with serving(routes) as server:
            result = cli(*FETCH, server.url)
        assert other.requests == []
    assert result.code == 3
    assert "not in the same folder as its artifact" in result.out


@pytest.mark.parametrize("url", ["http://[bad/", "http://u:p@host:999999/", "http://host:abc/"])
def test_malformed_url_is_one_line_error(cli: Cli, url: str) -> None:
    result = cli(*FETCH, url)
    assert result.code in (2, 5)
    assert "malformed URL" in result.err
    assert result.err.count("\n") == 1
    assert "u:p" not in result.err


def test_malformed_redirect_has_cause(cli: Cli, wheel: bytes) -> None:
    def away(handler: Handler) -> None:
        respond(handler, 302, b"", Location="http://host:999999/")

    with serving({"/": page(f"{A}#sha256={sha256(wheel)}"), f"/{A}": away}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err) == (5, "")


def test_unencoded_url_is_encoded(cli: Cli, tmp_path: pathlib.Path) -> None:
    publish(tmp_path / "root" / "é f", A)
    with serving_folder(tmp_path / "root") as server:
        assert cli(*FETCH, f"{server.url}é f/").code == 0


def test_invalid_retry_after_is_ignored(cli: Cli, wheel: bytes) -> None:
    def busy(handler: Handler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "\xb2")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    routes: Routes = {"/": page(A, B), f"/{A}": busy, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, result.err) == (5, "")


def dated(body: bytes, date: str = "Thu, 01 Jan 2026 00:00:00 GMT") -> Respond:
    """Return an answer with an old Last-Modified date."""
    return lambda handler: respond(handler, 200, body, Last_Modified=date)


def test_missing_hash_of_old_artifact_is_not_waited_for(cli: Cli, wheel: bytes) -> None:
    with serving({"/": dated(page(A)), f"/{A}": dated(wheel)}) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 3
    assert server.paths().count(f"/{A}") == 2


def test_wheel_truncated_in_store_is_read_twice(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {
        "/": dated(page(A)),
        f"/{A}": dated(wheel[:-500]),
        f"/{A}.sha256": dated(hash_file(wheel)),
    }
    with serving(routes) as server:
        result = cli(*FETCH_AND_WAIT, server.url)
    assert result.code == 5
    assert "the archive is cut off" in result.line("refused")
    assert server.paths().count(f"/{A}") == 2


def test_truncated_wheel_without_digest_is_refused(cli: Cli, wheel: bytes) -> None:
    with serving({"/": page(A), f"/{A}": wheel[:-500]}) as server:
        result = cli(*FETCH, "--missing-hash", "accept", server.url)
    assert (result.code, got()) == (5, [])


def test_oversized_hash_file_is_unreadable(cli: Cli, wheel: bytes) -> None:
    links = page(A, f"{A}.sha256")
    routes: Routes = {"/": links, f"/{A}": wheel, f"/{A}.sha256": b"#" * 70_000}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "unreadable-hash" in result.line("refused")) == (3, True)


def test_good_file_of_concurrent_run_is_kept(cli: Cli, wheel: bytes) -> None:
    GOT.mkdir()
    (GOT / A).write_bytes(b"bad")

    def other_run(handler: Handler) -> None:
        GOT.joinpath("new").write_bytes(wheel)
        GOT.joinpath("new").replace(GOT / A)
        respond(handler, 500, b"")

    routes: Routes = {"/": page(A), f"/{A}": other_run, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        assert cli(*FETCH, server.url).code == 5
    assert (GOT / A).read_bytes() == wheel


def test_link_with_unrelated_fragment_is_fetched(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/": page(f"{A}#top"), f"/{A}": wheel, f"/{A}.sha256": hash_file(wheel)}
    with serving(routes) as server:
        assert cli(*FETCH, server.url).code == 0


MD5 = "a6bb7bde3251ca2d810d32dadd9e8ae7"


def deleted_object(handler: Handler) -> None:
    """Answer as Swift does for a deleted object: 404, or stale headers for ``X-Newest``."""
    if handler.headers.get("X-Newest"):
        respond(handler, 200, b"", ETag=MD5, **{"X-Trans-Id": "tx1"})
    else:
        respond(handler, 404, b"")


@pytest.mark.parametrize("gone", ["both", "hash file", "artifact"])
def test_deleted_object_is_missing_not_empty(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, gone: str
) -> None:
    wheel = make_wheel(tmp_path_factory.mktemp("made"), A).read_bytes()
    routes: Routes = {
        "/": page(A, f"{A}.sha256"),
        f"/{A}": wheel if gone == "hash file" else deleted_object,
        f"/{A}.sha256": b"0" * 64 if gone == "artifact" else deleted_object,
    }
    with serving(routes) as server:
        done = cli("fetch", "--verify", "--wait", "0", "demo", server.url)
    assert "empty" not in done.out
    # If both are gone, nothing announces the artifact anymore.
    code, line, cause = {
        "both": (4, "withdrawn", "missing-artifact"),
        "hash file": (3, "refused", "missing-hash"),
        "artifact": (4, "refused", "missing-artifact"),
    }[gone]
    assert (done.code, cause in done.line(line)) == (code, True), done.out
