"""Dev builds: the time stamp that the host gives them, and how many it keeps.

CI uploads a wheel of a development version again and again.  The host renames
it, so that each build has a name of its own that sorts by upload time, and
keeps the youngest five of each platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from wheelhouse_hashes.filenames import ArtifactName, parse_artifact_name, read_artifact_name

#: How many dev builds of one kind a container keeps.
KEEP = 5

_STAMP = re.compile(r"\d{14}(\.\w+)*", re.ASCII)


def stamped_name(name: str, now: datetime) -> str:
    """Return the name that an artifact is uploaded under.

    Wheels of development versions get the time in front of their local
    version, unless they have one; other names stay as they are.

    :param name: the artifact's name.
    :param now: the time of the upload, in UTC.
    :raises ValueError: if the name is not an artifact's, or is that of a dev
        build in a form that cannot be stamped.
    """
    parsed = read_artifact_name(name)
    version = parsed.version
    if not version.is_devrelease or _STAMP.match(version.local or ""):
        return name
    if parsed.kind != "wheel":
        raise ValueError("a dev build can be uploaded as a wheel only")
    # The host joins with an underscore, which is what packaging reads as a dot.
    stamp = now.strftime("%Y%m%d%H%M%S")
    local = f"{stamp}_{version.local}" if version.local else stamp
    project, _, rest = name.split("-", 2)
    return f"{project}-{version.public}+{local}-{rest}"


def _kind(parsed: ArtifactName) -> tuple[str, str, frozenset[str]]:
    return parsed.project, parsed.kind, parsed.variant


def same_kind(name: str, names: Iterable[str]) -> list[str]:
    """Return the dev builds for the same project and platform, youngest first.

    :param name: an artifact's name; the answer is empty if it is no dev build.
    :param names: other names, among which there may be ones of no artifact.
    """
    wanted = parse_artifact_name(name)
    if wanted is None or not wanted.version.is_devrelease:
        return []
    builds = [
        ((parsed.version, parsed.build), other)
        for other in names
        if (parsed := parse_artifact_name(other)) is not None
        and parsed.version.is_devrelease
        and _kind(parsed) == _kind(wanted)
    ]
    return [other for _, other in sorted(builds, reverse=True)]


def is_displaced(name: str, names: Iterable[str]) -> bool:
    """Tell whether enough younger dev builds of its kind are there to displace one.

    :param name: the name of a dev build, which need not be among the others.
    :param names: the names of the artifacts that are there.
    """
    builds = same_kind(name, {name, *names})
    return name in builds[KEEP:]
