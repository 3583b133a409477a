"""Select artifacts from a listing, by project and version, with their companions."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.artifacts import (
    Claim,
    ListedArtifact,
    Outcome,
    Verdict,
    has_strong_claim,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import (
    MAX_NAME_BYTES,
    ArtifactName,
    parse_artifact_name,
    printable,
    resembled,
    why_unsafe,
)
from wheelhouse_hashes.formats.dev_builds import DevBuilds
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.formats.urls import folder_of, origin, origins_of
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.listing.invalid_names import InvalidNames, find_invalid
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.plugins.session import Session


#: Maximum number of ignored names to print.
MAX_IGNORED = 20

#: Maximum number of versions to collect, for the message that none of them was asked for.
#: A version takes about a kilobyte.
MAX_VERSIONS = 1000


class Selection(NamedTuple):
    """The part of a listing that a command asks for."""

    #: The artifacts, sorted by name.
    artifacts: tuple[ListedArtifact, ...]
    #: Names of older dev builds of which only companions are left.
    leftovers: tuple[str, ...]
    #: The project's versions in the listing, in order: at most :data:`MAX_VERSIONS` of them.
    versions: tuple[Version, ...]
    #: Unsafe names that resemble artifact names, and why they are unsafe.
    unsafe: tuple[tuple[str, str], ...] = ()
    #: Companions that are not beside their artifact; they are not requested.
    misplaced: tuple[str, ...] = ()
    #: Artifacts that cannot be read or whose URLs must not be requested, and why.
    left_out: tuple[LeftOut, ...] = ()
    #: Names that are not valid, but look like names of wanted artifacts.
    invalid: InvalidNames = InvalidNames()
    #: The number of artifacts of other versions of the wanted projects.
    others: int = 0
    #: The folders in which the listing names hash files, selected or not.
    hash_file_folders: frozenset[str] = frozenset()
    #: True if the listing is a package index: its selected artifacts are at other origins
    #: and have a digest, and it has no companions.
    package_index: bool = False
    #: The names that ``--exclude`` leaves out.
    excluded: frozenset[str] = frozenset()

    @property
    def refused(self) -> list[Verdict]:
        """The verdicts about :attr:`unsafe`, :attr:`left_out` and :attr:`invalid`."""
        refused = [(name, Cause.UNSAFE_NAME, why) for name, why in self.unsafe]
        refused += [(each.name, each.cause, each.reason) for each in self.left_out]
        refused += [(name, Cause.INVALID_NAME, why) for name, why in self.invalid.wheels]
        return [
            Verdict(_shown(name), Outcome.REFUSED, cause=cause, text=why)
            for name, cause, why in refused
        ]


def _shown(name: str) -> str:
    return printable(name if len(name) <= MAX_NAME_BYTES else name[:80] + "...")


#: Projects by normalized name, with the versions of each; no versions mean
#: all of them.  None stands for all projects.
Wanted = Mapping[str, frozenset[Version]] | None


def asked_for(project: str, version: str | None) -> Wanted:
    """Return the project and versions that a command asks for.

    :param project: the project's name; normalized according to :pep:`503`.
    :param version: the version, compared according to :pep:`440`; None for all versions.
    :raises UsageError: if the version is invalid.
    """
    try:
        versions = {Version(version)} if version is not None else ()
    except InvalidVersion:
        raise UsageError(f"--version {version!r}: not a valid version (PEP 440)") from None
    return {canonicalize_name(project): frozenset(versions)}


def select(listing: Listing, plugins: Plugins, wanted: Wanted) -> Selection:
    """Choose artifacts, and group their companions with them.

    :param listing: the listing of the address.
    :param plugins: identify the companions among the entries.
    :param wanted: the projects and versions to select.
    """
    listed, companions, unsafe, strange = _grouped(listing, plugins)
    matcher = _Matcher(wanted)
    builds = DevBuilds(listed)
    artifacts: list[ListedArtifact] = []
    leftovers: list[str] = []
    misplaced: list[str] = []
    # A listed hash file must not lead to a request that the listing has ruled out.
    ruled_out = {each.name for each in listing.left_out} - listed.keys()
    for name in filter(matcher.names, sorted({*listed, *companions} - ruled_out)):
        superseded = builds.is_superseded(name)
        if name not in listed and superseded:
            leftovers.append(name)
            continue
        others = companions.get(name, {})
        entries = listed.get(name, [])
        artifact = _artifact(
            name, entries, others, superseded=superseded, complete=listing.companions_listed
        )
        artifacts.append(_dated(artifact, listing))
        misplaced += [other for other in others if other not in artifact.companions]
    offered = {artifact.name for artifact in artifacts}
    left_out = {
        each.name: each
        for each in listing.left_out
        if each.name not in offered and not why_unsafe(each.name) and matcher.names(each.name)
    }
    mistakable = tuple((name, why) for name, why in unsafe.items() if matcher.fits(resembled(name)))
    return Selection(
        tuple(artifacts),
        tuple(leftovers),
        tuple(sorted(matcher.versions)),
        mistakable,
        tuple(misplaced),
        tuple(left_out.values()),
        find_invalid(strange, wanted),
        len(matcher.others),
        _hash_file_folders(companions),
        not companions and _is_package_index(listing, [listed[n] for n in sorted(offered)]),
    )


def note_ignored(run: Session[CheckOptions], selection: Selection) -> None:
    """Print notes about objects that look like wanted artifacts and are not read."""
    names = selection.invalid.others
    for name in names[:MAX_IGNORED]:
        run.note(line("note", _shown(name), "ignored: not a valid name of a wheel or sdist"))
    if len(names) > MAX_IGNORED:
        more = len(names) - MAX_IGNORED
        run.note(line("note", f"ignored {more} more names that are not valid"))


def _hash_file_folders(companions: Mapping[str, Mapping[str, Entry]]) -> frozenset[str]:
    """Return the folders of all hash files among the companions of a listing."""
    return frozenset(
        folder_of(entry.url)
        for others in companions.values()
        for name, entry in others.items()
        if split_hash_file_name(name) is not None
    )


def _is_package_index(listing: Listing, listed: Sequence[Sequence[Entry]]) -> bool:
    """Return whether all artifacts have a digest, and are at other origins than the listing.

    :param listing: a listing without companions.
    :param listed: the entries of each selected artifact.
    """
    if not (listed and listing.origins):
        return False
    servers: set[str] = set()
    for entry in itertools.chain.from_iterable(listed):
        if not has_strong_claim(entry.claims):
            return False
        servers.add("/".join(entry.url.split("/", 3)[:3]))
    return not set(origins_of(*servers)).intersection(listing.origins)


def _grouped(
    listing: Listing, plugins: Plugins
) -> tuple[dict[str, list[Entry]], dict[str, dict[str, Entry]], dict[str, str], set[str]]:
    """Group the entries of a listing.

    :returns: the entries of each artifact, by its name; the companions of each
        artifact, by its name and theirs; the reason for each unsafe name; all other names.
    """
    listed: dict[str, list[Entry]] = defaultdict(list)
    companions: dict[str, dict[str, Entry]] = defaultdict(dict)
    unsafe: dict[str, str] = {}
    strange: set[str] = set()
    for entry in listing.entries:
        owner = plugins.companion_of(entry.name)
        name = entry.name if owner is None else owner
        if reason := why_unsafe(name):
            unsafe[name] = reason
            if resembled(name) is None:
                strange.add(name)
        elif owner is not None:
            companions[owner].setdefault(entry.name, entry)
        elif parse_artifact_name(name) is not None:
            listed[name].append(entry)
        else:
            strange.add(name)
    return listed, companions, unsafe, strange


class _Matcher:
    """Matches artifacts against *wanted*, and collects the versions found.

    :param wanted: the projects and versions to select.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        #: The versions found of the wanted projects, wanted or not: at most
        #: :data:`MAX_VERSIONS` of them.
        self.versions: set[Version] = set()
        #: The names of artifacts of other versions.
        self.others: set[str] = set()

    def names(self, name: str) -> bool:
        """Return whether a name is that of a wanted artifact."""
        parsed = parse_artifact_name(name)
        fits = self.fits(parsed)
        if not fits and parsed is not None and parsed.project in (self._wanted or ()):
            self.others.add(name)
        return fits

    def fits(self, parsed: ArtifactName | None) -> bool:
        """Return whether an artifact is wanted, judging by its parsed name."""
        wanted = self._wanted
        if parsed is None or (wanted is not None and parsed.project not in wanted):
            return False
        if len(self.versions) < MAX_VERSIONS:
            self.versions.add(parsed.version)
        versions = wanted[parsed.project] if wanted is not None else ()
        return not versions or parsed.version in versions


