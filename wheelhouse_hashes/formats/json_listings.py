"""Listings in JSON: Swift, nginx and others of its form, GitHub's and anaconda.org's releases.

- Swift: https://docs.openstack.org/api-ref/object-store/#show-container-details-and-list-objects
- nginx: https://nginx.org/en/docs/http/ngx_http_autoindex_module.html (``autoindex_format``)
- GitHub: https://docs.github.com/en/rest/releases/releases; Gitea and Forgejo have the same
- anaconda.org: ``/package/OWNER/NAME``, ``/package/OWNER/NAME/files`` and
  ``/release/OWNER/NAME/VERSION``
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wheelhouse_hashes.formats.json_documents import other_document
from wheelhouse_hashes.formats.offers import (
    MAX_URL,
    NotAListing,
    Offer,
    Offers,
    TooLarge,
    Unfinished,
    beside,
    container_of,
    folder_of_prefix,
    is_md5,
    name_of,
    query_of,
    size_of,
    with_query,
)
from wheelhouse_hashes.formats.pages import MAX_LINKS, TooManyLinks
from wheelhouse_hashes.formats.urls import join, split

#: Maximum size of a JSON document, in bytes, and maximum number of its objects and arrays:
#: each takes far more memory than its characters.
MAX_BYTES = 16 * 1024 * 1024
MAX_OBJECTS = 1_000_000

#: The number of rows that Swift lists on a page, unless the request limits them.
_SWIFT_LIMIT = 10_000

Row = Mapping[str, Any]


def read_json(body: bytes, url: str, headers: Mapping[str, str]) -> Offers:
    """Read a listing in JSON.

    :param body: the document, in UTF-8.
    :param url: the URL that it was read from.
    :param headers: the headers of the response, names in lower case.
    :raises NotAListing: if it is something else.
    :raises Unfinished: if it is cut off.
    :raises TooLarge: if it exceeds :data:`MAX_BYTES` or :data:`MAX_OBJECTS`.
    :raises TooManyLinks: if it has more than :data:`MAX_LINKS` entries.
    """
    document = load(body)
    rows = _release_rows(document)
    if rows is not None:
        return _release(_few(rows), url)
    if isinstance(document, list) and (not document or any(map(_is_object, document))):
        return _objects(_few(document), url, headers)
    raise other_document(document, url, headers)


def load(body: bytes) -> object:
    """Return a JSON document.

    :raises NotAListing: if it is not valid JSON.
    :raises TooLarge: if it exceeds :data:`MAX_BYTES` or :data:`MAX_OBJECTS`.
    :raises Unfinished: if it is cut off.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"the JSON document has more than {MAX_BYTES} bytes")
    if body.count(b"{") + body.count(b"[") > MAX_OBJECTS:
        raise TooLarge(f"the JSON document has more than {MAX_OBJECTS} objects")
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if _is_cut(text, error):
            raise Unfinished("the JSON document is cut off") from None
        raise NotAListing("not a valid JSON document", "check the URL") from None


def _is_cut(text: str, error: Exception) -> bool:
    """Return whether an invalid document would be valid if it went on."""
    if not isinstance(error, json.JSONDecodeError) or not text.lstrip().startswith(("{", "[")):
        return False
    return error.pos >= len(text.rstrip()) or not text.rstrip().endswith(("}", "]"))


def _few(rows: list[Any]) -> list[Row]:
    if len(rows) > MAX_LINKS:
        raise TooManyLinks
    return [row if isinstance(row, dict) else {} for row in rows]


# Containers and folders.


def _is_object(row: object) -> bool:
    return isinstance(row, dict) and (("name" in row and "count" not in row) or "subdir" in row)


def _objects(rows: list[Row], url: str, headers: Mapping[str, str]) -> Offers:
    """Read the objects of a container or folder."""
    base, query = container_of(url), query_of(url)
    swift = any("hash" in row or "subdir" in row for row in rows)
    folder = query.get("path", "").rstrip("/") + "/" if query.get("path") else ""
    folder = (folder or folder_of_prefix(query.get("prefix", ""))) if swift else ""
    offers = Offers(next=_next(rows, url, query, headers) if swift else None)
    for row in rows:
        whole = name_of(row.get("name"))
        if "subdir" in row or row.get("type") == "directory" or row.get("is_dir") is True:
            continue
        if whole is None:
            offers.unnamed += 1
            continue
        name = whole.removeprefix(folder)
        if not whole.startswith(folder) or "/" in name:
            offers.below.append(whole)
        elif name:
            offers.offers.append(_object(row, name, beside(base, whole)))
    return offers


