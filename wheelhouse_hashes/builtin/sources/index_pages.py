"""Index pages and directory listings at ``http`` and ``https`` URLs.

Only ``http`` and ``https`` links are followed, and ``http`` links only from pages that
were fetched over ``http``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import (
    ALGORITHMS,
    Claim,
    Digest,
    Entry,
    Finding,
    Listing,
    Tier,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, TransferError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.pages import (
    ACCEPT,
    MAX_BYTES,
    MAX_LINKS,
    Link,
    TooManyLinks,
    read_page,
)
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.formats.urls import is_secure, normalized, origin, origins_of, shown
from wheelhouse_hashes.options import CheckOptions, VerifyOptions
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

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
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Read the page at an ``http`` or ``https`` URL."""
    if urlsplit(url).scheme.lower() not in ("http", "https"):
        return None
    page = run.client.get(url, max_bytes=MAX_BYTES, accept=ACCEPT, fresh=True)
    links = read_page(page.body, page.headers.get("content-type", ""), page.url)
    # Not in the main thread, so that it can watch for an interruption.
    listing = run_in_thread(lambda: _listing(page.url, links, page.last_modified, run), run.stop)
    return replace(listing, age=page.age)


def _listing(
    url: str, links: Iterator[Link], last_modified: float | None, run: Run[CheckOptions]
) -> Listing:
    where = shown(url)
    entries: list[Entry] = []
    malformed: list[str] = []
    left_out: list[tuple[str, str]] = []
    try:
        for link in links:
            if run.stop.is_set():
                raise Interrupted("interrupted")
            if link.problem:
                malformed.append(printable(link.address[:120]))
                names = [link.name] if link.name else _artifacts_in(link.address)
                left_out += [(name, link.problem) for name in names]
                if len(left_out) > MAX_LINKS:
                    raise TooManyLinks
                continue
            why = _refused(link.address, url)
            if why is None and link.name:
                target = run.client.authorize(normalized(link.address))
                claims = _claims(link.hashes, where)
                entries.append(Entry(link.name, target, link.size, claims=claims))
            elif why is not None and link.name:
                left_out.append((link.name, why))
    except TooManyLinks as error:
        raise TransferError(Cause.TOO_LARGE, f"{where}: {error}") from None
    except ValueError as error:
        raise TransferError(Cause.UNREACHABLE, f"{where}: {error}", final=True) from None
    notes = [f"ignored a malformed link: {link!r}" for link in malformed[:MAX_SHOWN]]
    if len(malformed) > MAX_SHOWN:
        notes.append(f"ignored {len(malformed) - MAX_SHOWN} more malformed links")
    return Listing(where, tuple(entries), last_modified, tuple(notes), tuple(left_out))


def _refused(target: str, page: str) -> str | None:
    """Return why a link is not followed, or None if it is."""
    try:
        scheme, _, _ = origin(target)
        if not scheme:
            return "its URL has no scheme; the base URL of the page is neither http nor https"
        if scheme not in ("http", "https"):
            return f"{printable(scheme)}: links are not followed"
        if scheme == "http" and origin(page)[0] == "https":
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
