"""Digest lists beside the artifacts of a listing, and the artifacts that lists announce.

A list may announce several releases.  Only the artifacts of those that a command is about
must be there; the others are one note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheelhouse_hashes.artifacts import Claim
from wheelhouse_hashes.filenames import listed, parse_artifact_name, printable
from wheelhouse_hashes.formats.dev_builds import stamped_builds
from wheelhouse_hashes.formats.urls import folder_of, is_http, origins_of, shown
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.listing.pages import read_beside
from wheelhouse_hashes.runtime.parallel import run_in_thread

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


class Subject:
    """The releases that a command is about; most commands do not need to know them.

    :param names: the names of the artifacts that are there; others have no effect.
    :param wanted: the projects and versions that the command asks for.
    """

    def __init__(self, names: Iterable[str], wanted: Wanted) -> None:
        self._there = tuple(names)
        #: The projects and versions to select from the listing of an address.
        self.wanted = wanted

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the artifacts of these releases that are there."""
        # A page may have hundreds of thousands of names, and most of them are not asked for.
        return frozenset(name for name in self._there if _release_of(name, self.wanted) is not None)

    @cached_property
    def releases(self) -> Releases:
        """The releases whose other artifacts must be there, too."""
        return releases_of(self.names, self.wanted)


def releases_of(names: Iterable[str], wanted: Wanted = None) -> Releases:
    """Return the releases of some artifacts.

    :param names: names; those of other objects are skipped.
    :param wanted: the projects and versions that count; a version named there always does.
    """
    found = {release for name in names if (release := _release_of(name, wanted)) is not None}
    for project, versions in (wanted or {}).items():
        found.update((project, version) for version in versions)
    return frozenset(found)


def _release_of(name: str, wanted: Wanted) -> tuple[str, Version] | None:
    """Return the release of an artifact, None if it is not one that counts."""
    parsed = parse_artifact_name(name)
    if parsed is None:
        return None
    if wanted is not None:
        versions = wanted.get(parsed.project)
        if versions is None or (versions and parsed.version not in versions):
            return None
    return parsed.project, parsed.version


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
    named = [each for each in listing.entries if "sum" in each.name.lower()]
    if not named:
        return []
    # Imported here because most listings have no digest lists.
    from wheelhouse_hashes.formats.digest_list import is_list_name

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


def with_lists(run: Session[CheckOptions], listing: Listing, subject: Subject) -> Listing:
    """Return a listing whose entries include those of the digest lists beside them.

    :param run: the command in progress.
    :param listing: the listing; itself a digest list, perhaps.
    :param subject: the artifacts and releases that the command is about.
    :raises Interrupted: if the run must end.
    """
    if not (listing.is_list or listing.lists):
        return listing
    # Not in the main thread, so that it can watch for an interruption.
    return run_in_thread(lambda: _with_lists(run, listing, subject), run.stop)


def _with_lists(run: Session[CheckOptions], listing: Listing, subject: Subject) -> Listing:
    if listing.is_list:
        listing = _stamped(run, listing, subject.names)
        listing = replace(listing, entries=_of_releases(run, listing, subject.releases))
    if not listing.lists:
        return listing
    folders: dict[str, set[str]] = {}
    for entry in listing.entries:
        folders.setdefault(entry.name, set()).add(folder_of(entry.url))
    entries = list(listing.entries)
    for each in listing.lists:
        stamped = _stamped(run, each, subject.names)
        for entry in _of_releases(run, stamped, subject.releases):
            # A list says nothing about an artifact of the same name in another folder.
            here = folders.get(entry.name)
            if here is None or folder_of(entry.url) in here:
                entries.append(_dated(entry, each))
    return replace(listing, entries=tuple(entries), lists=())


def _stamped(run: Session[CheckOptions], listing: Listing, there: Collection[str]) -> Listing:
    """Return a digest list with the names that uploads gave to its dev builds.

    :param there: the names of the artifacts that are compared with it.
    """
    builds = stamped_builds({entry.name for entry in listing.entries}, there)
    if not builds:
        return listing
    for name, found in builds.items():
        if len(found) == 1:
            run.note(line("note", found[0], f"{listing.url} has its digest as {name}{_STAMP}"))
        else:
            text = f"{listing.url}: not compared: {len(found)} builds have this name{_STAMP}"
            run.note(line("note", name, text))
    entries = tuple(
        _renamed(entry, builds[entry.name][0]) if len(builds.get(entry.name, ())) == 1 else entry
        for entry in listing.entries
    )
    return replace(listing, entries=entries)


#: How the name in a list differs from that of an uploaded dev build.
_STAMP = ", without the time stamp of the upload"


def _renamed(entry: Entry, name: str) -> Entry:
    """Return an entry under another name; its claims tell the name in the list."""
    claims = tuple(
        replace(claim, evidence={**claim.evidence, "listed as": entry.name})
        if isinstance(claim, Claim)
        else claim
        for claim in entry.claims
    )
    url = f"{folder_of(entry.url)}/{quote(name)}"
    return replace(entry, name=name, url=url, claims=claims)


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
    named = printable(listed(some, most=_MAX_SHOWN))
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
