"""Find the ``<a …>`` and ``<base …>`` tags of an HTML page.

This takes time proportional to the size of the page, even if the page is hostile.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from wheelhouse_hashes.formats.slices import search

#: Maximum length of a tag, in characters.  Longer tags are not parsed.
MAX_TAG = 8 * 1024

_OPENING = re.compile(
    r"<(?:!--|(?P<raw>script|style)(?=[\s/>])|(?P<kind>a|base)(?=[\s/])|(?P<other>[a-z][a-z0-9-]*)(?=\s))",
    re.IGNORECASE,
)
# The rest of a tag that contains no ``<``.  If it does not match, the search ends
# before the next tag begins, so no text is searched twice.
_USUAL_REST = re.compile(r"[^<>\"']*(?:(?:\"[^<\"]*\"|'[^<']*')[^<>\"']*){0,256}>")
_MARK = re.compile(r"[<>\"']")
# The end of an artifact's name.  An unreadable tag without one is skipped without loss.
ARTIFACT = re.compile(r"\.(?:whl|tar\.gz|zip|exe)\b", re.IGNORECASE)
# ``<!-->`` and ``<!--->`` are complete comments, too.
_END_OF_COMMENT = re.compile("(?<=<!)--?>|--!?>")
_END_OF_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}

_TOO_LONG = f"its HTML tag is longer than {MAX_TAG} characters"
UNCLOSED = "its HTML tag has an unclosed quote or bracket"


def find_tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ``<a …>`` and ``<base …>`` tags: the kind and the whole tag.

    An unreadable tag that may name an artifact is yielded with the reason in
    place of the kind.

    The standard library's parser takes time that grows with the square of the
    unclosed markup: a page of one megabyte could keep it busy for days.  Here the
    time is proportional to the size of the page: see :class:`_TagEnds`.
    """
    ends = _TagEnds(text)
    position = 0
    while match := search(_OPENING, text, position):
        start, position = match.span()
        kind = match["kind"]
        if kind is None and not match["other"]:
            # Comments and scripts contain no links.
            end_of = _END_OF_RAW[match["raw"].lower()] if match["raw"] else _END_OF_COMMENT
            end = search(end_of, text, position - (0 if match["raw"] else 2))
            if end is None:
                if search(ARTIFACT, text, position):
                    yield UNCLOSED, text[start:]
                return
            position = end.end()
            continue
        stop = ends.of_tag(start, position)
        if kind is None:
            position = stop or position
            continue
        if stop and stop - start <= MAX_TAG:
            position = stop
            yield kind.lower(), text[start:stop]
            continue
        problem = _TOO_LONG if stop else UNCLOSED
        following = None if stop else search(_OPENING, text, position)
        stop = stop or (following.start() if following else len(text))
        position = stop
        if search(ARTIFACT, text, start, stop):
            yield problem, text[start:stop]


class _TagEnds:
    """Finds the ends of tags that have a ``<`` in a quoted value.

    Two searches that begin at different tags and both continue cannot be in the
    same state (outside quotes, in single quotes, in double quotes), and a search
    that meets a ``<`` outside quotes ends.  So no text is searched more than twice.

    :param text: the page.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        #: For each quote character: a position, and the first quote from there on.
        self._quotes = {'"': (0, -1), "'": (0, -1)}
        # A tag up to this position ended too late: its text is searched for other tags.
        self._suspect = 0

    def of_tag(self, start: int, position: int) -> int:
        """Return the position after a tag, 0 if it is not closed or holds other tags.

        :param start: where the tag begins.
        :param position: the position after its name.
        """
        text = self._text
        if closed := _USUAL_REST.match(text, position):
            return closed.end()
        stop = self.after(position)
        if start < self._suspect:
            # This text was searched before: a tag in it would be lost.
            return 0 if search(_OPENING, text, position, stop or position) else stop
        if stop and not is_one_link(text[start:stop]):
            self._suspect = stop
            return 0
        return stop

    def after(self, position: int) -> int:
        """Return the position after the ``>`` of a tag, 0 if it is not closed.

        :param position: a position within the tag, outside quotes.
        """
        limit = position + MAX_TAG
        while mark := _MARK.search(self._text, position, limit):
            if mark[0] == ">":
                return mark.end()
            if mark[0] == "<":
                return 0
            position = self._next(mark[0], mark.end()) + 1
            if position > limit:
                return 0
        return 0

    def _next(self, quote: str, position: int) -> int:
        """Return the position of the next quote, or the end of the page without one."""
        begun, found = self._quotes[quote]
        if position < begun:
            nearer = self._text.find(quote, position, begun)
            return found if nearer < 0 else nearer
        if found < position:
            found = self._text.find(quote, position)
            found = len(self._text) if found < 0 else found
            self._quotes[quote] = position, found
        return found


def is_one_link(tag: str) -> bool:
    """Return whether a text is exactly one tag.

    It is not if one of several tags has an unclosed quote.
    """
    first = _first_tag(tag)
    if first.text != tag:
        return False
    return "href" not in tag.lower() if first.href is None else "<" not in first.href


class _Found(Exception):
    """Stops the standard library's parser after its first tag."""


class _FirstTag(HTMLParser):
    href: str | None = None
    text: str | None = None

    def handle_starttag(
        self,
        tag: str,  # noqa: ARG002 (the base class has it)
        attrs: list[tuple[str, str | None]],
    ) -> None:
        # The first of several, as in browsers.
        self.href = next((value for name, value in attrs if name == "href"), None)
        self.text = self.get_starttag_text()
        raise _Found


def _first_tag(text: str) -> _FirstTag:
    parser = _FirstTag()
    with contextlib.suppress(_Found):
        parser.feed(text)
    return parser


def href_of(tag: str) -> str | None:
    """Return the URL in an ``<a …>`` or ``<base …>`` tag, None if it has none."""
    return _first_tag(tag).href
