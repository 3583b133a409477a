"""The downloads page of a release: its bytes, its name and its address."""

from __future__ import annotations

import random
import re

import pytest
from packaging.version import Version

from tests.support.artifacts import SDIST, A, B, sha256
from wheelhouse_hashes.formats.downloads_page import (
    Release,
    base_of,
    hash_of,
    last_part,
    make_page,
    read_downloads,
    release_of_page,
    split_pin,
)

RELEASE = Release("demo", Version("1.0+cu12"))
BASE = "https://example.org/wheels/"
LOCAL = "demo-1.0+cu12-py3-none-any.whl"
DIGESTS = {LOCAL: "0a" * 32, "demo-1.0+cu12.tar.gz": "0B" * 32}

PAGE = f"""\
<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8">
    <meta name="pypi:repository-version" content="1.0">
    <title>demo 1.0+cu12</title>
  </head>
  <body>
    <h1>demo 1.0+cu12</h1>
    <a href="{BASE}demo-1.0%2Bcu12-py3-none-any.whl#sha256={"0a" * 32}">{LOCAL}</a><br>
    <a href="{BASE}demo-1.0%2Bcu12.tar.gz#sha256={"0b" * 32}">demo-1.0+cu12.tar.gz</a><br>
  </body>
</html>
"""

SHA256 = "0123456789abcdef" * 4


def link(name: str, fragment: str = f"#sha256={SHA256}", base: str = BASE) -> str:
    return f'<a href="{base}{name}{fragment}">x</a>'


def test_page_has_these_bytes_on_every_system() -> None:
    page = make_page(RELEASE, BASE, DIGESTS)
    assert page.decode() == PAGE
    # A later version must not change it: users have pinned it.
    assert hash_of(page) == "516effcea0d4e79a645554f620de6318ab252888b5d17a486cd2ddd1ef3d3813"


def test_order_of_artifacts_does_not_matter() -> None:
    shuffled = list(DIGESTS.items())
    random.shuffle(shuffled)
    assert make_page(RELEASE, BASE, dict(shuffled)) == make_page(RELEASE, BASE, DIGESTS)


NAMES = [
    f"demo-1.0{local}-py3-none-{platform}.whl"
    for local in ("", "+cu12", "+cu.12", "rc1")
    for platform in ("any", "win32", "manylinux_2_17_x86_64.manylinux2014_x86_64")
]


@pytest.mark.parametrize("count", [0, 1, 5, len(NAMES)])
def test_page_is_read_as_it_was_made(count: int) -> None:
    digests = {name: sha256(name.encode()) for name in random.sample(NAMES, count)}
    page = read_downloads(make_page(RELEASE, BASE, digests), f"{BASE}x.html")
    assert {each.name: each.digest.hex for each in page.links} == digests
    assert [each.name for each in page.links] == sorted(digests)
    assert (dict(page.refused), page.ignored) == ({}, ())
    assert all(each.url.startswith(BASE) for each in page.links)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("demo-1.0-downloads.html", "demo 1.0"),
        ("Scikit_Learn-1.0rc1-downloads.html", "scikit-learn 1.0rc1"),
        ("scikit-learn-1.0-downloads.html", "scikit-learn 1.0"),
        ("demo-1!2.0+cu12-downloads.html", "demo 1!2.0+cu12"),
    ],
)
def test_release_in_name_of_page(name: str, release: str) -> None:
    found = release_of_page(name)
    assert str(found) == release
    assert found is not None
    assert release_of_page(found.page_name) == found


@pytest.mark.parametrize(
    "name",
    ["index.html", "downloads.html", "-downloads.html", "my-downloads.html", "demo-1.0.html", ""],
)
def test_other_names_have_no_release(name: str) -> None:
    assert release_of_page(name) is None


