"""The links of index pages and directory listings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_hashes.builtin.sources.links import claims_of, refused, request_url
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TransferError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.api_version import UnsupportedVersion
from wheelhouse_hashes.formats.cut_listings import is_next_page
from wheelhouse_hashes.formats.header_digests import request_headers
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.pages import MAX_LINKS, Link, TooManyLinks, read_page
from wheelhouse_hashes.formats.relevance import Relevance
from wheelhouse_hashes.formats.sniffing import project_link
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.formats.urls import (
    join,
    shown,
)
from wheelhouse_hashes.options import CheckOptions, FetchOptions
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Page

SOURCE = "link"

#: Maximum number of malformed links to print.  All of them are counted.
MAX_SHOWN = 20

_OTHER_VERSION = "update wheelhouse-hashes, or give a page of an older version of the API"

_HREF = lazily(r"(?<![-\w])href\s*=\s*[\"']?([^\"'\s<>]{1,4096})", re.IGNORECASE)


def read_links(page: Page, run: Run[CheckOptions]) -> Listing:
    """Read an index page or a directory listing.

    :param page: the page.
    :param run: the command in progress.
    :raises Interrupted: if the run must end.
    :raises TransferError: if the page cannot be read.
    """
    where = shown(page.url)
    found = _Found(page, run)
    try:
        links = read_page(page.content, page.headers.get("content-type", ""), page.url)
        # If the server counts the container's objects, that is compared with all of them.
        counted = "x-container-object-count" in page.headers
        for link in links if counted else Relevance.to(run.options).of(links):
            if run.stop.is_set():
                raise Interrupted("interrupted")
            found.add(link)
    except TooManyLinks as error:
        raise TransferError(Cause.TOO_LARGE, f"{where}: {error}") from None
    except ValueError as error:
        unreadable = TransferError(Cause.UNREADABLE, f"{where}: {error}", final=True)
        if isinstance(error, UnsupportedVersion):
            unreadable.next = _OTHER_VERSION
        raise unreadable from None
    return found.listing()


class _Found:
    """What the links of one page offer.

    :param page: the page.
    :param run: the command in progress.
    """

    def __init__(self, page: Page, run: Run[CheckOptions]) -> None:
        self._page = page
        self._run = run
        self._where = shown(page.url)
        self._entries: list[Entry] = []
        self._left_out: list[LeftOut] = []
        self._malformed = 0
        self._notes: list[str] = []
        self._cut = ""
        #: The note about attestations that are not read.
        self._unread = ""

    def add(self, link: Link) -> None:
        """Add a link.

        :raises TooManyLinks: if too many artifacts are left out.
        """
        if link.is_next:
            self._add_next(link.address)
        elif link.problem:
            self._malformed += 1
            if self._malformed <= MAX_SHOWN:
                self._notes.append(f"ignored a malformed link: {printable(link.address[:120])!r}")
            names = [link.name] if link.name else _artifacts_in(link.address)
            self._left_out += [LeftOut(name, Cause.UNREADABLE, link.problem) for name in names]
            if len(self._left_out) > MAX_LINKS:
                raise TooManyLinks
        elif link.name:
            why = refused(link.address, self._page.url, secure=self._page.secure)
            if why is not None:
                self._left_out.append(LeftOut(link.name, Cause.UNREACHABLE, why))
                return
            target = request_url(link.address, self._run)
            claims = claims_of(link.hashes, SOURCE, self._where, f"link on the page {self._where}")
            asked = request_headers(target, self._page.url, self._page.headers)
            provenance = self._provenance(link)
            entry = Entry(link.name, target, link.size, asked, claims, link.yanked, provenance)
            self._entries.append(entry)

    def _provenance(self, link: Link) -> str | None:
        """Return the URL of the attestations of a link, if it is followed."""
        url = link.provenance
        if url is None:
            return None
        why = refused(url, self._page.url, secure=self._page.secure)
        if why is None:
            return request_url(url, self._run)
        if not self._unread:
            self._unread = (
                f"the attestations of {printable((link.name or '')[:120])} are not read: {why}"
            )
            self._notes.append(self._unread)
        return None

    def _add_next(self, address: str) -> None:
        if is_next_page(address, self._page.url):
            self._cut = "the page has a next page, which is not read"
            return
        note = f"the page names a next page, which is not read: {shown(address)}"
        if note not in self._notes:
            self._notes.append(note)

    def listing(self) -> Listing:
        """Return the listing."""
        more = self._malformed - MAX_SHOWN
        notes = [*self._notes, *([f"ignored {more} more malformed links"] if more > 0 else [])]
        notes += _about_projects(self._page, self._entries, self._run)
        return Listing(
            self._where,
            tuple(self._entries),
            self._page.last_modified,
            tuple(notes),
            tuple(self._left_out),
            cut=self._cut,
            secure=self._page.secure,
        )


def _about_projects(page: Page, entries: Sequence[Entry], run: Run[CheckOptions]) -> list[str]:
    """Return a note if an HTML page lists projects, as the root of a package index does."""
    options = run.options
    if not isinstance(options, FetchOptions) or any(parse_artifact_name(e.name) for e in entries):
        return []
    link = project_link(page.content, options.project_name)
    try:
        url = join(page.url, unescape(link or ""))
    except ValueError:
        return []
    if link is None or not url.startswith(("http://", "https://")):
        return []
    url = url if url.endswith("/") else url + "/"
    return [f"the page lists projects or folders, not artifacts; give {shown(url)}"]


def _artifacts_in(malformed: str) -> Iterator[str]:
    """Yield the names of artifacts in a malformed URL, or in a tag that contains one."""
    # In a tag that is too long, the URL can be anywhere.
    href = _HREF.search(malformed)
    text = unescape(f"{malformed[:MAX_TAG]} {href[1] if href else ''}")
    for part in re.split(r"[\s\"'<>/?#&=]+", text):
        if parse_artifact_name(name := unquote(part)) is not None:
            yield name
