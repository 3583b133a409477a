"""Digest lists, lock files, requirements files and reports, at a path or an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.urls import join, normalized, shown
from wheelhouse_hashes.transport import Entry, Listing

# The readers are imported where they are needed: most runs have no list.
if TYPE_CHECKING:
    from wheelhouse_hashes.formats.named_digests import DigestSource
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Page

#: The ends of the media types of HTML and XML.
_MARKUP = ("html", "xml")

#: The number of bytes of a page in which the first digest of a list must be.
_HEAD = 16 * 1024


@hookimpl
def wheelhouse_tiers() -> Sequence[Tier]:
    """Return ``container``: lists can be beside the artifacts."""
    return (Tier.CONTAINER,)


@hookimpl
def wheelhouse_read_listing(page: Page, run: Run[CheckOptions]) -> Listing | None:
    """Read a digest list, a lock file, a requirements file or a report."""
    if not _may_be_list(page):
        return None
    from wheelhouse_hashes.formats.lock_files import last_part

    where = shown(page.url)
    try:
        read = read_source(page.content, last_part(page.url), where, run)
    except HashFileError as error:
        raise Refusal(Cause.UNREADABLE, str(error), may_heal=False, next=error.next) from None
    base = join(page.url, ".")

    def beside(name: str) -> str:
        from wheelhouse_hashes.formats.offers import beside as url_of

        return run.client.authorize(normalized(url_of(base, name)))

    listing = listing_of(read, where, beside, Tier.CONTAINER)
    # Nobody needs hash files beside a list of digests.
    return replace(
        listing,
        last_modified=page.last_modified,
        secure=page.secure,
        companions_listed=True,
    )


def _may_be_list(page: Page) -> bool:
    """Return whether a page is one of these documents, judging by its first lines."""
    head = page.content[:_HEAD]
    is_markup = page.media_type.endswith(_MARKUP)
    if is_markup and b"<" in head:
        return False
    from wheelhouse_hashes.formats import digest_sources, json_digests, sniffing

    if is_markup:  # servers give this type to all files, perhaps
        return digest_sources.resembles_source(head)
    kind = sniffing.page_kind(page.media_type, page.content)
    if kind is sniffing.PageKind.JSON:
        return json_digests.is_report(page.content)
    if kind is not sniffing.PageKind.NAMES:
        return False
    return digest_sources.resembles_source(head)


def read_source(content: bytes, file_name: str, where: str, run: Run[CheckOptions]) -> DigestSource:
    """Read a text with digests.

    :param content: its content.
    :param file_name: the name of the file.
    :param where: its path or URL, for messages.
    :param run: the command in progress.
    :raises HashFileError: if it is another text, or cannot be read.
    """
    from wheelhouse_hashes.formats.digest_sources import read_digests

    try:
        return read_digests(content, file_name, run.options.hash_algorithm)
    except HashFileError as error:
        cure = error.next or "correct the digest list"
        raise HashFileError(f"{where}: {printable(str(error))}", next=cure) from None


def listing_of(read: DigestSource, where: str, beside: Callable[[str], str], tier: Tier) -> Listing:
    """Return the listing of a text with digests.

    :param read: its content.
    :param where: its path or URL, for messages.
    :param beside: returns the URL of an object in its folder.
    :param tier: the tier of its claims.
    """

    def claim(digest: Digest, *others: Digest) -> Claim:
        return Claim(digest, read.source, where, tier, alternatives=others)

    entries = tuple(
        Entry(each.name, beside(each.name), claims=tuple(map(claim, each.digests)))
        for each in read.artifacts
    )
    return Listing(
        where,
        entries,
        notes=tuple(f"{where}: {note}" for note in read.notes),
        is_list=True,
        announces=read.announces,
        releases={release: (claim(*digests),) for release, digests in read.releases.items()},
    )
