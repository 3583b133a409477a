"""Decode and search pages in slices, so that Ctrl-C has an effect in between.

Python switches threads only between calls of its codecs and of ``re``.  One call for the whole
of a hostile page can take many seconds.
"""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

#: Size of a slice, in bytes or characters.
_SLICE = 1024 * 1024

#: Maximum length of what is searched for, in characters, if it is at the end of a slice.
_OVERLAP = 64 * 1024


def decoded(content: bytes, charset: str) -> str:
    """Return the text of some bytes, with U+FFFD for invalid sequences.

    :param content: the bytes.
    :param charset: the name of a codec that has an incremental decoder.
    """
    if charset == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = f"utf-16-{sys.byteorder[0]}e"  # its incremental decoder needs a byte order mark
    decoder = codecs.getincrementaldecoder(charset)("replace")
    starts = range(0, len(content), _SLICE)
    pieces = [decoder.decode(content[start : start + _SLICE]) for start in starts]
    return "".join([*pieces, decoder.decode(b"", final=True)])


def search(
    pattern: re.Pattern[str], text: str, position: int, end: int | None = None
) -> re.Match[str] | None:
    """Return the first match in a text, as :meth:`re.Pattern.search` does.

    :param pattern: the pattern; it must not match less if the text is cut after the match.
    :param text: the text.
    :param position: where to begin.
    :param end: where to end; the end of the text by default.
    """
    end = len(text) if end is None else end
    while end - position > _SLICE:
        stop = position + _SLICE
        # A match that ends there might be longer, or none, if the text were not cut.
        if (found := pattern.search(text, position, stop)) and found.end() < stop - _OVERLAP:
            return found
        if found:
            return pattern.search(text, found.start(), end)
        position = stop - _OVERLAP
    return pattern.search(text, position, end)
