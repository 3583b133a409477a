"""Index pages and directory listings: HTML, JSON (:pep:`691`) and lists of names.

Only ``http`` and ``https`` links are followed, ``http`` links only from pages that were
not read over a secure connection, and links of other schemes within their own origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Finding, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TransferError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.api_version import UnsupportedVersion
from wheelhouse_hashes.formats.cut_listings import is_next_page
from wheelhouse_hashes.formats.pages import MAX_LINKS, Link, TooManyLinks, read_page
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.formats.urls import (
    is_http,
    is_secure,
    normalized,
    origin,
    origins_of,
    shown,
    split,
)
from wheelhouse_hashes.options import CheckOptions, VerifyOptions
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Page

SOURCE = "link"

#: Maximum number of malformed links to print.  All of them are counted.
MAX_SHOWN = 20

_OTHER_VERSION = "update wheelhouse-hashes, or give a page of an older version of the API"

_HREF = re.compile(r"(?<![-\w])href\s*=\s*[\"']?([^\"'\s<>]{1,4096})", re.IGNORECASE)


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``container``, and ``elsewhere`` if ``--against`` names an https URL."""
    options = run.options
    address = options.against or "" if isinstance(options, VerifyOptions) else ""
    origins = origins_of(address)
    if origins and all(is_secure(one, checked=run.verify_tls) for one in origins):
        return (Tier.CONTAINER, Tier.ELSEWHERE)
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_read_listing(page: Page, run: Run[CheckOptions]) -> Listing | None:
    """Read an index page or a directory listing."""
    # Imported only if a page is read.
    from wheelhouse_hashes.formats.relevance import Relevance

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
            why = _refused(link.address, self._page.url, secure=self._page.secure)
            if why is not None:
                self._left_out.append(LeftOut(link.name, Cause.UNREACHABLE, why))
                return
            target = _target(link.address, self._run)
            claims = _claims(link.hashes, self._where)
            entry = Entry(link.name, target, link.size, claims=claims, yanked=link.yanked)
            self._entries.append(entry)

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
        return Listing(
            self._where,
            tuple(self._entries),
            self._page.last_modified,
            tuple(notes),
            tuple(self._left_out),
            cut=self._cut,
            secure=self._page.secure,
        )


def _target(address: str, run: Run[CheckOptions]) -> str:
    """Return the URL to request; the client keeps the user and password in it."""
    return run.client.authorize(normalized(address)) if is_http(address) else address


def _refused(target: str, page: str, *, secure: bool) -> str | None:
    """Return why a link is not followed, or None if it is.

    :param target: its URL.
    :param page: the URL of its page.
    :param secure: whether others cannot change the page.
    """
    # Checked before normalizing, which takes many times the memory.
    if len(target) > MAX_TAG:
        return f"its URL is longer than {MAX_TAG} characters"
    try:
        return _refused_scheme(target, page, secure=secure)
    except ValueError:
        return "its URL is malformed"


def _refused_scheme(target: str, page: str, *, secure: bool) -> str | None:
    """Return why the scheme of a link is refused, or None if it is not.

    :raises ValueError: if the URL is malformed.
    """
    scheme, _, _ = origin(target)
    if not scheme:
        return "its URL has no scheme; the base URL of the page is neither http nor https"
    if scheme not in ("http", "https"):
        # A page that a plugin opened links to its own container, whose name may
        # depend on case.
        if split(target)[:2] == split(page)[:2]:
            return None
        return f"{printable(scheme)}: links are not followed"
    if scheme == "http" and secure:
        return "http links on an https page are not followed"
    normalized(target)
    return None


def _artifacts_in(malformed: str) -> Iterator[str]:
    """Yield the names of artifacts in a malformed URL, or in a tag that contains one."""
    # In a tag that is too long, the URL can be anywhere.
    href = _HREF.search(malformed)
    text = unescape(f"{malformed[:MAX_TAG]} {href[1] if href else ''}")
    for part in re.split(r"[\s\"'<>/?#&=]+", text):
        if parse_artifact_name(name := unquote(part)) is not None:
            yield name


def _claims(hashes: Iterable[tuple[str, str]], where: str) -> tuple[Claim | Finding, ...]:
    """Return the claims of a link; an invalid digest becomes a finding."""
    claims: list[Claim | Finding] = []
    for algorithm, value in hashes:
        if algorithm in ALGORITHMS:
            try:
                claims.append(Claim(Digest(algorithm, value), SOURCE, where))
            except ValueError as error:
                text = f"link on the page {where}: {error}"
                claims.append(Finding(Cause.UNREADABLE_HASH, text))
    return tuple(claims)
