"""The container's ``index.html``: a view of what is there, never the truth.

Every job rewrites it from the listing, and does so again until what it wrote
is what is listed, so that jobs side by side leave a full page behind.  Digests
come from hash files.  Nothing is lost if it is: the next run makes it anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    format_hash_file,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.formats.pages import MAX_BYTES as MAX_PAGE
from wheelhouse_hashes.formats.pages import read_page
from wheelhouse_hashes.report import line
from wheelhouse_hashes.stores.base import HTML, Store

if TYPE_CHECKING:
    from wheelhouse_hashes.options import StoreOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.stored import Stored

#: The name of the page.
INDEX = "index.html"

#: How often the page is written before the rest is left to the next run.
ROUNDS = 8

Links = dict[str, Digest | None]


def update_index(
    run: Session[StoreOptions],
    store: Store,
    objects: Mapping[str, Stored],
    uploaded: Mapping[str, Digest],
) -> Links:
    """Write the index page, until it agrees with the listing.

    The page is not read back: whoever wrote it last lists the container after
    that, and so sees what it lacks.

    :param run: the command in progress.
    :param store: the container.
    :param objects: what it listed in this run, without what the run deleted.
    :param uploaded: what this run published: names and digests.
    :returns: the links of the page: names and digests, None where there is none.
    :raises StoreError: if the listing or the page cannot be read or written.
    """
    page = store.read(INDEX, MAX_PAGE) or b""
    previous = _links_of(page)
    for _ in range(ROUNDS):
        links = _links(run, store, objects, previous, uploaded)
        new = render(links)
        if new == page:
            return links
        store.put_bytes(INDEX, new, HTML)
        page = new
        previous |= links
        objects = store.objects()
    run.note(line("note", INDEX, "other jobs write it, too: run the verb index when all are done"))
    return links


def render(links: Mapping[str, Digest | None]) -> bytes:
    """Return the page, in the form that the host writes and reads."""
    rows = []
    for name in sorted(links):
        digest = links[name]
        fragment = f"#{digest.algorithm}={digest.hex}" if digest else ""
        address = escape(quote(name, safe="/+!~") + fragment)
        rows.append(f'<li><a href="{address}">{escape(name)}</a></li>\n')
    return f"<html><body><p>\n{''.join(rows)}</p></body></html>\n".encode()


def _links_of(page: bytes) -> Links:
    links: Links = {}
    with contextlib.suppress(ValueError):  # too many, say: the listing has what there is
        for link in read_page(page, "text/html", INDEX):
            if link.name is not None and not link.problem:
                links[link.name] = None
                with contextlib.suppress(ValueError):  # none, or one of the host's own making
                    links[link.name] = Digest(*link.hashes[0]) if link.hashes else None
    return links


def _links(
    run: Session[StoreOptions],
    store: Store,
    objects: Mapping[str, Stored],
    previous: Links,
    uploaded: Mapping[str, Digest],
) -> Links:
    """Return what is listed, and what a listing that lags does not show."""
    names = {name for name in objects if is_package(run, name)}
    sure = set(uploaded) if store.eventually_consistent else set()
    names |= {
        name
        for name in {*previous, *uploaded} - names
        if name in sure or (is_package(run, name) and store.stat(name) is not None)
    }
    hash_files = _hash_files(objects)
    return {
        name: _digest(
            store, name, hash_files.get(name, {}), uploaded.get(name) or previous.get(name)
        )
        for name in names
    }


def is_package(run: Session[StoreOptions], name: str) -> bool:
    """Tell whether an object is an artifact that a page shall list."""
    return parse_artifact_name(name) is not None and run.plugins.companion_of(name) is None


def _hash_files(objects: Mapping[str, Stored]) -> dict[str, dict[str, Stored]]:
    """Return the listed hash files: artifact name to algorithm to object."""
    found: dict[str, dict[str, Stored]] = {}
    for name, stored in objects.items():
        if split := split_hash_file_name(name):
            found.setdefault(split[0], {})[split[1]] = stored
    return found


def index_algorithm(algorithms: Iterable[str]) -> str:
    """Return the algorithm that the page uses, of those that hash files are there of."""
    return next(name for name in ALGORITHMS if name in algorithms)


def _digest(
    store: Store, name: str, hash_files: Mapping[str, Stored], candidate: Digest | None
) -> Digest | None:
    """Return an artifact's digest as its hash file has it, else the candidate."""
    if not hash_files:
        return candidate
    algorithm = index_algorithm(hash_files)
    stored = hash_files[algorithm]
    if candidate is not None and candidate.algorithm == algorithm:
        expected = format_hash_file(candidate, name)
        if store.is_known_content(stored, expected):
            return candidate
    content = store.read(stored.name, MAX_BYTES + 1)
    try:
        return None if content is None else parse_hash_file(content, name, algorithm).digest
    except HashFileError:
        return None
