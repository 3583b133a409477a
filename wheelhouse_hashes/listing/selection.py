"""What to fetch of what an address offers: a project, a version, its companions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.artifacts import Entry, ListedArtifact, Listing
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import ArtifactName, parse_artifact_name, resembled, why_unsafe
from wheelhouse_hashes.formats.dev_builds import DevBuilds
from wheelhouse_hashes.formats.urls import origin

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.manager import Plugins


@dataclass(frozen=True)
class Selection:
    """The artifacts of a listing that a command asks for."""

    #: The artifacts, by name.
    artifacts: tuple[ListedArtifact, ...]
    #: Names of older dev builds of which only companions are left.
    leftovers: tuple[str, ...]
    #: The versions that the listing has of the project, in order.
    versions: tuple[Version, ...]
    #: Names that would be artifacts but for what makes them unsafe, and why.
    unsafe: tuple[tuple[str, str], ...] = ()
    #: Companions that are not beside their artifact, and so are not asked.
    misplaced: tuple[str, ...] = ()
    #: Artifacts whose addresses must not be asked, and why.
    left_out: tuple[tuple[str, str], ...] = ()


#: Projects by their normalized names, with the versions of each; no versions
#: mean all of them.  None stands for all projects.
Wanted = Mapping[str, frozenset[Version]] | None


def asked_for(project: str, version: str | None) -> Wanted:
    """Return what a command asks for.

    :param project: the project's name; compared as :pep:`503` says.
    :param version: the version; compared as :pep:`440` says.  All if None.
    :raises UsageError: if the version is not one.
    """
    try:
        versions = {Version(version)} if version is not None else ()
    except InvalidVersion:
        raise UsageError(f"--version {version!r} is not a version (PEP 440)") from None
    return {canonicalize_name(project): frozenset(versions)}


def select(listing: Listing, plugins: Plugins, wanted: Wanted) -> Selection:
    """Choose artifacts, and group their companions with them.

    :param listing: what the address offers.
    :param plugins: tell which entries are companions, and of what.
    :param wanted: which artifacts.
    """
    listed, companions, unsafe = _grouped(listing, plugins)
    question = _Question(wanted)
    builds = DevBuilds(listed)
    artifacts: list[ListedArtifact] = []
    leftovers: list[str] = []
    misplaced: list[str] = []
    for name in filter(question.names, sorted({*listed, *companions})):
        superseded = builds.is_superseded(name)
        if name not in listed and superseded:
            leftovers.append(name)
            continue
        others = companions.get(name, {})
        artifact = _artifact(name, listed.get(name, []), others, superseded=superseded)
        artifacts.append(artifact)
        misplaced += [other for other in others if other not in artifact.companions]
    offered = {artifact.name for artifact in artifacts}
    left_out = {
        name: why
        for name, why in listing.left_out
        if name not in offered and not why_unsafe(name) and question.names(name)
    }
    mistakable = tuple(
        (name, why) for name, why in unsafe.items() if question.fits(resembled(name))
    )
    return Selection(
        tuple(artifacts),
        tuple(leftovers),
        tuple(sorted(question.versions)),
        mistakable,
        tuple(misplaced),
        tuple(left_out.items()),
    )


def _grouped(
    listing: Listing, plugins: Plugins
) -> tuple[dict[str, list[Entry]], dict[str, dict[str, Entry]], dict[str, str]]:
    """Group the entries of a listing.

    :returns: by the name of an artifact its entries, and those of its companions
        by their names; by an unsafe name the reason.
    """
    listed: dict[str, list[Entry]] = defaultdict(list)
    companions: dict[str, dict[str, Entry]] = defaultdict(dict)
    unsafe: dict[str, str] = {}
    for entry in listing.entries:
        owner = plugins.companion_of(entry.name)
        name = entry.name if owner is None else owner
        if reason := why_unsafe(name):
            unsafe[name] = reason
        elif owner is not None:
            companions[owner].setdefault(entry.name, entry)
        elif parse_artifact_name(name) is not None:
            listed[name].append(entry)
    return listed, companions, unsafe


class _Question:
    """What a command asks for; it remembers the versions that it met.

    :param wanted: which artifacts.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        #: The versions of the projects asked for, wanted or not.
        self.versions: set[Version] = set()

    def names(self, name: str) -> bool:
        """Tell whether a name is that of a wanted artifact."""
        return self.fits(parse_artifact_name(name))

    def fits(self, parsed: ArtifactName | None) -> bool:
        """Tell whether an artifact is wanted, by the parts of its name."""
        wanted = self._wanted
        if parsed is None or (wanted is not None and parsed.project not in wanted):
            return False
        self.versions.add(parsed.version)
        of_it = wanted[parsed.project] if wanted is not None else ()
        return not of_it or parsed.version in of_it


def _artifact(
    name: str, entries: Sequence[Entry], companions: Mapping[str, Entry], *, superseded: bool
) -> ListedArtifact:
    """Join the entries of one artifact, and those of its companions that are beside it."""
    first = entries[0] if entries else _beside(name, next(iter(companions.values())))
    return ListedArtifact(
        name,
        first.url,
        first.size,
        first.headers,
        tuple(claim for entry in entries for claim in entry.claims),
        {other: e.url for other, e in companions.items() if _are_neighbours(e, first)},
        listed=bool(entries),
        superseded=superseded,
    )


def _are_neighbours(one: Entry, other: Entry) -> bool:
    """Tell whether two objects are in one folder of one origin.

    A digest from elsewhere says nothing about this container, and the headers
    that come with an artifact must not go there.
    """
    folders = {entry.url.partition("?")[0].rpartition("/")[0] for entry in (one, other)}
    return len(folders) == 1 and origin(one.url) == origin(other.url)


def _beside(name: str, companion: Entry) -> Entry:
    """Return where an artifact should be of which only a companion is listed."""
    parts = urlsplit(companion.url)
    path = parts.path.rpartition("/")[0] + "/" + quote(name)
    # A query may be a signature, which is good for the companion alone.
    url = urlunsplit(parts._replace(path=path, query=""))
    return Entry(name, url, headers=companion.headers)
