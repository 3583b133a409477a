"""Decode pages: by a byte order mark, or by the charset of the ``Content-Type``."""

from __future__ import annotations

import codecs

from wheelhouse_hashes.formats.slices import decoded

#: The supported charsets, as :mod:`codecs` names them.  Some others take time that
#: grows with the square of the page's size (``punycode``).
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"})

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def decode(body: bytes, declared: str | None) -> str:
    """Return the text of a page.

    A byte order mark overrides the declared charset, as in HTML.  Without one, an unsupported
    or missing charset is UTF-8.

    :param body: the page.
    :param declared: the charset of its ``Content-Type``, None without one.
    """
    for mark, charset in _MARKS.items():
        if body.startswith(mark):
            return decoded(body[len(mark) :], charset)
    return decoded(body, _supported(declared))


def _supported(declared: str | None) -> str:
    try:
        name = codecs.lookup(declared or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in CHARSETS else "utf-8"
