"""JSON documents that are not listings: what they are, and what to give instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from wheelhouse_hashes.formats.offers import NotAListing, container_of

#: Maximum number of keys to print of an unknown document.
_MAX_KEYS = 5

_PROJECT_PAGE = "give the page of one project: {}PROJECT/"

Test = Callable[[dict[str, Any]], bool]


def _with(*keys: str) -> Test:
    return lambda document: all(key in document for key in keys)


def _google(kind: str) -> Test:
    return lambda document: document.get("kind") == f"storage#{kind}"


#: Objects by their keys, tried in this order.  ``{}`` stands for the URL as a folder.
_OBJECTS: tuple[tuple[Test, str, str], ...] = (
    (
        _with("projects"),
        "the list of all projects of a package index (PEP 691), not the page of one",
        _PROJECT_PAGE,
    ),
    (
        _google("objects"),
        "a listing of Google Cloud Storage in JSON, which wheelhouse-hashes does not read",
        "give the bucket itself, which answers in XML: https://storage.googleapis.com/BUCKET",
    ),
    (
        _google("buckets"),
        "the list of all buckets of Google Cloud Storage",
        "give one bucket: https://storage.googleapis.com/BUCKET",
    ),
    (
        _with("info", "urls"),
        "a project in the JSON API of a package index, not its page of the simple API",
        "give the page of the project, .../simple/PROJECT/",
    ),
    (
        _with("current_user_url"),
        "the root of GitHub's API",
        "give a release: {}repos/OWNER/REPO/releases/tags/TAG",
    ),
    (_with("releases_url"), "a repository, not a release", "give a release: {}releases/tags/TAG"),
    (
        _with("tag_name", "assets"),
        "a release at GitLab, whose links have no digests",
        "give the package registry: .../api/v4/projects/ID/packages/pypi/simple/PROJECT",
    ),
    (
        _with("repo", "children"),
        "a folder in the storage API of Artifactory",
        "give the folder itself, without /api/storage in the URL",
    ),
    (
        _with("type", "result"),
        "an answer of devpi's API",
        "give the page of one project: .../USER/INDEX/+simple/PROJECT/",
    ),
)

#: The same for the rows of arrays.
_ROWS: tuple[tuple[Test, str, str], ...] = (
    (
        _with("assets", "tag_name"),
        "a list of releases, in which names can occur twice",
        "give one release: {}tags/TAG, or {}latest",
    ),
    (_with("name", "count"), "the list of all containers", "give one container: {}CONTAINER"),
)


def other_document(document: object, url: str, headers: Mapping[str, str]) -> NotAListing:
    """Return the error for a document that is not a listing.

    :param document: the document.
    :param url: the URL that it was read from.
    :param headers: the headers of the response, names in lower case.
    """
    base = container_of(url)
    if "x-devpi-api-version" in headers and "/+simple/" not in unquote(base):
        # devpi answers with the list of projects at the URL of an index as well.
        base += "+simple/"
    rows = document if isinstance(document, list) else []
    tests = _ROWS if rows else _OBJECTS
    one = next((row for row in rows if isinstance(row, dict)), document)
    if isinstance(one, dict):
        for fits, what, instead in tests:
            if fits(one):
                return NotAListing(what, instead.replace("{}", base))
        return NotAListing(
            f"a JSON document of an unknown kind, {_named(one)}",
            "give an index page, a store's listing or a release",
        )
    return NotAListing(
        "a JSON document that is not a listing",
        "give an index page, a store's listing or a release",
    )


def _named(keys: Iterable[str]) -> str:
    keys = list(keys)
    if not keys:
        return "without keys"
    shown = ", ".join(repr(key[:40]) for key in keys[:_MAX_KEYS])
    return f"with the keys {shown}" + (
        f" and {len(keys) - _MAX_KEYS} more" if len(keys) > _MAX_KEYS else ""
    )
