"""The container's ``index.html``: a view of the container, never the source of truth.

Every job writes it from the listing, and repeats this until the page agrees with
the listing, so concurrent jobs leave a complete page.  Digests come from hash files.
A lost page does no harm: the next run writes it again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.errors import ForeignPage, HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    format_hash_file,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.formats.pages import MAX_BYTES as MAX_PAGE
from wheelhouse_hashes.formats.pages import read_page
from wheelhouse_hashes.formats.written_pages import (
    FOOT,
    HEAD,
    SAFE,
    SAFE_WITHOUT_PLUS,
    is_written_page,
    row,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.stores.base import HTML, Store

if TYPE_CHECKING:
    from wheelhouse_hashes.options import StoreOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.stored import Stored

#: The name of the page.
INDEX = "index.html"

#: Maximum number of times that one run writes the page; the next run completes it.
ROUNDS = 8

#: Where the page is assumed to be, to tell which links lead to objects beside it.
_HERE = "https://container.invalid/"

Links = dict[str, Digest | None]


def update_index(
    run: Session[StoreOptions],
    store: Store,
    objects: Mapping[str, Stored],
    uploaded: Mapping[str, Digest],
) -> Links:
    """Write the index page until it agrees with the listing.

    The page is not read back: the last job to write it lists the container
    afterwards, and so sees any artifact that the page lacks.

    :param run: the command in progress.
    :param store: the container.
    :param objects: the container's listing, without the objects that this run deleted.
    :param uploaded: the artifacts that this run published, with their digests.
    :returns: the artifacts on the page, with their digests; None if unknown.
    :raises ForeignPage: if another program or a user wrote the page; it is not replaced.
    :raises StoreError: if the listing or the page cannot be read or written.
    """
    page = store.read(INDEX, MAX_PAGE) or b""
    if not is_written_page(page):
        raise ForeignPage(f"{store.container_name}/{INDEX}")
    previous = _links_of(page)
    for number in range(ROUNDS):
        links = _links(run, store, objects, previous, uploaded)
        new = render(links, encode_plus=store.reads_plus_as_space)
        if new == page and (number or _is_html(store)):
            return links
        store.put_bytes(INDEX, new, HTML)
        page = new
        previous |= links
        objects = store.objects()
    run.note(
        line(
            "note",
            INDEX,
            "also written by other jobs: run the index command when all of them have finished",
        )
    )
    return links


def _is_html(store: Store) -> bool:
    """Return whether the page has a media type that pip accepts, as far as the store knows."""
    stored = store.stat(INDEX)
    return stored is None or not stored.media_type or stored.media_type.startswith("text/html")


def render(links: Mapping[str, Digest | None], *, encode_plus: bool = False) -> bytes:
    """Return the page in the format that the host writes and reads.

    :param links: the artifacts and their digests.
    :param encode_plus: whether to encode plus signs.  The host does not, because its fetch
        would keep ``%2B`` in file names, but a store that reads a plus sign in a URL as a
        space cannot serve such a link.
    """
    rows = []
    safe = SAFE_WITHOUT_PLUS if encode_plus else SAFE
    for name in sorted(links):
        digest = links[name]
        rows.append(row(name, f"#{digest.algorithm}={digest.hex}" if digest else "", safe))
    return f"{HEAD}{''.join(rows)}{FOOT}".encode()


def _links_of(page: bytes) -> Links:
    links: Links = {}
    with contextlib.suppress(ValueError):  # e.g. too many links: the listing has them all
        for link in read_page(page, "text/html", _HERE):
            # The host also lists the objects under prefixes.
            elsewhere = "/" in link.address.removeprefix(_HERE)
            if link.name is not None and not link.problem and not elsewhere:
                links[link.name] = None
                with contextlib.suppress(ValueError):  # malformed, or written by the host
                    links[link.name] = Digest(*link.hashes[0]) if link.hashes else None
    return links


def _links(
    run: Session[StoreOptions],
    store: Store,
    objects: Mapping[str, Stored],
    previous: Links,
    uploaded: Mapping[str, Digest],
) -> Links:
    """Return the listed artifacts, and existing ones that a lagging listing does not show."""
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
    """Return whether an object is an artifact, to be linked on the page."""
    return parse_artifact_name(name) is not None and run.plugins.companion_of(name) is None


def _hash_files(objects: Mapping[str, Stored]) -> dict[str, dict[str, Stored]]:
    """Return the listed hash files, by artifact name and algorithm."""
    found: dict[str, dict[str, Stored]] = {}
    for name, stored in objects.items():
        if split := split_hash_file_name(name):
            found.setdefault(split[0], {})[split[1]] = stored
    return found


def index_algorithm(algorithms: Iterable[str]) -> str:
    """Return the algorithm to use on the page, of those that have a hash file."""
    return next(name for name in ALGORITHMS if name in algorithms)


def _digest(
    store: Store, name: str, hash_files: Mapping[str, Stored], candidate: Digest | None
) -> Digest | None:
    """Return the digest in an artifact's hash file; without hash files, the candidate."""
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
