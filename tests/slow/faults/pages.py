"""Hostile and malformed index pages (E.2.2)."""

from __future__ import annotations

import hashlib
import json

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, link, page, status, wheel
from tests.slow.faults.transport import LOGIN, REJECTED, serve_tls
from tests.support.artifacts import A, sha256
from tests.support.servers import Handler, respond
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.pages import JSON_TYPE

#: Memory for a page: a body of 64 MiB, the same as text, and the interpreter.
PAGE_MEMORY = 320


@fault("E.2.2.1", exit_code=5, says="more than 67108864 bytes", memory=PAGE_MEMORY)
def page_of_100_mb(case: Case) -> None:
    """The index page has 100 MB."""
    spaces = b" " * 1_000_000

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(100 * len(spaces)))
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(spaces)

    case.routes["/"] = answer


@fault("E.2.2.1", exit_code=5, says="more than 67108864 bytes", memory=PAGE_MEMORY)
def page_without_an_end(case: Case) -> None:
    """The index page never ends."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:
            handler.wfile.write(b"<p>" * 100_000)

    case.routes["/"] = answer


@fault("E.2.2.2", exit_code=5, says="more than 1000000 links", memory=PAGE_MEMORY)
def page_of_a_million_links(case: Case) -> None:
    """The index page has 10^6 + 1 links to wheels."""
    case.routes["/"] = "".join(
        f'<a href="demo-1.{n}-py3-none-any.whl"></a>\n' for n in range(1_000_001)
    ).encode()


@fault("E.2.2.2", exit_code=4, says="nothing matches", memory=PAGE_MEMORY)
def page_of_tags_that_never_close(case: Case) -> None:
    """3 MB of ``<a``, for which a parser may search for the end again and again."""
    case.routes["/"] = b"<a " * 1_000_000 + b"<!--" * 100_000


@fault("E.2.2.2", exit_code=3, says="PEP 691", memory=PAGE_MEMORY)
def page_of_nested_json(case: Case) -> None:
    """A JSON page of a million brackets."""
    case.routes["/"] = status(200, b"[" * 1_000_000, Content_Type=JSON_TYPE)


@fault("E.2.2.3", causes=Cause.MISMATCH, left=(REJECTED,), says="artifacts on another server")
def base_on_another_host(case: Case) -> None:
    """``<base href>`` leads to another server, which has another wheel; this is reported."""
    other = case.serve({f"/{A}": wheel(seed=1)})
    case.routes["/"] = page(f'<base href="{other.url}">', link(A, wheel()))


@fault(
    "E.2.2.4",
    causes=(Cause.UNREACHABLE,) * 4,
    left=(A,),
    says="file: links are not followed",
)
def links_of_other_schemes(case: Case) -> None:
    """Links with ``file:``, ``ftp:``, ``javascript:`` and ``data:`` URLs and the right digest."""
    canary = case.folder / "demo-1.0-2-py3-none-any.whl"
    canary.write_bytes(wheel())
    case.list(
        link(f"file://{canary}", wheel()),
        link("ftp://host.invalid/demo-1.0-3-py3-none-any.whl", wheel()),
        link("javascript:/demo-1.0-4-py3-none-any.whl", wheel()),
        link("data:application/zip,/demo-1.0-5-py3-none-any.whl", wheel()),
    )


@fault("E.2.2.5", causes=Cause.UNREACHABLE, left=(B,), says="http links on an https page")
def http_link_on_an_https_page(case: Case) -> None:
    """A TLS server's page links to a plain HTTP URL."""
    del case.good[A]
    case.good[B] = wheel(B)
    plain = case.serve({f"/{A}": wheel()})
    listed = page(link(plain.url + A, wheel()), link(B, wheel(B)))
    case.url = serve_tls(case, {"/": listed, f"/{B}": wheel(B)})


@fault("E.2.2.6", exit_code=5, says="redirects from https to http")
def page_redirects_to_http(case: Case) -> None:
    """A TLS server redirects the page to a plain HTTP URL."""
    plain = case.serve({"/": page(link(A, wheel())), f"/{A}": wheel()})
    case.url = serve_tls(case, {"/": status(302, Location=plain.url)})


@fault("E.2.2.7", causes=Cause.MISMATCH, left=(REJECTED,))
def redirect_to_a_private_address(case: Case) -> Check:
    """The wheel redirects to another server in the user's own network, without secrets."""
    inner = case.serve({f"/{A}": wheel(seed=1)})
    case.routes[f"/{A}"] = status(302, Location=inner.url + A)
    case.server = case.serve(case.routes)
    case.url = case.server.url.replace("://", "://ann:SECRET@")

    def check(done: Done) -> None:
        assert inner.requests
        assert all("authorization" not in headers for _, _, headers in inner.requests)

    return check


