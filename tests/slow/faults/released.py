"""Faults of pinned pages and of package indexes (E.12)."""

from __future__ import annotations

import json

from packaging.version import Version

from tests.slow.faults.catalogue import B, Case, fault, link, page, wheel
from tests.support.artifacts import A, sha256
from tests.support.servers import Handler, respond
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.downloads_page import Release, hash_of, make_page

RELEASE = Release("demo", Version("1.0"))

REJECTED = f".rejected/{A}.rejected"


def _pinned(case: Case, old: bytes = b"", new: bytes = b"") -> None:
    """Serve a release with its pinned page, changed after its hash was published."""
    server = case.serve(case.routes)
    made = make_page(RELEASE, server.url, {A: sha256(wheel())})
    case.routes[f"/{RELEASE.page_name}"] = made.replace(old, new) if old else new or made
    case.url = f"{server.url}{RELEASE.page_name}#sha256={hash_of(made)}"


def _on_index(
    case: Case, *entries: dict[str, object], version: str = "1.1", **keys: object
) -> None:
    """Verify a folder with A against a package index with some files."""
    case.got.mkdir()
    case.got.joinpath(A).write_bytes(wheel())
    document = {"meta": {"api-version": version}, "name": "demo", "files": list(entries)} | keys

    def answer(handler: Handler) -> None:
        body = json.dumps(document).encode()
        respond(handler, 200, body, Content_Type="application/vnd.pypi.simple.v1+json")

    server = case.serve({"/simple/demo/": answer})
    case.command = ["verify", "got", "--wait", "0", "--index", f"{server.url}simple/demo/"]


def _entry(name: str = A, **values: object) -> dict[str, object]:
    content = wheel(name)
    entry = {"filename": name, "url": name, "hashes": {"sha256": sha256(content)}}
    return entry | {"size": len(content)} | values


@fault("E.12", left=(A,), says="sha256  pinned page  pinned")
def pinned_page_is_good(case: Case) -> None:
    """A page with the pinned hash; the host answers every path for a hash file with HTML."""
    case.routes[f"/{A}.sha256"] = b"<html>not found</html>"
    _pinned(case)


@fault("E.12", exit_code=7, says="not-the-page: ")
def pinned_page_was_changed(case: Case) -> None:
    """A digest on a pinned page was changed."""
    _pinned(case, sha256(wheel()).encode(), b"0" * 64)


@fault("E.12", exit_code=7, says="not-the-page: ")
def pinned_page_is_a_login_page(case: Case) -> None:
    """A login page in place of a pinned page."""
    _pinned(case, new=b"<!doctype html><form>log in</form>")


@fault("E.12", exit_code=5, says="truncated: ")
def pinned_page_is_cut(case: Case) -> None:
    """A pinned page is cut off."""
    _pinned(case)
    made = case.routes[f"/{RELEASE.page_name}"]
    assert isinstance(made, bytes)

    def cut(handler: Handler) -> None:
        handler.close_connection = True
        respond(handler, 200, made[:300], Content_Length=str(len(made)))

    case.routes[f"/{RELEASE.page_name}"] = cut


@fault("E.12", causes=Cause.REPLACED, left=(REJECTED,))
def artifact_of_a_pinned_page_was_replaced(case: Case) -> None:
    """A wheel was replaced with its metadata; the page is pinned."""
    case.good = {}
    other = wheel(A, 1)
    case.routes[f"/{A}"] = lambda handler: respond(
        handler, 200, other, X_Object_Meta_Sha256=sha256(other)
    )
    _pinned(case)


@fault("E.12", exit_code=2, says="without its hash")
def downloads_page_without_its_hash(case: Case) -> None:
    """The address of a downloads page has no hash."""
    _pinned(case)
    case.url = case.url.partition("#")[0]


@fault("E.12", causes=Cause.UNREADABLE, left=(B,), says="its link has no SHA-256")
def pinned_link_without_digest(case: Case) -> None:
    """A pinned page with two links, one of which has no digest."""
    case.good[B] = wheel(B)
    made = page(link(A), link(B, wheel(B)))
    server = case.serve({"/": made, f"/{A}": wheel(), f"/{B}": wheel(B)})
    case.url = f"{server.url}#sha256={hash_of(made)}"


@fault("E.12", causes=Cause.NOT_SERVED, left=(A,))
def index_lacks_a_file(case: Case) -> None:
    """A package index without one of the files that were built."""
    _on_index(case, _entry(B), _entry("demo-0.9-py3-none-any.whl"))
    case.command += ["--allow-extra", B]


@fault("E.12", exit_code=4, left=(A,), says="not-built: demo-1.0-1-py3-none-any.whl")
def index_has_a_file_too_many(case: Case) -> None:
    """A package index with a file of the release that nobody built."""
    _on_index(case, _entry(), _entry(B))


@fault("E.12", causes=Cause.MISMATCH, left=(A,))
def index_has_another_file(case: Case) -> None:
    """A package index with other bytes under a name."""
    _on_index(case, _entry(hashes={"sha256": sha256(wheel(A, 1))}))


@fault("E.12", causes=Cause.LISTED_WRONG, left=(A,), says="the index lists 1 bytes")
def index_lists_another_size(case: Case) -> None:
    """A package index with the right digest and a wrong size."""
    _on_index(case, _entry(size=1))


@fault("E.12", causes=Cause.NOT_LISTED, left=(A,))
def index_without_a_digest(case: Case) -> None:
    """A package index without a digest for a file."""
    _on_index(case, _entry(hashes={}))


@fault("E.12", exit_code=3, left=(A,), says="version 2.0 of the simple API")
def index_with_the_next_api(case: Case) -> None:
    """A package index that speaks version 2.0 of the simple API."""
    _on_index(case, _entry(), version="2.0")


@fault("E.12", exit_code=3, left=(A,), says="the page of 'other', not of demo")
def index_has_the_page_of_another_project(case: Case) -> None:
    """A package index that answers with the page of another project."""
    _on_index(case, _entry(), name="other")


@fault("E.12", exit_code=4, left=(A,), says="listing-cut: ")
def index_has_a_next_page(case: Case) -> None:
    """A package index whose page continues on another one."""
    _on_index(case, _entry(), next="?page=2")


@fault("E.12", causes=Cause.UNREADABLE, left=(A,), says="with an invalid size")
def index_lists_a_negative_size(case: Case) -> None:
    """A package index with a negative size."""
    _on_index(case, _entry(size=-1))


@fault("E.12", causes=Cause.UNREADABLE, left=(A,), says="twice, with different sizes")
def index_lists_a_name_twice(case: Case) -> None:
    """A package index with two sizes for a name."""
    _on_index(case, _entry(), _entry(size=1))
