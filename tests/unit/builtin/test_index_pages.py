from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.support.artifacts import sha256
from tests.support.servers import Handler, Routes, respond, serving
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Finding
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, TransferError
from wheelhouse_hashes.formats import pages
from wheelhouse_hashes.formats.pages import JSON_TYPE, MAX_LINKS
from wheelhouse_hashes.listing import pages as listing_pages
from wheelhouse_hashes.options import FetchOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

NAME = "numpy-2.3.5-cp311-cp311-manylinux_2_27_x86_64.whl"
LOCAL = "numpy-2.3.5+local.1-py3-none-any.whl"
SDIST = "numpy-2.3.5.tar.gz"
HEX, HEX2 = sha256(b"one"), sha256(b"two")


@pytest.fixture
def run() -> Iterator[Session[FetchOptions]]:
    """A fetch in progress, with a real client."""
    options = FetchOptions(project_name="numpy", url="http://127.0.0.1/", wait=0.0, max_workers=1)
    run = Session("fetch", options, Plugins.load(BUILT_IN, {}))
    yield run
    run.client.close()


Locate = Callable[..., Listing]


@pytest.fixture
def locate(run: Session[FetchOptions]) -> Locate:
    """Serve one page and return its listing; URLs become relative to the server."""

    def serve(
        page: str | bytes,
        content_type: str = "text/html",
        served: str = "/simple/numpy/",
        asked: str = "",
        **headers: str,
    ) -> Listing:
        body = page.encode() if isinstance(page, str) else page

        def answer(handler: Handler) -> None:
            respond(handler, 200, body, Content_Type=content_type, **headers)

        with serving({served: answer}) as server:
            root = server.url.rstrip("/")
            listing = listing_pages.read(run, root + (asked or served))
        return _relative(listing, root)

    return serve


def _relative(listing: Listing, root: str) -> Listing:
    entries = tuple(
        Entry(e.name, e.url.removeprefix(root), e.size, e.headers, e.claims)
        for e in listing.entries
    )
    url = listing.url.removeprefix(root)
    return replace(listing, url=url, entries=entries)


def _urls(listing: Listing) -> dict[str, str]:
    return {entry.name: entry.url for entry in listing.entries}


def _digests(entry: Entry) -> list[str]:
    return [str(claim.digest) for claim in entry.claims if isinstance(claim, Claim)]


def test_html_links_have_name_address_and_claim(locate: Locate) -> None:
    listing = locate(
        f'<!DOCTYPE html><html><body><h1>Links</h1>\n<a href="{NAME}#sha256={HEX}">{NAME}</a><br/>'
        f'\n<a href="{SDIST}" data-requires-python="&gt;=3.10">{SDIST}</a></body></html>'
    )
    assert _urls(listing) == {NAME: f"/simple/numpy/{NAME}", SDIST: f"/simple/numpy/{SDIST}"}
    wheel, sdist = listing.entries
    (claim,) = wheel.claims
    assert isinstance(claim, Claim)
    assert claim.digest == Digest("sha256", HEX)
    assert claim.source == "link"
    assert claim.where.endswith("/simple/numpy/")
    assert not claim.travels
    assert sdist.claims == ()
    assert (wheel.size, dict(wheel.headers)) == (None, {})
    assert listing.notes == ()


@pytest.mark.parametrize(
    "tag",
    [
        f"<a href='{NAME}#sha256={HEX}'>",
        f'<A HREF="{NAME}#sha256={HEX}">',
        f"<a href={NAME}#sha256={HEX}>",
        f'<a\n  class="x"\n  href = "{NAME}#sha256={HEX}"\n>',
        f'<a href="{NAME}#sha256={HEX}" />',
        f'<a href="{NAME}#SHA256={HEX.upper()}">',
        f'<a href="&#{ord("n")};{NAME[1:]}#sha256={HEX}">',
    ],
)
def test_html_link_syntax_variants_are_read(locate: Locate, tag: str) -> None:
    (entry,) = locate(f"<body>{tag}text</a>").entries
    assert (entry.name, entry.url) == (NAME, f"/simple/numpy/{NAME}")
    assert _digests(entry) == [f"sha256:{HEX}"]


