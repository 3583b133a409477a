"""HTML is read as html5lib reads it, on generated pages and on those of other tools' tests."""

from __future__ import annotations

import html
from urllib.parse import unquote, urldefrag, urljoin

import html5lib
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.support.artifacts import SDIST, A
from wheelhouse_hashes.formats.attributes import first_tag
from wheelhouse_hashes.formats.pages import Link, read_page

URL = "https://host.example/simple/demo/"

#: Text that means something to a parser, or looks like it.
PIECES = [
    *(" ", "\n", "\t", "\f", "\r\n", "/", "=", "x", "é", "\x0b", "\xa0", "&", ";", "#"),
    *("&amp;", "&lt;", "&copy", "&copy=1", "&notit;", "&#65;", "&#x2d", "&#0;", "&#99999999;"),
    *("href", "HREF=", "data-yanked", "title", "rel", "1.0", "'s", ">=3.8,<4", "<4", "<b", ">"),
    *("<!--", "-->", "--!>", "<!", "<?", "</", "</p", "<p", "<!-->", "<![CDATA[", "]]>"),
]

text = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
blank = st.sampled_from([" ", "\n", "\t", "  ", "\f", "/", " / ", "\r\n"])
name = st.sampled_from(["title", "data-requires-python", "data-yanked", "class", "x.y", "@z", "=q"])


def _unquoted(value: str) -> str:
    """Return a value without what ends an unquoted one."""
    kept = "".join(c for c in value if c not in " \n\t\f\r>")
    return kept.lstrip("\"'") or "x"


@st.composite
def attributes(draw: st.DrawFn, of: st.SearchStrategy[str] = name) -> str:
    """One attribute: quoted, unquoted, or without a value."""
    value, spaces = draw(text), draw(st.sampled_from(["", " ", "\n"]))
    equals = f"{spaces}={draw(st.sampled_from(['', ' ', chr(10)]))}"
    quote = draw(st.sampled_from(['"', "'", "", None]))
    if quote is None:
        return draw(of)
    if not quote:
        # Here a bracket may be the beginning of the next tag after a stray quote.
        return draw(of) + equals + _unquoted(value).replace("<", "")
    return draw(of) + equals + quote + value.replace(quote, "") + quote


@st.composite
def anchors(draw: st.DrawFn) -> str:
    """A tag with an ``href``, at any place among other attributes."""
    address = draw(st.sampled_from([A, SDIST, "x", "../f/" + A, "https://h.example/" + SDIST]))
    address += draw(st.sampled_from(["", "#sha256=0", "?a=1&amp;b=2", "?a=1&copy=2", "&#x2e;"]))
    quote = draw(st.sampled_from(['"', "'", ""]))
    href = f"{draw(st.sampled_from(['href', 'HREF', 'Href']))}={quote}{address}{quote}"
    others = draw(st.lists(attributes(), max_size=3))
    others.insert(draw(st.integers(0, len(others))), href)
    # Browsers need no blank after a quoted value.  One with a bracket is then read as two tags.
    # A slash directly after a value without quotes is part of the value.
    apart = [each[-1] not in "\"'" or "<" in each or each is href for each in others]
    between = [" " * is_apart + draw(blank) for is_apart in apart]
    tag = draw(st.sampled_from(["a", "A"])) + draw(blank).replace("/", " ")
    return f"<{tag}{''.join(map(''.join, zip(others, between, strict=True)))} >x</a>"


RAW = ["title", "textarea", "script", "style", "xmp", "iframe", "noembed", "noframes"]


@st.composite
def others(draw: st.DrawFn) -> str:
    """Markup that is no link, or hides one."""
    inside = draw(st.one_of(text, anchors()))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return f"<!--{inside.replace('--', '')} -->"
    if kind == 1:
        tag = draw(st.sampled_from(RAW))
        inside = inside.replace("</", "").replace("<!--", "")
        start = draw(st.sampled_from(["", " x=1", ' title=">"']))
        opening = f"<{tag}{start}>"
        return f"{opening}{inside}</{tag}{draw(st.sampled_from(['>', ' >', '/>']))}"
    if kind == 2:
        tag = draw(st.sampled_from(["p", "/p", "b", "br", "h1", "my-tag", "x.y", "o:p", "/b"]))
        return f"<{tag} {draw(attributes())}>"
    if kind == 3:
        return draw(
            st.sampled_from(["<!DOCTYPE html>", "<?php x ?>", "<!x <!-- >", "</ x>", "</>"])
        )
    return html.escape(inside)


