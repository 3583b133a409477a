"""Read the attributes of one HTML tag, as browsers do.

Source: the HTML Living Standard, sections 13.2.5.32 to 13.2.5.39 (attributes) and 13.2.5.73
(named character references in attributes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from html.entities import html5
from typing import NamedTuple

#: White space in HTML, for a character class; that of regular expressions has more characters.
SPACE = r"\t\n\f\r "

#: The name of an attribute.  An equals sign may be its first character, not a later one.
NAME = rf"[^{SPACE}/>][^{SPACE}/>=]*+"

_ATTRIBUTE = re.compile(
    rf"[{SPACE}/]*+(?P<name>{NAME})[{SPACE}]*+(?:(?!=)|=[{SPACE}]*+(?:\"(?P<double>[^\"]*+)\""
    rf"|'(?P<single>[^']*+)'|(?P<plain>(?![\"'])[^{SPACE}>]++)|(?=>)))"
)
_BEGINNING = re.compile(rf"</?[^{SPACE}/>]*+")
_CLOSING = re.compile(rf"[{SPACE}/]*+>")
# The text after a quoted value, in HTML without errors.
_APART = re.compile(rf"/?[{SPACE}>]")

_REFERENCE = re.compile(
    r"&(?:#(?:[xX](?P<hex>[0-9A-Fa-f]++)|(?P<decimal>[0-9]++));?"
    r"|(?P<name>[A-Za-z0-9]++)(?P<end>[;=]?))",
    re.ASCII,
)
#: The most digits of a code point, leading zeros not counted.
_MAX_DIGITS = 7


class Tag(NamedTuple):
    """A tag."""

    #: Its attributes by name in lower case, not decoded; the first one of each name.
    attributes: Mapping[str, str]
    #: The position after it; 0 if it is not closed.
    end: int
    #: Whether a quoted value with a ``<`` directly precedes a name: its quotes are probably
    #: those of two tags.
    is_suspect: bool = False

    def get(self, name: str) -> str | None:
        """Return the value of an attribute, decoded; None if the tag does not have it."""
        value = self.attributes.get(name)
        return value if value is None or "&" not in value else _REFERENCE.sub(_decoded, value)

    @property
    def has_stray_quote(self) -> bool:
        """Whether a quote or bracket is in a name: one before it may be missing or too many."""
        return any(mark in name for name in self.attributes for mark in "\"'<")


def first_tag(text: str) -> Tag:
    """Read the tag at the beginning of a text."""
    beginning = _BEGINNING.match(text)
    position = beginning.end() if beginning else 0
    attributes: dict[str, str] = {}
    is_suspect = False
    while match := _ATTRIBUTE.match(text, position):
        position = match.end()
        value = match["double"] or match["single"] or match["plain"] or ""
        attributes.setdefault(match["name"].lower(), value)
        if "<" in value and match["plain"] is None and not _APART.match(text, position):
            is_suspect = True
    closing = _CLOSING.match(text, position)
    return Tag(attributes, closing.end() if closing else 0, is_suspect)


def _decoded(reference: re.Match[str]) -> str:
    """Return the text of a character reference in an attribute.

    A name without a semicolon counts only if neither an equals sign nor a further letter
    follows, so that ``?a=1&copy=2`` keeps its parameter.
    """
    name, end = reference["name"], reference["end"]
    if name is None:
        digits = (reference["hex"] or reference["decimal"]).lstrip("0")
        # Python refuses to convert numbers of thousands of digits.
        if len(digits) > _MAX_DIGITS:
            return "\ufffd"
        return unescape(f"&#{'x' if reference['hex'] else ''}{digits or '0'};")
    if end == ";":
        return html5.get(f"{name};", reference[0])
    return reference[0] if end else html5.get(name, reference[0])
