"""``page make``: choose a release, collect the SHA-256 of its artifacts, write the page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.builtin.verbs.page_sources import PageSource, open_source
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError, UsageErrors
from wheelhouse_hashes.filenames import listed, printable
from wheelhouse_hashes.formats.downloads_page import (
    Release,
    base_of,
    hash_of,
    make_page,
    release_of,
)
from wheelhouse_hashes.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_hashes.run import Run

#: Maximum number of releases that a message names.
_MAX_SHOWN = 10

_NOTHING_NEXT = "check the source, --project and --version"


def make(run: Run[Any]) -> Report:
    """Write the page of one release, unless there is an objection to one of its artifacts.

    :param run: the command in progress.
    :raises UsageError: if an option is not valid, or the source has several releases.
    :raises WheelhouseHashesError: if the source or the page cannot be read or written.
    """
    given: Mapping[str, Any] = run.options.extra
    usage = UsageErrors()
    base, version = "", None
    with usage.noted():
        base = _checked_base(given["base_url"])
    with usage.noted():
        version = _checked_version(given["version"])
    usage.raise_all()
    source = open_source(run, given["source"])
    project = given["project"] and canonicalize_name(given["project"])
    releases = [
        each
        for each in map(release_of, source.names)
        if each is not None
        and (project is None or each.project == project)
        and (version is None or each.version == version)
    ]
    if not releases:
        wanted = " ".join(filter(None, (project, str(version or ""))))
        text = f"{source.where}: no artifacts" + (f" of {wanted}" if wanted else "")
        return Report(findings=[Finding(Cause.MISSING_ARTIFACT, text, next=_NOTHING_NEXT)])
    release = _single(releases, source)
    names = sorted({name for name in source.names if release_of(name) == release})
    digests, findings = source.digests(names)
    if not findings:
        _write(run, given["output"], release, make_page(release, base, digests))
    return Report(findings=list(findings))


def _checked_base(url: str) -> str:
    try:
        return base_of(url)
    except ValueError as error:
        shown = printable(url.rpartition("@")[2].partition("?")[0])
        raise UsageError(f"--base-url {shown!r}: {error}") from None


def _checked_version(text: str | None) -> Version | None:
    try:
        return None if text is None else Version(text)
    except InvalidVersion:
        raise UsageError(f"--version {text!r}: not a valid version (PEP 440)") from None


def _single(releases: Sequence[Release], source: PageSource) -> Release:
    """Return the only release, in the same form whatever the order of the artifacts is.

    Equal versions can be written in several ways, such as 1.0 and 1.0.0.

    :raises UsageError: if there are several.
    """
    found: dict[Release, Release] = {}
    for each in sorted(releases, key=str):
        found.setdefault(each, each)
    if len(found) > 1:
        raise UsageError(
            f"{source.where}: several releases: {_named(found)}; choose one with --project and "
            "--version"
        )
    return next(iter(found))


def _named(releases: Iterable[Release]) -> str:
    return listed([str(each) for each in sorted(releases)], most=_MAX_SHOWN)


def _write(run: Run[Any], folder: str, release: Release, page: bytes) -> None:
    run.write_file(os.path.join(folder, release.page_name), page)  # noqa: PTH118 (as given)
    run.say(f"{release.page_name}#sha256={hash_of(page)}")
