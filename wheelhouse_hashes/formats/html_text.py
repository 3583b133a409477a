"""Write HTML whose texts cannot be anything but text.

Source: the HTML standard, https://html.spec.whatwg.org, chapter 13.1 (what may be written).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from wheelhouse_hashes.filenames import printable

#: Elements without an end tag.
_VOID = frozenset({"meta"})

#: The second character of a CI service's command (``##[error]``): a page may be printed to the
#: log of a job.
_COMMAND = re.compile("(?<=#)#")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def joined(between: str, parts: Iterable[Markup]) -> Markup:
    """Return pieces of HTML as one.

    :param between: what separates them: HTML.
    :param parts: the pieces.
    """
    return Markup(between.join(parts))


class Writer:
    """Writes elements.

    :param masked: masks the secrets in a text.
    """

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked

    def text(self, value: str) -> Markup:
        """Return a text as HTML; control characters are escaped as on the terminal.

        :param value: any text.
        """
        return Markup(_COMMAND.sub("&#35;", escape(printable(self._masked(value)))))

    def element(self, name: str, /, *parts: str | Markup, **attributes: str) -> Markup:
        """Return an element.

        :param name: its name.
        :param parts: its content; everything but :class:`Markup` is text.
        :param attributes: its attributes.  An underscore at the end of a name is dropped
            (``class_``), the others become hyphens.
        """
        written = "".join(
            f' {key.removesuffix("_").replace("_", "-")}="{self.text(value)}"'
            for key, value in attributes.items()
        )
        if name in _VOID:
            return Markup(f"<{name}{written}>")
        inside = "".join(part if isinstance(part, Markup) else self.text(part) for part in parts)
        return Markup(f"<{name}{written}>{inside}</{name}>")

    def table(
        self, caption: str, heads: list[str], rows: list[list[str | Markup]], **attributes: str
    ) -> Markup:
        """Return a table; the first cell of each row is its head.

        :param caption: its caption.
        :param heads: the heads of the columns.
        :param rows: the cells.  A cell that is a ``td`` or ``th`` element is kept as it is.
        """
        head = self.element("tr", *(self.element("th", each, scope="col") for each in heads))
        body = [self._row(row) for row in rows]
        return self.element(
            "table",
            self.element("caption", caption),
            self.element("thead", head),
            self.element("tbody", *body),
            **attributes,
        )

    def _row(self, row: list[str | Markup]) -> Markup:
        first, *rest = row
        cells = (
            cell
            if isinstance(cell, Markup) and cell.startswith("<td")
            else self.element("td", cell)
            for cell in rest
        )
        return self.element("tr", self.element("th", first, scope="row"), *cells)
