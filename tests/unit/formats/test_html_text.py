"""HTML in which texts cannot be anything but text."""

from __future__ import annotations

from wheelhouse_hashes.formats.html_text import Markup, Writer

WRITER = Writer(lambda text: text.replace("secret", "***"))


def test_texts_are_escaped_and_masked() -> None:
    text = "<a secret>\x1b[2J\r\n##[error]'\"&"
    escaped = "&lt;a ***&gt;\\x1b[2J\\r\\n#&#35;[error]&#x27;&quot;&amp;"
    assert WRITER.element("p", text) == f"<p>{escaped}</p>"
    assert WRITER.element("p", class_=text) == f'<p class="{escaped}"></p>'


def test_markup_is_kept_and_attributes_have_hyphens() -> None:
    inner = WRITER.element("meta", http_equiv="x", name="y")
    assert inner == '<meta http-equiv="x" name="y">'
    assert WRITER.element("div", inner, Markup("<br>")) == f"<div>{inner}<br></div>"


def test_table_has_caption_and_heads_with_scope() -> None:
    cell = WRITER.element("td", "2", class_="number")
    assert WRITER.table("all", ["name", "size"], [["a", cell], ["b", "<3"]]) == (
        "<table><caption>all</caption>"
        '<thead><tr><th scope="col">name</th><th scope="col">size</th></tr></thead>'
        '<tbody><tr><th scope="row">a</th><td class="number">2</td></tr>'
        '<tr><th scope="row">b</th><td>&lt;3</td></tr></tbody></table>'
    )
