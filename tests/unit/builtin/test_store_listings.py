"""The reader of store listings: which pages it reads, and what it imports for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wheelhouse_hashes.formats.pages import JSON_TYPE
from wheelhouse_hashes.formats.sniffing import is_index_page

INDEX_PAGES = (
    ("text/html", b"<!doctype html><a href='x.whl'>ListBucketResult</a>"),
    ("text/html", b""),
    ("", b"<a href='f([x'>x</a>"),
    ("text/plain", b"demo-1.0-py3-none-any.whl\n"),
    ("text/plain", b"demo-1.0 (old)\n[x]\n"),
    ("text/plain", b"[x]\ndemo-1.0-py3-none-any.whl\n"),
    ("application/xhtml+xml", b"<html><a href='x'>x</a></html>"),
    (JSON_TYPE, b'{"meta": {}, "files" : []}'),
    ("application/octet-stream", b'{"files": [{"filename": "x"}]}\n'),
)

OTHER_PAGES = (
    ("text/html", b"\xef\xbb\xbf<?xml version='1.0'?>\n<s:ListBucketResult xmlns:s='x'/>"),
    ("text/xml", b"<list/>"),
    ("", b"<?xml version='1.0'?><list/>"),
    ("application/json", b'[{"name": "files", "hash": "x"}]'),
    ("application/json", b'{"files": [{"basename": "x"}]}'),
    ("text/plain", b'[{"name": "x"}]'),
    ("application/javascript", b'/* x */ f([{"name": "x"}]);'),
    ("application/json", b""),
)


@pytest.mark.parametrize(("media_type", "body"), INDEX_PAGES)
def test_index_page_is_left_to_its_own_reader(media_type: str, body: bytes) -> None:
    assert is_index_page(media_type, body)


@pytest.mark.parametrize(("media_type", "body"), OTHER_PAGES)
def test_other_page_is_read_as_a_store_listing(media_type: str, body: bytes) -> None:
    assert not is_index_page(media_type, body)


def test_parsers_are_not_imported_for_index_pages() -> None:
    code = (
        "import sys\n"
        "from wheelhouse_hashes.builtin.sources import store_listings\n"
        "from wheelhouse_hashes.transport import Page\n"
        f"for media_type, body in {INDEX_PAGES!r}:\n"
        "    page = Page('http://x/', media_type, {}, body)\n"
        "    assert store_listings.wheelhouse_read_listing(page, None) is None\n"
        "print(*(n for n in sys.modules if n.endswith(('_documents', '_listings', 'expat'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["wheelhouse_hashes.builtin.sources.store_listings"]
