"""File names and sizes of real releases: the last ten of 19 projects with binary wheels.

Taken from the package index in November 2026, candidates included.  ``releases.txt.gz`` has one
``NAME SIZE [yanked]`` a line, below a line with the project.
"""

from __future__ import annotations

import functools
import gzip
import pathlib
from collections import defaultdict
from collections.abc import Iterator

from packaging.version import Version

from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.releases import Release, choose, parse_address

_DATA = pathlib.Path(__file__).with_name("releases.txt.gz")


@functools.cache
def real_releases() -> dict[str, dict[Version, Release]]:
    """Return the releases of each project."""
    found: dict[str, dict[Version, Release]] = defaultdict(dict)
    for line in gzip.decompress(_DATA.read_bytes()).decode().splitlines():
        name, size, *yanked = line.split()
        parsed = parse_artifact_name(name)
        if parsed is None:
            continue
        releases = found[parsed.project]
        release = releases.setdefault(parsed.version, Release(parsed.project, parsed.version))
        release.sizes[name] = int(size)
        release.yanked |= {name} if yanked else set()
    return found


def with_previous() -> Iterator[tuple[Release, Release]]:
    """Yield each final release that is not yanked, after the one that ``previous`` picks."""
    for project, releases in real_releases().items():
        final = sorted(
            version
            for version, each in releases.items()
            if not version.is_prerelease and each.sizes.keys() != each.yanked
        )
        address = parse_address("previous@index")
        for version in final[1:]:
            yield choose(releases, address, project, version), releases[version]


def with_candidate() -> Iterator[tuple[Release, Release]]:
    """Yield each final release after its last candidate."""
    for releases in real_releases().values():
        for version, release in releases.items():
            candidates = [
                each
                for each in releases
                if each.is_prerelease and each.release == version.release and each < version
            ]
            if candidates and not version.is_prerelease:
                yield releases[max(candidates)], release
