"""Compare releases with an earlier one: ``--expect-like``.

Imported only if the option is given.
"""

from __future__ import annotations

import os
import pathlib
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelhouse_hashes.artifacts import Finding, Outcome
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats import kind_changes
from wheelhouse_hashes.formats.releases import Address, Release, choose, parse_address, releases_in
from wheelhouse_hashes.formats.tag_globs import matches, matches_any
from wheelhouse_hashes.formats.urls import local_path, origins_of, shown
from wheelhouse_hashes.options import CheckOptions, FetchOptions, VerifyOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wheelhouse_hashes.report import FetchReport
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing

#: Maximum number of notes about sizes.
_MAX_NOTES = 8

_NEXT = (
    "build the missing artifacts and run the command again, or name what is no longer built with "
    "--without"
)


class EarlierRelease:
    """The expectation of ``--expect-like``.

    :param run: the command in progress.
    :raises UsageError: if the option's value is not valid.
    """

    def __init__(self, run: Run[CheckOptions]) -> None:
        self._run = run
        self._address: Address = parse_address(run.options.expect_like or "")
        self._listing: Listing | None = None
        self._known: dict[str, dict[Version, Release]] = {}
        #: The paths of local files whose size the listing does not report.
        self._files: dict[str, str] = {}

    def read(self) -> None:
        """Read the releases; choose now if it is known which ones they are compared with.

        :raises Refusal: if they cannot be read.
        :raises UsageError: if there is no release to compare with.
        """
        self._listing = self._run.listing(self._address.what)
        self._known = releases_in(self._listing)
        self._files = {
            entry.name: local_path(entry.url)
            for entry in self._listing.entries
            if entry.size is None and entry.url.startswith("file:")
        }
        for project, version in self._compared(self._asked_for()):
            self._reference(project, version)

    def findings(self, report: FetchReport, incomplete: Cause) -> Iterator[Finding]:
        """Yield what the releases of a run lack; print notes and one line about each.

        :param report: the report of the run.
        :param incomplete: the cause of the findings.
        :raises UsageError: if there is no release to compare one with.
        """
        assert self._listing is not None  # noqa: S101 (read before)
        if self._listing.cut:
            text = f"{self._listing.url}: {self._listing.cut}"
            yield Finding(Cause.LISTING_CUT, text)
        releases = self._now(report)
        for project, version in self._compared(releases):
            now, before = releases[project, version], self._reference(project, version)
            sizes = before.sizes
            old, new = kind_changes.kinds_of(sizes), kind_changes.kinds_of(now)
            where = str(before.version)
            for each in kind_changes.lost(old, new, where):
                yield Finding(incomplete, each.text, _NEXT, missing=each.missing)
            self._note(f"new, not in {before}", kind_changes.gained(old, new))
            changed = kind_changes.resized(sizes, now)
            for text in changed[:_MAX_NOTES]:
                self._note("size", text)
            if len(changed) > _MAX_NOTES:
                self._note("size", f"{len(changed) - _MAX_NOTES} more kinds changed as much")
            self._run.say(printable(self._closing(before, len(old), report)))

    def _compared(self, releases: Iterable[tuple[str, Version]]) -> list[tuple[str, Version]]:
        """Return the releases that are compared, in order.

        A folder may have several projects, and an index page has one of them.
        """
        ordered = sorted(releases)
        found = [each for each in ordered if each[0] in self._known]
        for project in sorted({project for project, _ in ordered if project not in self._known}):
            if found:
                self._note(
                    "--expect-like", f"{self._shown} has no {project}, which is not compared"
                )
        return found or ordered

    def _asked_for(self) -> list[tuple[str, Version]]:
        """Return the releases that the command names, or that are in its folder."""
        options = self._run.options
        if isinstance(options, FetchOptions) and options.version is not None:
            return [(canonicalize_name(options.project_name), Version(options.version))]
        names: list[str] = []
        if isinstance(options, VerifyOptions):
            with suppress(OSError):  # a digest list, or reported when the folder is verified
                names = os.listdir(options.folder)
        parsed = [found for found in map(parse_artifact_name, names) if found is not None]
        return sorted({(found.project, found.version) for found in parsed})

    def _now(self, report: FetchReport) -> dict[tuple[str, Version], dict[str, int | None]]:
        """Return the good artifacts of each release that the run is about, with their sizes."""
        found: dict[tuple[str, Version], dict[str, int | None]] = defaultdict(dict)
        for asked in self._asked_for():
            found[asked] = {}
        for verdict in report.verdicts:
            parsed = parse_artifact_name(verdict.name)
            if parsed is not None and verdict.outcome is not Outcome.WITHDRAWN:
                good = found[parsed.project, parsed.version]
                if verdict.good:
                    good[verdict.name] = verdict.size
        versions = {version for _, version in found}
        # A folder or list is one release, perhaps of several projects.
        if len(versions) == 1 and self._is_local and self._run.verb == "verify":
            version = versions.pop()
            for project in self._known:
                found.setdefault((project, version), {})
        return found

    def _reference(self, project: str, version: Version) -> Release:
        """Return the release to compare with, without what is no longer built.

        :raises UsageError: if there is none, or if it has no artifacts left.
        """
        known = self._known.get(project, {})
        found = choose(known, self._address, f"{project} {version}", version)
        globs = self._run.options.without
        dropped = (*globs, *self._run.options.exclude)
        sizes = {
            name: self._size(name) if size is None else size
            for name, size in found.sizes.items()
            if not matches_any(dropped, name)
        }
        for glob in globs:
            if not any(matches(glob, name) for name in found.sizes):
                self._note(f"--without {glob}", f"{found} has no such artifact; remove the option")
        if not sizes:
            given = {"--exclude": self._run.options.exclude, "--without": globs}
            options = " and ".join(option for option, values in given.items() if values)
            raise UsageError(f"{options}: nothing of {found} is left, so nothing would be expected")
        return Release(found.project, found.version, sizes)

    @property
    def _is_local(self) -> bool:
        return os.path.exists(self._address.what)  # noqa: PTH110 (Path.exists can raise)

    def _closing(self, before: Release, kinds: int, report: FetchReport) -> str:
        noun = "kind" if kinds == 1 else "kinds"
        same = self._same_hands(report)
        return f"expected the {kinds} {noun} of {before} at {self._shown}{same and f' ({same})'}"

    @property
    def _shown(self) -> str:
        return self._address.what if self._is_local else shown(self._address.what)

    def _same_hands(self, report: FetchReport) -> str:
        """Return a warning if the expectation comes from the same place as the artifacts."""
        options, what = self._run.options, self._address.what
        folder = options.folder if isinstance(options, VerifyOptions) else ""
        folder = options.local_folder if isinstance(options, FetchOptions) else folder
        if self._is_local:
            inside = pathlib.Path(what).resolve().is_relative_to(pathlib.Path(folder).resolve())
            return "from the same folder as the artifacts" if inside else ""
        url = options.url if isinstance(options, FetchOptions) else ""
        read = report.listing.url if report.listing is not None and url else ""
        listed = self._listing
        here = {*origins_of(what), *(listed.origins if listed is not None else ())}
        if not here.isdisjoint(origins_of(url, read)):
            return "from the same server as the artifacts"
        if not here.isdisjoint(origins_of(*options.against)):
            return "from the same server as the digests"
        same = url and not here and urlsplit(what)[:2] == urlsplit(url)[:2]
        return "from the same store as the artifacts" if same else ""

    def _size(self, name: str) -> int | None:
        """Return the size of an artifact in a local folder, None for all others."""
        try:
            return os.stat(self._files[name]).st_size  # noqa: PTH116 (any path)
        except (KeyError, OSError):
            return None

    def _note(self, topic: str, text: str) -> None:
        if text:
            self._run.note_once(f"{topic}: {text}", f"{topic}: {text}")
