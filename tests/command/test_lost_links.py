"""Nothing on a page is lost without a word: entries, names, versions, yanked files, parts."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, make_sdist, make_wheel, sha256
from tests.support.commands import FETCH, got
from tests.support.pages import page, page_of
from tests.support.servers import Respond, Routes, respond, serving
from wheelhouse_hashes.formats.pages import JSON_TYPE

OLDER = "demo-0.9-py3-none-any.whl"

#: A fetch of version 1.0 only.
ONE_VERSION = (*FETCH[:-1], "--version", "1.0", "demo")


@pytest.fixture
def sdist(tmp_path: pathlib.Path) -> bytes:
    """The bytes of the sdist."""
    return make_sdist(tmp_path / "made", SDIST).read_bytes()


def _file(name: str, content: bytes, **keys: object) -> dict[str, object]:
    return {"filename": name, "url": name, "hashes": {"sha256": sha256(content)}, **keys}


def _json(*files: object, content_type: str = JSON_TYPE, **meta: str) -> Respond:
    body = json.dumps({"meta": {"api-version": "1.0", **meta}, "files": files}).encode()
    return lambda handler: respond(handler, 200, body, Content_Type=content_type)


def _with(answer: bytes, **headers: str) -> Respond:
    return lambda handler: respond(handler, 200, answer, **headers)


# Entries of JSON pages.


@pytest.mark.parametrize("keys", [{"hashes": None}, {"hashes": {}}, {"hashes": {"sha256": None}}])
def test_json_entry_without_digest_costs_no_other(
    cli: Cli, wheel: bytes, sdist: bytes, keys: dict[str, object]
) -> None:
    entry = {**_file(A, wheel), **keys}
    files = (_file(SDIST, sdist), {k: v for k, v in entry.items() if v is not None})
    with serving({"/": _json(*files), f"/{A}": wheel, f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (3, [SDIST])
    assert result.line("refused").split()[1:3] == [A, "missing-hash:"]


@pytest.mark.parametrize("keys", [{"hashes": None}, {"hashes": []}, {"url": None}, {"url": 7}])
def test_unreadable_entry_of_another_version_does_not_affect_the_run(
    cli: Cli, wheel: bytes, keys: dict[str, object]
) -> None:
    older = {**_file(OLDER, b""), **keys}
    with serving({"/": _json(older, _file(A, wheel)), f"/{A}": wheel}) as server:
        result = cli(*ONE_VERSION, server.url)
    assert (result.code, got()) == (0, [A]), result.out


@pytest.mark.parametrize(
    "keys", [{"hashes": []}, {"hashes": "x"}, {"url": None}, {"url": 7}, {"url": "http://[x/"}]
)
def test_unreadable_entry_is_refused_by_name(
    cli: Cli, wheel: bytes, sdist: bytes, keys: dict[str, object]
) -> None:
    files = ({**_file(A, wheel), **keys}, _file(SDIST, sdist))
    with serving({"/": _json(*files), f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (3, [SDIST])
    assert result.line("refused").split()[1:3] == [A, "unreadable:"]


@pytest.mark.parametrize("entry", [7, None, [], {}, {"filename": 7, "url": "x"}])
def test_entry_without_a_name_is_noted(cli: Cli, sdist: bytes, entry: object) -> None:
    with serving({"/": _json(entry, _file(SDIST, sdist)), f"/{SDIST}": sdist}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [SDIST])
    assert "malformed link" in result.out


# Names that are not valid.


@pytest.mark.parametrize(
    "name",
    [
        *("demo-1.0_1-py3-none-any.whl", "demo-1.0-py3-none.whl", "Demo-1.0.whl"),
        *("demo-1.0-beta-py3-none-any.whl", "demo-1.0-py3-none-any.WHL"),
    ],
)
@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_wheel_with_invalid_name_is_refused_by_name(
    cli: Cli, dist: pathlib.Path, name: str, verb: str
) -> None:
    wheel = make_wheel(dist, A).read_bytes()
    listed = page_of(wheel, A, name)
    command = FETCH if verb == "fetch" else ("verify", "dist", "--wait", "0", "--against")
    with serving({"/": listed, f"/{A}": wheel, f"/{name}": wheel}) as server:
        result = cli(*command, server.url)
    assert result.code == 4, result.out
    assert result.line("refused").split()[1:3] == [name, "invalid-name:"]
    assert "1 of 2 artifacts" in result.out
    if verb == "fetch":
        assert got() == [A]


@pytest.mark.parametrize(
    "name",
    [
        *("demo-latest-py3-none-any.whl", "demo-1.0-foo.tar.gz", "Demo-1.0.tgz"),
        *("demo-1.0.tar.bz2", "demo-1.0.tar.xz", "demo-1.0-py3.11.egg"),
    ],
)
def test_other_file_of_the_project_is_noted(cli: Cli, wheel: bytes, name: str) -> None:
    with serving({"/": page_of(wheel, A, name), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A])
    assert result.line("note").split()[1:3] == [name, "ignored:"]


@pytest.mark.parametrize(
    "name",
    [
        *("other-1.0_1-py3-none-any.whl", "demo-2.0_1-py3-none-any.whl", "demo-2.0.tgz"),
        *(f"{A}.metadata", f"{A}.asc", "demo.html", "CHANGES.zip"),
    ],
)
def test_names_of_other_files_are_not_mentioned(cli: Cli, wheel: bytes, name: str) -> None:
    with serving({"/": page_of(wheel, A, name), f"/{A}": wheel}) as server:
        result = cli(*ONE_VERSION, server.url)
    assert (result.code, got()) == (0, [A])
    assert name not in result.out


def test_artifacts_of_other_versions_are_counted(cli: Cli, wheel: bytes) -> None:
    others = (OLDER, "demo-0.8.tar.gz", "demo-2.0.tar.gz")
    with serving({"/": page_of(wheel, A, *others), f"/{A}": wheel}) as server:
        result = cli(*ONE_VERSION, server.url)
    assert (result.code, got()) == (0, [A])
    assert "ignored 3 artifacts of other versions" in result.line("note")


# Yanked files.

YANKED: dict[str, Callable[[bytes], Respond | bytes]] = {
    "HTML": lambda wheel: _anchor(wheel, 'data-yanked="bad &lt; build"'),
    "HTML without quotes": lambda wheel: _anchor(wheel, "data-yanked='bad < build'").replace(
        b'"', b""
    ),
    "JSON": lambda wheel: _json(_file(A, wheel, yanked="bad < build")),
}


def _anchor(wheel: bytes, attribute: str) -> bytes:
    return f'<a href="{A}#sha256={sha256(wheel)}" {attribute}>x</a>'.encode()


@pytest.mark.parametrize("verb", ["fetch", "verify"])
@pytest.mark.parametrize("kind", YANKED)
def test_yanked_artifact_is_named(cli: Cli, dist: pathlib.Path, kind: str, verb: str) -> None:
    wheel = make_wheel(dist, A).read_bytes()
    routes: Routes = {"/": YANKED[kind](wheel), f"/{A}": wheel}
    command = FETCH if verb == "fetch" else ("verify", "dist", "--against")
    with serving(routes) as server:
        result = cli(*command, server.url)
        assert (result.code, result.line("note").split(maxsplit=1)[1]) == (
            0,
            f"{A}  yanked: bad < build",
        )
        refused = cli(*command, server.url, "--fail-on-yanked")
    assert refused.code == 4
    assert refused.line("refused").split(maxsplit=3)[1:3] == [A, "yanked:"]
    assert "bad < build" in refused.line("refused")


@pytest.mark.parametrize("value", [True, "", False, None])
def test_yanked_without_a_reason(cli: Cli, wheel: bytes, value: object) -> None:
    """In JSON, only a true value marks a yanked file (:pep:`691`)."""
    with serving({"/": _json(_file(A, wheel, yanked=value)), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
        refused = cli(*FETCH, "--fail-on-yanked", server.url)
    assert result.code == 0
    assert ("yanked" in result.out, refused.code) == ((True, 4) if value else (False, 0))


def test_reason_of_a_yanked_artifact_is_one_short_printable_line(cli: Cli, wheel: bytes) -> None:
    reason = "::error::\n\x1b[31m" + "x" * 5000
    with serving({"/": _json(_file(A, wheel, yanked=reason)), f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    (line,) = [line for line in result.out.splitlines() if "yanked" in line]
    assert line.isprintable()
    assert len(line) < 400


# Listings that are cut.

NAMES = f"{A}\n".encode()

CUT: dict[str, Callable[[bytes], Respond | bytes]] = {
    "Link header": lambda wheel: _with(page_of(wheel), Link='</?page=2>; rel="next"'),
    "Link header with more": lambda wheel: _with(
        page_of(wheel), Link='</?page=1>; rel=first, </?page=2>; title="a, b"; rel="last next"'
    ),
    "X-Next-Page": lambda wheel: _with(page_of(wheel), X_Next_Page="2"),
    "Swift": lambda wheel: _with(
        NAMES, Content_Type="text/plain", X_Container_Object_Count="25000"
    ),
    "link in HTML": lambda wheel: page_of(wheel) + b'<a rel="next" href="?page=2">more</a>',
    "link element": lambda wheel: b"<link rel=next href=?page=2>" + page_of(wheel),
}


@pytest.mark.parametrize("verb", ["fetch", "verify"])
@pytest.mark.parametrize("kind", CUT)
def test_cut_listing_is_reported(cli: Cli, dist: pathlib.Path, kind: str, verb: str) -> None:
    wheel = make_wheel(dist, A).read_bytes()
    hash_file = f"{sha256(wheel)}  {A}\n".encode()
    routes: Routes = {"/": CUT[kind](wheel), f"/{A}": wheel, f"/{A}.sha256": hash_file}
    command = FETCH if verb == "fetch" else ("verify", "dist", "--against")
    with serving(routes) as server:
        result = cli(*command, server.url)
    assert result.code == 4, result.out
    assert "listing-cut" in result.out
    assert "give a URL that lists all objects" in result.out
    if verb == "fetch":
        assert got() == [A]


@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_cut_listing_is_reported_wherever_it_is_named(
    cli: Cli, dist: pathlib.Path, verb: str
) -> None:
    """It lacks artifacts that it would announce, whichever source it is."""
    wheel = make_wheel(dist, A).read_bytes()
    pathlib.Path("SHA256SUMS").write_text(f"{sha256(wheel)}  {A}\n")
    routes: Routes = {
        "/": page_of(wheel),
        "/cut/": _with(page_of(wheel), X_Next_Page="2"),
        f"/{A}": wheel,
    }
    with serving(routes) as server:
        against = ("--against", "SHA256SUMS", "--against", f"{server.url}cut/")
        command = (
            (*FETCH, *against, server.url) if verb == "fetch" else ("verify", "dist", *against)
        )
        result = cli(*command)
    assert (result.code, result.out.count("listing-cut: ")) == (4, 1), result.out


@pytest.mark.parametrize(
    "headers",
    [
        {"Link": "</style.css>; rel=preload"},
        {"Link": '</?page=1>; rel="prev"'},
        {"Content-Type": "text/plain", "X-Container-Object-Count": "1"},
        {"Content-Type": "text/plain", "X-Container-Object-Count": "many"},
        {"X-Container-Object-Count": "25000"},  # an index page, not a listing
    ],
)
def test_whole_listing_is_not_called_cut(cli: Cli, wheel: bytes, headers: dict[str, str]) -> None:
    body = NAMES if headers.get("Content-Type") == "text/plain" else page_of(wheel)
    hash_file = f"{sha256(wheel)}  {A}\n".encode()
    routes: Routes = {"/": _with(body, **headers), f"/{A}": wheel, f"/{A}.sha256": hash_file}
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A]), result.out


def test_next_chapter_is_noted(cli: Cli, wheel: bytes) -> None:
    """A ``rel=next`` link to another path leads to the next chapter as often as to a part."""
    listed = page_of(wheel) + b'<a rel="next" href="install.html">Installation</a>'
    with serving({"/": listed, f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 0
    assert "names a next page, which is not read" in result.out


# Other versions of the simple API.


@pytest.mark.parametrize("kind", ["JSON", "media type", "HTML", "HTML media type"])
@pytest.mark.parametrize("version", ["2.0", "9.0", "0.1", "10.2"])
def test_other_version_of_the_api_is_refused(
    cli: Cli, wheel: bytes, kind: str, version: str
) -> None:
    major = version.partition(".")[0]
    meta = f'<meta name="pypi:repository-version" content="{version}">'.encode()
    media_type = f"application/vnd.pypi.simple.v{major}"
    pages: dict[str, Respond | bytes] = {
        "JSON": _json(_file(A, wheel), **{"api-version": version}),
        "media type": _json(_file(A, wheel), content_type=f"{media_type}+json"),
        "HTML": meta + page_of(wheel),
        "HTML media type": _with(page_of(wheel), Content_Type=f"{media_type}+html"),
    }
    with serving({"/": pages[kind], f"/{A}": wheel}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (3, [])
    assert "of the simple API; supported: 1.x" in result.err


@pytest.mark.parametrize("version", ["1.0", "1.4", "1.99"])
def test_later_minor_versions_are_read(cli: Cli, wheel: bytes, version: str) -> None:
    listed = _json(_file(A, wheel), **{"api-version": version})
    with serving({"/": listed, f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url).code == 0


def test_all_names_of_a_page_are_accounted_for(cli: Cli, wheel: bytes) -> None:
    """The page of the report: one good wheel beside one of each kind."""
    odd = "demo-1.0_1-py3-none-any.whl"
    listed = page(f"{A}#sha256={sha256(wheel)}", OLDER, odd, "demo-1.0.tgz", "http://[x/" + SDIST)
    with serving({"/": listed, f"/{A}": wheel}) as server:
        result = cli(*ONE_VERSION, server.url)
    assert result.code == 3
    for name in (A, odd, "demo-1.0.tgz", SDIST):
        assert name in result.out
    assert "ignored 1 artifact of other versions" in result.out
