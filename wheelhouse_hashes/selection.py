"""What to fetch of what an address offers: a project, a version, its companions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.artifacts import Entry, ListedArtifact, Listing
from wheelhouse_hashes.devbuilds import is_displaced
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.plugins import Plugins


@dataclass(frozen=True)
class Selection:
    """The artifacts of a listing that a command asks for."""

    #: The artifacts, by name.
    artifacts: tuple[ListedArtifact, ...]
    #: Names of older dev builds of which only companions are left.
    litter: tuple[str, ...]
    #: The versions that the listing has of the project, in order.
    versions: tuple[Version, ...]


def select(listing: Listing, plugins: Plugins, project: str, version: str | None) -> Selection:
    """Choose the artifacts of a project, and of a version if one is given.

    :param listing: what the address offers.
    :param plugins: tell which entries are companions, and of what.
    :param project: the project's name; compared as :pep:`503` says.
    :param version: the version; compared as :pep:`440` says.
    :raises UsageError: if the version is not one.
    """
    try:
        wanted = Version(version) if version is not None else None
    except InvalidVersion:
        raise UsageError(f"--version {version!r} is not a version (PEP 440)") from None
    listed: dict[str, list[Entry]] = defaultdict(list)
    companions: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in listing.entries:
        owner = plugins.companion_of(entry.name)
        if owner is not None:
            companions[owner].setdefault(entry.name, entry)
        elif parse_artifact_name(entry.name) is not None:
            listed[entry.name].append(entry)

    artifacts: list[ListedArtifact] = []
    litter: list[str] = []
    versions: set[Version] = set()
    for name in sorted({*listed, *companions}):
        parsed = parse_artifact_name(name)
        if parsed is None or parsed.project != canonicalize_name(project):
            continue
        versions.add(parsed.version)
        if wanted is not None and parsed.version != wanted:
            continue
        if name not in listed and is_displaced(name, listed):
            litter.append(name)
        else:
            artifacts.append(_merge(name, listed[name], companions[name]))
    return Selection(tuple(artifacts), tuple(litter), tuple(sorted(versions)))


def _merge(name: str, entries: list[Entry], companions: dict[str, Entry]) -> ListedArtifact:
    """Make one artifact of all its links: the first one's bytes, everybody's claims."""
    first = entries[0] if entries else _beside(name, next(iter(companions.values())))
    return ListedArtifact(
        name,
        first.url,
        first.size,
        first.headers,
        tuple(claim for entry in entries for claim in entry.claims),
        {other: entry.url for other, entry in companions.items()},
        listed=bool(entries),
    )


def _beside(name: str, companion: Entry) -> Entry:
    """Return where an artifact should be of which only a companion is listed."""
    parts = urlsplit(companion.url)
    path = parts.path.rpartition("/")[0] + "/" + quote(name)
    return Entry(name, urlunsplit(parts._replace(path=path)), headers=companion.headers)


def case_twins(names: Iterable[str]) -> set[str]:
    """Return the names that another one differs from in case only.

    On Windows and macOS the second of them would overwrite the first.
    """
    folded: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folded[name.casefold()].append(name)
    return {name for twins in folded.values() if len(twins) > 1 for name in twins}
