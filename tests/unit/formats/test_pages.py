"""The page reader finds links and digests in any text."""

from __future__ import annotations

import time

import pytest

from tests.support.artifacts import sha256
from wheelhouse_hashes.builtin.sources import links
from wheelhouse_hashes.formats.pages import read_page
from wheelhouse_hashes.formats.urls import as_folder

HEX = sha256(b"one")
NAME = "numpy-2.3.5-cp311-cp311-manylinux_2_27_x86_64.whl"


LOCAL = "numpy-2.3.5+local.1-py3-none-any.whl"


SDIST = "numpy-2.3.5.tar.gz"


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("https://host", "https://host/"),
        ("https://host/a", "https://host/a/"),
        ("https://host/a/", "https://host/a/"),
        ("https://host/v1.0/a", "https://host/v1.0/a/"),
        ("https://host/rel-1.0", "https://host/rel-1.0/"),
        ("https://host/a?x=y.z#f", "https://host/a/"),
    ],
)
def test_url_is_read_as_that_of_a_folder(url: str, folder: str) -> None:
    assert as_folder(url) == folder


def test_http_link_on_https_page_is_refused() -> None:
    page, plain = "https://host/simple/", f"http://host/{NAME}"
    why = links.refused(plain, page, secure=True)
    assert why == "http links on an https page are not followed"
    assert links.refused(f"HTTP://cdn.example/{NAME}", page, secure=True) is not None
    assert links.refused(f"https://cdn.example/{NAME}", page, secure=True) is None
    assert links.refused(f"https://host/{NAME}", plain, secure=False) is None
    assert links.refused(plain, plain, secure=False) is None


def test_link_without_scheme_is_refused() -> None:
    why = links.refused(f"//host/{NAME}", "http://host/", secure=False)
    assert why == "its URL has no scheme; the base URL of the page is neither http nor https"


def test_link_without_host_is_refused() -> None:
    why = links.refused(f"http:///{NAME}", "http://host/", secure=False)
    assert why == "its URL is malformed"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "unit",
    ["<a ", "<a href='", '<a ""', "<a\n", "<a/", "<!--", "<!", "<script>", "</", "<?", "\"'<a "],
)
def test_unclosed_markup_is_parsed_in_linear_time(unit: str) -> None:
    # The standard library's parser takes more than an hour for some of these.
    started = time.process_time()
    assert list(read_page((unit * 500_000).encode(), "text/html", "http://host/")) == []
    assert time.process_time() - started < 20


def test_every_claim_of_fragment_is_read() -> None:
    md5 = "0" * 32
    page = (
        f'<a href="{NAME}#sha256={HEX}&amp;md5={md5}">x</a><a href="{SDIST}#sha256=abc">x</a>'
        f'<a href="{LOCAL.replace("+", "%2B")}">x</a><a href="http://[bad/">x</a>'
    )
    links = list(read_page(page.encode(), "", "http://host/"))
    assert [(link.name, link.hashes) for link in links] == [
        (NAME, (("sha256", HEX), ("md5", md5))),
        (SDIST, (("sha256", "abc"),)),
        (LOCAL, ()),
        (None, ()),
    ]


@pytest.mark.parametrize("section", ["<![p311..>", "<![if x]>", "<![CDATA[ x > ]]>", "<![endif]>"])
def test_marked_section_loses_no_link(section: str) -> None:
    body = f'<a href="{NAME}">x</a>{section}<a href="{SDIST}">x</a>'.encode()
    names = [link.name for link in read_page(body, "text/html", "http://127.0.0.1/")]
    assert names == [NAME, SDIST]


def test_unclosed_marked_section_loses_no_link_before_it() -> None:
    body = f'<a href="{NAME}">x</a><![x'.encode()
    assert [link.name for link in read_page(body, "text/html", "http://127.0.0.1/")] == [NAME]
