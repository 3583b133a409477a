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
from wheelhouse_hashes.formats.pages import MAX_LINKS, TooManyLinks, read_page
from wheelhouse_hashes.formats.sniffing import project_link
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.formats.urls import (
    is_http,
    is_secure,
    join,
    normalized,
    origin,
    origins_of,
    shown,
    split,
)
from wheelhouse_hashes.options import CheckOptions, FetchOptions, VerifyOptions
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Page

SOURCE = "link"

#: Maximum number of malformed links to print.  All of them are counted.
MAX_SHOWN = 20

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
    url = page.url
    where = shown(url)
    entries: list[Entry] = []
    malformed: list[str] = []
    left_out: list[LeftOut] = []
    try:
        for link in read_page(page.content, page.headers.get("content-type", ""), url):
            if run.stop.is_set():
                raise Interrupted("interrupted")
            if link.problem:
                malformed.append(printable(link.address[:120]))
                names = [link.name] if link.name else _artifacts_in(link.address)
                left_out += [LeftOut(name, Cause.UNREACHABLE, link.problem) for name in names]
                if len(left_out) > MAX_LINKS:
                    raise TooManyLinks
                continue
            why = _refused(link.address, url, secure=page.secure)
            if why is None and link.name:
                target = _target(link.address, run)
                claims = _claims(link.hashes, where)
                entries.append(Entry(link.name, target, link.size, claims=claims))
            elif why is not None and link.name:
                left_out.append(LeftOut(link.name, Cause.UNREACHABLE, why))
    except TooManyLinks as error:
        raise TransferError(Cause.TOO_LARGE, f"{where}: {error}") from None
    except ValueError as error:
        raise TransferError(Cause.UNREACHABLE, f"{where}: {error}", final=True) from None
    notes = [f"ignored a malformed link: {link!r}" for link in malformed[:MAX_SHOWN]]
    if len(malformed) > MAX_SHOWN:
        notes.append(f"ignored {len(malformed) - MAX_SHOWN} more malformed links")
    notes += _about_projects(page, entries, run)
    return Listing(
        where,
        tuple(entries),
        page.last_modified,
        tuple(notes),
        tuple(left_out),
        secure=page.secure,
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


def _target(address: str, run: Run[CheckOptions]) -> str:
    """Return the URL to request; the client keeps the user and password in it."""
    return run.client.authorize(normalized(address)) if is_http(address) else address


def _refused(target: str, page: str, *, secure: bool) -> str | None:
    """Return why a link is not followed, or None if it is.

    :param target: its URL.
    :param page: the URL of its page.
    :param secure: whether others cannot change the page.
    """
    try:
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
    except ValueError:
        return "its URL is malformed"
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