def test_ampersand_entity_in_link_is_decoded(locate: Locate) -> None:
    (entry,) = locate(f'<a href="{NAME}?a=1&amp;b=2#sha256={HEX}">x</a>').entries
    assert entry.name == NAME
    assert entry.url == f"/simple/numpy/{NAME}?a=1&b=2"


def test_comments_scripts_and_anchors_are_not_links(
    locate: Locate,
) -> None:
    listing = locate(
        f'<!-- <a href="{NAME}"> --><script>"<a href={NAME}>"</script>'
        '<a name="top">x</a><a href="">x</a>'
    )
    assert listing.entries == ()
    assert listing.notes == ()


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (NAME, f"/simple/numpy/{NAME}"),
        (f"./{NAME}", f"/simple/numpy/{NAME}"),
        (f"../../files/{NAME}", f"/files/{NAME}"),
        (f"/files/{NAME}", f"/files/{NAME}"),
        (f"//cdn.example/{NAME}", f"http://cdn.example/{NAME}"),
        (f"https://cdn.example/f/{NAME}", f"https://cdn.example/f/{NAME}"),
        (f"HTTPS://cdn.example/f/{NAME}", f"https://cdn.example/f/{NAME}"),
    ],
)
def test_absolute_rooted_and_relative_links_are_resolved(
    locate: Locate, link: str, url: str
) -> None:
    assert _urls(locate(f'<a href="{link}">x</a>')) == {NAME: url}


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://cdn.example/f/", f"https://cdn.example/f/{NAME}"),
        ("https://cdn.example/f/page.html", f"https://cdn.example/f/{NAME}"),
        ("/f/", f"/f/{NAME}"),
        ("f/", f"/simple/numpy/f/{NAME}"),
        ("../f/", f"/simple/f/{NAME}"),
        ("", f"/simple/numpy/{NAME}"),
    ],
)
def test_links_are_relative_to_base_href(locate: Locate, base: str, url: str) -> None:
    page = f'<head><base href="{base}"><base href="/second/"></head><a href="{NAME}">x</a>'
    assert _urls(locate(page)) == {NAME: url}


def test_base_href_does_not_change_absolute_links(locate: Locate) -> None:
    page = f'<base href="/f/"><a href="https://cdn.example/{NAME}">x</a>'
    assert _urls(locate(page)) == {NAME: f"https://cdn.example/{NAME}"}


@pytest.mark.parametrize("link", [LOCAL, LOCAL.replace("+", "%2B"), LOCAL.replace("+", "%2b")])
def test_names_are_percent_decoded_once_and_plus_is_requested_encoded(
    locate: Locate, link: str
) -> None:
    (entry,) = locate(f'<a href="{link}">x</a>').entries
    assert entry.name == LOCAL
    assert entry.url == f"/simple/numpy/{link.replace('+', '%2B')}"


def test_twice_encoded_name_is_not_an_artifact(locate: Locate) -> None:
    (entry,) = locate(f'<a href="{LOCAL.replace("+", "%252B")}">x</a>').entries
    assert entry.name == LOCAL.replace("+", "%2B")


def test_encoded_slash_stays_in_name(
    locate: Locate,
) -> None:
    (entry,) = locate(f'<a href="..%2F..%2F{NAME}">x</a>').entries
    assert entry.name == f"../../{NAME}"


SWIFT = f"""<!DOCTYPE html>
<html><head><title>Listing of /wheels/</title></head><body><h1>Listing of /wheels/</h1>
<table id="listing"><tr><th class="colname">Name</th></tr>
<tr class="item subdir"><td class="colname"><a href="./old/">old/</a></td></tr>
<tr class="item"><td class="colname"><a href="./{NAME.replace(".", "%2E")}">{NAME}</a></td></tr>
<tr class="item"><td class="colname"><a href="./{(NAME + ".sha256").replace(".", "%2E")}"
>{NAME}.sha256</a></td></tr>
</table></body></html>"""