def _object(row: Row, name: str, url: str) -> Offer:
    """Return one object, with its MD5 if Swift's ``hash`` is one.

    That of a large object in parts is the digest of its parts' digests or of nothing, and
    that of a link is of nothing.
    """
    size = size_of(row.get("size", row.get("bytes")))
    value = row.get("hash")
    in_parts = "slo_etag" in row or "symlink_path" in row or not size
    if "hash" in row and in_parts:
        return Offer(name, url)
    digests = (("md5", value),) if isinstance(value, str) and is_md5(value) else ()
    return Offer(name, url, size, digests)


def _next(
    rows: list[Row], url: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str | None:
    """Return the URL of the next page of a Swift container, None if there is none.

    Swift does not say whether there is more; after the last page it answers with an empty
    one.
    """
    last = name_of(rows[-1].get("name", rows[-1].get("subdir")))
    if last is None:
        return None
    count = size_of(headers.get("x-container-object-count"))
    limit = size_of(query.get("limit")) or _SWIFT_LIMIT
    more = len(rows) >= limit
    if count is not None:
        more = more or "marker" in query or len(rows) < count
    return with_query(url, {"marker": last}) if more else None


# Releases.


def _release_rows(document: object) -> list[Any] | None:
    """Return the rows of a release, None if the document is something else."""
    if isinstance(document, dict):
        if isinstance(document.get("assets"), list):
            return list(document["assets"])
        for key in ("files", "distributions"):
            if isinstance(document.get(key), list):
                return list(document[key])
    if isinstance(document, list) and any(
        isinstance(row, dict) and not {"browser_download_url", "basename"}.isdisjoint(row)
        for row in document
    ):
        return document
    return None


def _release(rows: list[Row], url: str) -> Offers:
    offers = Offers(complete=True)
    for row in rows:
        if "browser_download_url" in row or "basename" not in row:
            offer = _asset(row, url)
        elif row.get("distribution_type", "pypi") != "pypi":
            continue  # conda's packages
        else:
            offer = _distribution(row, url)
        if offer is None:
            offers.unnamed += 1
        else:
            offers.offers.append(offer)
    return offers


def _asset(row: Row, url: str) -> Offer | None:
    """Return an asset of a release at GitHub, Gitea or Forgejo."""
    name, link = name_of(row.get("name")), row.get("browser_download_url")
    if name is None:
        return None
    size = size_of(row.get("size"))
    if row.get("state", "uploaded") != "uploaded":
        return Offer(name, url, size, problem="its upload to the release did not finish")
    if not isinstance(link, str):
        return Offer(name, url, size, problem="the release has no download URL for it")
    algorithm, colon, value = str(row.get("digest") or "").partition(":")
    return _linked(name, link, url, size, ((algorithm.lower(), value),) if colon else ())


def _distribution(row: Row, url: str) -> Offer | None:
    """Return a file of a package at anaconda.org."""
    name, link = name_of(row.get("basename")), row.get("download_url")
    if name is None:
        return None
    if not isinstance(link, str):
        return Offer(name, url, problem="the release has no download URL for it")
    # Uploads of old clients have the text "None" as their SHA-256.
    digests = tuple(_texts((key, row.get(key)) for key in ("sha256", "md5")))
    return _linked(name, link, url, size_of(row.get("size")), digests)


def _texts(pairs: Iterable[tuple[str, object]]) -> Iterable[tuple[str, str]]:
    for key, value in pairs:
        if isinstance(value, str) and value not in ("", "None"):
            yield key, value


def _linked(
    name: str, link: str, url: str, size: int | None, digests: tuple[tuple[str, str], ...]
) -> Offer:
    """Return an object with a link, relative to the document or absolute."""
    if len(link) > MAX_URL:
        return Offer(name, url, size, problem=f"its URL has more than {MAX_URL} characters")
    try:
        split(link)
        return Offer(name, join(url, link.partition("#")[0]), size, digests)
    except ValueError:
        return Offer(name, url, size, problem="its URL is malformed")
