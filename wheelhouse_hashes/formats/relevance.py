"""Which objects of a listing can matter to a command, judging by their names alone.

A page can list hundreds of thousands of artifacts, of which a command asks for a few.  To keep
all of them would take more memory than there may be.
"""

from __future__ import annotations

import functools
import re

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

#: The end of an artifact's name; the names of its companions go on with a dot.
_ARTIFACT = re.compile(r"\.(?:whl|tar\.gz|zip|exe)(?=\.|$)", re.IGNORECASE)

#: Longer names are not artifact names, but a name that is like one is in their last part.
_LONGEST = 4096


class Relevance:
    """Recognizes names that cannot matter to a command that asks for one project.

    :param project: the name of the project; None if the command asks for several.
    :param version: the version; None for all of them.
    """

    def __init__(self, project: str | None = None, version: str | None = None) -> None:
        self._project = None if project is None else canonicalize_name(project)
        try:
            self._version = None if version is None else Version(version)
        except InvalidVersion:
            self._version = None  # reported elsewhere

    def is_of_another_project(self, name: str) -> bool:
        """Return whether a name is that of an artifact or companion of another project.

        False if in doubt, as for names that contain the project's name anywhere.
        """
        if self._project is None or self._project in canonicalize_name(name[-_LONGEST:]):
            return False
        return _ARTIFACT.search(name[-_LONGEST:]) is not None

    def is_of_another_version(self, name: str) -> bool:
        """Return whether a name is that of a wheel of another version; False if in doubt."""
        if self._version is None or not name.endswith(".whl"):
            return False
        version = _version(name.split("-", 2)[1]) if name.count("-") > 1 else None
        return version is not None and version != self._version


@functools.lru_cache(maxsize=4096)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
