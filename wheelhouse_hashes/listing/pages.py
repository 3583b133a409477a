"""Request the pages of a listing and have the plugins read them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from email.message import Message
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import ABSENT_STATUSES, TransferError, UsageError
from wheelhouse_hashes.formats.cut_listings import why_cut
from wheelhouse_hashes.formats.pages import ACCEPT, MAX_BYTES
from wheelhouse_hashes.formats.sniffing import is_index_page
from wheelhouse_hashes.formats.urls import is_http, origin, scheme_of, shown, without_query
from wheelhouse_hashes.runtime.parallel import run_in_thread
from wheelhouse_hashes.transport import Listing, Page

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Entry, LeftOut

#: Maximum size of a JSON page, in bytes.
MAX_JSON_BYTES = 16 * 1024 * 1024

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

#: Maximum number of pages of one listing, and of their entries.  A store lists a thousand
#: objects a page.
MAX_PAGES = 1_000
MAX_ENTRIES = 1_000_000


@dataclass(frozen=True)
class SlashlessListing(Listing):
    """The listing of a page whose URL has no slash at its end: a file's, or a folder's."""

    #: The URL of the page, without query and fragment.
    page: str = field(default="", repr=False)
    #: The page itself.
    content: bytes = field(default=b"", repr=False, compare=False)
    #: Returns the listing that the page would have at another URL.
    reread: Callable[[str], Listing] = field(kw_only=True, repr=False, compare=False)


def read(run: Session[CheckOptions], address: str) -> Listing:
    """Read the listing at a URL, with all of its pages; retry on transient errors.

    :param run: the command in progress.
    :param address: the URL.
    :raises TransferError: if a page cannot be read, or there are too many.
    :raises UnsupportedURL: if no plugin opens URLs of this scheme.
    :raises UsageError: if no plugin reads pages of this kind.
    """
    listings = [_read_page(run, address)]
    urls = {address}
    entries = 0
    while (next_url := listings[-1].next) is not None:
        entries += len(listings[-1].entries)
        if len(listings) >= MAX_PAGES or entries > MAX_ENTRIES:
            most = f"{MAX_PAGES} pages or {MAX_ENTRIES} entries"
            text = f"{shown(address)}: the listing has more than {most}"
            raise TransferError(Cause.TOO_LARGE, text)
        _check_next(listings[0].url, next_url, urls)
        urls.add(next_url)
        listings.append(_read_page(run, next_url))
    return _joined(listings)


def _read_page(run: Session[CheckOptions], address: str) -> Listing:
    return run.repeat(lambda: _request(run, address), run.waiting(shown(address)))


def read_beside(
    run: Session[CheckOptions], address: str, sent: Mapping[str, str], max_bytes: int
) -> Listing | None:
    """Read a digest list beside the objects of a listing; retry on transient errors.

    :param run: the command in progress.
    :param address: the URL of the list.
    :param sent: the request headers of its entry in the listing.
    :param max_bytes: the maximum size.
    :returns: its listing, or None if it does not exist.
    :raises TransferError: if it cannot be read.
    """

    def request() -> Listing:
        return _request(run, address, sent, max_bytes)

    try:
        return run.repeat(request, run.waiting(shown(address)))
    except TransferError as error:
        if error.status in ABSENT_STATUSES:
            return None
        raise


def _request(
    run: Session[CheckOptions],
    address: str,
    sent: Mapping[str, str] = _NO_HEADERS,
    max_bytes: int | None = None,
) -> Listing:
    """Request one page and have it read."""
    max_bytes = MAX_BYTES if max_bytes is None else max_bytes
    response = run.client.get(address, max_bytes=max_bytes, headers=sent, accept=ACCEPT, fresh=True)
    headers = response.headers
    page = Page(
        response.url,
        _media_type(headers.get("content-type", "")),
        headers,
        response.body,
        address=address,
        last_modified=response.last_modified,
        secure=response.secure and scheme_of(response.url) != "http",
    )
    _check_size(page)

    # Not in the main thread, so that it can watch for an interruption.
    def read_listing() -> Listing | None:
        with _no_collection():
            return run.plugins.read_listing(page, run)

    listing = run_in_thread(read_listing, run.stop)
    if listing is None:
        kind = page.media_type or "no media type"
        raise UsageError(f"{shown(address)}: no plugin reads pages of this kind ({kind})")
    cut = listing.cut
    # Listings of stores name whole paths, and their next pages are read.
    is_other = not is_index_page(page.media_type, page.content)
    if listing.next is None and not (is_other or listing.is_list):
        cut = cut or why_cut(headers, response.url, len(listing.entries))
    listing = replace(listing, age=response.age, cut=cut)
    if listing.next is not None or is_other or listing.is_list or not _is_slashless(page):
        return listing

    def reread(url: str) -> Listing:
        read = partial(run.plugins.read_listing, replace(page, url=url), run)
        again = run_in_thread(read, run.stop) or listing
        return replace(again, url=listing.url, age=listing.age, cut=listing.cut)

    values = {each.name: getattr(listing, each.name) for each in fields(Listing)}
    return SlashlessListing(
        **values, page=without_query(page.url), content=page.content, reread=reread
    )


def _is_slashless(page: Page) -> bool:
    """Return whether a URL may be that of a folder, without its slash."""
    return is_http(page.url) and not without_query(page.url).lower().endswith(
        ("/", ".html", ".htm")
    )


def _check_size(page: Page) -> None:
    """Check the size of a JSON page.  Its parser needs many times that memory.

    :raises TransferError: if it is too large.
    """
    is_json = page.media_type.endswith("json") or page.content[:64].lstrip()[:1] in (b"{", b"[")
    if is_json and len(page.content) > MAX_JSON_BYTES:
        text = f"{shown(page.url)}: more than {MAX_JSON_BYTES} bytes of JSON"
        raise TransferError(Cause.TOO_LARGE, text)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage in the ``with`` block, which makes many objects that all stay.

    The parser of JSON cannot be interrupted, and would take ten times as long.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _media_type(content_type: str) -> str:
    if not content_type:
        return ""
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_type()


def _check_next(page: str, url: str, urls: set[str]) -> None:
    """Check that the next page of a listing may be requested.

    :raises TransferError: if it was read already, or is at another origin.
    """
    try:
        strange = origin(url) != origin(page)
    except ValueError:
        strange = True
    if strange or url in urls:
        why = "at another origin" if strange else "with a page that was read already"
        text = f"{shown(page)}: the listing continues {why}: {shown(url)}"
        raise TransferError(Cause.UNREACHABLE, text, final=True)


def _joined(listings: list[Listing]) -> Listing:
    """Return the listing that several pages contain together."""
    if len(listings) == 1:
        return listings[0]
    entries: list[Entry] = []
    notes: list[str] = []
    left_out: list[LeftOut] = []
    for listing in listings:
        entries += listing.entries
        notes += listing.notes
        left_out += listing.left_out
    dates = [listing.last_modified for listing in listings if listing.last_modified is not None]
    ages = [listing.age for listing in listings if listing.age is not None]
    return replace(
        listings[0],
        entries=tuple(entries),
        notes=tuple(notes),
        left_out=tuple(left_out),
        last_modified=max(dates) if len(dates) == len(listings) else None,
        age=min(ages) if len(ages) == len(listings) else None,
        next=None,
        cut=next((listing.cut for listing in listings if listing.cut), ""),
        secure=all(listing.secure for listing in listings),
        companions_listed=all(listing.companions_listed for listing in listings),
    )