def _of_html5lib(page: str) -> list[str]:
    """Return the values of ``href`` that html5lib finds, in order."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = [element.get("href") for element in tree.iter("a")]
    return [href for href in found if href and href.strip()]


def _read(page: str) -> list[Link]:
    return list(read_page(page.encode(), "text/html; charset=utf-8", URL))


def _resolved(href: str) -> tuple[str, str]:
    address = urldefrag(urljoin(URL, href.strip()))[0]
    return unquote(address.partition("?")[0].rpartition("/")[2]), address


@settings(max_examples=70, deadline=None)
@given(st.lists(st.one_of(anchors(), others()), max_size=6))
@example([f"<a title=it's href={A}>"])
@example([f"<a href={A} data-yanked='don't'>", f'<a href="{SDIST}" title="it\'s">'])
@example(['<p"x title="<!--">', f"<a href={A}>"])
@example(["<textarea><!--</textarea>", f"<a href={A}>"])
@example(["<!x <!-- >", f"<a href={A}>"])
@example(['</p title="<!--">', f"<a href={A}>"])
def test_links_are_those_of_html5lib(parts: list[str]) -> None:
    page = "<!DOCTYPE html><body>" + "".join(f"{part}x" for part in parts)
    # A quote in the name of an attribute may be that of another tag: such a tag is refused.
    tags = html5lib.parse(page, namespaceHTMLElements=False).iter("a")
    assume(not any(mark in name for tag in tags for name in tag.attrib for mark in "\"'"))
    read = [(link.name, link.address) for link in _read(page) if not link.problem]
    assert read == [_resolved(href) for href in _of_html5lib(page)]


@settings(max_examples=140, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, f'<a href="{A}">', f"<a href='{SDIST}'", '"', "'"])))
def test_artifacts_of_html5lib_are_read_or_named(pieces: list[str]) -> None:
    """On pages that are not correct, nothing that html5lib finds is lost without a word."""
    page = "<!DOCTYPE html><body>" + "".join(pieces)
    links = _read(page)
    seen = " ".join(f"{link.name} {link.address}" for link in links)
    for href in _of_html5lib(page):
        if _resolved(href)[0] in (A, SDIST):
            assert _resolved(href)[0] in seen


@pytest.mark.parametrize(
    "tag",
    [
        *("</p<!-- >", "<p<!-->", "<p <!-- >", "<p x<!-- >", "<p x=<!-- >", '<p x="a>b"<!-- >'),
        *("<a<!-- >", "<a <!-- >", "<link<!-- >", "<br<!--/>", "<p <!-- <!-- >", "<script<!-- >"),
        *("<p<script>", "</p x=<script >", "<p x<style >", "<b <title>", "<p <?x >", "<p <!x >"),
    ],
)
def test_comments_do_not_begin_within_tags(tag: str) -> None:
    page = f'<!DOCTYPE html><body>{tag}<a href="{A}">--></title>'
    assert _of_html5lib(page) == [A]
    assert [link.name for link in _read(page) if not link.problem] == [A]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(attributes(), blank), max_size=5))
def test_attributes_are_those_of_html5lib(parts: list[str]) -> None:
    tag = f"<a {' '.join(parts)} >"
    found = [*html5lib.parse(f"<!DOCTYPE html>{tag}", namespaceHTMLElements=False).iter("a")]
    assume(found)  # "title" before "=x" is one attribute, after which a quote may be unclosed
    (element,) = found
    mine = first_tag(tag.replace("\r\n", "\n"))
    assert mine.end
    assert {key: mine.get(key) for key in mine.attributes} == dict(element.attrib)


# The inputs of other tools' tests, written out again.  The names are those of the tests.

#: The page, and the URL, name and reason for yanking of each link.
PAGES: dict[str, tuple[str, list[tuple[str, str | None]]]] = {
    "pip: parse links, quoted": ('<a href="/pkg%231.0.tar.gz"></a>', [("pkg#1.0.tar.gz", None)]),
    "pip: unescaped at sign": ('<a href="/pkg@1.0.tar.gz"></a>', [("pkg@1.0.tar.gz", None)]),
    "pip: local path with backslash": ('<a href="/T:/p-1.zip"></a>', [("p-1.zip", None)]),
    "pip: yanked with reason": (
        '<a href="p-1.zip" data-yanked="bad build">',
        [("p-1.zip", "bad build")],
    ),
    "pip: yanked, empty": ('<a href="p-1.zip" data-yanked>', [("p-1.zip", "")]),
    "pip: yanked, escaped": ('<a href="p-1.zip" data-yanked="a &lt; b">', [("p-1.zip", "a < b")]),
    "pip: yanked, not ASCII": (
        '<a href="p-1.zip" data-yanked="cv\u00e9">',
        [("p-1.zip", "cv\u00e9")],
    ),
    "pip: base with and without href": (
        (
            '<html><head><base target="x"><base href="https://foo.example/"></head>'
            '<a href="bar-1.0.tar.gz">'
        ),
        [("bar-1.0.tar.gz", None)],
    ),
    "pip: requires-python": (
        '<a href="p-1.zip" data-requires-python="&gt;=2.7">p</a>',
        [("p-1.zip", None)],
    ),
    "pip: no doctype, no body": ("<a href='p-1.zip'>p-1.zip", [("p-1.zip", None)]),
    "mousebender: attributes in other order": (
        '<a data-gpg-sig="true" data-requires-python="&gt;=3.6" href="p-1.zip#sha256=0" >p</a>',
        [("p-1.zip", None)],
    ),
    "mousebender: no end tags, comment": (
        '<!-- x --><a href="p-1.zip">p-1.zip<br/><!--SERIAL 4--><a href="q-1.zip">q',
        [("p-1.zip", None), ("q-1.zip", None)],
    ),
    "mousebender: anchor in attribute": (
        '<a href="p-1.zip" data-yanked="see <a href=\'q-1.zip\'>">p</a>',
        [("p-1.zip", "see <a href='q-1.zip'>")],
    ),
    "pypi-simple: devpi": (
        (
            '<!DOCTYPE html><html><body><a href="https://h.example/p-1.zip#md5=0" '
            'internal="" rel="internal">p-1.zip</a><br/></body></html>'
        ),
        [("p-1.zip", None)],
    ),
    "pypi-simple: upper case, one line each": (
        '<HTML><BODY><A HREF="p-1.zip">p</A>\n<A HREF="../q-1.zip">q</A></BODY></HTML>',
        [("p-1.zip", None), ("q-1.zip", None)],
    ),
    "uv: brackets in data-requires-python": (
        '<a href="p-1.zip" data-requires-python=">=3.8,<3.13">p</a><a href="q-1.zip">q</a>',
        [("p-1.zip", None), ("q-1.zip", None)],
    ),
    "uv: name only, script": (
        '<a name="top"><script>document.write("<a href=\'n-1.zip\'>")</script><a href=p-1.zip>',
        [("p-1.zip", None)],
    ),
    "poetry: parent folder": ('<a href="../packages/p-1.zip">p</a>', [("p-1.zip", None)]),
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages_of_other_tools_tests_are_read(kind: str) -> None:
    page, expected = PAGES[kind]
    assert [(link.name, link.yanked) for link in _read(page)] == expected
    assert all(not link.problem for link in _read(page))


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        *(("&amp;", "&"), ("&copy", "©"), ("&copy=2", "&copy=2"), ("&copyx", "&copyx")),
        *(("&notit;", "&notit;"), ("&not;", "¬"), ("&#65;", "A"), ("&#x41", "A"), ("&#x;", "&#x;")),
        *((f"&#{'9' * 5000};", "\ufffd"), (f"&#{'0' * 5000}65;", "A"), ("&", "&")),
    ],
)
def test_character_references_in_attributes(value: str, decoded: str) -> None:
    assert first_tag(f'<a href="{value}">').get("href") == decoded


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
def test_byte_order_mark_is_no_part_of_a_name(mark: str, media_type: str) -> None:
    pages = {"text/html": f"<a href={A}>", "text/plain": A}
    page = pages.get(media_type, f'{{"files": [{{"filename": "{A}", "url": "{A}"}}]}}')
    (link,) = read_page(page.encode(mark), f"{media_type}; charset=latin-1", URL)
    assert link.name == A


@pytest.mark.parametrize("end", ["/>", "//>", "/ >"])
def test_slash_after_unquoted_address(end: str) -> None:
    """A slash that directly follows an unquoted value is part of it."""
    (link,) = _read(f"<a href={A}{end}x</a>")
    assert link.name == A
    assert bool(link.problem) == (end != " />")
