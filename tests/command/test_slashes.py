"""Relative links of pages whose URL has no slash at its end."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, hash_file, make_sdist, make_wheel, sha256
from tests.support.commands import FETCH, got
from tests.support.pages import page, page_of
from tests.support.servers import Respond, Routes, respond, serving, to
from wheelhouse_hashes.formats.pages import JSON_TYPE


@pytest.fixture
def sdist(tmp_path: pathlib.Path) -> bytes:
    """The bytes of the sdist."""
    return make_sdist(tmp_path / "made", SDIST).read_bytes()


def _json(url: str, wheel: bytes) -> Respond:
    file = {"filename": A, "url": url, "hashes": {"sha256": sha256(wheel)}}
    body = json.dumps({"meta": {"api-version": "1.0"}, "files": [file]}).encode()
    return lambda handler: respond(handler, 200, body, Content_Type=JSON_TYPE)


def _names(*names: str) -> Respond:
    body = "".join(f"{name}\n" for name in names).encode()
    return lambda handler: respond(handler, 200, body, Content_Type="text/plain")


# By RFC 3986: beside the page.


@pytest.mark.parametrize("kind", ["HTML", "JSON"])
@pytest.mark.parametrize(
    ("address", "link", "path"),
    [
        # devpi, which does not redirect clients that accept JSON
        ("root/+simple/demo", f"../+f/{A}", f"/root/+f/{A}"),
        ("releases", f"releases/{A}", f"/releases/{A}"),
        ("rel-1.0", f"files/{A}", f"/files/{A}"),
        ("simple/demo/index.html", f"../../{A}", f"/{A}"),
        ("index", A, f"/{A}"),
    ],
)
def test_links_are_relative_to_the_page(
    cli: Cli, wheel: bytes, kind: str, address: str, link: str, path: str
) -> None:
    listed = page_of(wheel, link) if kind == "HTML" else _json(link, wheel)
    with serving({f"/{address}": listed, path: wheel}) as server:
        result = cli(*FETCH, server.url + address)
    assert (result.code, got()) == (0, [A]), result
    assert "links are read as relative" not in result.out


@pytest.mark.parametrize("kind", ["HTML", "JSON"])
def test_links_are_relative_to_the_answering_address(cli: Cli, wheel: bytes, kind: str) -> None:
    listed = page_of(wheel, f"../f/{A}") if kind == "HTML" else _json(f"../f/{A}", wheel)
    routes: Routes = {"/demo": to("/a/b/page"), "/a/b/page": listed, f"/a/f/{A}": wheel}
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}demo")
    assert (result.code, got()) == (0, [A]), result


# Servers that list a folder without redirecting to its URL with a slash.


@pytest.mark.parametrize("address", ["demo", "rel-1.0", "a/b.c/wheels", "demo?list=1"])
@pytest.mark.parametrize("digest", [True, False])
def test_folder_listed_without_a_slash(
    cli: Cli, wheel: bytes, sdist: bytes, address: str, digest: bool
) -> None:
    folder = "/" + address.partition("?")[0]
    routes: Routes = {
        folder: page_of(wheel) + page_of(sdist, SDIST) if digest else page(A, SDIST),
        f"{folder}/{A}": wheel,
        f"{folder}/{SDIST}": sdist,
        f"{folder}/{A}.sha256": hash_file(wheel, A),
        f"{folder}/{SDIST}.sha256": hash_file(sdist, SDIST),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url + address)
    assert (result.code, got()) == (0, [A, SDIST]), result
    assert f"links are read as relative to {server.url[:-1]}{folder}/" in result.line("note")


@pytest.mark.parametrize("kind", ["404", "403", "410", "front page"])
def test_absent_objects_of_several_kinds_lead_to_the_folder(
    cli: Cli, wheel: bytes, kind: str
) -> None:
    code = int(kind) if kind.isdigit() else 200
    routes: Routes = {
        "/demo": page_of(wheel),
        f"/{A}": lambda handler: respond(handler, code, b"<!doctype html><p>not here"),
        f"/demo/{A}": wheel,
    }
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}demo")
    assert (result.code, got()) == (0, [A]), result


def test_first_artifact_that_is_not_there_yet_does_not_change_the_others(
    cli: Cli, wheel: bytes, sdist: bytes
) -> None:
    routes: Routes = {"/demo": page_of(wheel) + page_of(sdist, SDIST), f"/{SDIST}": sdist}
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}demo")
    assert (result.code, got()) == (4, [SDIST])


def test_verify_reads_hash_files_of_a_folder_without_a_slash(cli: Cli, dist: pathlib.Path) -> None:
    wheel = make_wheel(dist, A).read_bytes()
    routes: Routes = {
        "/rel-1.0": page(A, f"{A}.sha256"),
        f"/rel-1.0/{A}": wheel,
        f"/rel-1.0/{A}.sha256": hash_file(wheel, A),
    }
    with serving(routes) as server:
        result = cli("verify", "dist", "--against", f"{server.url}rel-1.0")
    assert result.code == 0, result


# Lists of names, as Swift sends them: always a folder, with a dot or without.


@pytest.mark.parametrize("address", ["wheels", "rel-1.0", "rel-1.0/", "wheels?limit=10"])
def test_names_are_below_the_address(cli: Cli, wheel: bytes, address: str) -> None:
    folder = "/" + address.partition("?")[0].rstrip("/")
    listed = _names(A, f"{A}.sha256")
    routes: Routes = {
        folder: listed,
        f"{folder}/": listed,
        f"{folder}/{A}": wheel,
        f"{folder}/{A}.sha256": hash_file(wheel, A),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url + address)
    assert (result.code, got()) == (0, [A]), result


def test_list_of_names_in_a_text_file(cli: Cli, wheel: bytes) -> None:
    """A list that somebody wrote, beside the files."""
    routes: Routes = {
        "/d/list.txt": _names(A),
        f"/d/{A}": wheel,
        f"/d/{A}.sha256": hash_file(wheel, A),
    }
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}d/list.txt")
    assert (result.code, got()) == (0, [A]), result
    assert f"links are read as relative to {server.url}d/" in result.line("note")


# What is not there.


@pytest.mark.parametrize("address", ["demo", "demo/", "rel-1.0"])
def test_withdrawn_artifact_is_shown_with_its_address(cli: Cli, address: str) -> None:
    folder = address if address.endswith("/") else ""
    with serving({f"/{address}": page(A)}) as server:
        result = cli(*FETCH, server.url + address)
    assert result.code == 4
    assert f"{server.url}{folder}{A}" in result.line("withdrawn")


def test_address_with_a_slash_is_not_read_otherwise(cli: Cli, wheel: bytes) -> None:
    routes: Routes = {"/demo/": page_of(wheel), f"/{A}": wheel}
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}demo/")
    assert (result.code, got()) == (4, [])
    assert f"/{A}" not in server.paths()


@pytest.mark.parametrize("kind", ["HTML", "JSON"])
def test_whole_addresses_have_one_reading(cli: Cli, wheel: bytes, kind: str) -> None:
    routes: dict[str, Respond | bytes] = {f"/{A}": wheel}
    with serving(routes) as server:
        url = server.url + A
        routes["/demo"] = page_of(wheel, url) if kind == "HTML" else _json(url, wheel)
        assert cli(*FETCH, f"{server.url}demo").code == 0
        assert server.paths().count(f"/{A}") == 1


def test_other_reading_is_not_tried_at_another_server(cli: Cli, wheel: bytes) -> None:
    with serving({}) as other, serving({"/demo": page_of(wheel, f"{other.url}x/{A}")}) as server:
        result = cli(*FETCH, f"{server.url}demo")
    assert (result.code, got()) == (4, [])
    assert server.paths() == ["/demo"]
