"""The hash and link inputs of pip's own tests, on a page that a server sends.

Each row has the situation of a published input (pip's ``test_collector.py``, ``test_link.py``,
``test_hash.py``), with real digests, and which digest pip reads.  ``fetch`` must read the same
one.  An address that is quoted in another way than by pip has a reason.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import NamedTuple

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, make_wheel
from tests.support.servers import Routes, respond, serving
from wheelhouse_hashes.formats.pages import JSON_TYPE, read_page
from wheelhouse_hashes.formats.urls import normalized
from wheelhouse_hashes.testing import make_sdist


class Row(NamedTuple):
    """One published input."""

    #: A link; ``{sha256}`` and the like are replaced by the digests.
    link: str
    #: The algorithm of the digest that pip reads, if any.
    pip: str | None
    #: The exit code of ``fetch``.
    code: int


WRONG = "a" * 128
SHORT = "aa113592bbe"
METADATA = "data-core-metadata", "data-dist-info-metadata"


def href(fragment: str, attributes: str = "") -> str:
    return f'<a href="{SDIST}{fragment}" {attributes}>x</a>'


ROWS = {
    # test_link_hash_parsing
    "sha256": Row(href("#sha256={sha256}"), "sha256", 0),
    "sha256, then another": Row(href("#sha256={sha256}&subdirectory=setup"), "sha256", 0),
    "another, then sha256": Row(href("#subdirectory=setup&sha256={sha256}"), "sha256", 0),
    "xsha256": Row(href("#xsha256={sha256}"), None, 3),
    "empty": Row(href("#sha256="), None, 3),
    "md5": Row(href("#md5={md5}"), "md5", 0),
    "none": Row(href(""), None, 3),
    "sha500": Row(href("#sha500={sha256}"), None, 3),
    "digest too short": Row(href(f"#sha256={SHORT}"), "sha256", 3),
    "MD5 too short": Row(href("#md5=000000000"), "md5", 3),
    # test_is_hash_allowed
    "sha512": Row(href("#sha512={sha512}"), "sha512", 0),
    "sha512, wrong": Row(href(f"#sha512={WRONG}"), "sha512", 1),
    "sha384 with the digits of sha512": Row(href(f"#sha384={WRONG}"), "sha384", 3),
    "sha512, empty": Row(href("#sha512="), None, 3),
    # test_parse_links__metadata_file_data, test_metadata_file_info_parsing_html
    **{
        f"{name}={value[:12]}": Row(href("", f'{name}="{value}"'), None, 3)
        for name in METADATA
        for value in ("true", "sha256={sha256}", "sha256=", "sha500={sha256}", "", "{sha256}")
    },
    "digest and that of the metadata": Row(
        href("#sha512={sha512}", f'{METADATA[0]}="sha256={WRONG[:64]}"'), "sha512", 0
    ),
    "two digests of the metadata": Row(
        href("", f'{METADATA[0]}="sha256={{sha256}}" {METADATA[1]}="sha256=invalid"'), None, 3
    ),
    # test_parse_links__requires_python, test_parse_links__yanked_reason
    **{
        f"attribute {number}": Row(href("#sha256={sha256}", attribute), "sha256", 0)
        for number, attribute in enumerate(
            (
                *("data-requires-python", 'data-requires-python="&gt;=3.6"'),
                *('data-requires-python="&amp;gt;=3.6"', "data-yanked", 'data-yanked=""'),
                *('data-yanked="error"', 'data-yanked="version &lt 1"'),
                *('data-yanked="curlyquote \u2018"', 'data-yanked="version &amp;lt; 1"'),
            )
        )
    },
}


@pytest.fixture
def sdist(dist: pathlib.Path) -> bytes:
    return make_sdist(dist, SDIST).read_bytes()


def digests(content: bytes) -> dict[str, str]:
    return {
        name: hashlib.new(name, content, usedforsecurity=False).hexdigest()
        for name in ("md5", "sha256", "sha384", "sha512", "blake2b")
    }


@pytest.mark.parametrize("name", ROWS)
def test_published_link_has_digest_that_pip_reads(cli: Cli, sdist: bytes, name: str) -> None:
    row = ROWS[name]
    page = row.link.format(**digests(sdist)).encode()
    with serving({"/": page, f"/{SDIST}": sdist}) as server:
        result = cli(
            *("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", server.url)
        )
    assert result.code == row.code, result.out
    if row.code == 0:
        assert row.pip is not None
        assert f"  {row.pip}  link" in result.line("ok")
    # pip accepts a file without a digest, and refuses one that contradicts its digest.
    assert ("missing-hash" in result.out) == (row.pip is None)


def test_published_json_has_digests_of_the_files(cli: Cli, dist: pathlib.Path) -> None:
    """``test_parse_links_json``: the digests of the metadata are not those of the wheel."""
    wheel, sdist = make_wheel(dist, A).read_bytes(), make_sdist(dist, SDIST).read_bytes()
    values = {name: digests(wheel)[name] for name in ("sha256", "blake2b")}
    file = {"filename": A, "url": f"/files/{A}", "hashes": values, "requires-python": ">=3.7"}
    metadata, wrong = {"sha512": "aabdd41"}, {"sha512": "this_is_wrong"}
    files = [
        {
            "filename": SDIST,
            "url": f"files/{SDIST}",
            "hashes": digests(sdist),
            "yanked": "Had a vulnerability",
        },
        {**file, "dist-info-metadata": False},
        {**file, "core-metadata": metadata},
        {**file, "dist-info-metadata": metadata},
        {**file, "core-metadata": metadata, "dist-info-metadata": wrong},
    ]
    page = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": files}).encode()
    routes: Routes = {
        "/": lambda handler: respond(handler, 200, page, Content_Type=JSON_TYPE),
        f"/files/{A}": wheel,
        f"/files/{SDIST}": sdist,
    }
    with serving(routes) as server:
        result = cli(
            *("fetch", "--verify", "--wait", "0", "--local-folder", "got", "demo", server.url)
        )
    assert result.code == 0, result.out
    assert "verified 2 of 2" in result.out


@pytest.mark.parametrize("good", [True, False])
def test_output_of_pip_hash_is_a_digest_list(cli: Cli, dist: pathlib.Path, good: bool) -> None:
    """``test_hash.py``: pip's output, with the name and the digest on two lines."""
    content = make_wheel(dist, A).read_bytes()
    digest = digests(content if good else b"hello")["sha256"]
    pathlib.Path("hashes.txt").write_text(f"dist/{A}:\n--hash=sha256:{digest}\n")
    assert cli("verify", "dist", "--against", "hashes.txt").code == (0 if good else 1)


