"""Read pages of links: HTML (:pep:`503`), JSON (:pep:`691`), lists of names.

Links are read independently, so an unreadable link does not affect the others.
Reading takes time and memory proportional to the size of the page, even if the
page is hostile.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import quote, unquote, urlunsplit

from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.api_version import (
    UnsupportedVersion,
    check_media_type,
    check_version,
)
from wheelhouse_hashes.formats.attributes import Tag, first_tag
from wheelhouse_hashes.formats.charsets import decode
from wheelhouse_hashes.formats.sniffing import PageKind, page_kind
from wheelhouse_hashes.formats.tags import ARTIFACT, MAX_TAG, UNCLOSED, find_tags
from wheelhouse_hashes.formats.urls import as_folder, join, split, without_query

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

#: Maximum size of a page, in bytes.
MAX_BYTES = 64 * 1024 * 1024

#: The media types to request, best first (:rfc:`9110`, ``Accept``).
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.3, text/html;q=0.2, */*;q=0.1"

#: Maximum number of links of a page; the largest projects on the package index
#: have a tenth of that.
MAX_LINKS = 1_000_000

#: Maximum length of the base URL of a page, in characters, percent-encoded.
MAX_BASE = 2048

#: Maximum number of digests of a link.  The package index gives one.
MAX_DIGESTS = 8

#: The usual link, whose URL needs no decoding.
_PLAIN = re.compile(r"<a href=\"(?P<href>[^\"&<>\s]+)\">")

#: A relative URL that is a file name in the same folder, in normal form.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~!+-]*", re.ASCII)

#: The characters at the ends of an ``href`` that are not part of the URL: C0 controls, spaces
#: (https://url.spec.whatwg.org/#concept-basic-url-parser).
_TRIMMED = "".join(map(chr, range(0x21)))

_TOO_MANY_DIGESTS = f"its link claims more than {MAX_DIGESTS} digests"
_LONG_LINE = f"its line is longer than {MAX_TAG} characters"
_MALFORMED = "its URL is malformed"
_LIKE_A_FOLDER = "its URL ends with a slash, like that of a folder"


#: A JSON page.
Document = Mapping[str, Any]


class TooManyLinks(ValueError):
    """A page has more than :data:`MAX_LINKS` links."""

    def __init__(self) -> None:
        super().__init__(f"the page has more than {MAX_LINKS} links")


class Link(NamedTuple):
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
    #: Why the file was yanked (:pep:`592`), which may be empty; None if it was not.
    yanked: str | None = None
    #: The URL of the file's attestations (:pep:`740`), None if it has none.
    provenance: str | None = None
    #: True if it leads to the next page of a series (``rel=next``), and not to a file.
    is_next: bool = False


def read_page(
    body: bytes, content_type: str, url: str, inspect: Callable[[Document], None] = lambda _: None
) -> Iterator[Link]:
    """Read the links of a page.

    :param body: the page.
    :param content_type: the value of its ``Content-Type``, which may be empty.
    :param url: its URL, for relative links.
    :param inspect: called with the document of a JSON page, which has a list of files.
    :raises ValueError: if a JSON page does not conform to :pep:`691`.
    :raises UnsupportedVersion: if it has another major version of the simple API.
    :raises TooManyLinks: if it has more than :data:`MAX_LINKS` links.
    """
    message = Message()
    message["Content-Type"] = content_type or "text/html"
    text = decode(body, message.get_content_charset())
    media_type = message.get_content_type() if content_type else ""
    check_media_type(media_type)
    kind = page_kind(media_type, body)
    if kind is PageKind.JSON:
        return _read_json(text, url, inspect)
    if kind is PageKind.NAMES:
        return _read_names(text, url)
    return _read_html(text, url)


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
    base = _usable(as_folder(url))
    for number, match in enumerate(re.finditer("[^\n]+", text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        name = match[0].removesuffix("\r")
        if len(name) > MAX_TAG:
            yield Link(None, name[:MAX_TAG], problem=_LONG_LINE)
        elif name:
            yield Link(name, join(base, quote(name)))


def _read_json(text: str, url: str, inspect: Callable[[Document], None]) -> Iterator[Link]:
    base = _usable(without_query(url))
    try:
        document = json.loads(text)
        meta, files = document.get("meta"), document["files"]
        version = meta.get("api-version") if isinstance(meta, dict) else None
        check_version(str(version))
        if not isinstance(files, list):
            raise TypeError
    except UnsupportedVersion:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a valid JSON page of the simple API (PEP 691)") from None
    inspect(document)
    for number, file in enumerate(files):
        if number >= MAX_LINKS:
            raise TooManyLinks
        yield _read_file(file, base)


def _read_file(file: object, base: str) -> Link:
    """Return the link of one file of a JSON page.

    :param file: its entry, which may be anything.
    :param base: the address that its URL is relative to.
    """
    if not isinstance(file, dict):
        return Link(None, str(file)[:MAX_TAG], problem="its entry is not a JSON object")
    name, link, hashes = file.get("filename"), file.get("url"), file.get("hashes")
    if not isinstance(link, str) or not isinstance(name, str):
        lacking = "URL" if isinstance(name, str) else "file name"
        named = name if isinstance(name, str) else None
        return Link(named, str(named or link)[:MAX_TAG], problem=f"its entry has no {lacking}")
    # The key is mandatory.  Without it, there is no claim for this file.
    hashes = {} if hashes is None else hashes
    problem = "" if isinstance(hashes, dict) else "its hashes are not a JSON object"
    if not problem and len(hashes) > MAX_DIGESTS:
        problem = _TOO_MANY_DIGESTS
    try:
        split(link)
        address = join(base, link)
    except ValueError:
        problem = problem or _MALFORMED
    if problem:
        return Link(name, link[:MAX_TAG], problem=problem)
    # A value of another type is an invalid digest, but null is none.
    claimed = tuple((k, str(v)[:MAX_TAG]) for k, v in hashes.items() if v is not None)
    size, yanked = file.get("size"), file.get("yanked")
    size = size if is_size(size) else None
    provenance = _provenance(file.get("provenance"), base)
    return Link(name, address, claimed, size, yanked=_yanked(yanked), provenance=provenance)


def is_size(value: object) -> TypeGuard[int]:
    """Return whether a value of a JSON page is a number of bytes."""
    return type(value) is int and value >= 0


def _yanked(value: object) -> str | None:
    """Return the reason of the ``yanked`` key of a file: a reason, or a boolean."""
    return (value if isinstance(value, str) else "") if value else None


def _provenance(value: object, base: str) -> str | None:
    """Return the URL of attestations; None if there is none, or if it is malformed."""
    if not isinstance(value, str) or not value or len(value) > MAX_TAG:
        return None
    try:
        split(value)
        return join(base, value)
    except ValueError:
        return None


def _read_html(text: str, url: str) -> Iterator[Link]:
    anchors: list[str] = []
    base = _usable(without_query(url))
    based = False
    for number, (kind, tag) in enumerate(find_tags(text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        if kind in ("a", "link"):
            anchors.append(tag)
        elif kind == "meta":
            _check_meta(first_tag(tag))
        elif kind != "base":
            yield Link(None, tag, problem=kind)
        elif not based:
            with contextlib.suppress(ValueError):  # a malformed base is ignored
                named = first_tag(tag).get("href")
                based = named is not None
                named = (named or "").strip(_TRIMMED)
                split(named)
                base = join(base, named)
    beside = _usable(join(base, "x").removesuffix("x"))
    for text_of_tag in anchors:
        if plain := _PLAIN.fullmatch(text_of_tag):
            yield _read_href(plain["href"], base, beside)
        else:
            yield from _read_anchor(text_of_tag, base, beside)


def _check_meta(tag: Tag) -> None:
    """Check the version of the simple API (:pep:`629`)."""
    if (tag.get("name") or "").strip(_TRIMMED).lower() == "pypi:repository-version":
        check_version(tag.get("content") or "")


def _read_anchor(text: str, base: str, beside: str) -> Iterator[Link]:
    """Yield the link that an ``<a …>`` or ``<link …>`` tag makes, if it makes one."""
    tag = first_tag(text)
    href = (tag.get("href") or "").strip(_TRIMMED)
    is_next = "next" in (tag.get("rel") or "").lower().split()
    if href and is_next:
        with contextlib.suppress(ValueError):
            yield Link(None, join(base, href), is_next=True)
    if text[1] not in "aA":
        return  # the resources of a page are not links
    if href:
        link = _read_href(href, base, beside)
        yanked, provenance = tag.get("data-yanked"), tag.get("data-provenance")
        if yanked is not None or provenance:
            provenance = _provenance(provenance, base)
            link = link._replace(yanked=yanked, provenance=provenance)
        yield link
    elif tag.has_stray_quote and ARTIFACT.search(text):
        yield Link(None, text, problem=UNCLOSED)


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
            path = parts.path.rstrip("/")
            name = unquote(path.rpartition("/")[2])
            address = join(base, urlunsplit(parts))
        except ValueError:
            return Link(None, address, problem=_MALFORMED)
        if path != parts.path:
            if parse_artifact_name(name) is not None:
                return Link(name, address, problem=_LIKE_A_FOLDER)
            name = ""
    if fragment.count("&") >= MAX_DIGESTS:
        return Link(name, address, problem=_TOO_MANY_DIGESTS)
    return Link(name, address, _split_fragment(fragment))


def _split_fragment(fragment: str) -> tuple[tuple[str, str], ...]:
    """Return the digests in a fragment (:pep:`503`), which may have several parts."""
    if not fragment:
        return ()
    parts = (part.partition("=") for part in fragment.split("&"))
    return tuple((name.lower(), value) for name, _, value in parts if value)
