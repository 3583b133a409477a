"""The sources that ``--against`` names, and the claims of each about an artifact."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_hashes.artifacts import Claim, Finding, ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import origins_of
from wheelhouse_hashes.listing.headers import header_claims
from wheelhouse_hashes.listing.lists import Subject, read_lists, with_lists
from wheelhouse_hashes.listing.locate import authorized, locate
from wheelhouse_hashes.listing.readings import read_selection
from wheelhouse_hashes.runtime.unlisted import UnlistedHashFiles

if TYPE_CHECKING:
    from wheelhouse_hashes.listing.selection import Selection
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Listing

#: Characters that names of one artifact may differ in, as tools write them.
_SEPARATORS = lazily(r"[-_.+]+")


@dataclass(frozen=True)
class Heard:
    """The claims and findings of one source about one artifact."""

    #: The claims and findings.
    items: Sequence[Claim | Finding]
    #: The origins of the address that they are from, and of its link to the artifact; empty
    #: for a local path.
    linked: frozenset[str] = frozenset()
    #: The origins that answered the requests for them.
    answered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """A folder, digest list or address that artifacts are compared with."""

    #: Its listing.
    listing: Listing
    #: The part of it that the command is about.
    selection: Selection
    #: Whether it is a local path.
    is_local: bool

    @property
    def is_empty(self) -> bool:
        """Whether it is a local folder without artifacts, hash files and digest lists."""
        listing, selection = self.listing, self.selection
        digests = listing.releases or listing.lists or selection.hash_file_folders
        if not self.is_local or digests or selection.artifacts:
            return False
        return not any(parse_artifact_name(entry.name) for entry in listing.entries)

    @property
    def artifacts(self) -> dict[str, ListedArtifact]:
        """The artifacts by name."""
        return {artifact.name: artifact for artifact in self.selection.artifacts}


class Sources:
    """The sources of a run that are compared with its artifacts.

    :param run: the command in progress.
    :param sources: the sources.
    :param demanded: whether each artifact must have a digest in one of them.
    """

    def __init__(
        self, run: Session[CheckOptions], sources: Sequence[Source], *, demanded: bool
    ) -> None:
        #: The sources.
        self.sources = sources
        self._run = run
        self._demanded = demanded
        self._listed = [source.artifacts for source in sources]
        self._similar: dict[str, str] | None = None

    @property
    def announced(self) -> dict[str, str]:
        """The artifacts that must be there: name to the source that announces it."""
        found: dict[str, str] = {}
        for source, listed in zip(self.sources, self._listed, strict=True):
            for name in listed if source.listing.announces else ():
                found.setdefault(name, source.listing.url)
        return found

    @property
    def excluded(self) -> frozenset[str]:
        """The artifacts that ``--exclude`` leaves out."""
        return frozenset().union(*(source.selection.excluded for source in self.sources))

    def listed(self, name: str) -> ListedArtifact | None:
        """Return an artifact as the first source lists it that does; None if none does."""
        return next((listed[name] for listed in self._listed if name in listed), None)

    def heard(self, name: str, *, there: bool = True, is_base: bool = False) -> list[Heard]:
        """Collect claims and findings about an artifact; worker thread.

        :param name: the artifact's name.
        :param there: whether there are bytes or digests of it to compare.
        :param is_base: whether nobody else asks the plugins about this artifact.
        :raises Refusal: if it must have a digest in one of the sources and has none.
        """
        found: list[Heard] = []
        asked = not is_base
        for source, listed in zip(self.sources, self._listed, strict=True):
            artifact = listed.get(name)
            items: list[Claim | Finding] = list(_of_release(source, name))
            if artifact is None:
                found.append(Heard(items, frozenset(source.listing.origins)))
                continue
            items += artifact.claims
            if not asked or not source.listing.is_list:
                asked = True
                found.append(self._ask(source, artifact, items, there=there))
            else:
                found.append(Heard(items, _linked(source, artifact)))
        if is_base and not self.sources:
            # The plugins are the only sources.
            artifact = ListedArtifact(name, "", listed=False, companions_listed=True)
            found.append(Heard(self._run.repeat(partial(self._claims, artifact))))
        if self._demanded and not any(map(_counts, _all(found))):
            self._refuse(name, is_base=is_base)
        if not asked:
            # A list of releases names no artifacts, but plugins may know this one.
            unnamed = ListedArtifact(name, "", companions_listed=True, listed=False)
            run = self._run
            found.append(Heard(run.repeat(lambda: run.plugins.claims(unnamed, run))))
        return found

    def _claims(self, artifact: ListedArtifact) -> Sequence[Claim | Finding]:
        return self._run.plugins.claims(artifact, self._run)

    def _ask(
        self,
        source: Source,
        artifact: ListedArtifact,
        items: list[Claim | Finding],
        *,
        there: bool,
    ) -> Heard:
        """Ask the plugins for further claims; retry while a server is unavailable."""
        run = self._run
        if source.is_local:
            return Heard([*items, *run.repeat(lambda: run.plugins.claims(artifact, run))])
        with run.client.attempt(fresh=False) as attempt:
            items += run.repeat(lambda: run.plugins.claims(artifact, run))
            if there and not any(map(_counts, items)):
                items += run.repeat(lambda: header_claims(run, artifact))
        answered = origins_of(*(response.url for response in attempt.responses))
        return Heard(items, _linked(source, artifact), frozenset(answered))

    def unlisted(
        self, artifacts: Iterable[ListedArtifact] = (), selection: Selection | None = None
    ) -> UnlistedHashFiles:
        """Return the rules for hash files that neither these sources nor the page list.

        :param artifacts: the artifacts to fetch.
        :param selection: the selection that they are from.
        """
        selections = [source.selection for source in self.sources]
        selections += [selection] if selection is not None else []
        return UnlistedHashFiles(
            self._run.stop,
            [*artifacts, *(each for listed in self._listed for each in listed.values())],
            listed=frozenset().union(*(each.hash_file_folders for each in selections)),
            package_index=all(each.package_index for each in selections),
        )

    def missing(
        self, known: Collection[str], artifacts: Iterable[ListedArtifact]
    ) -> Iterator[Verdict]:
        """Yield the verdicts about artifacts that these sources announce and a page lacks.

        :param known: the names that other verdicts are about.
        :param artifacts: the artifacts of the page.
        """
        there = {*known, *(artifact.name for artifact in artifacts)}
        for name, where in sorted(self.announced.items()):
            if name not in there:
                text = f"announced by {where}, but the page does not list it"
                cause = Cause.MISSING_ARTIFACT
                yield Verdict(name, Outcome.REFUSED, cause=cause, text=text)

    def _refuse(self, name: str, *, is_base: bool) -> None:
        """Refuse an artifact without a digest, unless that is left to the other rules."""
        where = ", ".join(source.listing.url for source in self.sources)
        if any(name in listed for listed in self._listed):
            if not is_base:
                raise Refusal(Cause.NOT_LISTED, f"listed without a digest: {where}")
            return
        if all(source.is_empty for source in self.sources):
            raise Refusal(Cause.NOT_LISTED, f"not in {where}, which has no artifacts or digests")
        if self._similar is None:
            names = [entry.name for each in self.sources for entry in each.listing.entries]
            self._similar = {_similar(each): each for each in reversed(names)}
        near = self._similar.get(_similar(name))
        but = f"; {printable(near)!r} is listed, and names must be equal" if near else ""
        raise Refusal(Cause.NOT_LISTED, f"not in {where}{but}")


def _all(found: Iterable[Heard]) -> list[Claim | Finding]:
    return [item for each in found for item in each.items]


def _counts(item: Claim | Finding) -> bool:
    """Return whether an item is more than a value that need not be a digest."""
    return isinstance(item, Finding) or not item.confirms_only


def _linked(source: Source, artifact: ListedArtifact) -> frozenset[str]:
    return frozenset((*source.listing.origins, *origins_of(artifact.url)))


def _of_release(source: Source, name: str) -> Iterable[Claim]:
    """Return the claims of a source about all artifacts of a release."""
    parsed = parse_artifact_name(name) if source.listing.releases else None
    if parsed is None:
        return ()
    listing = source.listing
    claims = listing.releases.get((parsed.project, parsed.version), ())
    return [replace(claim, origins=listing.origins, age=listing.age) for claim in claims]


def _similar(name: str) -> str:
    return _SEPARATORS.sub("-", unquote(name)).lower()


def addresses_of(run: Session[CheckOptions], values: Iterable[str]) -> list[str]:
    """Return addresses and paths, without the users and passwords of URLs.

    :param run: the command in progress.
    :param values: the values that the user gave.
    :raises UsageError: if a URL is malformed.
    """
    return [value if os.path.exists(value) else authorized(run, value) for value in values]  # noqa: PTH110 (Path.exists can raise)


def read_sources(
    run: Session[CheckOptions],
    addresses: Iterable[str],
    subject: Subject,
    noted: Callable[[Listing], None] = lambda _: None,
) -> Sources:
    """Read the sources of digests.

    :param run: the command in progress.
    :param addresses: their paths and URLs.
    :param subject: the releases that the command is about; ``verify`` reads a path as a whole.
    :param noted: called with each listing, before anything else is requested.
    :raises Refusal: if one cannot be read.
    """
    sources = [_read(run, address, subject, noted) for address in addresses]
    return Sources(run, sources, demanded=bool(run.options.against))


def _read(
    run: Session[CheckOptions],
    address: str,
    subject: Subject,
    noted: Callable[[Listing], None],
) -> Source:
    is_local = os.path.exists(address)  # noqa: PTH110 (Path.exists can raise)
    listing = locate(run, address)
    noted(listing)
    wanted = None if is_local and run.verb == "verify" else subject.wanted
    if not is_local:
        listing = read_lists(run, listing, wanted)
    listing = with_lists(run, listing, subject)
    listing, selection = read_selection(run, listing, wanted)
    return Source(listing, selection, is_local)
