"""Index pages: HTML (:pep:`503`), JSON (:pep:`691`), directory listings.

HTML is read as :mod:`mousebender` reads it, one link at a time, so that one
malformed link does not cost the others.  Whatever a page says, only ``http``
and ``https`` links are offered, and none to ``http`` from an ``https`` page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Entry, Finding, Listing
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.filenames import parse_artifact_name, printable

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

#: The most bytes that an index page may have.
MAX_BYTES = 64 * 1024 * 1024

#: The name of the index page that uploads keep in a container.
INDEX = "index.html"

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.3, text/html;q=0.2, */*;q=0.1"


@hookimpl
def wheelhouse_locate(url: str, run: Run) -> Listing | None:
    """Read the page at an ``http`` or ``https`` address."""
    if urlsplit(url).scheme.lower() not in ("http", "https"):
        return None
    page = run.client.get(urldefrag(url).url, max_bytes=MAX_BYTES, accept=ACCEPT)
    content_type, charset = _content_type(page.headers.get("content-type", ""))
    base = folder_of(page.url)
    entries: list[Entry] = []
    notes: list[str] = []
    for filename, link, hashes, size in _links(page.body, content_type, charset, page.url):
        if filename is None:
            notes.append(f"left out a malformed link: {printable(link[:120])!r}")
            continue
        try:
            target = urldefrag(urljoin(base, link)).url
            why = _refused(target, page.url)
        except ValueError:
            target, why = link, "it is malformed"
        if why is None:
            entries.append(Entry(filename, target, size, claims=_claims(hashes, page.url)))
        elif parse_artifact_name(filename):
            notes.append(f"left out a link to {printable(filename)!r}: {why}")
    return Listing(page.url, tuple(entries), page.last_modified, tuple(notes))


def folder_of(url: str) -> str:
    """Return the address that a page's relative links are relative to.

    A last part without a dot is a folder, as the host has it: a container's
    address is often given without the slash at its end.
    """
    scheme, netloc, path, _, _ = urlsplit(url)
    if not path.endswith("/") and "." not in path.rpartition("/")[2]:
        path += "/"
    return urlunsplit((scheme, netloc, path, "", ""))


def _content_type(value: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = value or "text/html"
    return message.get_content_type(), message.get_content_charset() or "utf-8"


_Link = tuple[str | None, str, dict[str, str], int | None]


def _links(body: bytes, content_type: str, charset: str, url: str) -> Iterator[_Link]:
    """Yield file name, address, hashes and size; no name for a malformed link."""
    try:
        text = body.decode(charset, "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    if content_type.endswith("json"):
        yield from _json_links(text, url)
    elif content_type == "text/plain":
        yield from ((name, quote(name), {}, None) for name in text.splitlines() if name)
    else:
        yield from _html_links(text)


def _json_links(text: str, url: str) -> Iterator[_Link]:
    try:
        files = json.loads(text)["files"]
        for file in files:
            size = file.get("size")
            hashes = {k: v for k, v in file["hashes"].items() if isinstance(v, str)}
            name, link = str(file["filename"]), str(file["url"])
            yield name, link, hashes, size if isinstance(size, int) and size >= 0 else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise TransferError(
            Cause.UNREACHABLE, f"{url} is not a JSON page of a simple repository (PEP 691)"
        ) from None


class _Anchors(HTMLParser):
    """Collect the text of each ``<a …>`` tag, and the first ``<base href>``."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.base: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.tags.append(self.get_starttag_text() or "")
        elif tag == "base" and self.base is None:
            self.base = dict(attrs).get("href")


def _html_links(text: str) -> Iterator[_Link]:
    from mousebender.simple import from_project_details_html

    anchors = _Anchors()
    anchors.feed(text)
    anchors.close()
    for tag in anchors.tags:
        try:
            files: list[Any] = list(from_project_details_html(tag, "any")["files"])
            for file in files:
                link = urljoin(anchors.base or "", file["url"])
                yield file["filename"], link, _fragment(file["hashes"]), None
        except ValueError:
            yield None, tag, {}, None


def read_links(page: bytes) -> dict[str, Digest | None]:
    """Return the links of an HTML page: file names, and the first digest of each.

    :param page: a page in UTF-8, such as the host's ``index.html``.
    """
    links: dict[str, Digest | None] = {}
    for name, _, hashes, _ in _html_links(page.decode("utf-8", "replace")):
        if name is not None:
            claims = _claims(hashes, INDEX)
            digests = [claim.digest for claim in claims if isinstance(claim, Claim)]
            links[name] = digests[0] if digests else None
    return links


def _fragment(hashes: dict[str, str]) -> dict[str, str]:
    """Split a fragment of several parts, which arrives as one."""
    text = "&".join(f"{algorithm}={value}" for algorithm, value in hashes.items())
    parts = (part.partition("=") for part in text.split("&"))
    return {name.lower(): value for name, _, value in parts if value}


def _refused(target: str, page: str) -> str | None:
    scheme = urlsplit(target).scheme.lower()
    if scheme not in ("http", "https"):
        return f"{printable(scheme or 'no')} links are not followed"
    if scheme == "http" and urlsplit(page).scheme.lower() == "https":
        return "an https page must not lead to http"
    if not urlsplit(target).hostname:
        return "it names no host"
    return None


def _claims(hashes: dict[str, str], where: str) -> tuple[Claim | Finding, ...]:
    """Return a link's claims; a digest that cannot be one objects to the link."""
    claims: list[Claim | Finding] = []
    for algorithm, value in hashes.items():
        if algorithm in ALGORITHMS:
            try:
                claims.append(Claim(Digest(algorithm, value), "link", where))
            except ValueError as error:
                claims.append(Finding(Cause.UNREADABLE_HASH, f"the link of {where}: {error}"))
    return tuple(claims)