@fault("E.2.2.8", causes=Cause.UNREACHABLE, says="more than 10 redirects")
def redirects_in_a_loop(case: Case) -> None:
    """The wheel redirects to itself."""
    case.routes[f"/{A}"] = status(302, Location=f"/{A}")


@fault("E.2.2.8", exit_code=5, says="more than 10 redirects")
def page_redirects_in_a_loop(case: Case) -> None:
    """The page redirects to itself."""
    case.routes["/"] = status(302, Location="/")


@fault("E.2.2.9", causes=Cause.CONFLICT, left=(REJECTED,), says="contradict each other")
def two_links_with_two_digests(case: Case) -> None:
    """Two links with the same name and different digests."""
    case.list(link(A, b"other"))


@fault("E.2.2.10", left=(A,), says="md5 detects accidental corruption, not tampering")
def digest_is_md5(case: Case) -> None:
    """The only digest is ``#md5=``."""
    digest = hashlib.md5(wheel(), usedforsecurity=False).hexdigest()
    case.routes["/"] = page(f'<a href="{A}#md5={digest}">x</a>')
    del case.routes[f"/{A}.sha256"]


@fault("E.2.2.11", left=(A,))
def digest_in_upper_case(case: Case) -> None:
    """``#SHA256=`` in upper case, with upper-case digits."""
    case.routes["/"] = page(f'<A HREF="{A}#SHA256={sha256(wheel()).upper()}">x</A>')
    del case.routes[f"/{A}.sha256"]


@fault("E.2.2.12", left=(A,))
def digest_and_more_in_the_fragment(case: Case) -> None:
    """``#sha256=…&egg=demo``."""
    case.routes["/"] = page(f'<a href="{A}#sha256={sha256(wheel())}&egg=demo">x</a>')
    del case.routes[f"/{A}.sha256"]


@fault("E.2.2.13", causes=Cause.CONFLICT, left=(REJECTED,))
def two_digests_in_one_fragment(case: Case) -> None:
    """``#sha256=…&sha256=…``: both are claims, and they disagree."""
    both = f"{sha256(wheel())}&sha256={sha256(b'other')}"
    case.routes["/"] = page(f'<a href="{A}#sha256={both}">x</a>')


@fault("E.2.2.13", causes=Cause.UNREADABLE_HASH)
def two_fragments(case: Case) -> None:
    """``#sha256=…#sha256=…``: the text after the first ``#`` is not a valid digest."""
    both = f"{sha256(wheel())}#sha256={sha256(b'other')}"
    case.routes["/"] = page(f'<a href="{A}#sha256={both}">x</a>')


@fault("E.2.2.14", left=(A,))
def ampersand_in_a_link(case: Case) -> Check:
    """``X.whl?a=1&amp;b=2`` requests a=1 and b=2."""
    case.routes["/"] = page(link(f"{A}?a=1&amp;b=2", wheel()))

    def check(done: Done) -> None:
        assert ("GET", f"/{A}?a=1&b=2") in [request[:2] for request in case.server.requests]

    return check


@fault("E.2.2.15", left=(A,))
def link_in_single_quotes(case: Case) -> None:
    """``href='…'``, which the host alone does not read."""
    case.routes["/"] = page(f"<a href='{A}#sha256={sha256(wheel())}'>x</a>")


@fault("E.2.2.16", left=(A,))
def page_behind_the_page(case: Case) -> Check:
    """A link to ``demo-1.0-downloads.html`` with more wheels: it is not followed."""
    case.list(link("demo-1.0-downloads.html", LOGIN))
    case.routes["/demo-1.0-downloads.html"] = page(link(B, wheel(B)))

    def check(done: Done) -> None:
        assert "/demo-1.0-downloads.html" not in case.server.paths()

    return check


@fault("E.2.2.13", causes=Cause.UNREADABLE, says="its hashes are not a JSON object")
def json_page_of_another_kind(case: Case) -> None:
    """A JSON page whose hashes are a list."""
    body = json.dumps({"files": [{"filename": A, "url": A, "hashes": [sha256(wheel())]}]})
    case.routes["/"] = lambda handler: respond(handler, 200, body.encode(), Content_Type=JSON_TYPE)


@fault("E.2.2.9", left=(A,), says="ignored a malformed link")
def malformed_link(case: Case) -> None:
    """A malformed URL with an escape sequence in it, beside a good link."""
    case.list('<a href="http://[\x1b[2J/x.whl">x</a>')


@fault("E.2.2.9", causes=Cause.UNREADABLE, left=(A,), says="its URL is malformed")
def malformed_link_to_a_wheel(case: Case) -> None:
    """A malformed URL that ends in a wheel name."""
    case.list(f'<a href="http://[bad/{B}">x</a>')
