"""Dev builds: the time stamp that the host adds, and the number of builds it keeps.

CI uploads wheels of a development version again and again.  The host renames them,
so that each build has a unique name that sorts by upload time, and keeps the
newest five for each platform.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from packaging.version import Version

from wheelhouse_hashes.filenames import parse_artifact_name, read_artifact_name

if TYPE_CHECKING:
    from datetime import datetime

#: Number of dev builds of one kind that a container keeps by default.
KEEP = 5

_STAMP = re.compile(r"\d{14}(?!\d)", re.ASCII)


def stamped_name(name: str, now: datetime) -> str:
    """Return the name under which an artifact is uploaded.

    Wheels of development versions get a time stamp in front of their local
    version, unless they have one; other names do not change.

    :param name: the artifact's name.
    :param now: the time of the upload, in UTC.
    :raises ValueError: if the name is not an artifact name, or is that of a dev
        build that is not a wheel.
    """
    parsed = read_artifact_name(name)
    version = parsed.version
    if not version.is_devrelease:
        return name
    if parsed.kind != "wheel":
        raise ValueError("dev builds can only be uploaded as wheels")
    if _STAMP.match(version.local or ""):
        return name
    # The host joins with an underscore, which packaging reads as a dot.
    stamp = now.strftime("%Y%m%d%H%M%S")
    local = f"{stamp}_{version.local}" if version.local else stamp
    project, _, rest = name.split("-", 2)
    return f"{project}-{version.public}+{local}-{rest}"


def without_stamp(version: Version) -> Version:
    """Return the version that a dev build had before its upload.

    :param version: the version in the name of an artifact.
    :returns: the version without the time stamp; the same version if it has none.
    """
    local = version.local or ""
    if not version.is_devrelease or not _STAMP.match(local):
        return version
    rest = _STAMP.sub("", local, count=1).lstrip(".")
    return Version(f"{version.public}+{rest}" if rest else version.public)


#: All that identifies a build except its time stamp: project, version, build tag, tags.
_Unstamped = tuple[str, Version, tuple[int, str] | tuple[()], frozenset[str]]


def _unstamped(name: str) -> tuple[_Unstamped, bool] | None:
    """Return the identity of a dev wheel, and whether it has a time stamp.

    :returns: None for other names.
    """
    if "dev" not in name.lower():
        return None  # parsing takes longer
    parsed = parse_artifact_name(name)
    if parsed is None or parsed.kind != "wheel" or not parsed.version.is_devrelease:
        return None
    version = without_stamp(parsed.version)
    identity = (parsed.project, version, parsed.build, parsed.variant)
    return identity, version != parsed.version


def stamped_builds(listed: Collection[str], there: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the uploaded builds that names from before the upload may stand for.

    A build job hashes a dev wheel before its upload adds a time stamp to the name.  The
    digest is then listed under a name that no longer exists.

    :param listed: the names in a digest list.
    :param there: the names of the artifacts that are compared with the list.
    :returns: for each listed dev wheel without a time stamp that is not there, the builds
        there that differ in the time stamp only; sorted.  A build that is listed itself is
        not among them.
    """
    before = {name: found[0] for name in listed if (found := _unstamped(name)) and not found[1]}
    if not before:
        return {}
    builds: dict[_Unstamped, list[str]] = defaultdict(list)
    names = set(there)
    for name in sorted(names.difference(listed)):
        found = _unstamped(name)
        if found is not None and found[1]:
            builds[found[0]].append(name)
    return {
        name: builds[identity]
        for name, identity in before.items()
        if name not in names and identity in builds
    }


_Kind = tuple[str, str, frozenset[str]]
_Age = tuple[Version, tuple[int, str] | tuple[()], str]


def _kind_and_age(name: str) -> tuple[_Kind, _Age] | None:
    """Return the kind and the age of a dev build, None for other names.

    Builds of one kind supersede one another; the newest has the highest age.
    """
    parsed = parse_artifact_name(name)
    if parsed is None or not parsed.version.is_devrelease:
        return None
    return (parsed.project, parsed.kind, parsed.variant), (parsed.version, parsed.build, name)


class DevBuilds:
    """The dev builds among some names, by project and platform.

    :param names: the names of artifacts; names of other files are ignored.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names

    @functools.cached_property
    def _kinds(self) -> Mapping[_Kind, list[_Age]]:
        """The builds of each kind, newest first; only made if a dev build is asked for."""
        kinds: dict[_Kind, list[_Age]] = defaultdict(list)
        for name in set(self._names):
            if (found := _kind_and_age(name)) is not None:
                kinds[found[0]].append(found[1])
        for ages in kinds.values():
            ages.sort(reverse=True)
        return kinds

    def like(self, name: str) -> list[str]:
        """Return the builds for the same project and platform, newest first.

        :param name: an artifact's name; the list is empty if it is not a dev build.
        """
        found = _kind_and_age(name)
        return [] if found is None else [age[-1] for age in self._kinds.get(found[0], ())]

    def is_superseded(self, name: str) -> bool:
        """Return whether a build is superseded by enough newer builds of its kind.

        :param name: the name of a build, which need not be one of *names*.
        """
        found = _kind_and_age(name)
        if found is None:
            return False
        kept = self._kinds.get(found[0], ())[:KEEP]
        return len(kept) == KEEP and found[1] < kept[-1]
