"""Hostile, cut and unusual listings of stores and releases (E.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, link, page, status, wheel
from tests.slow.faults.pages import PAGE_MEMORY
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file
from tests.support.listings import Bucket, anaconda_files, github_release, md5, nginx_xml
from wheelhouse_hashes.causes import Cause

_XML = "application/xml"
_JSON = "application/json"


def _bucket(case: Case, page_size: int = 1000, etags: Mapping[str, str] = {}) -> dict[str, bytes]:
    """Have the server list its objects as an S3 bucket does; return them."""
    case.add(B, wheel(B))
    objects = {A: wheel(), f"{A}.sha256": hash_file(wheel()), B: wheel(B)}
    case.routes["/"] = Bucket(objects, page_size, etags).answer
    return objects


@fault("E.6", left=(A, B), says="verified 2 of 2")
def bucket_in_pages_of_one_object(case: Case) -> Check:
    """An S3 listing has one object a page."""
    objects = _bucket(case, page_size=1)

    def check(done: Done) -> None:
        del done
        assert case.server.paths().count("/") == len(objects)

    return check


@fault("E.6", left=(A, B))
def etag_of_parts(case: Case) -> None:
    """The ETag of an S3 object is not its MD5, and has the number of its parts."""
    _bucket(case, etags={A: f"{'0' * 32}-2"})


@fault("E.6", causes=Cause.MISSING_HASH, left=(A,), says="which is not the MD5 of these bytes")
def etag_of_other_bytes(case: Case) -> None:
    """The ETag of an S3 object is another MD5, and the object has no hash file."""
    _bucket(case, etags={B: "0" * 32})
    del case.routes[f"/{B}.sha256"]


@fault("E.6", exit_code=3, says="does not say where the rest is")
def listing_without_its_next_page(case: Case) -> None:
    """An S3 listing is a part, and does not say where the next one begins."""
    body = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
    case.routes["/"] = status(200, body, Content_Type=_XML)


@fault("E.6", exit_code=5, says="at another origin")
def next_page_at_another_origin(case: Case) -> Check:
    """The header ``Link`` of a release leads to another server."""
    other = case.serve({})
    rows = github_release({A: wheel()}, "/")["assets"]
    following = f'<{other.url}>; rel="next"'
    case.routes["/"] = status(200, json.dumps(rows).encode(), Content_Type=_JSON, Link=following)

    def check(done: Done) -> None:
        del done
        assert other.requests == []

    return check


@fault("E.6", exit_code=5, says="the XML document is cut off")
def xml_listing_cut_off(case: Case) -> None:
    """An XML listing ends after its first object."""
    case.routes["/"] = status(200, nginx_xml(case.good)[:-9], Content_Type=_XML)


@fault("E.6", exit_code=3, says="a document type declaration")
def xml_listing_with_entities(case: Case) -> None:
    """An XML listing of nested entities, which would be 10^9 times as long."""
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE list [<!ENTITY e0 "x">{entities}]><list><file>&e9;</file></list>'
    case.routes["/"] = status(200, body.encode(), Content_Type=_XML)


@fault("E.6", exit_code=3, says="2000000 elements", memory=PAGE_MEMORY, limit=120)
def xml_listing_of_ten_million_elements(case: Case) -> None:
    """An XML listing of 10^7 empty elements."""
    body = b"<list>" + b"<a/>" * 10_000_000 + b"</list>"
    case.routes["/"] = status(200, body, Content_Type=_XML)


@fault("E.6", exit_code=5, says="has more than 1000000 objects", memory=PAGE_MEMORY)
def json_listing_of_five_million_objects(case: Case) -> None:
    """A JSON listing of 5 * 10^6 empty objects."""
    body = b"[" + b"{}," * 5_000_000 + b"{}]"
    case.routes["/"] = status(200, body, Content_Type=_JSON)


@fault("E.6", causes=Cause.MISMATCH, left=(REJECTED,))
def hash_in_a_swift_listing_differs(case: Case) -> None:
    """The MD5 in a JSON listing of Swift is that of other bytes."""
    rows = [{"name": A, "bytes": len(wheel()), "hash": md5(b"other")}]
    case.routes["/"] = status(200, json.dumps(rows).encode(), Content_Type=_JSON)
    del case.routes[f"/{A}.sha256"]


@fault("E.6", left=(A,), says="entries of the listing that have no name")
def rows_that_are_no_objects(case: Case) -> None:
    """A JSON listing with rows of other kinds beside a good one."""
    rows = [7, None, {}, {"name": 7}, {"name": "\ud800"}, {"name": A, "size": len(wheel())}]
    case.routes["/"] = status(200, json.dumps(rows).encode(), Content_Type=_JSON)


@fault("E.6", causes=Cause.UNSAFE_NAME, left=(A,))
def unsafe_name_in_a_listing(case: Case) -> None:
    """A JSON listing with a name that has backslashes."""
    rows = [{"name": name, "type": "file"} for name in (A, f"..\\{B}")]
    case.routes["/"] = status(200, json.dumps(rows).encode(), Content_Type=_JSON)


@fault("E.6", causes=Cause.UNREACHABLE, left=(A,), says="its upload to the release did not finish")
def asset_of_an_unfinished_upload(case: Case) -> None:
    """One asset of a GitHub release has no content yet."""
    release = github_release(
        {A: wheel(), B: wheel(B)}, "/", **{B: {"state": "starter", "digest": None}}
    )
    case.routes["/"] = status(200, json.dumps(release).encode(), Content_Type=_JSON)


@fault("E.6", causes=Cause.UNREACHABLE, left=(A,), says="file: is not followed")
def release_with_a_link_to_a_file(case: Case) -> None:
    """One file of a release at anaconda.org is at a ``file:`` URL."""
    case.add(B, wheel(B))
    files = anaconda_files(
        {A: wheel(), B: wheel(B)},
        "/",
        **{A: {"download_url": f"/{A}"}, B: {"download_url": "file:///etc/passwd"}},
    )
    case.routes["/"] = status(200, json.dumps(files).encode(), Content_Type=_JSON)


@fault("E.6", exit_code=3, says="a listing of Azure Blob Storage")
def azure_listing(case: Case) -> None:
    """A listing of Azure, which is called by its name."""
    body = b"<EnumerationResults><Blobs><Blob><Name>x</Name></Blob></Blobs></EnumerationResults>"
    case.routes["/"] = status(200, body, Content_Type=_XML)


@fault("E.6", exit_code=3, says="/demo/")
def list_of_projects(case: Case) -> None:
    """The list of projects of a package index, in place of one project's page."""
    body = b'{"meta": {"api-version": "1.0"}, "projects": [{"name": "demo"}]}'
    kind = "application/vnd.pypi.simple.v1+json"
    case.routes["/"] = status(200, body, Content_Type=kind)


@fault("E.6", left=(A,))
def page_without_its_media_type(case: Case) -> None:
    """The index page is served as ``application/octet-stream``."""
    body = page(link(A, wheel()))
    case.routes["/"] = status(200, body, Content_Type="application/octet-stream")
