"""Index pages and directory listings: HTML, JSON (:pep:`691`) and lists of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.formats.urls import is_secure, origins_of

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing, Page


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``container``, and ``elsewhere`` if ``--against`` names an https URL."""
    if any(is_secure(one, checked=run.verify_tls) for one in origins_of(*run.options.against)):
        return (Tier.CONTAINER, Tier.ELSEWHERE)
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_read_listing(page: Page, run: Run[CheckOptions]) -> Listing | None:
    """Read an index page or a directory listing."""
    # Imported here because importing the parsers takes 10 ms, and not every verb reads pages.
    from wheelhouse_hashes.builtin.sources.page_links import read_links

    return read_links(page, run)
