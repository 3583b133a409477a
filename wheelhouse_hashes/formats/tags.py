"""Find the tags of an HTML page that matter for its links: ``a``, ``base``, ``link``, ``meta``.

Tags and attributes are read as browsers read them (the HTML Living Standard, section 13.2.5,
https://html.spec.whatwg.org/multipage/parsing.html#tokenization), except after an unclosed
quote: a browser loses the links up to the next quote, here only the broken tag is lost.

This takes time proportional to the size of the page, even if the page is hostile.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from wheelhouse_hashes.formats.attributes import NAME, SPACE, first_tag
from wheelhouse_hashes.formats.slices import search

#: Maximum length of a tag, in characters.  Longer tags are not parsed.
MAX_TAG = 8 * 1024

#: Elements whose content is text.  Unclosed ones of the first kind make the rest of the page
#: text; the others are more often a mistake, so they are then read like any other tag.
_ALWAYS_RAW = ("script", "style")
_RAW = (*_ALWAYS_RAW, "xmp", "iframe", "noembed", "noframes", "textarea", "title")

# The name of another tag is followed by a space, a slash or, if it is not closed, a bracket.
_OPENING = re.compile(
    rf"<(?:!--|(?P<bogus>[!?]|/(?![a-z>]))|(?P<raw>{'|'.join(_RAW)})(?=[{SPACE}/>])"
    rf"|(?P<kind>a|base|link|meta)(?=[{SPACE}/])|(?P<other>/?[a-z][^{SPACE}/<>]*+)(?=[{SPACE}/<]))",
    re.IGNORECASE,
)
# The rest of a tag that contains no ``<``.  If it does not match, the search ends
# before the next tag begins, so no text is searched twice.
_UNQUOTED = rf"(?![\"'])[^{SPACE}<>]++"
_NAME = NAME.replace("/>", "/<>")


def _rest(quoted: str) -> re.Pattern[str]:
    value = rf"=[{SPACE}]*+(?:{quoted}|{_UNQUOTED}|(?=>))"
    attribute = rf"[{SPACE}/]*+{_NAME}[{SPACE}]*+(?:(?!=)|{value})"
    return re.compile(rf"(?:{attribute})*+[{SPACE}/]*+>")


_USUAL_REST = _rest(r"\"[^\"<]*+\"|'[^'<]*+'")
# The same with ``<`` in quoted values.
_ANY_REST = _rest(r"\"[^\"]*+\"|'[^']*+'")
_MARK = re.compile(r"[<>\"']")
# The end of an artifact's name.  An unreadable tag without one is skipped without loss.
ARTIFACT = re.compile(r"\.(?:whl|tar\.gz|zip|exe)\b", re.IGNORECASE)
# ``<!-->`` and ``<!--->`` are complete comments, too.
_END_OF_COMMENT = re.compile("(?<=<!)--?>|--!?>")

_TOO_LONG = f"its HTML tag is longer than {MAX_TAG} characters"
UNCLOSED = "its HTML tag has an unclosed quote or bracket"


# Few pages have any of these elements.
@functools.cache
def _end_of_raw(element: str) -> re.Pattern[str]:
    return re.compile(f"</{element}(?=[{SPACE}/>])", re.IGNORECASE)


def find_tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ``<a …>``, ``<base …>``, ``<link …>`` and ``<meta …>`` tags: kind and whole tag.

    An unreadable tag that may name an artifact is yielded with the reason in
    place of the kind.

    The standard library's parser takes time that grows with the square of the
    unclosed markup: a page of one megabyte could keep it busy for days.  Here the
    time is proportional to the size of the page: see :class:`_TagEnds`.
    """
    ends = _TagEnds(text)
    position = 0
    #: Where a tag began that is not closed, -1 if there is none.
    unclosed = -1
    while match := search(_OPENING, text, position):
        start, position = match.span()
        kind = match["kind"]
        if kind is None and not match["other"]:
            if unclosed >= 0 and ends.is_within(unclosed, start):
                # Browsers read it as an attribute, and the links after the next bracket.
                unclosed = start
                continue
            # Comments and scripts contain no links.
            end = ends.of_text(match)
            if end is None:
                if search(ARTIFACT, text, position):
                    yield UNCLOSED, text[start:]
                return
            position = end
            continue
        stop = ends.of_tag(start, position)
        unclosed = -1 if stop else start
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
    """Finds the ends of tags, comments and other parts that contain no links.

    Few tags have a ``<`` in a quoted value.  They are matched as well until the failed attempts
    have cost as much as a few pages; then, and after an unclosed quote, quotes are paired
    wherever they are.  Two searches for their ends that begin at
    different tags and both continue cannot be in the same state (outside quotes, in single
    quotes, in double quotes), and a search that meets a ``<`` outside quotes ends.  So no text
    is searched more than twice.

    :param text: the page.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        #: For each quote character: a position, and the first quote from there on.
        self._quotes = {'"': (0, -1), "'": (0, -1)}
        # A tag up to this position ended too late: its text is searched for other tags.
        self._suspect = 0
        #: The number of characters that attempts to match a tag may still cost.
        self._budget = 4 * len(text) + 64 * MAX_TAG
        #: The ``<`` outside quotes at which the last search for the end of a tag ended.
        self._stopped = -1
        #: The elements that are not closed in the rest of the page.
        self._unclosed: set[str] = set()

    def of_text(self, opening: re.Match[str]) -> int | None:
        """Return the position after a part that contains no links, None if it is not closed.

        :param opening: its beginning.
        """
        position = opening.end()
        raw = (opening["raw"] or "").lower()
        if raw:
            position = self.of_tag(opening.start(), position) or position
            found = raw not in self._unclosed and search(_end_of_raw(raw), self._text, position)
            if not found:
                self._unclosed.add(raw)
                return None if raw in _ALWAYS_RAW else position
            return found.end()
        if opening["bogus"]:
            # A document type or processing instruction, an end tag without a name.
            return self._text.find(">", position) + 1 or None
        end = search(_END_OF_COMMENT, self._text, position - 2)
        return end.end() if end else None

    def of_tag(self, start: int, position: int) -> int:
        """Return the position after a tag, 0 if it is not closed or holds other tags.

        :param start: where the tag begins.
        :param position: the position after its name.
        """
        text = self._text
        if closed := _USUAL_REST.match(text, position):
            return closed.end()
        if (stop := self._any_rest(position)) and is_one_link(text[start:stop]):
            return stop
        stop = self.after(position)
        if start < self._suspect:
            # This text was searched before: a tag in it would be lost.
            return 0 if search(_OPENING, text, position, stop or position) else stop
        if stop and not is_one_link(text[start:stop]):
            self._suspect = stop
            return 0
        return stop

    def is_within(self, start: int, bracket: int) -> bool:
        """Return whether a ``<`` may be part of a tag that is not closed.

        :param start: where the tag begins.
        :param bracket: the position of the ``<``.
        """
        return bracket == self._stopped or self._text.find(">", start, bracket) < 0

    def _any_rest(self, position: int) -> int:
        """Return the position after a tag with ``<`` in quoted values, 0 if it is none."""
        if self._budget <= 0:
            return 0
        limit = position + MAX_TAG
        match = _ANY_REST.match(self._text, position, limit)
        end = match.end() if match else 0
        self._budget -= (end or limit) - position
        return end

    def after(self, position: int) -> int:
        """Return the position after the ``>`` of a tag, 0 if it is not closed.

        :param position: a position within the tag, outside quotes.
        """
        limit = position + MAX_TAG
        while mark := _MARK.search(self._text, position, limit):
            if mark[0] == ">":
                return mark.end()
            if mark[0] == "<":
                self._stopped = mark.start()
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
    first = first_tag(tag)
    if first.end != len(tag) or first.is_suspect or "<" in first.attributes.get("href", ""):
        return False
    return not (first.has_stray_quote and any("<" in v for v in first.attributes.values()))
