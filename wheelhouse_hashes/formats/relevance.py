"""Which links of a page can matter to a command, judging by their names alone.

A page can list hundreds of thousands of artifacts, of which a command asks for a few.
Keeping the claims of all of them would take more memory than the page itself.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Self

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.formats.urls import folder_of
from wheelhouse_hashes.options import FetchOptions, VerifyOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.pages import Link
    from wheelhouse_hashes.options import Options

#: The end of an artifact's name, which the name of a companion continues after a dot.
_ARTIFACT = re.compile(r"\.(?:whl|tar\.gz|zip|exe)(?=\.|$)", re.IGNORECASE)

#: Maximum number of characters of a name to look at.  If a longer name resembles that of an
#: artifact, its last part does.
_LONGEST = 4096

#: Maximum number of projects to look for in each name.
_MAX_PROJECTS = 100


class Relevance:
    """Drops links and claims that cannot matter to a command.

    :param wanted: the projects that the command asks for, by normalized name, with the
        versions of each; no versions mean all of them.  None stands for all projects.
    """

    def __init__(self, wanted: Mapping[str, frozenset[Version]] | None) -> None:
        self._projects = None if wanted is None or len(wanted) > _MAX_PROJECTS else tuple(wanted)
        versions = () if wanted is None else wanted.values()
        self._versions = frozenset[Version]().union(*versions) if all(versions) else frozenset()

    @classmethod
    def to(cls, options: Options) -> Self:
        """Return what is relevant to the command with these options."""
        wanted: dict[str, frozenset[Version]] = {}
        if isinstance(options, FetchOptions):
            versions = () if options.version is None else (Version(options.version),)
            return cls({canonicalize_name(options.project_name): frozenset(versions)})
        if not isinstance(options, VerifyOptions):
            return cls(None)
        if os.path.isfile(options.folder):  # noqa: PTH113 (Path.is_file can raise)
            return cls(None)
        with contextlib.suppress(OSError):  # reported when the folder is verified
            for parsed in map(parse_artifact_name, os.listdir(options.folder)):
                if parsed is not None:
                    known = wanted.get(parsed.project, frozenset())
                    wanted[parsed.project] = known | {parsed.version}
        return cls(wanted)

    def of(self, links: Iterable[Link]) -> Iterator[Link]:
        """Yield the links without those of other projects, and without needless claims.

        The first hash file of each folder is kept: whether a folder has any decides about
        the hash files that are not listed (:mod:`wheelhouse_hashes.runtime.unlisted`).
        """
        folders: set[str] = set()
        for link in links:
            if link.problem or not link.name:
                yield link
            elif self.is_of_another_project(link.name):
                if split_hash_file_name(link.name) and (folder := folder_of(link.address)):
                    if folder not in folders:
                        yield link
                    folders.add(folder)
            else:
                needless = link.hashes and self.is_of_another_version(link.name)
                yield link._replace(hashes=()) if needless else link

    def is_of_another_project(self, name: str) -> bool:
        """Return whether a name is that of an artifact or companion of another project.

        False if in doubt, as for names that contain a wanted project's name anywhere.
        """
        if self._projects is None:
            return False
        name = name[-_LONGEST:]
        if any(project in name for project in self._projects):  # nearly always
            return False
        normalized = canonicalize_name(name)
        return not any(project in normalized for project in self._projects) and bool(
            _ARTIFACT.search(name)
        )

    def is_of_another_version(self, name: str) -> bool:
        """Return whether a name is that of a wheel or sdist of another version.

        False if in doubt, as for names that are not valid.
        """
        if not self._versions:
            return False
        version = _version_in(name)
        return version is not None and version not in self._versions


def _version_in(name: str) -> Version | None:
    """Return the version in the name of a wheel or sdist, None for other names."""
    if name.endswith(".whl"):
        parts = name.split("-", 2)
        return _version(parts[1]) if len(parts) > 1 else None
    stem = name.removesuffix(".tar.gz").removesuffix(".zip")
    return None if stem == name else _version(stem.rpartition("-")[2])


@functools.lru_cache(maxsize=4096)
def _version(text: str) -> Version | None:
    try:
        return Version(text) if len(text) <= _LONGEST else None
    except InvalidVersion:
        return None
