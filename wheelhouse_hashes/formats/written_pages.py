"""Recognize the index pages that wheelhouse-hashes or its host wrote.

Both write the same lines, one for each artifact.  Only this package escapes names.  The host
(0.9.7 to 0.10.3 are the same) writes them as they are, and has a line for every object.

A page is replaced only if it is recognized here.  If the lines ever change, those that
earlier versions wrote must still be recognized, or their pages would never be updated again.
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import quote, unquote

from wheelhouse_hashes.artifacts import ALGORITHMS

HEAD = "<html><body><p>\n"
FOOT = "</p></body></html>\n"

_ROW, _ANCHOR, _END = '<li><a href="', '">', "</a></li>\n"

#: The characters of names that a page does not encode: the plus sign only on stores that
#: read it as a space.
SAFE, SAFE_WITHOUT_PLUS = "/+!~", "/!~"

#: Maximum length of a line in characters.  Stores accept names of 1024 bytes, and a line has
#: the name twice, each byte as up to six characters (``&quot;``).
_MAX_ROW = 16 * 1024

#: The fragment of a link of the host, and its length.
_FRAGMENT = re.compile("#sha256=[0-9a-f]{64}")
_FRAGMENT_LENGTH = 72


def row(name: str, fragment: str = "", safe: str = SAFE) -> str:
    """Return the line of one artifact, as this package writes it.

    :param name: the artifact's name.
    :param fragment: the fragment of its link, with the number sign.
    :param safe: the characters of the name that are not encoded.
    """
    return f"{_ROW}{escape(quote(name, safe=safe) + fragment)}{_ANCHOR}{escape(name)}{_END}"


def is_written_page(page: bytes) -> bool:
    """Return whether a page has only lines that this package or the host writes.

    Such a page can be written again from the container.  A page that was cut off, even to
    nothing, is such a page as well.

    :param page: the page.
    """
    try:
        text = page.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = page[: error.start].decode()
    if not text.startswith(HEAD):
        return HEAD.startswith(text)
    *lines, rest = text[len(HEAD) :].removesuffix(FOOT).split("\n")
    if not all(_is_row(f"{line}\n") for line in lines):
        return False
    if text.endswith(FOOT):
        return not rest
    return FOOT.startswith(rest) or _is_cut_row(rest)


def _is_row(line: str) -> bool:
    if len(line) > _MAX_ROW or not (line.startswith(_ROW) and line.endswith(_END)):
        return False
    return _is_hosts(line) or _is_ours(line)


def _is_ours(line: str) -> bool:
    href, _, text = line[len(_ROW) : -len(_END)].partition(_ANCHOR)
    name = unescape(text)
    if escape(name) != text:
        return False
    _, mark, fragment = unescape(href).partition("#")
    if mark and fragment.partition("=")[0] not in ALGORITHMS:
        return False
    return line in (row(name, mark + fragment, safe) for safe in (SAFE, SAFE_WITHOUT_PLUS))


def _is_hosts(line: str) -> bool:
    # The name is there twice, so its length follows from that of the line.
    inner = line[len(_ROW) : -len(_END)]
    name = inner[(len(inner) + len(_ANCHOR)) // 2 :]
    if inner == f"{name}{_ANCHOR}{name}":
        return True
    name = inner[(len(inner) + len(_ANCHOR) + _FRAGMENT_LENGTH) // 2 :]
    fragment = inner[len(name) : len(name) + _FRAGMENT_LENGTH]
    is_digest = _FRAGMENT.fullmatch(fragment) is not None
    return is_digest and inner == f"{name}{fragment}{_ANCHOR}{name}"


def _is_cut_row(rest: str) -> bool:
    """Return whether a row can begin with some text, by its fixed parts and by the name."""
    if not rest.startswith(_ROW):
        return _ROW.startswith(rest)
    href, anchor, text = rest[len(_ROW) :].partition(_ANCHOR)
    if not anchor:
        return not any(c in href.removesuffix('"') for c in '"<>\n')
    names = (href.partition("#")[0], escape(unquote(unescape(href).partition("#")[0])))
    return any(f"{name}{_END}".startswith(text) for name in names)
