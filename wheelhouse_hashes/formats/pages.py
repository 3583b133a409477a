"""Read pages of links: HTML (:pep:`503`), JSON (:pep:`691`), lists of names.

Each link is read for itself, so that one malformed link does not cost the others.
Whoever wrote a page, reading it takes time and memory that grow with its size,
and no faster.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

#: The most bytes that a page may have.
MAX_BYTES = 64 * 1024 * 1024

#: What to ask for, best first (:rfc:`9110`, ``Accept``).
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.3, text/html;q=0.2, */*;q=0.1"

#: The most links that a page may have; the largest projects on the package
#: index have a tenth of that.
MAX_LINKS = 100_000

#: The usual link, whose address needs no decoding.
_PLAIN = re.compile(r"<a href=\"(?P<href>[^\"&<>\s]+)\">")

#: An address that is a name in the same folder, and in its normal form.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~!+-]*", re.ASCII)

# A ``<`` ends a tag that was never closed, also within quotes, where it should
# have been written as ``&lt;``: no search runs over what a later one begins at.
_MARKUP = re.compile(
    r"<(?:!--|(?P<raw>script|style)(?=[\s/>])"
    r"|(?P<kind>a|base)(?=[\s/])"
    r"[^<>\"']*(?:(?:\"[^<\"]*\"|'[^<']*')[^<>\"']*){0,256}>)",
    re.I,
)
_END_OF_COMMENT = re.compile("-->")
_END_OF_RAW = {name: re.compile(f"</{name}", re.I) for name in ("script", "style")}


class TooManyLinks(ValueError):
    """A page has more than :data:`MAX_LINKS` links."""

    def __init__(self) -> None:
        super().__init__(f"the page has more than {MAX_LINKS} links")


@dataclass(frozen=True)
class Link:
    """A link of a page."""

    #: The file's name, percent-decoded; None if the link is malformed.
    name: str | None
    #: Its absolute address, with its fragment; the tag itself if malformed.
    address: str
    #: The digests that it claims, as they stand there: algorithm and value.
    hashes: tuple[tuple[str, str], ...] = ()
    #: The file's size in bytes, None if the page does not say.
    size: int | None = None


def read_page(body: bytes, content_type: str, url: str) -> Iterator[Link]:
    """Read the links of a page.

    :param body: the page.
    :param content_type: the value of its ``Content-Type``, which may be empty.
    :param url: its address, for relative links.
    :raises ValueError: if a JSON page is not one of :pep:`691`.
    :raises TooManyLinks: if it has more than :data:`MAX_LINKS` of them.
    """
    message = Message()
    message["Content-Type"] = content_type or "text/html"
    try:
        text = body.decode(message.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        text = body.decode("utf-8", "replace")
    kind = message.get_content_type()
    if kind.endswith("json"):
        return _read_json(text, url)
    if kind == "text/plain":
        return _read_names(text, url)
    return _read_html(text, url)


def folder_of(url: str) -> str:
    """Return the address that a page's relative links are relative to.

    A last part without a dot is a folder, as the host has it: a container's
    address is often given without the slash at its end.
    """
    scheme, netloc, path, _, _ = urlsplit(url)
    if not path.endswith("/") and "." not in path.rpartition("/")[2]:
        path += "/"
    return urlunsplit((scheme, netloc, path, "", ""))


def _read_names(text: str, url: str) -> Iterator[Link]:
    base = folder_of(url)
    for number, name in enumerate(re.split("\r?\n", text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        if name:
            yield Link(name, urljoin(base, quote(name)))


def _read_json(text: str, url: str) -> Iterator[Link]:
    try:
        for number, file in enumerate(json.loads(text)["files"]):
            if number >= MAX_LINKS:
                raise TooManyLinks
            name, size, link = str(file["filename"]), file.get("size"), str(file["url"])
            hashes = tuple((k, v) for k, v in file["hashes"].items() if isinstance(v, str))
            try:
                address = urljoin(folder_of(url), link)
            except ValueError:
                yield Link(None, link)
                continue
            yield Link(name, address, hashes, size if type(size) is int and size >= 0 else None)
    except TooManyLinks:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a JSON page of a simple repository (PEP 691)") from None


def _read_html(text: str, url: str) -> Iterator[Link]:
    anchors: list[str] = []
    base = folder_of(url)
    based = False
    for number, (kind, tag) in enumerate(_tags(text)):
        if number >= MAX_LINKS:
            raise TooManyLinks
        if kind == "a":
            anchors.append(tag)
        elif not based:
            with contextlib.suppress(ValueError):  # then the page names no base
                named = _href(tag)
                based = named is not None
                base = urljoin(base, named or "")
    beside = urljoin(base, "x").removesuffix("x")
    for tag in anchors:
        plain = _PLAIN.fullmatch(tag)
        href = plain["href"] if plain else _href(tag)
        if not href:
            continue
        address, _, fragment = href.partition("#")
        if _NAME.fullmatch(address):
            yield Link(address, beside + address, _split_fragment(fragment))
            continue
        try:
            parts = urlsplit(href)
            name = unquote(parts.path.rpartition("/")[2])
            address = urljoin(base, urlunsplit(parts._replace(fragment="")))
            yield Link(name, address, _split_fragment(parts.fragment))
        except ValueError:
            yield Link(None, tag)


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ``<a …>`` and ``<base …>`` tags: the kind and the whole tag.

    The standard library's parser needs time that grows with the square of what
    a page never closes, so that a page of a megabyte could keep it busy for
    days.  Here each search begins where the last one ended.
    """
    position = 0
    while match := _MARKUP.search(text, position):
        position = match.end()
        kind = match["kind"]
        if kind is not None:
            yield kind.lower(), match[0]
            continue
        # A comment or a script: there are no links in it.
        end = (_END_OF_RAW[match["raw"].lower()] if match["raw"] else _END_OF_COMMENT).search(
            text, position
        )
        if end is None:
            return
        position = end.end()


def _href(tag: str) -> str | None:
    """Return the address in an ``<a …>`` or ``<base …>`` tag, None if there is none."""
    found: list[str | None] = []

    class Tag(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(dict(attrs).get("href"))

    Tag().feed(tag)
    return found[0] if found else None


def _split_fragment(fragment: str) -> tuple[tuple[str, str], ...]:
    """Return the digests of a fragment (:pep:`503`), which may have several parts."""
    if not fragment:
        return ()
    parts = (part.partition("=") for part in fragment.split("&"))
    return tuple((name.lower(), value) for name, _, value in parts if value)
