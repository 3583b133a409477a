"""Pages whose links are easily lost, and relative links with two readings (E.7)."""

from __future__ import annotations

import json

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, link, page, status, wheel
from tests.support.artifacts import A, hash_file, sha256
from tests.support.servers import Respond
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.pages import JSON_TYPE

ODD = "demo-1.0_1-py3-none-any.whl"


def _json(*files: object, version: str = "1.1") -> Respond:
    body = json.dumps({"meta": {"api-version": version}, "files": files})
    return status(200, body.encode(), Content_Type=JSON_TYPE)


def _file(name: str, **keys: object) -> dict[str, object]:
    return {"filename": name, "url": name, "hashes": {"sha256": sha256(wheel(name))}, **keys}


@fault("E.7.1", left=(A, B))
def bracket_in_an_attribute(case: Case) -> None:
    """``data-requires-python=">=3.8,<4"`` in the tag of a link: browsers read it."""
    case.add(B, wheel(B))
    digest = sha256(wheel())
    tag = f'<a href="{A}#sha256={digest}" data-requires-python=">=3.8,<4">x</a>'
    case.routes["/"] = page(tag, link(B, wheel(B)))


@fault("E.7.1", left=(A, B))
def apostrophe_in_an_attribute_without_quotes(case: Case) -> None:
    """``title=it's`` in the tag of a link, and an apostrophe in a later one."""
    case.add(B, wheel(B))
    digest = sha256(wheel())
    tag = f"<a title=it's href={A}#sha256={digest}>x</a><p title=it's>"
    case.routes["/"] = page(tag, link(B, wheel(B)))


@fault("E.7.1", causes=Cause.UNREADABLE, left=(B,), says="unclosed quote")
def quote_that_is_not_closed(case: Case) -> None:
    """An unclosed quote in the first of two links."""
    del case.good[A]
    case.good[B] = case.routes[f"/{B}"] = wheel(B)
    case.routes["/"] = page(f'<a href="{A}" title="oops>x</a>', link(B, wheel(B)))


@fault("E.7.2", causes=Cause.MISSING_HASH, left=(B,))
def json_entry_without_hashes(case: Case) -> None:
    """One of two files of a JSON page has no ``hashes``."""
    del case.good[A], case.routes[f"/{A}.sha256"]
    case.good[B] = case.routes[f"/{B}"] = wheel(B)
    case.routes["/"] = _json({"filename": A, "url": A}, _file(B))


@fault("E.7.2", causes=Cause.UNREADABLE, left=(B,), says="its entry has no URL")
def json_entry_without_url(case: Case) -> None:
    """One of two files of a JSON page has no ``url``."""
    del case.good[A]
    case.good[B] = case.routes[f"/{B}"] = wheel(B)
    case.routes["/"] = _json(_file(A, url=None), _file(B))


@fault("E.7.3", causes=Cause.INVALID_NAME, left=(A,), says="not a valid name of a wheel")
def wheel_with_an_invalid_name(case: Case) -> None:
    """A wheel named ``demo-1.0_1-py3-none-any.whl`` beside a good one."""
    case.list(link(ODD, wheel()))
    case.routes[f"/{ODD}"] = wheel()


@fault("E.7.3", left=(A,), says="demo-1.0.tgz")
def archive_with_an_invalid_name(case: Case) -> None:
    """A file named ``demo-1.0.tgz`` beside a good wheel: a note names it."""
    case.list(link("demo-1.0.tgz"))


@fault("E.7.4", left=(A,), says="yanked: broken build")
def yanked_wheel(case: Case) -> None:
    """The page marks the wheel as yanked: a note names it."""
    case.routes["/"] = _json(_file(A, yanked="broken build"))


@fault("E.7.4", causes=Cause.YANKED, says="broken build")
def yanked_wheel_with_the_option(case: Case) -> None:
    """The same with ``--fail-on-yanked``."""
    case.routes["/"] = _json(_file(A, yanked="broken build"))
    case.options = ["--fail-on-yanked"]


@fault("E.7.5", exit_code=4, left=(A,), says="10 of the container's 25000 objects")
def listing_of_a_part(case: Case) -> None:
    """A Swift listing with fewer names than the container has objects."""
    names = [A, f"{A}.sha256", *(f"other-{number}.txt" for number in range(8))]
    body = "".join(f"{name}\n" for name in names).encode()
    headers = {"Content_Type": "text/plain", "X_Container_Object_Count": "25000"}
    case.routes["/"] = status(200, body, **headers)


@fault("E.7.5", exit_code=4, left=(A,), says="listing-cut")
def listing_with_a_next_page(case: Case) -> None:
    """An index page with ``Link: <?page=2>; rel="next"``."""
    case.routes["/"] = status(200, page(link(A, wheel())), Link='<?page=2>; rel="next"')


@fault("E.7.6", exit_code=3, says="version 2.0 of the simple API")
def page_of_another_version(case: Case) -> None:
    """A JSON page with ``api-version`` 2.0."""
    case.routes["/"] = _json(_file(A), version="2.0")


@fault("E.7.7", left=(A,))
def hash_file_is_said_to_be_compressed(case: Case) -> None:
    """The hash file is not compressed but has Content-Encoding: x-gzip."""
    case.without_digest_in_the_link()
    body = hash_file(wheel())
    case.routes[f"/{A}.sha256"] = status(200, body, Content_Encoding="x-gzip")


@fault("E.7.7", left=(A,))
def page_is_said_to_be_compressed(case: Case) -> None:
    """The index page is not compressed but has Content-Encoding: br."""
    case.routes["/"] = status(200, page(link(A, wheel())), Content_Encoding="br")


def _move(case: Case, folder: str, listed: Respond | bytes) -> None:
    """Serve the page at the folder's address without a slash, and the files in the folder."""
    case.routes[f"/{folder}"] = listed
    for name in (A, f"{A}.sha256"):
        case.routes[f"/{folder}/{name}"] = case.routes.pop(f"/{name}")
    case.server = case.serve(case.routes)
    case.url = f"{case.server.url}{folder}"


@fault("E.7.8", left=(A,))
def links_beside_a_page_without_a_slash(case: Case) -> None:
    """``/releases`` links ``releases/X.whl``, as RFC 3986 has it."""
    _move(case, "releases", page(link(f"releases/{A}", wheel())))


@fault("E.7.8", left=(A,), says="its links are read as relative to")
def links_below_a_page_without_a_slash(case: Case) -> None:
    """``/rel-1.0`` lists a folder without redirecting to ``/rel-1.0/``."""
    _move(case, "rel-1.0", page(link(A, wheel())))


@fault("E.7.8", left=(A,))
def names_below_an_address_with_a_dot(case: Case) -> None:
    """``/rel-1.0`` is a list of names."""
    names = f"{A}\n{A}.sha256\n".encode()
    _move(case, "rel-1.0", status(200, names, Content_Type="text/plain"))


@fault("E.7.8", exit_code=4, says="/demo/demo-1.0-py3-none-any.whl")
def withdrawn_wheel(case: Case) -> Check:
    """The page lists a wheel that is in neither place; its address is shown."""
    del case.good[A]
    case.routes.clear()
    case.routes["/demo/"] = page(link(A))
    case.server = case.serve(case.routes)
    case.url = f"{case.server.url}demo/"

    def check(done: Done) -> None:
        assert done.out.startswith("withdrawn")

    return check
