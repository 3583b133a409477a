"""What the page of a project at a package index says about the files of a release."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from wheelhouse_hashes.digests import ALGORITHMS, BLAKE2B_256, Digest
from wheelhouse_hashes.filenames import MAX_NAME_BYTES, listed, parse_artifact_name, printable
from wheelhouse_hashes.formats.cut_listings import is_next_page
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.pages import Link, is_size, read_page

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


_HAS_NEXT = "the page has a next page, which is not read"


class IndexPage(NamedTuple):
    """The page of a project."""

    #: The files on it, by name.
    files: Mapping[str, Link]
    #: Why it lacks files that the index has; empty if it is not known to.
    why_cut: str = ""


def read_index(body: bytes, content_type: str, url: str, projects: Collection[str]) -> IndexPage:
    """Read the page of a project.

    An installer goes by the name in the URL, so a file that has another one there is under
    both.  A name with different digests has a link with a problem.

    :param body: the page: JSON (:pep:`691`) or HTML (:pep:`503`).
    :param content_type: the value of its ``Content-Type``.
    :param url: its URL, for relative links.
    :param projects: the projects that it may be the page of; empty for any.
    :raises ValueError: if it is another page, such as one to log in.
    """
    document: dict[str, Any] = {}
    read = list(read_page(body, content_type, url, document.update))
    _check_project(document.get("name"), projects)
    has_next = bool(document.get("next")) or any(
        link.is_next and is_next_page(link.address, url) for link in read
    )
    invalid = set(_with_invalid_size(document))
    links = [
        link._replace(problem=link.problem or f"lists {link.name} with an invalid size")
        if link.name in invalid
        else link
        for link in read
        if not link.is_next
    ]
    files = _by_name(links)
    is_json = "json" in content_type.lower()
    # Some indexes have an empty page for a project before its first upload.
    is_empty = body.strip() and not links and _FORM not in body.lower()
    is_marked = is_json or _VERSION_META in body
    if not (is_marked or is_empty or any(map(parse_artifact_name, files))):
        raise ValueError("not the page of a project: it has no links to artifacts")
    return IndexPage(files, _HAS_NEXT if has_next else "")


def _check_project(name: object, projects: Collection[str]) -> None:
    """Check that a page is about one of some projects; HTML pages do not name theirs.

    :raises ValueError: if it names another one.
    """
    if projects and isinstance(name, str) and canonicalize_name(name) not in projects:
        wanted = listed(sorted(projects))
        raise ValueError(f"the page of {printable(name[:MAX_NAME_BYTES])!r}, not of {wanted}")


def _with_invalid_size(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of files whose size is not a number of bytes; null is no size."""
    for file in document.get("files", ()):
        size = file.get("size") if isinstance(file, dict) else None
        if size is not None and not is_size(size):
            yield str(file.get("filename"))


def _by_name(links: Iterable[Link]) -> dict[str, Link]:
    files: dict[str, Link] = {}
    for link in links:
        for name in _names(link):
            other = files.setdefault(name, link)
            files[name] = other if other is link else _both(name, other, link)
    return files


def _both(name: str, one: Link, other: Link) -> Link:
    """Return what two entries of one name say together; installers may choose either."""
    sizes = {each.size for each in (one, other) if each.size is not None}
    problem = one.problem or other.problem
    if not problem and sorted(one.hashes) != sorted(other.hashes):
        problem = f"lists {name} twice, with different digests"
    elif not problem and len(sizes) > 1:
        problem = f"lists {name} twice, with different sizes"
    yanked = other.yanked if one.yanked is None else one.yanked
    return one._replace(problem=problem, yanked=yanked, size=max(sizes, default=None))


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
