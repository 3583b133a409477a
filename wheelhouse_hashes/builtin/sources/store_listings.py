"""Listings of stores and releases, which are neither HTML, lists of names nor the simple API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Tier

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing, Page


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: the store makes the listing."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_read_listing(page: Page, run: Run[CheckOptions]) -> Listing | None:
    """Read a listing of a store or a release; refuse other documents by name."""
    # Imported here because not every verb reads listings.
    from wheelhouse_hashes.formats.sniffing import is_index_page

    if is_index_page(page.media_type, page.content):
        return None
    # Most runs read index pages only; importing the parsers of XML and JSON takes 5 ms.
    from wheelhouse_hashes.builtin.sources.store_documents import read_document

    return read_document(page, run)
