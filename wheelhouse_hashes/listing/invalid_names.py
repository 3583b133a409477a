"""Names of a listing that look like artifacts of a project, but are not valid.

A wheel whose name is not valid cannot be installed, and nobody would miss it: so it is
refused by name.  Other archives are often no artifacts at all, such as documentation, so a
note is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelhouse_hashes.filenames import MAX_NAME_BYTES, parse_artifact_name, read_artifact_name
from wheelhouse_hashes.formats.lazy_patterns import lazily

_WHEEL = ".whl"

#: Suffixes of archives and packages that indexes had or have.
_SUFFIXES = (
    *(_WHEEL, ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.zst"),
    *(".tar.z", ".tar", ".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".conda"),
)

#: The beginning of a version: the numbers of the release (:pep:`440`).
_RELEASE = lazily(r"v?(?P<release>[0-9]{1,9}(?:\.[0-9]{1,9}){0,9})", re.ASCII | re.IGNORECASE)


class InvalidNames(NamedTuple):
    """Names that look like wanted artifacts and are not valid."""

    #: Wheels, and why their names are not valid.
    wheels: tuple[tuple[str, str], ...] = ()
    #: Other files, and wheels that cannot be of a version.
    others: tuple[str, ...] = ()


def find_invalid(
    names: Iterable[str], wanted: Mapping[str, frozenset[Version]] | None
) -> InvalidNames:
    """Return the names that look like wanted artifacts.

    :param names: names that are not those of artifacts or companions.
    :param wanted: the versions of each wanted project, as in ``selection``; if all projects
        are wanted, no name is returned.
    """
    wheels: list[tuple[str, str]] = []
    others: list[str] = []
    candidates = names if wanted else ()
    for name in sorted(name for name in candidates if name.lower().endswith(_SUFFIXES)):
        rest = _rest(name, wanted or {})
        if rest is None:
            continue
        project, version = rest
        match = _RELEASE.match(version)
        versions = (wanted or {})[project]
        if match and versions and not _is_one_of(match["release"], versions):
            continue
        if match and name.lower().endswith(_WHEEL):
            wheels.append((name, _why(name)))
        else:
            others.append(name)
    return InvalidNames(tuple(wheels), tuple(others))


def _rest(name: str, wanted: Mapping[str, object]) -> tuple[str, str] | None:
    """Return the project that a name begins with, and what follows it; None if it does not."""
    base = re.split(r"[/\\]", name[-MAX_NAME_BYTES:])[-1]
    # Project names may contain hyphens, in names that are not valid as well.
    for match in re.finditer("-", base):
        project = canonicalize_name(base[: match.start()].strip())
        if project in wanted:
            rest = base[match.end() :]
            return None if parse_artifact_name(base) else (project, rest)
    return None


def _is_one_of(release: str, versions: Iterable[Version]) -> bool:
    return any(Version(release) == Version(".".join(map(str, v.release))) for v in versions)


def _why(name: str) -> str:
    invalid = "not a valid name of a wheel"
    if not name.endswith(_WHEEL):
        return f"{invalid}: the extension is not in lower case"
    try:
        read_artifact_name(name)
    except ValueError as error:
        # packaging says "Invalid wheel filename (REASON): NAME", and the name is printed anyway.
        reason = re.search(r"\(([^()]+)\)", str(error))
        return f"{invalid}: {reason[1] if reason else error}"
    return invalid
