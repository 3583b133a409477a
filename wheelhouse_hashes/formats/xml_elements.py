"""Read small XML documents of hostile servers, with bounds on time and memory.

Document types are refused, so there are no entities to expand and nothing external to
request.  Depth, the length of markup, the number of elements and that of distinct names are
limited: expat keeps a part of each in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

#: Maximum number of nested elements.  Listings have three.
MAX_DEPTH = 16

#: Maximum length of a tag, a comment or a processing instruction, in bytes.
MAX_MARKUP = 256 * 1024

#: Maximum number of different names of elements and attributes.  Listings have about 20.
MAX_NAMES = 200

#: Maximum number of elements; a page of a store's listing has about 10,000.
MAX_ELEMENTS = 2_000_000

#: The number of characters that are kept of an element's text, as ``offers.MAX_NAME``: more
#: than any name may have.
MAX_TEXT = 4096

#: The number of bytes that are parsed between two checks.
_CHUNK = 64 * 1024


class MalformedXml(ValueError):
    """A document is not well-formed, or exceeds a limit."""


class UnfinishedXml(ValueError):
    """A document ends before its root element does."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element that has ended."""

    #: The names of its ancestors, the root first, and its own; without prefixes.
    path: tuple[str, ...]
    #: Its attributes.
    attributes: Mapping[str, str]
    #: The text since its start or that of its last child; at most :data:`MAX_TEXT` characters.
    text: str


class _Parser:
    """Collects elements as they end."""

    def __init__(self) -> None:
        self.ended: list[Element] = []
        self.names: dict[str, str] = {}
        # Other encodings are malformed: a declaration can name any codec of Python.
        self.parser = expat.ParserCreate("utf-8", intern=self.names)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self._path: tuple[str, ...] = ()
        self._attributes: list[Mapping[str, str]] = []
        self._text: list[str] = []
        self._length = 0
        self._count = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise MalformedXml(f"more than {MAX_DEPTH} nested elements")
        if len(self.names) > MAX_NAMES:
            raise MalformedXml(f"more than {MAX_NAMES} different names of elements")
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise MalformedXml(f"more than {MAX_ELEMENTS} elements")
        self._path += (name.rpartition(":")[2],)
        self._attributes.append(attributes)
        self._text.clear()
        self._length = 0

    def _end(self, _: str) -> None:
        text = "".join(self._text)[:MAX_TEXT]
        self.ended.append(Element(self._path, self._attributes.pop(), text))
        self._path = self._path[:-1]
        self._text.clear()
        self._length = 0

    def _add(self, text: str) -> None:
        if self._length < MAX_TEXT:
            self._text.append(text)
            self._length += len(text)


def _refuse_doctype(*_: object) -> None:
    raise MalformedXml("a document type declaration, which listings do not have")


def read_elements(body: bytes, check: Callable[[], object] = bool) -> Iterator[Element]:
    """Yield the elements of a document in the order in which they end.

    :param body: the document.
    :param check: called from time to time; may raise to stop.
    :raises MalformedXml: if it is not well-formed, or exceeds a limit.
    :raises UnfinishedXml: if it ends early.
    """
    parser = _Parser()
    view = memoryview(body)
    try:
        for start in range(0, len(view), _CHUNK):
            check()
            fed = parser.parser.Parse(bytes(view[start : start + _CHUNK]), False)  # noqa: FBT003 (positional only)
            assert fed == 1  # noqa: S101 (errors raise)
            if min(start + _CHUNK, len(view)) - parser.parser.CurrentByteIndex > MAX_MARKUP:
                raise MalformedXml(f"a tag or comment of more than {MAX_MARKUP} bytes")
            yield from parser.ended
            parser.ended.clear()
    except expat.ExpatError as error:
        raise MalformedXml(f"not well-formed XML: {error}") from None
    try:
        parser.parser.Parse(b"", True)  # noqa: FBT003 (positional only)
    except expat.ExpatError as error:
        raise UnfinishedXml(f"the XML document is cut off: {error}") from None
    yield from parser.ended
