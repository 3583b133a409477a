"""Plus signs in names: local versions, and the time stamps that uploads give to dev builds."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import unquote_plus

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import make_wheel
from tests.support.servers import respond, running, serving_folder
from wheelhouse_hashes.artifacts import Digest
from wheelhouse_hashes.upload.index_page import render

LOCAL_VERSION = "demo-1.0+cu118-py3-none-any.whl"
DEV = "demo-1.1.dev0-py3-none-any.whl"


@contextlib.contextmanager
def serving_as_s3(folder: pathlib.Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder as S3 does: a plus sign in a path is a space.

    :returns: the URL, and the paths that are requested.
    """
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            paths.append(self.path)
            name = unquote_plus(self.path.partition("?")[0]).lstrip("/")
            path = folder / (name or "index.html")
            found = path.is_file()
            respond(self, 200 if found else 403, path.read_bytes() if found else b"")

        def log_message(self, *args: object) -> None:
            pass

    with running(Handler) as url:
        yield url, paths


@pytest.fixture
def published(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> pathlib.Path:
    """A container with a local version and a dev build."""
    for name in (LOCAL_VERSION, DEV):
        make_wheel(dist, name, name.encode())
    assert cli("upload", "--hashfile", *LOCAL, "wheels").code == 0
    return container


def wheels(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*.whl")}


@pytest.mark.parametrize("encode", [False, True])
def test_fetch_from_server_that_reads_plus_as_space(
    cli: Cli, published: pathlib.Path, encode: bool
) -> None:
    page = published / "index.html"
    links = page.read_bytes()
    assert b"demo-1.0+cu118-" in links
    if encode:
        page.write_bytes(links.replace(b"+", b"%2B"))
    with serving_as_s3(published) as (url, paths):
        result = cli("fetch", "--verify", "--wait", 0, "--local-folder", "got", "demo", f"{url}/")
    assert result.code == 0, result
    assert wheels(pathlib.Path("got")) == wheels(published)
    assert len(wheels(published)) == 2
    assert not any("+" in path for path in paths)


def test_hash_files_are_requested_with_encoded_plus(cli: Cli, published: pathlib.Path) -> None:
    """A page without digests, as another tool writes it."""
    names = wheels(published)
    (published / "index.html").write_text("".join(f'<a href="{n}">{n}</a>' for n in names))
    with serving_as_s3(published) as (url, paths):
        result = cli("fetch", "--verify", "--wait", 0, "--local-folder", "got", "demo", f"{url}/")
    assert result.code == 0, result
    assert {f"/{name}.sha256".replace("+", "%2B") for name in names} <= set(paths)


def test_query_keeps_its_plus_signs(cli: Cli, published: pathlib.Path) -> None:
    """A signature in a query may contain them, encoded or not."""
    (name,) = (name for name in wheels(published) if "cu118" in name)
    page = f'<a href="{name}?Signature=a+b%2Bc">{name}</a>'
    (published / "index.html").write_text(page)
    with serving_as_s3(published) as (url, paths):
        options = ("--wait", 0, "--missing-hash", "accept", "--local-folder", "got")
        result = cli("fetch", "--verify", *options, "demo", f"{url}/")
        assert result.code == 0, result
    assert f"/{name}?Signature=a+b%2Bc".replace("+cu", "%2Bcu") in paths


@pytest.mark.thorough
@pytest.mark.parametrize("encode", [False, True])
def test_pip_installs_from_both_pages(published: pathlib.Path, encode: bool) -> None:
    page = published / "index.html"
    if encode:
        page.write_bytes(page.read_bytes().replace(b"+", b"%2B"))
    with serving_as_s3(published) as (url, _):
        command = (
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-index", "--dest", "pip"),
            *("--find-links", f"{url}/index.html", "demo==1.0+cu118"),
        )
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran
    assert wheels(pathlib.Path("pip")) == {LOCAL_VERSION: (published / LOCAL_VERSION).read_bytes()}


def test_host_alone_saves_names_of_the_page_that_it_can_read(
    cli: Cli, published: pathlib.Path
) -> None:
    """The host does not decode ``%2B``, so only stores with the S3 API get such a page."""
    with serving_folder(published) as server:
        result = cli("fetch", "--local-folder", "got", "demo", server.url)
    assert result.code == 0, result
    assert wheels(pathlib.Path("got")).keys() == wheels(published).keys()


def test_page_encodes_plus_signs_on_demand() -> None:
    links = {LOCAL_VERSION: Digest("sha256", "0" * 64), "demo-1!2.0-py3-none-any.whl": None}
    assert b'href="demo-1.0+cu118-py3' in render(links)
    assert b'href="demo-1.0%2Bcu118-py3' in render(links, encode_plus=True)
    assert b'href="demo-1!2.0-py3' in render(links, encode_plus=True)
