"""Read pages of links: HTML (:pep:`503`), JSON (:pep:`691`), lists of names.

Links are read independently, so a malformed link does not affect the others.
Reading takes time and memory proportional to the size of the page, even if the
page is hostile.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import quote, unquote, urlunsplit

from wheelhouse_hashes.formats.sniffing import PageKind, page_kind
from wheelhouse_hashes.formats.tags import (
    ARTIFACT,
    MAX_TAG,
    UNCLOSED,
    find_tags,
    href_of,
    is_one_link,
)
from wheelhouse_hashes.formats.urls import join, split

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

#: Maximum size of a page, in bytes.
MAX_BYTES = 64 * 1024 * 1024

#: The media types to request, best first (:rfc:`9110`, ``Accept``).
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.3, text/html;q=0.2, */*;q=0.1"

#: Maximum number of links of a page; the largest projects on the package index
#: have a tenth of that.
MAX_LINKS = 100_000

#: Maximum length of the base URL of a page, in characters, percent-encoded.
MAX_BASE = 2048

#: Maximum number of digests of a link.  The package index gives one.
MAX_DIGESTS = 8

#: The supported charsets, as :mod:`codecs` names them.  Some others take time that
#: grows with the square of the page's size (``punycode``).
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"})

#: The usual link, whose URL needs no decoding.
_PLAIN = re.compile(r"<a href=\"(?P<href>[^\"&<>\s]+)\">")

#: A relative URL that is a file name in the same folder, in normal form.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~!+-]*", re.ASCII)

_TOO_MANY_DIGESTS = f"its link claims more than {MAX_DIGESTS} digests"
_MALFORMED = "its URL is malformed"


class TooManyLinks(ValueError):
    """A page has more than :data:`MAX_LINKS` links."""

    def __init__(self) -> None:
        super().__init__(f"the page has more than {MAX_LINKS} links")


@dataclass(frozen=True)
class Link:
    """A link of a page."""

    #: The file's name, percent-decoded; None if unknown.
    name: str | None
    #: Its absolute URL, without a fragment; the raw text if it cannot be parsed.
    address: str
    #: The digests that it claims, unchanged: algorithm and value.
    hashes: tuple[tuple[str, str], ...] = ()
    #: The file's size in bytes, None if the page does not give it.
    size: int | None = None
    #: Why the link cannot be read; empty if it can.
    problem: str = ""


def read_page(body: bytes, content_type: str, url: str) -> Iterator[Link]:
    """Read the links of a page.

    :param body: the page.
    :param content_type: the value of its ``Content-Type``, which may be empty.
    :param url: its URL, for relative links.
    :raises ValueError: if a JSON page does not conform to :pep:`691`.
    :raises TooManyLinks: if it has more than :data:`MAX_LINKS` links.
    """
    message = Message()
    message["Content-Type"] = content_type or "text/html"
    text = body.decode(_charset(message), "replace")
    kind = page_kind(message.get_content_type() if content_type else "", body)
    if kind is PageKind.JSON:
        return _read_json(text, url)
    if kind is PageKind.NAMES:
        return _read_names(text, url)
    return _read_html(text, url)


def _charset(message: Message) -> str:
    """Return the charset of a page: the declared one if it is supported, otherwise UTF-8."""
    try:
        name = codecs.lookup(message.get_content_charset() or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in CHARSETS else "utf-8"


def folder_of(url: str) -> str:
    """Return the base URL of a page's relative links.

    A last part without a dot counts as a folder, as in the host: the URL of a
    container is often given without a trailing slash.
    """
    path = split(url).path
    base = url.partition("#")[0].partition("?")[0]
    if not path.endswith("/") and "." not in path.rpartition("/")[2]:
        base += "/"
    return base


def _usable(base: str) -> str:
    """Return a base URL unchanged, if it is short enough to be put before each link.

    :raises ValueError: if it is too long.
    """
    if len(quote(base)) > MAX_BASE:
        raise ValueError(
            f"the URL of the page, or its base URL, has more than {MAX_BASE} characters"
        )
    return base


def _read_names(text: str, url: str) -> Iterator[Link]:
    base = _usable(folder_of(url))
    for number, match in enumerate(re.finditer("[^\n]+", text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        if name := match[0].removesuffix("\r"):
            yield Link(name, join(base, quote(name)))


def _read_json(text: str, url: str) -> Iterator[Link]:
    base = _usable(folder_of(url))
    try:
        for number, file in enumerate(json.loads(text)["files"]):
            if number >= MAX_LINKS:
                raise TooManyLinks
            name, size, link = str(file["filename"]), file.get("size"), str(file["url"])
            hashes = tuple((k, v) for k, v in file["hashes"].items() if isinstance(v, str))
            if len(hashes) > MAX_DIGESTS:
                yield Link(name, link[:MAX_TAG], problem=_TOO_MANY_DIGESTS)
                continue
            try:
                split(link)
                address = join(base, link)
            except ValueError:
                yield Link(name, link[:MAX_TAG], problem=_MALFORMED)
                continue
            yield Link(name, address, hashes, size if type(size) is int and size >= 0 else None)
    except TooManyLinks:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a valid JSON page of the simple API (PEP 691)") from None


def _read_html(text: str, url: str) -> Iterator[Link]:
    anchors: list[str] = []
    base = _usable(folder_of(url))
    based = False
    for number, (kind, tag) in enumerate(find_tags(text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        if kind == "a":
            anchors.append(tag)
        elif kind != "base":
            yield Link(None, tag, problem=kind)
        elif not based:
            with contextlib.suppress(ValueError):  # a malformed base is ignored
                named = href_of(tag)
                based = named is not None
                split(named or "")
                base = join(base, named or "")
    beside = _usable(join(base, "x").removesuffix("x"))
    for tag in anchors:
        plain = _PLAIN.fullmatch(tag)
        href = plain["href"] if plain else href_of(tag)
        if href:
            yield _read_href(href, base, beside)
        elif not is_one_link(tag) and ARTIFACT.search(tag):
            yield Link(None, tag, problem=UNCLOSED)


def _read_href(href: str, base: str, beside: str) -> Link:
    """Return the link that an ``href`` makes.

    :param href: its value, decoded.
    :param base: the address that it is relative to.
    :param beside: that address up to the last slash, for plain names.
    """
    address, _, fragment = href.partition("#")
    name = address
    if _NAME.fullmatch(address):
        address = beside + address
    else:
        try:
            parts = split(address)
            name = unquote(parts.path.rpartition("/")[2])
            address = join(base, urlunsplit(parts))
        except ValueError:
            return Link(None, address, problem=_MALFORMED)
    if fragment.count("&") >= MAX_DIGESTS:
        return Link(name, address, problem=_TOO_MANY_DIGESTS)
    return Link(name, address, _split_fragment(fragment))


def _split_fragment(fragment: str) -> tuple[tuple[str, str], ...]:
    """Return the digests in a fragment (:pep:`503`), which may have several parts."""
    if not fragment:
        return ()
    parts = (part.partition("=") for part in fragment.split("&"))
    return tuple((name.lower(), value) for name, _, value in parts if value)