APACHE = f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /wheels</title></head><body><h1>Index of /wheels</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=S;O=A">Size</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td><td>-</td></tr>
<tr><td><a href="{NAME}">numpy-2.3.5-cp311-cp3..&gt;</a></td><td>16M</td></tr>
<tr><td><a href="{NAME}.sha256">numpy-2.3.5-cp311-cp3..&gt;</a></td><td>115</td></tr>
</table></body></html>"""

NGINX = f"""<html><head><title>Index of /wheels/</title></head><body>
<h1>Index of /wheels/</h1><hr><pre><a href="../">../</a>
<a href="{NAME}">numpy-2.3.5-cp311-cp311-manylinux_2_27_x8..&gt;</a> 21-Nov-2026 19:27  16777216
<a href="{NAME}.sha256">numpy-2.3.5-cp311-cp311-manylinux_2_27_x8..&gt;</a> 21-Nov-2026 19:27  115
</pre><hr></body></html>"""


@pytest.mark.parametrize("page", [SWIFT, APACHE, NGINX], ids=["Swift", "Apache", "nginx"])
def test_directory_listing_has_full_names(locate: Locate, page: str) -> None:
    listing = locate(page, served="/wheels/")
    offered = {e.name: e.url.replace("%2E", ".") for e in listing.entries if e.name}
    assert offered == {NAME: f"/wheels/{NAME}", f"{NAME}.sha256": f"/wheels/{NAME}.sha256"}
    assert listing.notes == ()


def test_plain_text_list_of_names_is_read(locate: Locate) -> None:
    listing = locate(
        f"{NAME}\n{NAME}.sha256\r\n\n{LOCAL}\n",
        "text/plain; charset=utf-8",
        "/v1/account/wheels",
    )
    assert _urls(listing) == {
        NAME: f"/v1/account/wheels/{NAME}",
        f"{NAME}.sha256": f"/v1/account/wheels/{NAME}.sha256",
        LOCAL: "/v1/account/wheels/" + LOCAL.replace("+", "%2B"),
    }


def _json(*files: object, **more: object) -> str:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "numpy", "files": files, **more})


@pytest.mark.parametrize("content_type", [JSON_TYPE, f"{JSON_TYPE}; charset=utf-8"])
def test_json_files_have_name_address_size_and_claims(locate: Locate, content_type: str) -> None:
    hashes = {"sha256": HEX, "blake2b": "b" * 128, "sha1": "0" * 40}
    wheel = {"filename": NAME, "url": f"../../files/{NAME}", "hashes": hashes, "size": 16}
    sdist = {"filename": SDIST, "url": f"https://cdn.example/{SDIST}#x", "hashes": {}}
    listing = locate(_json(wheel, sdist), content_type)
    assert _urls(listing) == {NAME: f"/files/{NAME}", SDIST: f"https://cdn.example/{SDIST}"}
    assert [entry.size for entry in listing.entries] == [16, None]
    assert _digests(listing.entries[0]) == [f"sha256:{HEX}", f"blake2b:{'b' * 128}"]
    assert listing.entries[1].claims == ()


@pytest.mark.parametrize("size", [-1, "16", 1.5, None, True])
def test_invalid_size_in_json_is_ignored(locate: Locate, size: object) -> None:
    (entry,) = locate(
        _json({"filename": NAME, "url": NAME, "hashes": {}, "size": size}), JSON_TYPE
    ).entries
    assert entry.size is None


@pytest.mark.parametrize(
    "body",
    [
        *('{"files": 7}', '{"files": null}', '{"files": {}}', '{"files": "x.whl"}'),
        '{"files":' + "[" * 100_000,
    ],
    ids=lambda body: str(body)[:40] or "empty",
)
def test_json_that_is_not_pep_691_is_refused(locate: Locate, body: str) -> None:
    with pytest.raises(TransferError, match=r"not a valid JSON page .*PEP 691") as caught:
        locate(body, "application/json")
    assert caught.value.cause is Cause.UNREADABLE
    assert not caught.value.may_heal


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "not a valid JSON document"),
        ("not JSON", "not a valid JSON document"),
        ("{}", "a JSON document of an unknown kind"),
        ("null", "a JSON document that is not a listing"),
        ("7", "a JSON document that is not a listing"),
        ('"files"', "a JSON document that is not a listing"),
        ('{"projects": [{"name": "numpy"}]}', "the list of all projects"),
        ("[" * 100_000 + "]", "not a valid JSON document"),
    ],
    ids=lambda body: str(body)[:40] or "empty",
)
def test_other_json_is_unreadable(locate: Locate, body: str, text: str) -> None:
    with pytest.raises(Refusal, match=text) as caught:
        locate(body, "application/json")
    assert (caught.value.cause, caught.value.may_heal) == (Cause.UNREADABLE, False)


def test_page_request_prefers_json(run: Session[FetchOptions]) -> None:
    with serving({"/simple/": b""}) as server:
        assert listing_pages.read(run, server.url + "simple/#fragment") is not None
        ((_, path, headers),) = server.requests
    assert path == "/simple/"
    types = [part.partition(";")[0].strip() for part in headers["accept"].split(",")]
    assert types[0] == JSON_TYPE
    assert {"text/html", "*/*"} <= set(types)


@pytest.mark.parametrize(
    ("address", "content_type", "folder"),
    [
        ("/wheels", "text/html", ""),
        ("/wheels/", "text/html", "/wheels"),
        ("/rel-1.0", "text/html", ""),
        ("/wheels", "text/plain", "/wheels"),
        ("/rel-1.0", "text/plain", "/rel-1.0"),
    ],
)
def test_links_are_beside_page_and_names_below_it(
    locate: Locate, address: str, content_type: str, folder: str
) -> None:
    page = NAME if content_type == "text/plain" else f'<a href="{NAME}">x</a>'
    listing = locate(page, content_type, served=address)
    assert _urls(listing) == {NAME: f"{folder}/{NAME}"}


def test_links_are_relative_to_redirect_target(
    run: Session[FetchOptions],
) -> None:
    def redirect(handler: Handler) -> None:
        respond(handler, 301, b"", Location="/files/index.html")

    routes: Routes = {
        "/wheels": redirect,
        "/files/index.html": f'<a href="{NAME}">x</a>'.encode(),
    }
    with serving(routes) as server:
        listing = listing_pages.read(run, server.url + "wheels")
        root = server.url.rstrip("/")
    relative = _relative(listing, root)
    assert relative.url == "/files/index.html"
    assert _urls(relative) == {NAME: f"/files/{NAME}"}


def test_malformed_link_is_reported_and_others_are_kept(locate: Locate) -> None:
    bad = f"http://[bad/{NAME}"
    listing = locate(f'<a href="{NAME}">x</a><a href="{bad}">x</a><a href="{SDIST}">x</a>')
    assert list(_urls(listing)) == [NAME, SDIST]
    (note,) = listing.notes
    assert "malformed" in note
    assert bad in note
    # The link may belong to a requested artifact, so it is not skipped silently.
    assert listing.left_out == (LeftOut(NAME, Cause.UNREADABLE, "its URL is malformed"),)


def test_malformed_json_link_is_reported_and_others_are_kept(locate: Locate) -> None:
    files = [
        {"filename": NAME, "url": url, "hashes": {}} for url in (f"http://[bad/{NAME}", f"/{NAME}")
    ]
    listing = locate(_json(*files), JSON_TYPE)
    assert _urls(listing) == {NAME: f"/{NAME}"}
    (note,) = listing.notes
    assert "malformed" in note
    assert NAME in note


@pytest.mark.parametrize(
    "fragment",
    [f"sha256={HEX}&amp;egg=numpy", f"egg=numpy&amp;sha256={HEX}", f"sha256={HEX}&egg=numpy"],
)
def test_fragment_of_two_parts_is_split(locate: Locate, fragment: str) -> None:
    (entry,) = locate(f'<a href="{NAME}#{fragment}">x</a>').entries
    assert _digests(entry) == [f"sha256:{HEX}"]


def test_both_digests_of_fragment_are_claims(locate: Locate) -> None:
    md5 = "0" * ALGORITHMS["md5"]
    (entry,) = locate(f'<a href="{NAME}#sha256={HEX}&amp;md5={md5}">x</a>').entries
    assert _digests(entry) == [f"sha256:{HEX}", f"md5:{md5}"]


@pytest.mark.parametrize("algorithm", ["sha256", "SHA256"])
def test_contradictory_fragment_keeps_both_digests(locate: Locate, algorithm: str) -> None:
    (entry,) = locate(f'<a href="{NAME}#sha256={HEX}&amp;{algorithm}={HEX2}">x</a>').entries
    objected = any(isinstance(item, Finding) for item in entry.claims)
    assert objected or sorted(_digests(entry)) == sorted([f"sha256:{HEX}", f"sha256:{HEX2}"])


@pytest.mark.parametrize("digits", [HEX[:-1], HEX + "0", "x" * 64, "a" * 32])
def test_malformed_fragment_digest_is_a_finding(locate: Locate, digits: str) -> None:
    (entry,) = locate(f'<a href="{NAME}#sha256={digits}">x</a>').entries
    (finding,) = entry.claims
    assert isinstance(finding, Finding)
    assert finding.cause is Cause.UNREADABLE_HASH
    assert "sha256 has 64 hex digits" in finding.text


def test_malformed_json_digest_is_a_finding(locate: Locate) -> None:
    file = {"filename": NAME, "url": NAME, "hashes": {"sha256": "abc"}}
    (entry,) = locate(_json(file), JSON_TYPE).entries
    assert [type(item) for item in entry.claims] == [Finding]


def test_digest_of_unknown_algorithm_is_ignored(locate: Locate) -> None:
    (entry,) = locate(f'<a href="{NAME}#sha1={"0" * 40}">x</a>').entries
    assert entry.claims == ()


@pytest.mark.parametrize(
    "scheme", ["file://", "ftp://host", "javascript:", "data:application/zip,"]
)
def test_links_with_other_schemes_are_skipped_and_reported(locate: Locate, scheme: str) -> None:
    listing = locate(f'<a href="{scheme}/f/{SDIST}">x</a><a href="{NAME}">x</a>')
    assert list(_urls(listing)) == [NAME]
    (left_out,) = listing.left_out
    assert left_out.name == SDIST
    assert left_out.reason == f"{scheme.partition(':')[0]}: links are not followed"


def test_json_links_with_other_schemes_are_skipped_and_reported(locate: Locate) -> None:
    file = {"filename": NAME, "url": f"file:///f/{NAME}", "hashes": {"sha256": HEX}}
    listing = locate(_json(file), JSON_TYPE)
    assert listing.entries == ()
    assert listing.left_out == (LeftOut(NAME, Cause.UNREACHABLE, "file: links are not followed"),)


def test_other_schemes_to_non_artifacts_are_skipped_silently(
    locate: Locate,
) -> None:
    listing = locate('<a href="mailto:ann@host.example">x</a><a href="javascript:back()">x</a>')
    assert (listing.entries, listing.notes) == ((), ())


def test_page_over_size_limit_is_too_large(locate: Locate, monkeypatch: pytest.MonkeyPatch) -> None:
    page = f'<a href="{NAME}">x</a>'
    monkeypatch.setattr(listing_pages, "MAX_BYTES", len(page))
    assert list(_urls(locate(page))) == [NAME]
    with pytest.raises(TransferError, match=f"more than {len(page)} bytes") as caught:
        locate(page + " ")
    assert caught.value.cause is Cause.TOO_LARGE


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("text/html", f'<a href="{NAME}">' * (MAX_LINKS + 1)),
        ("text/html", "<base >" * (MAX_LINKS + 1)),
        ("text/plain", "x\n" * (MAX_LINKS + 1)),
        (JSON_TYPE, json.dumps({"files": [{"filename": "x", "url": "x", "hashes": {}}]})),
    ],
    ids=["links", "bases", "names", "json"],
)
def test_page_with_too_many_links_is_too_large(
    locate: Locate, monkeypatch: pytest.MonkeyPatch, kind: str, page: str
) -> None:
    if kind == JSON_TYPE:
        monkeypatch.setattr(pages, "MAX_LINKS", 0)
    with pytest.raises(TransferError, match="the page has more than") as caught:
        locate(page, kind)
    assert caught.value.cause is Cause.TOO_LARGE


def test_unclosed_tag_does_not_lose_other_links(locate: Locate) -> None:
    page = f'<a href="x"<a href="{NAME}"><!-- <a href="y">--><SCRIPT><a href="z"></script >'
    assert list(_urls(locate(f'{page}<a title="a > b" href="{SDIST}">'))) == [NAME, SDIST]


def test_two_links_with_same_name_are_two_entries(locate: Locate) -> None:
    listing = locate(f'<a href="a/{NAME}#sha256={HEX}">x</a><a href="b/{NAME}#sha256={HEX2}">x</a>')
    assert [entry.name for entry in listing.entries] == [NAME, NAME]
    assert [_digests(e) for e in listing.entries] == [[f"sha256:{HEX}"], [f"sha256:{HEX2}"]]


def test_listing_has_page_date(locate: Locate) -> None:
    dated = locate("", Last_Modified="Thu, 01 Jan 1970 00:16:40 GMT")
    assert dated.last_modified == 1000.0
    assert locate("").last_modified is None


@pytest.mark.parametrize("charset", ["latin-1", "no-such-charset", "base64", "undefined"])
def test_links_are_read_with_any_charset(locate: Locate, charset: str) -> None:
    listing = locate(f'<p>\xe9</p><a href="{NAME}">x</a>', f"text/html; charset={charset}")
    assert list(_urls(listing)) == [NAME]


@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        (f'<a href="{NAME}#sha256={HEX}">x</a><a href="{SDIST}#sha256=abc">x</a>', "text/html"),
        (_json({"filename": NAME, "url": NAME, "hashes": {"sha256": HEX}}), JSON_TYPE),
        ("[]", JSON_TYPE),
    ],
    ids=["HTML", "JSON", "not a page"],
)
def test_token_in_url_query_is_never_shown(locate: Locate, page: str, content_type: str) -> None:
    said: list[str] = []
    try:
        listing = locate(page, content_type, asked="/simple/numpy/?token=s3cret")
    except TransferError as error:
        said.append(str(error))
    else:
        said += [listing.url, *listing.notes]
        for claim in (claim for entry in listing.entries for claim in entry.claims):
            said.append(claim.where if isinstance(claim, Claim) else claim.text)
    assert said
    assert "s3cret" not in " ".join(said)


def test_links_of_other_projects_are_not_kept(locate: Locate) -> None:
    page = f'<a href="{NAME}#sha256={HEX}">x</a><a href="other-1.0.tar.gz#sha256={HEX}">x</a>'
    assert [entry.name for entry in locate(page).entries] == [NAME]


def test_all_objects_of_a_counted_container_are_kept(locate: Locate) -> None:
    # The count is compared with the number of entries.
    listed = f"{NAME}\nother-1.0.tar.gz\nnotes.txt\n"
    listing = locate(listed, "text/plain", X_Container_Object_Count="3")
    assert len(listing.entries) == 3
