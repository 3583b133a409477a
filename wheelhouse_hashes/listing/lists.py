"""Digest lists beside the artifacts of a listing, and the artifacts that lists announce.

A list may announce several releases.  Only the artifacts of those that a command is about
must be there; the others are one note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.urls import folder_of, is_http, origins_of, shown
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.listing.pages import read_beside

if TYPE_CHECKING:
    from packaging.version import Version

    from wheelhouse_hashes.listing.selection import Wanted
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Entry, Listing

    Releases = frozenset[tuple[str, Version]]

#: Maximum number of digest lists beside the artifacts of one listing that are read.
MAX_LISTS = 20

#: Maximum number of other releases that a note names.
_MAX_SHOWN = 3


@dataclass(frozen=True)
class Subject:
    """The releases that a command is about."""

    #: The projects and versions to select from the listing of an address.
    wanted: Wanted
    #: The releases of the artifacts that are there or asked for, whose other artifacts must
    #: be there, too.
    releases: Releases

    @classmethod
    def of(cls, names: Iterable[str], wanted: Wanted) -> Subject:
        """Return the subject of a command.

        :param names: the names of the artifacts that are there; others are skipped.
        :param wanted: the projects and versions that it asks for.
        """
        return cls(wanted, releases_of(names, wanted))


def releases_of(names: Iterable[str], wanted: Wanted = None) -> Releases:
    """Return the releases of some artifacts.

    :param names: names; those of other objects are skipped.
    :param wanted: the projects and versions that count; a version named there always does.
    """
    found: set[tuple[str, Version]] = set()
    for parsed in map(parse_artifact_name, names):
        if parsed is not None and (wanted is None or parsed.project in wanted):
            found.add((parsed.project, parsed.version))
    for project, versions in (wanted or {}).items():
        found.update((project, version) for version in versions)
    return frozenset(found)


def read_lists(run: Session[CheckOptions], listing: Listing, wanted: Wanted) -> Listing:
    """Return a listing with the digest lists that are beside the wanted artifacts.

    :param run: the command in progress.
    :param listing: the listing of an address.
    :param wanted: the projects and versions that the command asks for.
    :raises Refusal: if a list cannot be read.
    """
    found = _lists_in(listing, wanted)
    if len(found) > MAX_LISTS:
        text = f"{listing.url}: more than {MAX_LISTS} digest lists; the others are not read"
        run.note(line("note", text))
    lists: list[Listing] = list(listing.lists)
    for entry in found[:MAX_LISTS]:
        # A plain page of links under the name of a list is none.
        read = _read(run, entry)
        if read is not None and read.is_list:
            lists.append(read)
        elif read is not None:
            run.note(line("note", f"{shown(entry.url)}: ignored: not a digest list"))
    return replace(listing, lists=tuple(lists))


def _lists_in(listing: Listing, wanted: Wanted) -> list[Entry]:
    from wheelhouse_hashes.formats.digest_list import is_list_name

    named = [each for each in listing.entries if "sum" in each.name.lower()]
    found = {each.url: each for each in named if is_http(each.url) and is_list_name(each.name)}
    if not found:
        return []
    folders = {
        folder_of(entry.url)
        for entry in listing.entries
        if (parsed := parse_artifact_name(entry.name)) is not None
        and (wanted is None or parsed.project in wanted)
    }
    return [entry for url, entry in found.items() if folder_of(url) in folders]


def _read(run: Session[CheckOptions], entry: Entry) -> Listing | None:
    from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

    listing = read_beside(run, entry.url, entry.headers, MAX_LIST_BYTES)
    if listing is None:
        return None
    for note in listing.notes:
        run.note(line("note", note))
    return replace(listing, origins=origins_of(entry.url, listing.url))


def with_lists(run: Session[CheckOptions], listing: Listing, releases: Releases) -> Listing:
    """Return a listing whose entries include those of the digest lists beside them.

    :param run: the command in progress.
    :param listing: the listing; itself a digest list, perhaps.
    :param releases: the releases that the command is about.
    """
    if listing.is_list:
        listing = replace(listing, entries=_of_releases(run, listing, releases))
    if not listing.lists:
        return listing
    folders: dict[str, set[str]] = {}
    for entry in listing.entries:
        folders.setdefault(entry.name, set()).add(folder_of(entry.url))
    entries = list(listing.entries)
    for each in listing.lists:
        for entry in _of_releases(run, each, releases):
            # A list says nothing about an artifact of the same name in another folder.
            here = folders.get(entry.name)
            if here is None or folder_of(entry.url) in here:
                entries.append(_dated(entry, each))
    return replace(listing, entries=tuple(entries), lists=())


def _of_releases(
    run: Session[CheckOptions], listing: Listing, releases: Releases
) -> tuple[Entry, ...]:
    """Return the entries of a digest list without the artifacts of other releases."""
    own = releases_of([entry.name for entry in listing.entries])
    others = own.difference(releases)
    if not listing.announces or len(own) == 1 or not others or not releases:
        return listing.entries
    kept: list[Entry] = []
    for entry in listing.entries:
        parsed = parse_artifact_name(entry.name)
        if parsed is None or (parsed.project, parsed.version) in releases:
            kept.append(entry)
    count = len(listing.entries) - len(kept)
    some = sorted(f"{project} {version}" for project, version in others)
    more = f" and {len(some) - _MAX_SHOWN} more" if len(some) > _MAX_SHOWN else ""
    named = printable(", ".join(some[:_MAX_SHOWN])) + more
    noun = "artifact" if count == 1 else "artifacts"
    text = f"{listing.url}: ignored {count} {noun} of other releases: {named}"
    run.note(line("note", text))
    return tuple(kept)


def _dated(entry: Entry, listing: Listing) -> Entry:
    """Return an entry whose claims have the origins and the age of their list."""
    claims = tuple(
        replace(claim, origins=listing.origins, age=listing.age)
        if isinstance(claim, Claim)
        else claim
        for claim in entry.claims
    )
    return replace(entry, claims=claims)
