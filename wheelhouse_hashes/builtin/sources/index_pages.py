"""Index pages and directory listings at ``http`` and ``https`` addresses.

Whatever a page says, only ``http`` and ``https`` links are offered, and none
to ``http`` from an ``https`` page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import ALGORITHMS, Claim, Digest, Entry, Finding, Listing
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.pages import ACCEPT, MAX_BYTES, TooManyLinks, read_page
from wheelhouse_hashes.formats.urls import normalized, origin, shown
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

SOURCE = "link"

#: The most characters of a malformed link that are looked through.
MAX_TAG = 4096

_MALFORMED = "its address is malformed"


@hookimpl
def wheelhouse_locate(url: str, run: Run) -> Listing | None:
    """Read the page at an ``http`` or ``https`` address."""
    if urlsplit(url).scheme.lower() not in ("http", "https"):
        return None
    client = run.client
    # In the main thread: libcurl does not look up while it waits for a connection.
    page = run_in_thread(
        lambda: client.get(url, max_bytes=MAX_BYTES, accept=ACCEPT, fresh=True), run.stop
    )
    where = shown(page.url)
    entries: list[Entry] = []
    notes: list[str] = []
    left_out: list[tuple[str, str]] = []
    try:
        for link in read_page(page.body, page.headers.get("content-type", ""), page.url):
            if link.name is None:
                notes.append(f"left out a malformed link: {printable(link.address[:120])!r}")
                left_out += [(name, _MALFORMED) for name in _artifacts_in(link.address)]
                continue
            why = _refused(link.address, page.url)
            if why is None and link.name:
                target = run.client.authorize(normalized(link.address))
                claims = _claims(link.hashes, where)
                entries.append(Entry(link.name, target, link.size, claims=claims))
            elif why is not None and link.name:
                left_out.append((link.name, why))
    except TooManyLinks as error:
        raise TransferError(Cause.TOO_LARGE, f"{where}: {error}") from None
    except ValueError as error:
        raise TransferError(Cause.UNREACHABLE, f"{where}: {error}") from None
    return Listing(where, tuple(entries), page.last_modified, tuple(notes), tuple(left_out))


def _refused(target: str, page: str) -> str | None:
    """Say why a link is not offered, None if it is."""
    try:
        scheme, _, _ = origin(target)
        if scheme not in ("http", "https"):
            return f"{printable(scheme or 'no')} links are not followed"
        if scheme == "http" and origin(page)[0] == "https":
            return "an https page must not lead to http"
        normalized(target)
    except ValueError:
        return _MALFORMED
    return None


def _artifacts_in(malformed: str) -> Iterator[str]:
    """Yield the names of artifacts in what should be an address, or a tag with one."""
    for part in re.split(r"[\s\"'<>/?#&=]+", malformed[:MAX_TAG]):
        if parse_artifact_name(name := unquote(part)) is not None:
            yield name


def _claims(hashes: Iterable[tuple[str, str]], where: str) -> tuple[Claim | Finding, ...]:
    """Return a link's claims; a digest that cannot be one objects to the link."""
    claims: list[Claim | Finding] = []
    for algorithm, value in hashes:
        if algorithm in ALGORITHMS:
            try:
                claims.append(Claim(Digest(algorithm, value), SOURCE, where))
            except ValueError as error:
                claims.append(Finding(Cause.UNREADABLE_HASH, f"the link of {where}: {error}"))
    return tuple(claims)