COLON = "a colon in a path means the same, quoted or not (RFC 3986, section 3.3)"
HOST = "https://localhost.localdomain:8181"

#: A link, the address that pip makes of it, the one of the page reader, and why they differ.
ADDRESSES = [
    # test_ensure_quoted_url
    (f"{HOST}/path/with space/", f"{HOST}/path/with%20space/", "", ""),
    (f"{HOST}/path/with%20quoted%20space/", f"{HOST}/path/with%20quoted%20space/", "", ""),
    ("https://127.0.0.1:8181/with space/", "https://127.0.0.1:8181/with%20space/", "", ""),
    ("https://[fd00:0::100]:8181/with space/", "https://[fd00:0::100]:8181/with%20space/", "", ""),
    (f"{HOST}/path/with/query?request=test", f"{HOST}/path/with/query?request=test", "", ""),
    (f"{HOST}/path:/with:/colon", f"{HOST}/path%3A/with%3A/colon", f"{HOST}/path:/with:/colon",
     COLON),
    ("https://localhost/T:/path/", "https://localhost/T%3A/path/", "https://localhost/T:/path/",
     COLON),
    ("https://example.com/access%2Ftoken/path/", "https://example.com/access%2Ftoken/path/", "",
     ""),
    # test_clean_url_path
    *(
        (f"https://example.com/{path}", f"https://example.com/{clean}", ours and
         f"https://example.com/{ours}", why)
        for path, clean, ours, why in (
            ("a b", "a%20b", "", ""),
            ("a @ b", "a%20@%20b", "", ""),
            ("a @ @ b", "a%20@%20@%20b", "", ""),
            ("a %40 b", "a%20%40%20b", "", ""),
            ("a %40b@ c", "a%20%40b@%20c", "", ""),
            ("a @b%40 c", "a%20@b%40%20c", "", ""),
            ("a %40@b %40@c %40", "a%20%40@b%20%40@c%20%40", "", ""),
            ("a / b", "a%20/%20b", "", ""),
            ("a / / b", "a%20/%20/%20b", "", ""),
            ("a %2F b", "a%20%2F%20b", "", ""),
            ("a %2Fb/ c", "a%20%2Fb/%20c", "", ""),
            ("a /b%2F c", "a%20/b%2F%20c", "", ""),
            ("a %2F/b %2F/c %2F", "a%20%2F/b%20%2F/c%20%2F", "", ""),
            ("a %5b %5d b", "a%20%5B%20%5D%20b", "a%20%5b%20%5d%20b", "case of quoted characters"),
            ("a %2f b", "a%20%2F%20b", "a%20%2f%20b", "case of quoted characters"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("link", "pip", "other", "reason"), ADDRESSES)
def test_published_address_is_quoted_as_by_pip(
    link: str, pip: str, other: str, reason: str
) -> None:
    (read,) = read_page(f'<a href="{link}">x</a>'.encode(), "text/html", "https://example.com/")
    assert normalized(read.address) == (other or pip)
    assert bool(other) == bool(reason)