@pytest.mark.parametrize(
    "address",
    [
        f"{BASE}demo-1.0-downloads.html",
        f"{BASE}demo-1%2E0-downloads.html?x=/y",
        "dist/demo-1.0-downloads.html",
        r"dist\demo-1.0-downloads.html",
    ],
)
def test_last_part_of_address(address: str) -> None:
    assert last_part(address) == "demo-1.0-downloads.html"
    assert split_pin(f"{address}#sha256={SHA256}") == (address, SHA256)
    assert split_pin(f"{address}#SHA256={SHA256.upper()}") == (address, SHA256)
    assert split_pin(address, unpinned=True) == (address, None)
    with pytest.raises(ValueError, match="without its hash"):
        split_pin(address)


@pytest.mark.parametrize(
    "fragment", ["sha256=", "sha256=abc", f"sha256={SHA256}0", f"sha256={SHA256}&x=1"]
)
@pytest.mark.parametrize("page", ["demo-1.0-downloads.html", "index.html", ""])
def test_invalid_hash_in_address(page: str, fragment: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        split_pin(f"{BASE}{page}#{fragment}", unpinned=True)


def test_hash_of_another_algorithm_in_address() -> None:
    with pytest.raises(ValueError, match="by its SHA-256"):
        split_pin(f"{BASE}#sha512={SHA256}{SHA256}")


@pytest.mark.parametrize("address", [f"{BASE}#top", f"{BASE}index.html", f"{BASE}#egg=demo"])
def test_ordinary_addresses_have_no_hash(address: str) -> None:
    assert split_pin(address) == (address, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/wheels",
        "https://example.org/wheels/",
        "HTTPS://EXAMPLE.org/wheels",
    ],
)
def test_base_urls_of_one_folder_are_equal(url: str) -> None:
    assert base_of(url) == BASE


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/", "not an http"),
        ("wheels", "not an http"),
        ("https://user:pw@example.org/", "would publish"),
        ("https://example.org/?x=1", "query"),
        ("https://example.org/#x", "fragment"),
        ("https:///wheels", "no host"),
        ("https://[::1/", "Invalid IPv6"),
        (f"https://{'é' * 70}.org/", "too long"),
    ],
)
def test_base_urls_that_cannot_be_published(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        base_of(url)


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ([link(A, "")], "no SHA-256"),
        ([link(A, f"#sha512={SHA256}{SHA256}")], "no SHA-256"),
        ([link(A, "#sha256=abc")], "invalid SHA-256"),
        ([link(A, f"#sha256={SHA256}&sha256={SHA256[::-1]}")], "several SHA-256"),
        ([link(A), link(A)], "two links"),
        ([link(A), link(A, f"#sha256={SHA256[::-1]}")], "two links"),
        ([link(A, f"/#sha256={SHA256}")], "slash"),
    ],
)
def test_links_that_are_refused(links: list[str], why: str) -> None:
    page = read_downloads("".join([*links, link(B)]).encode(), BASE)
    assert [each.name for each in page.links] == [B]
    assert list(page.refused) == [A]
    assert why in page.refused[A]


def test_artifact_of_another_release_is_refused() -> None:
    other = "demo-2.0.tar.gz"
    page = read_downloads(
        "".join(map(link, (SDIST, other))).encode(), BASE, Release("demo", Version("1"))
    )
    assert [each.name for each in page.links] == [SDIST]
    assert "not of the release demo 1" in page.refused[other]


def test_other_links_are_ignored() -> None:
    text = link("") + link("more/") + link(f"{A}.sha256") + '<a rel="next" href="?page=2">x</a>'
    page = read_downloads(text.encode(), BASE)
    assert (page.links, dict(page.refused)) == ((), {})
    assert set(page.ignored) >= {BASE, f"{BASE}more/", f"{BASE}{A}.sha256"}


def test_charset_of_page_cannot_change_links() -> None:
    """A hash covers the bytes only, so nothing else may decide what they mean."""
    utf7 = f"+ADw-a href=+ACI-{BASE}{A}+ACI-+AD4-".encode()
    assert read_downloads(utf7, BASE).links == ()
