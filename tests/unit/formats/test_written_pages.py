"""Recognition of the pages that wheelhouse-hashes or its host wrote."""

from __future__ import annotations

import importlib
import time
import types
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.formats.written_pages import FOOT, HEAD, is_written_page
from wheelhouse_hashes.host import pkg_resources_shim
from wheelhouse_hashes.upload.index_page import render

A = "demo-1.0-py3-none-any.whl"
HEX = "0123456789abcdef" * 4

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("+%&\"'<>#/ é"), min_size=1
)


def page_of_host(names: list[str], digests: dict[str, str]) -> bytes:
    """Return the page that the host itself writes for some objects."""
    with pkg_resources_shim.pkg_resources_stand_in():
        host = importlib.import_module("wheelhouse_uploader.upload")
    uploader = host.Uploader("user", "secret", "LOCAL", None)
    written: list[bytes] = []
    uploader._upload_bytes = lambda payload, *_: written.append(payload)
    driver = types.SimpleNamespace(
        list_container_objects=lambda _: [types.SimpleNamespace(name=name) for name in names]
    )
    uploader._update_index(driver, None, {name: {"sha256": h} for name, h in digests.items()})
    return written[0]


def digest(algorithm: str) -> Digest:
    """Return a digest of some algorithm."""
    return Digest(algorithm, (HEX * 2)[: ALGORITHMS[algorithm]])


@given(
    st.dictionaries(NAMES, st.none() | st.sampled_from(list(ALGORITHMS))), st.booleans(), st.data()
)
def test_own_pages_and_their_beginnings(
    links: dict[str, str | None], encode_plus: bool, data: st.DataObject
) -> None:
    page = render({n: digest(a) if a else None for n, a in links.items()}, encode_plus=encode_plus)
    assert is_written_page(page)
    assert is_written_page(page[: data.draw(st.integers(0, len(page)))])


@given(st.lists(NAMES.filter(lambda name: "\n" not in name), unique=True), st.data())
def test_pages_of_the_host_and_their_beginnings(names: list[str], data: st.DataObject) -> None:
    names = [name for name in names if not name.endswith((".json", ".html"))]
    with_digest = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
    page = page_of_host(names, dict.fromkeys(with_digest, HEX))
    assert is_written_page(page)
    if not any(c in name for name in names for c in "\"<>#%&'"):
        assert is_written_page(page[: data.draw(st.integers(0, len(page)))])


ROW = f'<li><a href="{A}#sha256={HEX}">{A}</a></li>\n'
FOREIGN = {
    "landing page": "<!DOCTYPE html>\n<html><h1>Wheels</h1></html>\n",
    "other generator": f'<!DOCTYPE html><html><body><a href="{A}">{A}</a><br></body></html>',
    "page of the simple index": f'<html><body><a href="../{A}#sha256={HEX}">{A}</a></body></html>',
    "heading": HEAD + "<h1>Wheels</h1>\n" + ROW + FOOT,
    "text before": "<!-- mine -->\n" + HEAD + ROW + FOOT,
    "text after": HEAD + ROW + FOOT + "<p>Contact: me</p>\n",
    "two pages": (HEAD + ROW + FOOT) * 2,
    "attribute": HEAD + ROW.replace("<a ", '<a data-requires-python="&gt;=3.9" ') + FOOT,
    "attribute in the fragment": HEAD
    + ROW.replace(f"#sha256={HEX}", f'#sha256=" data-yanked="{"x" * 50}')
    + FOOT,
    "other text": HEAD + ROW.replace(f">{A}<", ">the wheel<") + FOOT,
    "link to another folder": HEAD + ROW.replace('href="', 'href="https://example.org/') + FOOT,
    "comment after a row": HEAD + ROW.replace("</li>", "</li><!-- good -->") + FOOT,
    "cut in an edited row": HEAD + ROW + '<li><a class="x" hr',
    "cut with other text": HEAD + f'<li><a href="{A}">the wh',
    "line ends of Windows": (HEAD + ROW + FOOT).replace("\n", "\r\n"),
    "indented": HEAD + "  " + ROW + FOOT,
    "text": "see elsewhere",
    "one character": "x",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_pages_of_others(kind: str) -> None:
    assert not is_written_page(FOREIGN[kind].encode())


def test_bytes_that_are_not_utf8() -> None:
    assert not is_written_page(b"\x89PNG\r\n")
    assert not is_written_page((HEAD + ROW).encode() + b"\xff\xfe" + FOOT.encode())
    assert not is_written_page((HEAD + ROW + FOOT).encode("utf-16"))


@pytest.mark.parametrize("part", ['">', "#sha256=", '"', "&amp;", "x"])
def test_hostile_rows_take_linear_time(part: str) -> None:
    page = f'{HEAD}<li><a href="{part * (4_000_000 // len(part))}</a></li>\n{FOOT}'.encode()
    began = time.process_time()
    is_written_page(page)
    assert time.process_time() - began < 5


def test_output_of_host_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Guards the helper above: the page is what the host writes, not a copy of its template."""
    page = page_of_host(["a&b.txt"], {})
    assert page == b'<html><body><p>\n<li><a href="a&b.txt">a&b.txt</a></li>\n</p></body></html>\n'
    assert escape("a&b.txt").encode() not in page
    assert "Updating index.html with 1 links" in capsys.readouterr().out
