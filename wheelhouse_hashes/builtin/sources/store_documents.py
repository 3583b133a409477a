"""Read listings of stores and releases: S3 and nginx in XML; Swift, nginx, releases in JSON.

Documents of other kinds are refused by name, with the URL to give instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from wheelhouse_hashes.builtin.sources.links import claims_of, refused, request_url
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, Refusal, TransferError
from wheelhouse_hashes.filenames import listed, parse_artifact_name, printable
from wheelhouse_hashes.formats.header_digests import request_headers
from wheelhouse_hashes.formats.json_listings import read_json
from wheelhouse_hashes.formats.offers import (
    NotAListing,
    Offers,
    TooLarge,
    Unfinished,
    next_in,
)
from wheelhouse_hashes.formats.pages import TooManyLinks
from wheelhouse_hashes.formats.sniffing import PageKind, page_kind
from wheelhouse_hashes.formats.urls import shown
from wheelhouse_hashes.formats.xml_listings import read_xml
from wheelhouse_hashes.options import CheckOptions, FetchOptions
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Page

SOURCE = "listing"

#: Maximum number of folders to print.
_MAX_FOLDERS = 3


def read_document(page: Page, run: Run[CheckOptions]) -> Listing:
    """Read a listing of a store or a release.

    :param page: the page, of a kind that :func:`~.sniffing.is_index_page` excludes.
    :param run: the command in progress.
    :raises Refusal: if it is another document, or cannot be read.
    :raises TransferError: if it is cut off or too large.
    """
    where = shown(page.url)
    try:
        return _listing(page, _read(page, run), run)
    except NotAListing as error:
        text = f"{where}: {printable(str(error))}"
        advice = printable(error.instead)
        if isinstance(run.options, FetchOptions):
            advice = advice.replace("PROJECT", canonicalize_name(run.options.project_name))
        raise Refusal(Cause.UNREADABLE, text, may_heal=False, next=advice) from None
    except Unfinished as error:
        raise TransferError(Cause.TRUNCATED, f"{where}: {error}") from None
    except (TooLarge, TooManyLinks) as error:
        raise TransferError(Cause.TOO_LARGE, f"{where}: {error}") from None
    except ValueError as error:  # a URL that is malformed or has too many parameters
        raise Refusal(Cause.UNREADABLE, f"{where}: {error}", may_heal=False) from None


def _read(page: Page, run: Run[CheckOptions]) -> Offers:
    match page_kind(page.media_type, page.content):
        case PageKind.JSON:
            offers = read_json(page.content, page.url, page.headers)
            if offers.next is None:
                offers.next = next_in(page.headers, page.url)
            return offers
        case PageKind.NAMES:
            raise NotAListing(
                "a JavaScript call with JSON (JSONP)", "give the URL without ?callback"
            )
        case _:
            return read_xml(page.content, page.url, lambda: _check(run))


def _check(run: Run[CheckOptions]) -> None:
    if run.stop.is_set():
        raise Interrupted("interrupted")


def _listing(page: Page, offers: Offers, run: Run[CheckOptions]) -> Listing:
    """Return the listing of what a page offers."""
    where = shown(page.url)
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for offer in offers.offers:
        _check(run)
        why = offer.problem or refused(
            offer.url, page.url, secure=page.secure, what="is not followed"
        )
        if why:
            left_out.append(LeftOut(offer.name, Cause.UNREACHABLE, why))
            continue
        claims = claims_of(
            offer.digests, SOURCE, where, f"listing {where}", confirms_only=offer.confirms_only
        )
        url = request_url(offer.url, run)
        headers = request_headers(url, page.url, page.headers)
        entries.append(Entry(offer.name, url, offer.size, headers, claims))
    if below := {key.rpartition("/")[0] + "/" for key in filter(_is_artifact, offers.below)}:
        run.note_once("folders of a listing", _about_folders(below))
    if offers.unnamed:
        run.note_once("unnamed", f"ignored entries of the listing that have no name: {where}")
    return Listing(
        where,
        tuple(entries),
        page.last_modified,
        left_out=tuple(left_out),
        next=offers.next,
        secure=page.secure,
        companions_listed=offers.complete,
    )


def _is_artifact(key: str) -> bool:
    return parse_artifact_name(key.rpartition("/")[2]) is not None


def _about_folders(folders: set[str]) -> str:
    some = listed(sorted(folders), most=_MAX_FOLDERS)
    return (
        f"artifacts in other folders of the container are not read: "
        f"{some}; to read one, add ?prefix=FOLDER/ to the URL"
    )
