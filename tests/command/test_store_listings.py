"""Listings of stores: S3, nginx and Swift are read; other documents are called by name."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, hash_file
from tests.support.commands import FETCH, got
from tests.support.listings import (
    FOREIGN,
    SEVEN,
    Bucket,
    Container,
    md5,
    nginx_json,
    nginx_xml,
    seven,
)
from tests.support.params import quick
from tests.support.servers import Handler, Respond, respond, serving

ALL = "verified 7 of 7 artifacts"


def canned(body: bytes | str, kind: str) -> Respond:
    """Return an answer of a media type; without one if it is empty."""
    content = body.encode() if isinstance(body, str) else body
    return lambda handler: respond(handler, 200, content, Content_Type=kind)


# The S3 API.


@pytest.mark.parametrize("hash_files", [True, False])
@pytest.mark.parametrize("page", [1000, 3])
@pytest.mark.parametrize(
    "query", quick(["", "?list-type=2", "?encoding-type=url", "?delimiter=/"], "", "?list-type=2")
)
def test_bucket_is_read(cli: Cli, hash_files: bool, page: int, query: str) -> None:
    bucket = Bucket({**FOREIGN, **seven(hash_files=hash_files)}, page)
    with serving(bucket.routes) as server:
        result = cli(*FETCH, f"{server.url}bucket{query}")
        asked = server.paths()
    assert (result.code, got()) == (0, sorted(SEVEN)), result.out
    assert ALL in result.out
    assert len(bucket.asked) == (1 if page == 1000 else -(-len(bucket.objects) // page))
    assert not any("+" in path for path in asked)


def test_bucket_of_google_has_its_own_namespace(cli: Cli) -> None:
    bucket = Bucket(seven(), 4)
    bucket.namespace = "http://doc.s3.amazonaws.com/2006-03-01"
    with serving(bucket.routes) as server:
        assert ALL in cli(*FETCH, f"{server.url}bucket/").out


@pytest.mark.parametrize("page", [1000, 2])
@pytest.mark.parametrize(
    "query", quick(["", "&list-type=2", "&delimiter=/", "&encoding-type=url"], "&encoding-type=url")
)
def test_prefix_is_a_folder_of_a_bucket(cli: Cli, page: int, query: str) -> None:
    objects = {f"wheels/1.0/{name}": content for name, content in seven().items()}
    objects |= {f"wheels/{A}": b"older", f"wheels/1.0/old/{A}": b"oldest", **FOREIGN}
    bucket = Bucket(objects, page)
    with serving(bucket.routes) as server:
        result = cli(*FETCH, f"{server.url}bucket?prefix=wheels/1.0/demo{query}")
        assert result.code == 0, result.out
        assert ALL in result.out
        result = cli(*FETCH, f"{server.url}bucket?prefix=wheels/1.0/{query}")
    assert "7 of 7" in result.out


def test_other_folders_of_a_bucket_are_named(cli: Cli) -> None:
    objects = {f"wheels/{A}": b"x", f"old/1/{A}": b"y", "docs/index.html": b"z", **seven()}
    with serving(Bucket(objects).routes) as server:
        result = cli(*FETCH, f"{server.url}bucket")
    assert ALL in result.out
    note = "artifacts in other folders of the container are not read: old/1/, wheels/; to read one"
    assert note in result.line("note")


def test_empty_bucket_has_nothing(cli: Cli) -> None:
    with serving(Bucket({}).routes) as server:
        result = cli(*FETCH, f"{server.url}bucket")
    assert (result.code, "nothing matches demo" in result.out) == (4, True)


def test_verify_reads_bucket(cli: Cli, dist: pathlib.Path) -> None:
    objects = seven(hash_files=False)
    for name, content in objects.items():
        dist.joinpath(name).write_bytes(content)
    bucket = Bucket(objects, 3)
    with serving(bucket.routes) as server:
        result = cli("verify", "dist", "--against", f"{server.url}bucket")
        assert (result.code, ALL in result.out) == (0, True), result
        dist.joinpath(A).write_bytes(objects[SEVEN[1]])
        # An etag that differs may be no digest at all.
        assert cli("verify", "dist", "--against", f"{server.url}bucket").code == 3


@pytest.mark.parametrize("etag", [f"{'0' * 32}-2", "0" * 32, "opaque", ""])
def test_etag_that_is_not_the_md5_says_nothing(cli: Cli, etag: str) -> None:
    objects = seven()
    with serving(Bucket(objects, etags=dict.fromkeys(objects, etag)).routes) as server:
        assert ALL in cli(*FETCH, f"{server.url}bucket").out
    del objects[f"{A}.sha256"]
    pathlib.Path("got", A).unlink()
    with serving(Bucket(objects, etags={A: etag}).routes) as server:
        result = cli(*FETCH, f"{server.url}bucket")
        assert result.code == 3
        refused = result.line("refused")
        assert refused.split()[1:3] == [A, "missing-hash:"]
        assert ("is not the MD5 of these bytes" in refused) is (etag == "0" * 32)
        assert cli(*FETCH, "--missing-hash", "accept", f"{server.url}bucket").code == 0


def test_damaged_object_of_a_bucket_is_refused(cli: Cli) -> None:
    objects = seven()
    bucket = Bucket(objects)
    damaged = objects[A][:-1] + b"\1"
    with serving({**bucket.routes, f"/bucket/{A}": damaged}) as server:
        result = cli(*FETCH, f"{server.url}bucket")
        assert (result.code, result.line("refused").split()[1:3]) == (1, [A, "mismatch:"])
    with serving({**bucket.routes, f"/bucket/{A}": objects[A][:-9]}) as server:
        result = cli(*FETCH, f"{server.url}bucket")
        assert (result.code, result.line("refused").split()[1:3]) == (5, [A, "truncated:"])


def test_next_page_that_fails_once_is_retried(cli: Cli) -> None:
    bucket = Bucket(seven(), 5)
    failed: list[str] = []

    def answer(handler: Handler) -> None:
        if "marker=" in handler.path and not failed:
            failed.append(handler.path)
            respond(handler, 503, b"", Retry_After="0")
        else:
            bucket.answer(handler)

    with serving({**bucket.routes, "/bucket": answer}) as server:
        result = cli(*FETCH, "--wait", "20", f"{server.url}bucket")
    assert (len(failed), ALL in result.out) == (1, True)


# A listing that is cut off or endless is not taken for the whole.


def test_listing_that_does_not_say_where_it_continues(cli: Cli) -> None:
    body = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
    with serving({"/": canned(body, "application/xml")}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "does not say where the rest is" in result.err) == (3, True)


def test_saved_part_of_a_listing_is_refused(cli: Cli) -> None:
    body = Bucket(seven(), 5).listing({})
    with serving({"/listing.xml": canned(body, "application/xml")}) as server:
        result = cli(*FETCH, f"{server.url}listing.xml")
    assert (result.code, "a page that was read already" in result.err) == (5, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (Bucket(seven()).listing({})[:2000], "application/xml"),
        (nginx_xml(seven())[:900], "text/xml"),
        (nginx_json(seven())[:900], "application/json"),
        (nginx_json(seven())[: nginx_json(seven()).index(b"}", 900) + 1], "application/json"),
        (b"", "application/xml"),
    ],
)
def test_cut_listing_is_truncated(cli: Cli, body: str | bytes, kind: str) -> None:
    with serving({"/": canned(body, kind)}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "error: truncated: " in result.err) == (5, True), result


# nginx and others that list a folder.


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (nginx_xml, "text/xml"),
        (nginx_xml, "text/xml; charset=utf-8"),
        (nginx_xml, "application/octet-stream"),
        (nginx_json, "application/json"),
        (nginx_json, "text/plain"),
    ],
)
@pytest.mark.parametrize("path", quick(["", "rel-1.0/", "rel-1.0", "rel/listing.xml"], "rel-1.0"))
def test_folder_in_xml_or_json_is_read(cli: Cli, body: Any, kind: str, path: str) -> None:
    objects = seven()
    folder = path.rpartition("/")[0] if path.endswith("xml") else path.rstrip("/")
    folder = f"/{folder}/" if folder else "/"
    routes: dict[str, Respond | bytes] = {folder + name: objects[name] for name in objects}
    routes[f"/{path}"] = canned(body({**FOREIGN, **objects}), kind)
    with serving(routes) as server:
        result = cli(*FETCH, f"{server.url}{path}")
    assert ALL in result.out, result


@pytest.mark.parametrize(
    "body", [nginx_xml({}), nginx_json({}), b"[]", b"<list/>", b"<list></list>"]
)
def test_empty_folder_has_nothing(cli: Cli, body: bytes) -> None:
    kind = "text/xml" if body.startswith(b"<") else "application/json"
    with serving({"/": canned(body, kind)}) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, "nothing matches demo" in result.out) == (4, True)


def test_one_bad_row_does_not_cost_the_others(cli: Cli) -> None:
    objects = seven()
    rows = json.loads(nginx_json(objects))
    rows += [7, None, {}, {"name": 7}, {"name": ""}, {"type": "file"}, [], {"name": "\ud800"}]
    rows.append({"name": "x" * 5000})
    body = json.dumps([*rows[4:], *rows[:4]])
    routes: dict[str, Respond | bytes] = {f"/{name}": objects[name] for name in objects}
    with serving({**routes, "/": canned(body, "application/json")}) as server:
        result = cli(*FETCH, server.url)
    assert ALL in result.out
    assert "ignored entries of the listing that have no name" in result.out


@pytest.mark.parametrize("form", ["json", "xml", "swift"])
def test_object_named_files_is_an_object(cli: Cli, form: str) -> None:
    objects = {"files": b"x", **seven(hash_files=form != "swift")}
    container = Container(objects)
    folder = {f"/{name}": content for name, content in objects.items()}
    body = nginx_json(objects) if form == "json" else nginx_xml(objects)
    routes = {**folder, **container.routes, "/": canned(body, f"application/{form}")}
    with serving(routes) as server:
        path = f"{container.path[1:]}?format=json" if form == "swift" else ""
        assert ALL in cli(*FETCH, f"{server.url}{path}").out


def test_caddy_json_is_read(cli: Cli) -> None:
    objects = seven()
    rows = [
        {"name": name, "size": len(content), "url": f"./{name}", "mode": 1, "is_dir": False}
        for name, content in objects.items()
    ]
    rows.append({"name": "old/", "size": 9, "url": "./old/", "mode": 1, "is_dir": True})
    routes: dict[str, Respond | bytes] = {f"/{name}": objects[name] for name in objects}
    with serving({**routes, "/": canned(json.dumps(rows), "application/json")}) as server:
        assert ALL in cli(*FETCH, server.url).out


# Swift.


@pytest.mark.parametrize("hash_files", [True, False])
@pytest.mark.parametrize("page", [10_000, 3])
def test_swift_container_is_read(cli: Cli, hash_files: bool, page: int) -> None:
    container = Container({**FOREIGN, **seven(hash_files=hash_files)}, page)
    with serving(container.routes) as server:
        result = cli(*FETCH, f"{server.url[:-1]}{container.path}?format=json")
    assert (result.code, got()) == (0, sorted(SEVEN)), result.out
    assert ALL in result.out
    assert all(asked["format"] == "json" for asked in container.asked)


@pytest.mark.parametrize("page", [10_000, 2])
@pytest.mark.parametrize("query", ["", "&delimiter=/"])
def test_prefix_is_a_folder_of_a_swift_container(cli: Cli, page: int, query: str) -> None:
    objects = {f"rel/{name}": content for name, content in seven().items()}
    objects |= {A: b"older", f"rel/old/{A}": b"oldest", "rel/old/x": b"x"}
    container = Container(objects, page)
    with serving(container.routes) as server:
        url = f"{server.url[:-1]}{container.path}?format=json&prefix=rel/{query}"
        result = cli(*FETCH, url)
    assert ALL in result.out, result


@pytest.mark.parametrize(
    "row",
    [
        {"hash": "0" * 32, "slo_etag": '"x"'},
        {"hash": md5(b""), "bytes": 0},
        {"hash": md5(b""), "bytes": 0, "symlink_path": "/v1/AUTH_x/other/x"},
        {"hash": None},
        {"hash": "etag"},
    ],
    ids=["parts", "dynamic parts", "link", "null", "other"],
)
def test_hash_of_parts_or_links_says_nothing(cli: Cli, row: dict[str, object]) -> None:
    objects = seven()
    container = Container(objects, rows=dict.fromkeys(SEVEN, row))
    with serving(container.routes) as server:
        result = cli(*FETCH, f"{server.url[:-1]}{container.path}?format=json")
    assert ALL in result.out, result


def test_damaged_object_of_a_swift_container_is_refused(cli: Cli) -> None:
    container = Container(seven(hash_files=False))
    damaged = container.objects[A][:-1] + b"\1"
    with serving({**container.routes, f"{container.path}/{A}": damaged}) as server:
        result = cli(*FETCH, f"{server.url[:-1]}{container.path}?format=json")
    assert (result.code, result.line("refused").split()[1:3]) == (1, [A, "mismatch:"])


# Pages without a media type, which stores serve as it was uploaded.


@pytest.mark.parametrize(
    "kind",
    quick(["text/plain", "application/octet-stream", "binary/octet-stream", "x/y", ""], "x/y"),
)
@pytest.mark.parametrize("form", ["html", "anchors", "json", "xml", "names", "bom"])
def test_page_without_its_media_type_is_read(cli: Cli, kind: str, form: str) -> None:
    content = seven(hash_files=False)[A]
    digest = hash_file(content).decode()[:64]
    anchor = f'<a href="{A}#sha256={digest}">x</a>'
    files = [{"filename": A, "url": A, "hashes": {"sha256": digest}}]
    body = {
        "html": f"<!DOCTYPE html>\n<html>{anchor}</html>",
        "bom": f"\ufeff\r\n <html>{anchor}</html>",
        "anchors": f"Wheels of demo:\n{anchor}",
        "json": json.dumps({"meta": {"api-version": "1.0"}, "files": files}),
        "xml": nginx_xml({A: content, f"{A}.sha256": hash_file(content)}).decode(),
        "names": f"README\n{A}\n{A}.sha256\n",
    }[form]
    with serving(
        {"/": canned(body, kind), f"/{A}": content, f"/{A}.sha256": hash_file(content)}
    ) as server:
        result = cli(*FETCH, server.url)
    assert (result.code, got()) == (0, [A]), result


# Other documents.

AZURE = '<?xml version="1.0"?><EnumerationResults ContainerName="x"><Blobs/></EnumerationResults>'
OTHERS: dict[str, tuple[str, str, str, str]] = {
    "azure": ("application/xml", AZURE, "Azure Blob Storage", "upload writes: {url}index.html"),
    "azure as text": ("text/html", "\ufeff" + AZURE, "Azure Blob Storage", "{url}index.html"),
    "gcs": (
        "application/json",
        '{"kind": "storage#objects", "items": [{"name": "x", "md5Hash": "x=="}]}',
        "Google Cloud Storage in JSON",
        "give the bucket itself",
    ),
    "gcs buckets": ("application/json", '{"kind": "storage#buckets"}', "all buckets", "one bucket"),
    "s3 buckets": (
        "application/xml",
        "<ListAllMyBucketsResult><Owner/><Buckets/></ListAllMyBucketsResult>",
        "the list of all buckets",
        "{url}BUCKET",
    ),
    "s3 versions": (
        "application/xml",
        "<ListVersionsResult><Version/></ListVersionsResult>",
        "object versions",
        "without ?versions",
    ),
    "s3 error": (
        "application/xml",
        "<Error><Code>AccessDenied</Code></Error>",
        "an error message of a store",
        "read permission",
    ),
    "webdav": ("text/xml", '<D:multistatus xmlns:D="DAV:"/>', "WebDAV", "give the folder"),
    "swift xml": (
        "application/xml",
        '<container name="x"><object/></container>',
        "Swift listing in XML",
        "{url}?format=json",
    ),
    "swift account": (
        "application/json",
        '[{"name": "wheels", "count": 3, "bytes": 9}]',
        "the list of all containers",
        "give one container: {url}CONTAINER",
    ),
    "projects": (
        "application/vnd.pypi.simple.v1+json",
        '{"meta": {"api-version": "1.0"}, "projects": [{"name": "demo"}]}',
        "the list of all projects of a package index",
        "give the page of one project: {url}demo/",
    ),
    "legacy": (
        "application/json",
        '{"info": {}, "last_serial": 1, "releases": {}, "urls": []}',
        "a project in the JSON API",
        "/simple/demo/",
    ),
    "github root": (
        "application/json",
        '{"current_user_url": "x", "emojis_url": "x"}',
        "the root of GitHub's API",
        "{url}repos/OWNER/REPO/releases/tags/TAG",
    ),
    "github repository": (
        "application/json",
        '{"id": 1, "name": "demo", "releases_url": "x{{/id}}"}',
        "a repository, not a release",
        "{url}releases/tags/TAG",
    ),
    "github releases": (
        "application/json",
        '[{"tag_name": "v1", "assets": []}, {"tag_name": "v2", "assets": []}]',
        "a list of releases",
        "give one release: {url}tags/TAG, or {url}latest",
    ),
    "gitlab": (
        "application/json",
        '{"tag_name": "v1", "assets": {"links": []}}',
        "a release at GitLab",
        "packages/pypi/simple/demo",
    ),
    "artifactory": (
        "application/json",
        '{"repo": "x", "path": "/", "children": [{"uri": "/x"}]}',
        "storage API of Artifactory",
        "without /api/storage",
    ),
    "devpi": ("application/json", '{"type": "list:x", "result": []}', "devpi", "+simple/demo/"),
    "unknown object": (
        "application/json",
        '{"b\\u001b[2J": 1, "c": 2}',
        "with the keys 'b\\x1b[2J', 'c'",
        "give an index page",
    ),
    "number": ("application/json", "7", "a JSON document that is not a listing", "index page"),
    "numbers": ("application/json", "[1, 2]", "a JSON document that is not a listing", "index"),
    "not json": ("application/json", "<html>", "not a valid JSON document", "check the URL"),
    "jsonp": (
        "application/javascript",
        '/* callback */\r\nf([{"name": "x"}]);',
        "JSONP",
        "?callback",
    ),
    "feed": ("application/xml", "<rss><channel/></rss>", "another kind (<rss>)", "index page"),
    "not xml": ("application/xml", "<a></b>", "not well-formed XML", "check the URL"),
    "json as xml": ("application/xml", "{}", "not well-formed XML", "check the URL"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_document_is_called_by_its_name(cli: Cli, name: str) -> None:
    kind, body, what, instead = OTHERS[name]
    with serving({"/x/": canned(body, kind)}) as server:
        url = f"{server.url}x/"
        result = cli(*FETCH, f"{url}?token=SECRET")
    assert (result.code, result.err.count("\n")) == (3, 1), result
    assert f"unreadable: {url}: " in result.err
    assert what in result.err
    assert instead.format(url=url) in result.err.partition("; ")[2]
    assert "SECRET" not in result.err


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE list [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><list><file>&b;</file></list>',
        '<!DOCTYPE list [<!ENTITY a SYSTEM "file:///etc/passwd">]><list><file>&a;</file></list>',
        '<!DOCTYPE list SYSTEM "{url}dtd"><list/>',
        '<!DOCTYPE list [<!ENTITY % a SYSTEM "{url}dtd">%a;]><list/>',
        "<list><file>&a;</file></list>",
    ],
)
def test_entities_are_refused(cli: Cli, body: str) -> None:
    routes: dict[str, Respond | bytes] = {}
    with serving(routes) as server:
        xml = '<?xml version="1.0"?>' + body.replace("{url}", server.url)
        routes["/"] = canned(xml, "text/xml")
        result = cli(*FETCH, server.url)
        assert server.paths() == ["/"]
    assert result.code == 3, result
    assert "unreadable" in result.err


def test_project_list_in_html_is_called_by_its_name(cli: Cli) -> None:
    body = b'<html><title>Simple index</title><a href="/simple/Demo/">Demo</a><a href="x/">x</a>'
    with serving({"/simple/": body}) as server:
        result = cli(*FETCH, f"{server.url}simple/")
        note = f"the page lists projects or folders, not artifacts; give {server.url}simple/Demo/"
    assert (result.code, note in result.line("note")) == (4, True), result