def _artifact(
    name: str,
    entries: Sequence[Entry],
    companions: Mapping[str, Entry],
    *,
    superseded: bool,
    complete: bool,
) -> ListedArtifact:
    """Combine the entries of one artifact with those companions that are beside it."""
    first = entries[0] if entries else _beside(name, next(iter(companions.values())))
    return ListedArtifact(
        name,
        first.url,
        first.size,
        first.headers,
        tuple(claim for entry in entries for claim in entry.claims),
        next((entry.yanked for entry in entries if entry.yanked is not None), None),
        next((entry.provenance for entry in entries if entry.provenance), None),
        {other: e.url for other, e in companions.items() if _are_neighbours(e, first)},
        companions_listed=complete,
        listed=bool(entries),
        superseded=superseded,
    )


def _dated(artifact: ListedArtifact, listing: Listing) -> ListedArtifact:
    """Return an artifact whose claims have the origins and the age of their listing."""
    if not artifact.claims:
        return artifact
    claims = tuple(
        replace(claim, origins=claim.origins or listing.origins, age=listing.age)
        if isinstance(claim, Claim)
        else claim
        for claim in artifact.claims
    )
    return replace(artifact, claims=claims)


def _are_neighbours(one: Entry, other: Entry) -> bool:
    """Return whether two objects are in the same folder of the same origin.

    A digest from another place says nothing about this container, and the
    artifact's request headers must not be sent there.
    """
    return folder_of(one.url) == folder_of(other.url) and origin(one.url) == origin(other.url)


def _beside(name: str, companion: Entry) -> Entry:
    """Return the expected entry of an artifact of which only a companion is listed."""
    # A query may be a signature that is valid for the companion only.
    url = f"{folder_of(companion.url)}/{quote(name)}"
    return Entry(name, url, headers=companion.headers)
