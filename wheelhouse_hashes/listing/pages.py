"""Request the pages of a listing and have the plugins read them."""

from __future__ import annotations

from dataclasses import replace
from email.message import Message
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError, UsageError
from wheelhouse_hashes.formats.pages import ACCEPT, MAX_BYTES
from wheelhouse_hashes.formats.urls import origin, scheme_of, shown
from wheelhouse_hashes.runtime.parallel import run_in_thread
from wheelhouse_hashes.transport import Page

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Entry, LeftOut, Listing

#: Maximum number of pages of one listing, and of their entries.  A store lists a thousand
#: objects a page.
MAX_PAGES = 1_000
MAX_ENTRIES = 1_000_000


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


def _request(run: Session[CheckOptions], address: str) -> Listing:
    """Request one page and have it read."""
    response = run.client.get(address, max_bytes=MAX_BYTES, accept=ACCEPT, fresh=True)
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
    # Not in the main thread, so that it can watch for an interruption.
    listing = run_in_thread(lambda: run.plugins.read_listing(page, run), run.stop)
    if listing is None:
        kind = page.media_type or "no media type"
        raise UsageError(f"{shown(address)}: no plugin reads pages of this kind ({kind})")
    return replace(listing, age=response.age)


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
        secure=all(listing.secure for listing in listings),
        companions_listed=all(listing.companions_listed for listing in listings),
    )
