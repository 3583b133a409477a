"""Releases in JSON: GitHub's API and that of anaconda.org, with the digests that they have."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, sha256
from tests.support.commands import FETCH, got
from tests.support.listings import SEVEN, anaconda_files, github_release, seven
from tests.support.params import quick
from tests.support.servers import Respond, Server, respond, serving

ALL = "verified 7 of 7 artifacts"

Shape = Callable[..., Any]


def served(objects: Mapping[str, bytes]) -> dict[str, Respond | bytes]:
    """Return the answers for the objects themselves."""
    return {f"/{name}": content for name, content in objects.items()}


def show(routes: dict[str, Respond | bytes], document: object, path: str = "/release") -> None:
    """Answer with a document at a path."""
    body = json.dumps(document).encode()
    kind = "application/json; charset=utf-8"
    routes[path] = lambda handler: respond(handler, 200, body, Content_Type=kind)


def github(objects: Mapping[str, bytes], server: Server, **changes: Any) -> object:
    """Return a release of GitHub."""
    return github_release(objects, server.url, **changes)


def assets(objects: Mapping[str, bytes], server: Server, **changes: Any) -> object:
    """Return the assets of a release of GitHub alone."""
    return github_release(objects, server.url, **changes)["assets"]


def files(objects: Mapping[str, bytes], server: Server, **changes: Any) -> object:
    """Return the files of a package at anaconda.org (``/package/OWNER/NAME/files``)."""
    return anaconda_files(objects, server.url, **changes)


def package(objects: Mapping[str, bytes], server: Server, **changes: Any) -> object:
    """Return a package at anaconda.org (``/package/OWNER/NAME``)."""
    return {"name": "demo", "files": anaconda_files(objects, server.url, **changes)}


def distributions(objects: Mapping[str, bytes], server: Server, **changes: Any) -> object:
    """Return a release at anaconda.org (``/release/OWNER/NAME/VERSION``)."""
    return {"version": "1.0", "distributions": anaconda_files(objects, server.url, **changes)}


SHAPES = (github, assets, files, package, distributions)

#: The field of a digest, and the value that is right for some bytes.
DIGEST: Mapping[Shape, tuple[str, str]] = {
    **dict.fromkeys((github, assets), ("digest", "sha256:{}")),
    **dict.fromkeys((files, package, distributions), ("sha256", "{}")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_release_is_read_with_its_digests(cli: Cli, shape: Shape) -> None:
    objects = seven(hash_files=False)
    routes = served(objects)
    with serving(routes) as server:
        show(routes, shape({"README.txt": b"x", **objects}, server))
        result = cli(*FETCH, f"{server.url}release")
        paths = server.paths()
    assert (result.code, got()) == (0, sorted(SEVEN)), result
    assert ALL in result.out
    assert result.out.count("sha256") == 7
    # All files of a release are listed, so no others are requested.
    assert not [path for path in paths if path.endswith(".sha256")]


@pytest.mark.parametrize("shape", SHAPES)
def test_wrong_digest_of_a_release_refuses(cli: Cli, shape: Shape) -> None:
    objects = seven(hash_files=False)
    field, form = DIGEST[shape]
    routes = served(objects)
    with serving(routes) as server:
        change = {A: {field: form.format(sha256(b"other"))}}
        show(routes, shape(objects, server, **change))
        result = cli(*FETCH, f"{server.url}release")
    assert (result.code, A in got()) == (1, False)
    assert result.line("refused").split()[1] == A
    assert "verified 6 of 7" in result.out


@pytest.mark.parametrize("shape", SHAPES)
def test_invalid_digest_of_a_release_refuses(cli: Cli, shape: Shape) -> None:
    objects = seven(hash_files=False)
    field, form = DIGEST[shape]
    routes = served(objects)
    with serving(routes) as server:
        show(routes, shape(objects, server, **{A: {field: form.format("xyz")}}))
        result = cli(*FETCH, f"{server.url}release")
    assert result.code == 3
    assert result.line("refused").split()[1:3] == [A, "unreadable-hash:"]


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        *((github, value) for value in (None, "", "None", 7, "crc32:00000000")),
        *((files, value) for value in (None, "", "None", 7)),
    ],
)
def test_missing_digest_of_a_release_is_no_digest(cli: Cli, shape: Shape, value: object) -> None:
    objects = seven()
    field, _ = DIGEST[shape]
    bare = {A: {field: value, "md5": None}, SEVEN[1]: {field: value, "md5": None}}
    del objects[f"{A}.sha256"]
    routes = served(objects)
    with serving(routes) as server:
        show(routes, shape(objects, server, **bare))
        result = cli(*FETCH, f"{server.url}release")
        paths = server.paths()
    assert (result.code, result.line("refused").split()[1:3]) == (3, [A, "missing-hash:"])
    assert "verified 6 of 7" in result.out  # the other one has a hash file
    assert f"/{A}.sha256" not in paths


def test_old_upload_to_anaconda_has_md5_only(cli: Cli) -> None:
    objects = seven(hash_files=False)
    routes = served(objects)
    with serving(routes) as server:
        show(routes, files(objects, server, **{name: {"sha256": "None"} for name in SEVEN}))
        result = cli(*FETCH, f"{server.url}release")
    assert ALL in result.out
    assert "  md5  listing  " in result.out


def test_asset_whose_upload_did_not_finish_is_refused(cli: Cli) -> None:
    objects = seven()
    routes = served(objects)
    with serving(routes) as server:
        show(routes, github(objects, server, **{A: {"state": "starter"}}))
        result = cli(*FETCH, f"{server.url}release")
    assert result.code == 5
    assert "its upload to the release did not finish" in result.line("refused")
    assert "verified 6 of 7" in result.out


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "the release has no download URL for it"),
        ("file:///etc/passwd", "file: is not followed"),
        ("http://[x/", "its URL is malformed"),
        ("http://x/" + "a." * 5000, "its URL has more than 8192 characters"),
        ("http://\ud800/", "its URL is malformed"),
        (f"http://{'a' * 70}\u00e9/", "its URL is malformed"),
    ],
)
@pytest.mark.parametrize(
    ("shape", "field"), [(github, "browser_download_url"), (files, "download_url")]
)
def test_bad_url_of_a_release_refuses_that_artifact(
    cli: Cli, shape: Shape, field: str, url: object, why: str
) -> None:
    objects = seven()
    routes = served(objects)
    with serving(routes) as server:
        show(routes, shape(objects, server, **{A: {field: url}}))
        result = cli(*FETCH, f"{server.url}release")
    assert (result.code, why in result.line("refused")) == (5, True), result
    assert "verified 6 of 7" in result.out


@pytest.mark.parametrize(
    "row",
    quick([None, 7, {}, {"name": 7}, {"name": "\ud800"}, {"basename": ""}], 7, {"name": "\ud800"}),
)
@pytest.mark.parametrize("shape", SHAPES)
def test_bad_row_of_a_release_does_not_cost_the_others(cli: Cli, shape: Shape, row: object) -> None:
    objects = seven()
    routes = served(objects)
    with serving(routes) as server:
        document = shape(objects, server)
        rows = document
        if isinstance(document, dict):
            rows = next(v for v in document.values() if isinstance(v, list))
        rows.append(row)
        show(routes, document)
        result = cli(*FETCH, f"{server.url}release")
    assert ALL in result.out, result
    assert "entries of the listing that have no name" in result.line("note")


@pytest.mark.parametrize("origin", ["same", "other"])
def test_assets_continue_at_the_link_header(cli: Cli, origin: str) -> None:
    objects = seven()
    routes = served(objects)
    with serving(routes) as server, serving({}) as other:
        rows: Any = assets(objects, server)
        show(routes, rows[9:], "/more")
        base = server.url if origin == "same" else other.url
        link = f'<{base}release?page=1>; rel="prev", <{base}more>; rel="next", <{base}>; rel="last"'
        body = json.dumps(rows[:9]).encode()
        routes["/release"] = lambda handler: respond(
            handler, 200, body, Content_Type="application/json", Link=link
        )
        result = cli(*FETCH, f"{server.url}release")
        assert other.requests == []
    if origin == "same":
        assert ALL in result.out, result
    else:
        assert (result.code, "at another origin" in result.err) == (5, True)


def test_empty_release_has_nothing(cli: Cli) -> None:
    routes: dict[str, Respond | bytes] = {}
    with serving(routes) as server:
        show(routes, github({}, server))
        result = cli(*FETCH, f"{server.url}release")
    assert (result.code, "nothing matches demo" in result.out) == (4, True)


@pytest.mark.parametrize("shape", SHAPES)
def test_verify_reads_release(cli: Cli, dist: pathlib.Path, shape: Shape) -> None:
    objects = seven(hash_files=False)
    for name, content in objects.items():
        dist.joinpath(name).write_bytes(content)
    routes: dict[str, Respond | bytes] = {}
    with serving(routes) as server:
        show(routes, shape(objects, server))
        result = cli("verify", "dist", "--against", f"{server.url}release")
        assert (result.code, ALL in result.out) == (0, True), result
        assert server.paths() == ["/release"]
        dist.joinpath(A).write_bytes(objects[SEVEN[1]])
        assert cli("verify", "dist", "--against", f"{server.url}release").code == 1
