"""Read downloads pages: check the hash, then return the links as a listing or as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import Claim, Tier
from wheelhouse_hashes.builtin.sources.links import refused, request_url
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.downloads_page import (
    MAX_BYTES,
    DownloadsPage,
    PageLink,
    Release,
    hash_of,
    last_part,
    read_downloads,
    release_of_page,
)
from wheelhouse_hashes.formats.urls import scheme_of, shown
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

SOURCE = "pinned page"

#: Seconds without modification after which a page counts as final.
_QUIET = 3600.0

#: Maximum number of other links to name in notes.
_MAX_NOTES = 5

_MAKE_AGAIN = "make the page again with page make, and publish its new hash"


@dataclass(frozen=True)
class CheckedPage:
    """A page that has its hash."""

    #: Its content.
    content: bytes
    #: Its URL after redirects; a path for a file.
    url: str
    #: Its URL or path, for messages.
    where: str
    #: The release that its name is about, None if it has another name.
    release: Release | None = None
    #: False if it was read over plain HTTP.
    secure: bool = True
    #: True if it is a file of this machine.
    is_file: bool = False
    #: When it last changed, in seconds since the epoch; None if unknown.
    last_modified: float | None = None
    #: For how long it had not changed, in seconds; None if unknown.
    age: float | None = None

    def read(self) -> DownloadsPage:
        """Return its links; those that must not be followed are refused.

        :raises Refusal: if it is not a page of links.
        """
        try:
            page = read_downloads(self.content, self.url, self.release)
        except ValueError as error:
            text = f"{self.where}: {error}"
            raise Refusal(Cause.UNREADABLE, text, may_heal=False, next=_MAKE_AGAIN) from None
        links: list[PageLink] = []
        objections = dict(page.refused)
        for link in page.links:
            why = None if self.is_file else refused(link.url, self.url, secure=self.secure)
            if why is None:
                links.append(link)
            else:
                objections[link.name] = why
        return DownloadsPage(tuple(links), objections, page.ignored)

    def notes(self, page: DownloadsPage) -> tuple[str, ...]:
        """Return one note for each link that is not followed, up to a limit."""
        notes = [f"not followed, not an artifact: {shown(url)}" for url in page.ignored]
        more = len(notes) - _MAX_NOTES
        return (*notes[:_MAX_NOTES], *([f"{more} more links are not followed"] if more > 0 else []))


def is_downloads_page(path: str) -> bool:
    """Return whether a file is a downloads page, judging by its name."""
    return release_of_page(last_part(path)) is not None


def at_url(run: Run[CheckOptions], url: str, pin: str) -> Listing:
    """Return the listing of a pinned page at a URL.

    :param run: the command in progress.
    :param url: the URL; its fragment is ignored.
    :param pin: the SHA-256 of the page.
    :raises Refusal: if it has another hash, or cannot be read.
    """
    return _listing(run, get_page(run, url, pin))


def in_file(run: Run[CheckOptions], path: pathlib.Path, pin: str | None) -> Listing:
    """Return the listing of a downloads page of this machine.

    :param run: the command in progress.
    :param path: the page.
    :param pin: its SHA-256, None if the user holds the page itself.
    :raises Refusal: if it has another hash, or cannot be read.
    """
    return _listing(run, read_page_file(run, path, pin))


def get_page(run: Run[Any], url: str, pin: str) -> CheckedPage:
    """Request a page, and check its hash."""
    address = url.partition("#")[0]
    response = run.client.get(address, max_bytes=MAX_BYTES, accept="text/html, */*", fresh=True)
    where = shown(response.url)
    age = response.age
    _check(response.body, pin, where, may_heal=age is not None and age < _QUIET)
    secure = response.secure and scheme_of(response.url) != "http"
    return CheckedPage(
        response.body,
        response.url,
        where,
        release_of_page(last_part(address)),
        secure=secure,
        last_modified=response.last_modified,
        age=age,
    )


def read_page_file(run: Run[Any], path: pathlib.Path, pin: str | None) -> CheckedPage:
    """Read a page of this machine, and check its hash."""
    where = printable(str(path))
    content = run.read_file(path, MAX_BYTES)
    if len(content) > MAX_BYTES:
        text = f"{where}: larger than {MAX_BYTES} bytes"
        raise Refusal(Cause.UNREADABLE, text, may_heal=False, next=_MAKE_AGAIN)
    if pin is not None:
        _check(content, pin, where, may_heal=False)
    release = release_of_page(path.name)
    return CheckedPage(content, path.resolve().as_uri(), where, release, is_file=True)


def _check(content: bytes, pin: str, where: str, *, may_heal: bool) -> None:
    found = hash_of(content)
    if found != pin:
        start = content[:64].lstrip().lower()
        what = "" if start.startswith((b"<!doctype html", b"<html")) else ", and is no HTML page"
        text = f"{where}: its hash is sha256={found}, not sha256={pin}{what}"
        raise Refusal(Cause.NOT_THE_PAGE, text, may_heal=may_heal)


def _listing(run: Run[CheckOptions], checked: CheckedPage) -> Listing:
    page = checked.read()
    entries = []
    for link in page.links:
        claim = Claim(link.digest, SOURCE, checked.where, Tier.PINNED)
        target = link.url if checked.is_file else request_url(link.url, run)
        entries.append(Entry(link.name, target, claims=(claim,), yanked=link.yanked))
    return Listing(
        checked.where,
        tuple(entries),
        checked.last_modified,
        checked.notes(page),
        tuple(LeftOut(name, Cause.UNREADABLE, why) for name, why in page.refused.items()),
        secure=checked.secure,
        # Hash files beside the artifacts add nothing to the digests of the page.
        companions_listed=True,
        age=checked.age,
    )
