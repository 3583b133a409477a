"""The downloads page of one release, ``<package>-<version>-downloads.html``: made, and read.

The page is a project page of the simple API (:pep:`503`, :pep:`629`) that names the artifacts of
one release by absolute URLs with their SHA-256.  The same release always makes the same bytes,
so that the SHA-256 of the page stands for the whole release: ``URL#sha256=HEX``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_hashes.digests import ALGORITHMS, DEFAULT_ALGORITHM, Digest
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.pages import Link, read_page
from wheelhouse_hashes.formats.urls import is_http, normalized, split, without_query

SUFFIX = "-downloads.html"

#: The advice for an address without a hash.
ADD_HASH = "add #sha256=HEX as page make printed it"

#: Maximum size of a page, in bytes.  A link takes about 300, and a release has up to 100.
MAX_BYTES = 4 * 1024 * 1024

#: The media type that every page is read as.  Only its bytes have a hash, not the
#: ``Content-Type`` of the response: another charset would give other links.
_MEDIA_TYPE = "text/html; charset=utf-8"

_NAME = lazily(rf"(?P<project>.+)-(?P<version>[^-]+){re.escape(SUFFIX)}", re.DOTALL)

_HEAD = """\
<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8">
    <meta name="pypi:repository-version" content="1.0">
    <title>{title}</title>
  </head>
  <body>
    <h1>{title}</h1>
"""
_ROW = '    <a href="{url}">{name}</a><br>\n'
_FOOT = """\
  </body>
</html>
"""


@dataclass(frozen=True, order=True)
class Release:
    """A version of a project."""

    #: The project's name, normalized according to :pep:`503`.
    project: str
    #: The version (:pep:`440`).
    version: Version

    def __str__(self) -> str:
        return f"{self.project} {self.version}"

    @property
    def page_name(self) -> str:
        """The file name of its downloads page."""
        return f"{self.project}-{self.version}{SUFFIX}"


def release_of(name: str) -> Release | None:
    """Return the release of an artifact, None if the name is not an artifact's."""
    parsed = parse_artifact_name(name)
    return None if parsed is None else Release(parsed.project, parsed.version)


def release_of_page(name: str) -> Release | None:
    """Return the release that the name of a downloads page is about.

    :param name: a file name.
    :returns: the release, or None if it is not the name of a downloads page.
    """
    match = _NAME.fullmatch(name)
    try:
        return match and Release(canonicalize_name(match["project"]), Version(match["version"]))
    except InvalidVersion:
        return None


def last_part(address: str) -> str:
    """Return the file name in a URL or a path."""
    return unquote(without_query(address).replace("\\", "/").rpartition("/")[2])


def split_pin(address: str, *, unpinned: bool = False) -> tuple[str, str | None]:
    """Split the hash of a page from its address.

    :param address: a URL, or a path.
    :param unpinned: whether a page with the name of a downloads page may have no hash.
    :returns: the address without the hash, and the SHA-256 in lower-case hex; None if it has
        no hash.
    :raises ValueError: if the hash is not a valid SHA-256, or there must be one.
    """
    page, _, fragment = address.partition("#")
    algorithm, equals, value = fragment.partition("=")
    algorithm = algorithm.lower()
    if equals and algorithm == DEFAULT_ALGORITHM:
        try:
            return page, Digest(algorithm, value).hex
        except ValueError:
            raise ValueError("the hash of the page must have 64 hex digits: #sha256=HEX") from None
    if equals and algorithm in ALGORITHMS:
        raise ValueError("a page is pinned by its SHA-256: #sha256=HEX")
    if release_of_page(last_part(page)) is not None and not unpinned:
        raise ValueError(f"a downloads page without its hash; {ADD_HASH}")
    return address, None


def hash_of(page: bytes) -> str:
    """Return the SHA-256 of a page in lower-case hex."""
    return hashlib.sha256(page).hexdigest()


def base_of(url: str) -> str:
    """Return the URL of the folder with the artifacts, in the form that pages have it.

    :param url: the URL that the user gave.
    :raises ValueError: with the reason, if it cannot be published.
    """
    try:
        parts = split(url)
        if not is_http(url):
            raise ValueError("not an http or https URL")
        if "@" in parts.netloc:
            raise ValueError("it has a user or password, which the page would publish")
        if "?" in url or "#" in url:
            raise ValueError("it has a query or a fragment; give the URL of a folder")
        return normalized(url.removesuffix("/") + "/")
    except UnicodeError:
        raise ValueError("its host name is not valid") from None


def make_page(release: Release, base: str, digests: Mapping[str, str]) -> bytes:
    """Return the downloads page of a release.

    :param release: the release.
    :param base: the URL of the folder with the artifacts, as :func:`base_of` returns it.
    :param digests: the SHA-256 of each artifact, by name.
    """
    rows = (
        _ROW.format(
            url=escape(f"{base}{quote(name, safe='!~')}#sha256={digests[name].lower()}"),
            name=escape(name),
        )
        for name in sorted(digests, key=str.encode)
    )
    return "".join([_HEAD.format(title=escape(str(release))), *rows, _FOOT]).encode()


@dataclass(frozen=True)
class PageLink:
    """An artifact on a downloads page."""

    #: Its name.
    name: str
    #: Its absolute URL.
    url: str
    #: Its SHA-256.
    digest: Digest
    #: Why it was yanked, as in :class:`~wheelhouse_hashes.transport.Entry`.
    yanked: str | None = None


@dataclass(frozen=True)
class DownloadsPage:
    """The content of a downloads page."""

    #: The artifacts, sorted by name.
    links: tuple[PageLink, ...]
    #: Artifacts that the page must not have in this way, and why: by name.
    refused: Mapping[str, str]
    #: The addresses of all other links, which are never followed.
    ignored: tuple[str, ...] = ()


def read_downloads(content: bytes, url: str, release: Release | None = None) -> DownloadsPage:
    """Read a downloads page.

    :param content: the page; its hash was checked.
    :param url: its URL, for relative links.
    :param release: the release that its name is about, None if any artifact may be on it.
    :raises ValueError: if it is another document than a page of links.
    """
    links: dict[str, PageLink] = {}
    refused: dict[str, str] = {}
    ignored: list[str] = []
    for link in read_page(content, _MEDIA_TYPE, url):
        if link.is_next or release_of(link.name or "") is None:
            ignored.append(link.address)
            continue
        name = link.name or ""
        why = next(_objections(link, release), "")
        if name in links:
            why = "the page has two links for it"
        if why:
            links.pop(name, None)
            refused.setdefault(name, why)
        elif name not in refused:
            digest = Digest(DEFAULT_ALGORITHM, _sha256s(link)[0])
            links[name] = PageLink(name, link.address, digest, link.yanked)
    return DownloadsPage(tuple(links[name] for name in sorted(links)), refused, tuple(ignored))


def _objections(link: Link, release: Release | None) -> Iterator[str]:
    """Yield what is wrong with the link of an artifact."""
    if link.problem:
        yield link.problem
    if release is not None and release_of(link.name or "") != release:
        yield f"it is not of the release {release}"
    found = _sha256s(link)
    if len(found) != 1:
        yield "its link has no SHA-256" if not found else "its link has several SHA-256"
    try:
        Digest(DEFAULT_ALGORITHM, "".join(found))
    except ValueError:
        yield "its link has an invalid SHA-256"


def _sha256s(link: Link) -> list[str]:
    return [value for algorithm, value in link.hashes if algorithm == DEFAULT_ALGORITHM]
