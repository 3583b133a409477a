"""Check that the contents of an sdist match its name.

Source: the source distribution format (https://packaging.python.org/specifications/).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from wheelhouse_hashes.formats.archives import Contents
from wheelhouse_hashes.formats.core_metadata import (
    MAX_BYTES,
    is_version,
    read_core_metadata,
    why_other,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.filenames import ArtifactName
    from wheelhouse_hashes.formats.archives import ArchiveFile

_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")
_SEPARATOR = re.compile(r"[/\\]")

#: Maximum length of a path, in characters, and the number of links to follow from one; as on Linux.
_MAX_PATH, _MAX_HOPS = 4096, 40

#: Maximum number of symbolic links, and of parts of their paths to follow.
_MAX_LINKS, _MAX_STEPS = 10_000, 1_000_000

#: Maximum number of faults to collect.
_MAX_FAULTS = 100


def check_sdist(file: ArchiveFile, parsed: ArtifactName, *, full: bool) -> Contents:
    """Check an sdist: a ``.tar.gz`` or a ``.zip`` file.

    A ``.tar.gz`` file is always read to its end.

    :param file: the sdist.
    :param parsed: the parts of its name.
    :param full: whether to read all files of a ``.zip`` file, too.
    :raises UnreadableArchive: if it cannot be read.
    :raises OSError: if the file cannot be read.
    """
    if "zip" in parsed.variant:
        return _check_zip(file, parsed, full=full)
    from wheelhouse_hashes.formats.tar_members import TarMembers

    contents = Contents()
    tree = Tree(parsed)
    members = TarMembers(file)
    for member in members.read(contents):
        content = None
        if member.isdev():
            tree.refuse(f"{member.name} is a device or a named pipe")
        elif member.issym():
            tree.link(member.name, member.linkname)
        elif member.islnk():
            tree.add(member.linkname)
        elif tree.is_metadata(member.name) and member.isreg():
            content = members.content(member, MAX_BYTES)
        tree.add(member.name, content)
    tree.conclude(contents)
    return contents


def _check_zip(file: ArchiveFile, parsed: ArtifactName, *, full: bool) -> Contents:
    from wheelhouse_hashes.formats.wheel_record import compare_digests
    from wheelhouse_hashes.formats.zip_directory import ZipDirectory, read_member

    contents = Contents()
    directory = ZipDirectory(file)
    contents.faults += directory.faults
    if contents.faults:
        return contents
    tree = Tree(parsed)
    for member in directory.members:
        is_metadata = tree.is_metadata(member.name)
        tree.add(member.name, read_member(file, member, MAX_BYTES) if is_metadata else None)
    if full and (note := compare_digests({}, directory.members, file, [])):
        contents.notes.append(note)
    tree.conclude(contents)
    return contents


class Tree:
    """The paths of an sdist, which must be in one folder that is named as the sdist.

    :param parsed: the parts of the sdist's name.
    """

    def __init__(self, parsed: ArtifactName) -> None:
        self._parsed = parsed
        self._tops: set[str] = set()
        self._links: dict[str, str] = {}
        self._faults: list[str] = []
        self._has_metadata = False
        self._steps = 0

    def refuse(self, fault: str) -> None:
        """Add a reason to refuse the sdist."""
        if len(self._faults) < _MAX_FAULTS:
            self._faults.append(fault)

    @staticmethod
    def is_metadata(path: str) -> bool:
        """Return whether a path is that of the sdist's metadata."""
        return path.endswith("/PKG-INFO") and path.removeprefix("./").count("/") == 1

    def add(self, path: str, metadata: bytes | None = None) -> None:
        """Check one path.

        :param path: the path of a member, or the path that a hard link leads to.
        :param metadata: the content of a member that :meth:`is_metadata`.
        """
        if len(path) > _MAX_PATH:
            self.refuse(f"a path is longer than {_MAX_PATH} characters: {path[:80]}")
            return
        if _ABSOLUTE.match(path) or (".." in path and ".." in _SEPARATOR.split(path)):
            self.refuse(f"{path} leads out of its folder")
            return
        if metadata is not None:
            self._has_metadata = True
            if why := why_other(self._parsed, read_core_metadata(metadata)):
                self.refuse(why)
        path = _normalized(path)
        # The second one is enough to refuse it.
        if path and len(self._tops) <= 1:
            self._tops.add(path.partition("/")[0])

    def link(self, path: str, target: str) -> None:
        """Remember a symbolic link; where it leads to is known at the end only."""
        if len(path) > _MAX_PATH or len(target) > _MAX_PATH:
            self.refuse(f"a link is longer than {_MAX_PATH} characters: {path[:80]}")
        elif len(self._links) >= _MAX_LINKS:
            self.refuse(f"it has more than {_MAX_LINKS:,} links")
        elif self._links.setdefault(_normalized(path), target) != target:
            self.refuse(f"{path} is two different links")

    def conclude(self, contents: Contents) -> None:
        """Add all findings to the result."""
        for path in self._links:
            if self._leads_out(path):
                self.refuse(f"{path} is a link that leads out of its folder")
        if self._steps > _MAX_STEPS:
            self.refuse("its links are too many or too long to be followed")
        contents.faults += self._faults
        if len(self._tops) != 1:
            found = ", ".join(sorted(self._tops)) or "none"
            contents.faults.append(f"it must have one folder at its top; it has: {found}")
        elif not self._is_named(top := next(iter(self._tops))):
            contents.faults.append(f"its folder {top} is that of another project or version")
        if not self._has_metadata:
            contents.notes.append("it has no PKG-INFO")

    def _is_named(self, top: str) -> bool:
        """Return whether a folder has the sdist's name and version, in any spelling."""
        project, _, version = top.rpartition("-")
        try:
            return canonicalize_name(project) == self._parsed.project and is_version(
                version, self._parsed
            )
        except InvalidVersion:
            return False

    def _leads_out(self, path: str) -> bool:
        """Return whether a path leads out of the top folder, if all links in it are followed."""
        left = path.split("/")[::-1]
        where: list[str] = []
        hops = 0
        while left and self._steps <= _MAX_STEPS:
            self._steps += 1
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                # The first part is the top folder.
                if len(where) <= 1:
                    return True
                where.pop()
                continue
            where.append(part)
            target = self._links.get("/".join(where))
            if target is not None:
                if _ABSOLUTE.match(target):
                    return True
                hops += 1
                if hops > _MAX_HOPS:
                    return False  # a loop, which leads nowhere
                where.pop()
                left += _SEPARATOR.split(target)[::-1]
        return False


def _normalized(path: str) -> str:
    path = posixpath.normpath(path)
    return "" if path == "." else path
