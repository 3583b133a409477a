"""What the page of a project at a package index says about the files of a release."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wheelhouse_hashes.digests import ALGORITHMS, BLAKE2B_256, Digest
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.pages import Link, read_page

if TYPE_CHECKING:
    from packaging.version import Version

#: Where the package index stores a file: a path made of its BLAKE2b-256.  This is no promise
#: of the index, so other paths say nothing.
_PATH = lazily(r"/packages/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/[^/]+", re.ASCII)

_SEPARATORS = lazily(r"[-_.]+")

#: The continuation of a version, in the name of a file of another release.
_MORE_VERSION = lazily(r"(?:\d|a|b|c|rc|dev|post)+\d*(?:-|$)", re.ASCII)

#: What tells an empty page of the simple API (:pep:`629`) from a login page.
_VERSION_META = b"pypi:repository-version"
_FORM = b"<form"


def read_index(body: bytes, content_type: str, url: str) -> dict[str, Link]:
    """Return the files on the page of a project, by name.

    An installer goes by the name in the URL, so a file that has another one there is under
    both.  A name with different digests has a link with a problem.

    :param body: the page: JSON (:pep:`691`) or HTML (:pep:`503`).
    :param content_type: the value of its ``Content-Type``.
    :param url: its URL, for relative links.
    :raises ValueError: if it is another page, such as one to log in.
    """
    links = [link for link in read_page(body, content_type, url) if not link.is_next]
    files: dict[str, Link] = {}
    for link in links:
        for name in _names(link):
            other = files.setdefault(name, link)
            if sorted(other.hashes) != sorted(link.hashes):
                files[name] = link._replace(problem=f"lists {name} twice, with different digests")
    is_json = "json" in content_type.lower()
    # Some indexes have an empty page for a project before its first upload.
    is_empty = body.strip() and not links and _FORM not in body.lower()
    is_marked = is_json or _VERSION_META in body
    if not (is_marked or is_empty or any(map(parse_artifact_name, files))):
        raise ValueError("not the page of a project: it has no links to artifacts")
    return files


def _names(link: Link) -> set[str]:
    """Return the names of a file: the one that the page gives, and the one in its URL."""
    named = (link.name or "").rpartition("/")[2]
    # A malformed URL has no parts.
    in_url = unquote(link.address.partition("?")[0].rpartition("/")[2])
    return {named, in_url if parse_artifact_name(in_url) else named} - {""}


def digests_of(link: Link) -> tuple[Digest, ...]:
    """Return the digests of a file, without those of other algorithms.

    :raises ValueError: if one is invalid.
    """
    return tuple(Digest(name, value) for name, value in link.hashes if name in ALGORITHMS)


def path_digest(url: str) -> Digest | None:
    """Return the digest in the path of a file, None if the path has another shape."""
    match = _PATH.fullmatch(urlsplit(url).path)
    return None if match is None else Digest(BLAKE2B_256, "".join(match.groups()))


def not_built(
    files: Iterable[str], built: Collection[str], allowed: Iterable[str]
) -> Iterator[str]:
    """Yield the files of an index that belong to the same releases, but were not built.

    :param files: the names of all files of the project.
    :param built: the names of the artifacts that were built.
    :param allowed: patterns of names to ignore.
    """
    allowed = tuple(allowed)
    releases = _releases(built)
    for name in sorted(files):
        if name in built or any(fnmatchcase(name, pattern) for pattern in allowed):
            continue
        parsed = parse_artifact_name(name)
        if parsed is not None:
            if parsed.version in releases.get(parsed.project, ()):
                yield name
        elif _is_of(name, releases):
            yield name


def _releases(built: Iterable[str]) -> Mapping[str, set[Version]]:
    releases: dict[str, set[Version]] = {}
    for parsed in map(parse_artifact_name, built):
        if parsed is not None:
            releases.setdefault(parsed.project, set()).add(parsed.version)
    return releases


def _is_of(name: str, releases: Mapping[str, set[Version]]) -> bool:
    """Return whether a file that is neither wheel nor sdist, such as an egg, is of a release."""
    plain = _SEPARATORS.sub("-", name).lower()
    for project, versions in releases.items():
        for version in versions:
            prefix = f"{project}-{_SEPARATORS.sub('-', str(version))}-"
            if plain.startswith(prefix) and not _MORE_VERSION.match(plain, len(prefix)):
                return True
    return False
