"""``verify --index``: a package index on loopback that serves what was built, or something else.

The column *index* of the failure matrix.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import pathlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import SDIST, A, B, hash_file, make_sdist, make_wheel, sha256
from tests.support.servers import Handler, Respond, respond, serving
from tests.support.signaled import SOON, begin, signal_and_wait
from tests.support.waits import short_pauses
from wheelhouse_hashes.filenames import printable

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

#: A wheel of the release that nobody built.
EXTRA = "demo-1.0-cp39-cp39-win32.whl"

PAGE = "/simple/demo/"


def path_of(content: bytes) -> str:
    """Return the path of a file on the package index."""
    hex_digits = hashlib.blake2b(content, digest_size=32).hexdigest()
    return f"/packages/{hex_digits[:2]}/{hex_digits[2:4]}/{hex_digits[4:]}"


@dataclass
class Index:
    """A package index with one project."""

    routes: dict[str, Respond | bytes]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: str = "1.1"
    as_html: bool = False
    #: The number of requests for the page that lack each file.
    lags: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    #: The URL of the page.
    url: str = ""
    #: Further keys of the JSON page, headers of the answer, and tags of the HTML page.
    keys: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    tags: str = ""

    def add(self, name: str, content: bytes, **values: object) -> None:
        """Publish a file, as the package index does."""
        path = f"{path_of(content)}/{name}"
        self.routes[path] = content
        entry = {
            "filename": name,
            "url": f"../..{path}",
            "hashes": {"sha256": sha256(content)},
            "size": len(content),
            "yanked": False,
        }
        self.files[name] = entry | values

    def answer(self, handler: Handler) -> None:
        """Answer with the page."""
        self.requests += 1
        shown = [
            entry for name, entry in self.files.items() if self.requests > self.lags.get(name, 0)
        ]
        if self.as_html:
            links = "".join(map(_link, shown))
            meta = f'<meta name="pypi:repository-version" content="{self.version}">'
            respond(handler, 200, f"{meta}{self.tags}{links}".encode(), **self.headers)
            return
        document = {"meta": {"api-version": self.version}, "name": "demo", "files": shown}
        body = json.dumps(document | self.keys).encode()
        respond(handler, 200, body, Content_Type=JSON_TYPE, **self.headers)


def _link(entry: dict[str, Any]) -> str:
    fragment = "".join(f"#{k}={v}" for k, v in entry["hashes"].items())
    yanked = f' data-yanked="{html.escape(entry["yanked"])}"' if entry["yanked"] else ""
    return f'<a href="{entry["url"]}{fragment}"{yanked}>{entry["filename"]}</a>'


@pytest.fixture
def contents(dist: pathlib.Path) -> dict[str, bytes]:
    """What CI built: the artifacts in ``dist``."""
    made = (make_wheel(dist, A), make_wheel(dist, B), make_sdist(dist, SDIST))
    return {path.name: path.read_bytes() for path in made}


@pytest.fixture
def index(contents: dict[str, bytes]) -> Iterator[Index]:
    """An index that serves what was built, and another release."""
    routes: dict[str, Respond | bytes] = {}
    with serving(routes) as server:
        index = Index(routes)
        for name, content in contents.items():
            index.add(name, content)
        index.add("demo-0.9-py3-none-any.whl", b"old")
        index.add("demo-1.0.1-py3.11.egg", b"other egg")
        routes[PAGE] = index.answer
        index.url = f"{server.url.rstrip('/')}{PAGE}"
        yield index


def verify(cli: Cli, index: Index, *options: object, operand: str = "dist") -> Result:
    return cli("verify", operand, "--index", index.url, "--wait", 0, *options)


def test_index_serves_what_was_built(cli: Cli, index: Index) -> None:
    result = verify(cli, index, "--require", "elsewhere", "--report", "report.json")
    assert (result.code, result.err) == (0, "")
    assert "index, index path  elsewhere" in result.out
    assert "verified 3 of 3 artifacts (weakest tier: elsewhere, over plain HTTP)" in result.out
    assert index.requests == 1
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["other_origins"] == []


def test_nothing_is_downloaded(cli: Cli, index: Index, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        del index.routes[f"{path_of(content)}/{name}"]
    assert verify(cli, index).code == 0


def test_html_page(cli: Cli, index: Index) -> None:
    index.as_html = True
    result = verify(cli, index)
    assert (result.code, result.err) == (0, "")
    assert "index, index path" in result.out


@pytest.mark.parametrize("as_html", [False, True])
def test_list_is_compared_with_the_index(
    cli: Cli, index: Index, contents: dict[str, bytes], as_html: bool
) -> None:
    index.as_html = as_html
    sums = pathlib.Path("SHA256SUMS")
    sums.write_text("".join(f"{sha256(c)}  {name}\n" for name, c in contents.items()))
    for file in pathlib.Path("dist").iterdir():
        file.unlink()
    result = verify(cli, index, operand="SHA256SUMS")
    assert (result.code, result.err) == (0, "")
    assert "verified 3 of 3 artifacts (weakest tier: elsewhere" in result.out
    assert "no artifact was read" in result.out
    read = verify(cli, index, "--download", operand="SHA256SUMS")
    assert (read.code, "no artifact was read" in read.out) == (0, False)
    assert read.out.count("served file") == 3
    both = verify(cli, index, "--against", "SHA256SUMS", operand="SHA256SUMS")
    assert (both.code, "pinned+elsewhere" in both.out) == (0, True)
    index.add(A, b"other bytes")
    assert verify(cli, index, operand="SHA256SUMS").code == 1


@pytest.mark.parametrize("first", [False, True])
def test_name_with_two_digests_is_refused(cli: Cli, index: Index, first: bool) -> None:
    """Installers may choose either of them, so the right one does not excuse the other."""
    evil = {**index.files[A], "hashes": {"sha256": "0" * 64}}
    index.files = {"evil": evil, **index.files} if first else {**index.files, "evil": evil}
    result = verify(cli, index)
    assert result.code == 3
    assert f"lists {A} twice, with different digests" in result.line(f"refused    {A}")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("notes.txt", f"../../files/{EXTRA}"),
        ("notes.txt", f"../../files/{EXTRA}?download"),
        (f"../{EXTRA}", "../../files/1"),
        (f"x/y/{EXTRA}", f"../../files/{EXTRA}"),
    ],
)
def test_file_under_another_name_is_not_overlooked(
    cli: Cli, index: Index, name: str, url: str
) -> None:
    """Installers go by the name in the URL, others by that on the page."""
    index.files["other"] = {"filename": name, "url": url, "hashes": {"sha256": "0" * 64}}
    result = verify(cli, index)
    assert (result.code, result.out.count("not-built: ")) == (4, 1)
    assert f"not-built: {EXTRA}: on the index" in result.out


def test_malformed_url_is_refused(cli: Cli, index: Index) -> None:
    index.files[A]["url"] = "http://[/"
    result = verify(cli, index)
    assert (result.code, result.err) == (3, "")
    assert "unreadable" in result.line(f"refused    {A}")


def test_lag_is_waited_for(cli: Cli, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    short_pauses(monkeypatch)
    index.lags = {A: 3, B: 5}
    result = verify(cli, index, "--wait", 80)
    assert (result.code, result.err) == (0, "")
    assert "not on the index yet" in result.out
    # One request a try.
    assert index.requests == 6


def test_new_project_is_waited_for(cli: Cli, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    short_pauses(monkeypatch)

    def new(handler: Handler) -> None:
        index.requests += 1
        if index.requests < 4:
            respond(handler, 404 if index.requests % 2 else 503, b"not yet")
        else:
            index.answer(handler)

    index.routes[PAGE] = new
    assert verify(cli, index, "--wait", 80).code == 0


@pytest.mark.parametrize("status", [408, 429, 503])
def test_unavailable_index_is_waited_for(
    cli: Cli, index: Index, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    short_pauses(monkeypatch)

    def failing(handler: Handler) -> None:
        index.requests += 1
        if index.requests < 3:
            respond(handler, status, b"busy")
        else:
            index.answer(handler)

    index.routes[PAGE] = failing
    result = verify(cli, index, "--wait", 80)
    assert (result.code, result.err) == (0, "")
    assert "waiting" in result.out


def test_compressed_page(cli: Cli, index: Index) -> None:
    document = {"meta": {"api-version": "1.1"}, "name": "demo", "files": [*index.files.values()]}
    body = gzip.compress(json.dumps(document).encode())
    index.routes[PAGE] = lambda handler: respond(
        handler, 200, body, Content_Type=JSON_TYPE, Content_Encoding="gzip"
    )
    assert verify(cli, index).code == 0


def test_missing_file(cli: Cli, index: Index) -> None:
    del index.files[A]
    result = verify(cli, index, "--wait", 0.1)
    assert result.code == 4
    assert "not-served: not on the package index: " in result.out
    assert "verified 2 of 3 artifacts" in result.out


def test_project_that_never_comes(cli: Cli, index: Index) -> None:
    del index.routes[PAGE]
    result = verify(cli, index)
    assert (result.code, result.out.count("not-served: ")) == (4, 3)


def test_swapped_file(cli: Cli, index: Index, dist: pathlib.Path) -> None:
    good = dist.joinpath(A).read_bytes()
    index.add(A, good[:-1] + b"x")
    result = verify(cli, index)
    assert result.code == 1
    assert "mismatch" in result.line(f"refused    {A}")
    # The hash file of the container agrees with the bytes.
    dist.joinpath(f"{A}.sha256").write_bytes(hash_file(good))
    result = verify(cli, index)
    assert result.code == 7
    assert "replaced" in result.line(f"refused    {A}")


@pytest.mark.parametrize("extra", [EXTRA, "demo-1.0-py3.11.egg", "Demo-1.0.win32.msi"])
def test_extra_file(cli: Cli, index: Index, extra: str) -> None:
    index.add(extra, b"made by a stranger")
    result = verify(cli, index)
    assert result.code == 4
    assert f"not-built: {extra}: on the index, but not in dist" in result.out
    assert "verified 3 of 3 artifacts" in result.out
    assert verify(cli, index, "--allow-extra", "*.whl", "--allow-extra", extra).code == 0
    assert verify(cli, index, "--allow-extra", "other*").code == 4


def test_yanked_file(cli: Cli, index: Index) -> None:
    for as_html in (False, True):
        index.as_html = as_html
        index.files[A]["yanked"] = "broken on Tuesdays"
        result = verify(cli, index)
        assert result.code == 0
        assert f"{A}  yanked: broken on Tuesdays" in result.out
        result = verify(cli, index, "--fail-on-yanked")
        assert (result.code, "yanked: broken on Tuesdays" in result.out) == (4, True)


def test_wrong_size(cli: Cli, index: Index) -> None:
    index.files[A]["size"] += 1
    result = verify(cli, index)
    assert result.code == 1
    assert "listed-wrong: the index lists" in result.line(f"refused    {A}")
    del index.files[A]["size"]
    assert verify(cli, index).code == 0


def test_wrong_path(cli: Cli, index: Index) -> None:
    index.files[A]["url"] = f"../..{path_of(b'other')}/{A}"
    result = verify(cli, index)
    assert result.code == 1
    assert "listed-wrong: its path on the index has another BLAKE2b-256" in result.out
    # Other indexes have other paths.
    index.files[A]["url"] = f"files/{A}"
    result = verify(cli, index)
    assert (result.code, "index  elsewhere" in result.line(f"ok         {A}")) == (0, True)


@pytest.mark.parametrize(
    ("hashes", "code", "text"),
    [
        ({}, 3, "not-listed: listed without a SHA-256"),
        ({"md5": "0" * 32}, 3, "listed without a SHA-256"),
        ({"sha256": "abc"}, 3, "unreadable-hash"),
    ],
)
def test_file_without_digest(
    cli: Cli, index: Index, hashes: dict[str, str], code: int, text: str
) -> None:
    index.files[A]["hashes"] = hashes
    result = verify(cli, index)
    assert (result.code, text in result.out) == (code, True)
    assert "verified 2 of 3 artifacts" in result.out
    if "not-listed" in result.out:
        assert "next      compare the file that the package index serves" in result.out
        assert verify(cli, index, "--download").code == (1 if hashes else 0)


@pytest.mark.parametrize("name", ["other", "demo2", "", "\x1b[2J::error::"])
def test_page_of_another_project(cli: Cli, index: Index, name: str) -> None:
    """Its files may have the right names: a proxy that mixes projects up serves anything."""
    index.keys = {"name": name}
    result = verify(cli, index, "--wait", 60)
    assert (result.code, index.requests) == (3, 1)
    assert f"the page of {printable(name)!r}, not of demo" in result.err
    for same in ("Demo", "DEMO", None):
        index.keys = {"name": same}
        assert verify(cli, index).code == 0


@pytest.mark.parametrize(
    ("as_html", "tags", "keys", "headers"),
    [
        (True, '<a rel="next" href="?page=2">next</a>', {}, {}),
        (True, '<link rel="next" href="?page=2">', {}, {}),
        (True, "", {}, {"Link": '<?page=2>; rel="next"'}),
        (False, "", {}, {"Link": '<?page=2>; rel="next"'}),
        (False, "", {}, {"X-Next-Page": "2"}),
        (False, "", {"next": "?page=2"}, {}),
    ],
)
def test_first_of_several_pages(
    cli: Cli,
    index: Index,
    as_html: bool,
    tags: str,
    keys: dict[str, object],
    headers: dict[str, str],
) -> None:
    """The next one may have files that nobody built."""
    index.as_html, index.tags, index.keys, index.headers = as_html, tags, keys, headers
    result = verify(cli, index)
    assert result.code == 4
    assert "verified 3 of 3 artifacts" in result.out
    assert result.out.count("listing-cut: ") == 1
    assert "next page, which is not read" in result.out


def test_link_to_next_project_is_no_next_page(cli: Cli, index: Index) -> None:
    index.as_html, index.tags = True, '<link rel="next" href="../other/">'
    index.keys = {"next": None}
    assert verify(cli, index).code == 0


@pytest.mark.parametrize("size", [-1, "12", 1.5, True, [1], {}])
def test_invalid_size(cli: Cli, index: Index, size: object) -> None:
    index.files[A]["size"] = size
    result = verify(cli, index)
    assert result.code == 3
    assert f"lists {A} with an invalid size" in result.line(f"refused    {A}")
    index.files[A] |= {"filename": f"x/{A}"}
    result = verify(cli, index)
    assert (result.code, "with an invalid size" in result.line(f"refused    {A}")) == (3, True)
    index.files[A]["size"] = None
    assert verify(cli, index).code == 0


@pytest.mark.parametrize("first", [False, True])
def test_name_with_two_entries_of_one_digest(cli: Cli, index: Index, first: bool) -> None:
    """Whichever an installer takes, its size and whether it is yanked are noticed."""
    for changed, code, text in (
        ({"size": 1}, 3, f"lists {A} twice, with different sizes"),
        ({"yanked": "broken"}, 4, "yanked: broken"),
        ({"url": "http://[/"}, 3, "malformed"),
    ):
        files = dict(index.files)
        other = {"other": files[A] | changed}
        index.files = other | files if first else files | other
        result = verify(cli, index, "--fail-on-yanked")
        assert (result.code, text in result.line(f"refused    {A}")) == (code, True), result
        index.files = files


@pytest.mark.parametrize("as_html", [False, True])
def test_next_version_of_the_api(cli: Cli, index: Index, as_html: bool) -> None:
    index.version, index.as_html = "2.0", as_html
    result = verify(cli, index, "--wait", 60)
    assert result.code == 3
    assert "unreadable" in result.err
    assert "version 2.0 of the simple API" in result.err
    assert index.requests == 1


@pytest.mark.parametrize("page", [b"<html><form>log in</form></html>", b"{}", b'{"files": 1}', b""])
def test_other_page(cli: Cli, index: Index, page: bytes) -> None:
    kind = "text/html" if page.startswith(b"<") else JSON_TYPE
    index.routes[PAGE] = lambda handler: respond(handler, 200, page, Content_Type=kind)
    result = verify(cli, index, "--wait", 60)
    assert (result.code, "unreadable" in result.err) == (3, True)
    assert "give the URL of the project's page" in result.err


@pytest.mark.parametrize("page", [b"<html><body></body></html>", b"<!doctype html><h1>demo</h1>"])
def test_empty_page_is_that_of_a_project_without_files(cli: Cli, index: Index, page: bytes) -> None:
    index.routes[PAGE] = lambda handler: respond(handler, 200, page, Content_Type="text/html")
    result = verify(cli, index)
    assert (result.code, result.out.count("not-served")) == (4, 3)


def test_entry_that_cannot_be_read(cli: Cli, index: Index) -> None:
    index.files[A]["url"] = "http://[::1/x"
    result = verify(cli, index)
    assert (result.code, "unreadable" in result.line(f"refused    {A}")) == (3, True)


def test_download_reads_what_is_served(cli: Cli, index: Index) -> None:
    result = verify(cli, index, "--download")
    assert (result.code, result.err) == (0, "")
    assert "served file" in result.out
    url = index.files[A]["url"].removeprefix("../..")
    index.routes[url] = b"other bytes"
    assert verify(cli, index).code == 0
    result = verify(cli, index, "--download")
    assert result.code == 1
    assert "served file" in result.out
    del index.routes[url]
    result = verify(cli, index, "--download")
    assert (result.code, "listed, but cannot be downloaded" in result.out) == (4, True)
    index.files[A]["url"] = "ftp://example.org/x"
    result = verify(cli, index, "--download")
    assert (result.code, "links are not followed" in result.out) == (3, True)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--allow-extra", "x"), "--allow-extra: no effect without --index"),
        (("--download",), "--download: no effect without --index"),
        (("--index", "simple/demo"), "--index simple/demo: not the http or https URL"),
        (("--index", "http://host:x/"), "not the http or https URL"),
        (("--index", "http://host/", "--missing-hash", "accept"), "--index: not possible with"),
    ],
)
def test_usage_errors(
    cli: Cli, contents: dict[str, bytes], options: tuple[str, ...], text: str
) -> None:
    result = cli("verify", "dist", *options)
    assert (result.code, text in result.err) == (2, True), result


def test_interrupt_while_the_index_is_waited_for(contents: dict[str, bytes]) -> None:
    stop = threading.Event()

    def never(_: Handler) -> None:
        stop.wait(600)

    with serving({PAGE: never}) as server:
        url = f"{server.url.rstrip('/')}{PAGE}"
        command = begin(lambda: bool(server.paths()), "verify", "dist", "--index", url)
        _, _, seconds = signal_and_wait(command, signal.SIGINT)
        stop.set()
    assert command.returncode == 130
    assert seconds < SOON
