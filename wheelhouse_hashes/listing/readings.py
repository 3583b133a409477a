"""Decide what the relative links of a page are relative to, if its URL has no trailing slash.

By :rfc:`3986` they are beside the page, in a list of names they are below it.  Servers that
list a folder without redirecting to its URL with a slash mean it the other way, so if the
first artifacts are not there, the other way is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import ABSENT_STATUSES, TransferError
from wheelhouse_hashes.formats.kinds import is_markup
from wheelhouse_hashes.formats.urls import is_http, join, shown
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.listing.pages import SlashlessListing
from wheelhouse_hashes.listing.selection import Selection, Wanted, select
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import ListedArtifact
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Listing

#: The number of artifacts that are tried: the first one may not be published yet.
MAX_TRIES = 3


class _HasBegun(Exception):
    """Ends a download at the first piece of the body."""

    def __init__(self, piece: bytes) -> None:
        super().__init__("the first piece is there")
        self.piece = piece


def read_selection(
    run: Session[CheckOptions], listing: Listing, wanted: Wanted
) -> tuple[Listing, Selection]:
    """Choose artifacts from a listing, after deciding where its relative links lead.

    :param run: the command in progress.
    :param listing: the listing.
    :param wanted: the projects and versions to select.
    :returns: the listing, perhaps with other URLs, and the selection.
    :raises Interrupted: if the run must end.
    """
    # Not in the main thread, so that it can watch for an interruption.
    return run_in_thread(lambda: _read_selection(run, listing, wanted), run.stop)


def _read_selection(
    run: Session[CheckOptions], listing: Listing, wanted: Wanted
) -> tuple[Listing, Selection]:
    selection = _select(run, listing, wanted)
    if not isinstance(listing, SlashlessListing):
        return listing, selection
    tried = list(_first(listing, selection))
    if not tried or any(_is_there(run, artifact) for artifact in tried):
        return listing, selection
    for url in (f"{listing.page}/", join(listing.page, ".")):
        other = replace(listing.reread(url), origins=listing.origins)
        others = _select(run, other, wanted)
        there = {artifact.name: artifact for artifact in others.artifacts}
        for artifact in tried:
            found = there.get(artifact.name)
            if found is not None and _url(found) != _url(artifact) and _is_there(run, found):
                text = f"{listing.url}: its links are read as relative to {shown(url)}"
                run.note(line("note", f"{text}, because {shown(_url(artifact))} does not exist"))
                return other, others
    return listing, selection


def _select(run: Session[CheckOptions], listing: Listing, wanted: Wanted) -> Selection:
    """Choose artifacts from a listing, without those that ``--exclude`` names."""
    selection = select(listing, run.plugins, wanted)
    if not run.options.exclude:
        return selection
    names = [each.name for each in selection.artifacts]
    excluded = excluded_of(run, [*names, *(each.name for each in selection.left_out)])
    return selection._replace(
        artifacts=tuple(each for each in selection.artifacts if each.name not in excluded),
        left_out=tuple(each for each in selection.left_out if each.name not in excluded),
        excluded=excluded,
    )


def excluded_of(run: Session[CheckOptions], names: Iterable[str]) -> frozenset[str]:
    """Return the artifacts that ``--exclude`` leaves out.

    :param run: the command in progress.
    :param names: the names of the artifacts.
    """
    globs = run.options.exclude
    if not globs:
        return frozenset()
    # Imported here because few runs have the option.
    from wheelhouse_hashes.formats.tag_globs import matches_any

    return frozenset(name for name in names if matches_any(globs, name))


def _first(listing: SlashlessListing, selection: Selection) -> Iterator[ListedArtifact]:
    """Yield the first artifacts whose links may be relative ones."""
    left = MAX_TRIES
    beside = join(listing.page, ".")
    for artifact in selection.artifacts:
        url = _url(artifact)
        if not left:
            return
        # A URL that is in the page as a whole is not relative.
        if is_http(url) and url.startswith(beside) and url.encode() not in listing.content:
            left -= 1
            yield artifact


def _url(artifact: ListedArtifact) -> str:
    """Return a URL of the listing: the artifact's, or a companion's if only that is listed."""
    return artifact.url if artifact.listed else next(iter(artifact.companions.values()), "")


def _is_there(run: Session[CheckOptions], artifact: ListedArtifact) -> bool:
    """Return whether an object exists; also True if the server does not tell.

    The request is ended at the first piece of the body: some servers answer ``HEAD`` otherwise,
    and some answer every URL with their front page.
    """

    def receive(piece: bytes) -> None:
        raise _HasBegun(piece)

    try:
        run.client.download(_url(artifact), receive, headers=artifact.headers)
    except _HasBegun as begun:
        return not is_markup(begun.piece)
    except TransferError as error:
        return error.status not in ABSENT_STATUSES
    return True
