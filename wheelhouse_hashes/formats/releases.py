"""The releases in a listing, and which of them ``--expect-like`` names."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import listed, parse_artifact_name
from wheelhouse_hashes.formats.urls import shown

if TYPE_CHECKING:
    from wheelhouse_hashes.transport import Listing

#: The version that stands for the release before.
PREVIOUS = "previous"

_OPTION = "--expect-like"


@dataclass(frozen=True, slots=True)
class Address:
    """The value of ``--expect-like``."""

    #: The address, path or container.
    what: str = field(repr=False)
    #: The version; None for the release before.
    version: Version | None = None
    #: Whether the user said ``previous@``.
    previous: bool = False


def parse_address(text: str) -> Address:
    """Parse ``WHAT``, ``VERSION@WHAT`` or ``previous@WHAT``.

    :raises UsageError: if it has no address, or if the part before the ``@`` is not a version.
    """
    version, at, what = text.partition("@")
    # A URL may have a user, and a path may contain the character.
    if not at or "/" in version or os.path.exists(text):  # noqa: PTH110 (Path.exists can raise)
        what, version = text, ""
    if not what:
        raise UsageError(f"{_OPTION} {text[:80]!r}: give an address, a folder or a list")
    if version in ("", PREVIOUS):
        return Address(what, previous=version == PREVIOUS)
    try:
        return Address(what, Version(version))
    except InvalidVersion:
        # Not shown: it may be a user and a password.
        text = f"the part before '@' is not a version (PEP 440), nor {PREVIOUS!r}"
        raise UsageError(f"{_OPTION}: {text}") from None


@dataclass(slots=True)
class Release:
    """The artifacts of one version of a project."""

    project: str
    version: Version
    #: The names, and sizes in bytes; None if unknown.
    sizes: dict[str, int | None] = field(default_factory=dict)
    #: Those of them that are yanked.
    yanked: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


Releases = Mapping[Version, Release]


def releases_in(listing: Listing) -> dict[str, dict[Version, Release]]:
    """Return the releases in a listing and its digest lists, by project and version.

    An artifact that cannot be read or requested counts as well: that release has it.
    """
    found: dict[str, dict[Version, Release]] = defaultdict(dict)
    for name, size, yanked in _named(listing):
        parsed = parse_artifact_name(name)
        if parsed is None:
            continue
        release = found[parsed.project].get(parsed.version)
        if release is None:
            release = Release(parsed.project, parsed.version)
            found[parsed.project][parsed.version] = release
        release.sizes[name] = release.sizes.get(name) or size
        if yanked:
            release.yanked.add(name)
    return found


def _named(listing: Listing) -> Iterator[tuple[str, int | None, bool]]:
    for each in (listing, *listing.lists):
        for entry in each.entries:
            yield entry.name, entry.size, entry.yanked is not None
    for left_out in listing.left_out:
        yield left_out.name, None, False


def choose(releases: Releases, address: Address, release: str, current: Version) -> Release:
    """Return the release that another one is compared with.

    Without a version, that is the highest final version below, without its yanked artifacts;
    or the only version that the address has.

    :param releases: the releases of the project at the address.
    :param address: the value of ``--expect-like``.
    :param release: the release to compare, for messages.
    :param current: its version.
    :raises UsageError: if there is no such release.
    """
    where = f"{_OPTION} {shown(address.what)}"
    if address.version is not None:
        if address.version not in releases:
            text = f"no artifacts of version {address.version}"
            raise UsageError(f"{where}: {text}; {_versions(releases)}")
        return releases[address.version]
    final = [each for version, each in releases.items() if version < current and _is_final(each)]
    if final:
        found = max(final, key=lambda each: each.version)
        kept = {name: size for name, size in found.sizes.items() if name not in found.yanked}
        return Release(found.project, found.version, kept)
    if len(releases) == 1 and current not in releases and not address.previous:
        return next(iter(releases.values()))
    text = f"no final release below {release} that is not yanked; name one with VERSION@"
    raise UsageError(f"{where}: {text}; {_versions(releases)}")


def _is_final(release: Release) -> bool:
    version = release.version
    other = version.is_prerelease or version.is_postrelease or version.local is not None
    return not other and release.sizes.keys() != release.yanked


def _versions(releases: Releases) -> str:
    newest = [str(version) for version in sorted(releases, reverse=True)]
    return f"it has {listed(newest, most=10) or 'no artifacts of the project'}"
