"""Listings in XML: those of the S3 API, and of nginx (``autoindex_format xml``).

Google Cloud Storage, Ceph, MinIO and others answer with the XML of Amazon S3:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from wheelhouse_hashes.formats.offers import (
    NotAListing,
    Offer,
    Offers,
    Unfinished,
    beside,
    container_of,
    folder_of_prefix,
    is_md5,
    size_of,
    with_query,
)
from wheelhouse_hashes.formats.pages import MAX_LINKS, TooManyLinks
from wheelhouse_hashes.formats.xml_elements import (
    Element,
    MalformedXml,
    UnfinishedXml,
    read_elements,
)

_S3_ROOT = "ListBucketResult"
_NGINX_ROOT = "list"

#: Other XML documents by their root: what they are, and what to give instead.  ``{}`` stands
#: for the URL of the container.
_OTHERS = {
    "EnumerationResults": (
        "a listing of Azure Blob Storage, which wheelhouse-hashes does not read",
        "give the index page that an upload writes: {}index.html",
    ),
    "ListAllMyBucketsResult": ("the list of all buckets", "give one bucket: {}BUCKET"),
    "ListVersionsResult": ("a listing of object versions", "give the bucket without ?versions"),
    "Error": ("an error message of a store", "check the URL and the bucket's read permission"),
    "multistatus": ("a WebDAV answer", "give the folder's own page: {}"),
    "container": (
        "a Swift listing in XML, which wheelhouse-hashes does not read",
        "give {}?format=json",
    ),
}


def read_xml(body: bytes, url: str, check: Callable[[], object] = bool) -> Offers:
    """Read a listing in XML.

    :param body: the document.
    :param url: the URL that it was read from.
    :param check: called from time to time; may raise to stop.
    :raises NotAListing: if it is something else.
    :raises Unfinished: if it is cut off.
    :raises TooManyLinks: if it has more than :data:`MAX_LINKS` entries.
    """
    bucket, folder = _Bucket(), Offers()
    root = ""
    rows = 0
    try:
        for element in read_elements(body, check):
            root = element.path[0]
            if root in _OTHERS:
                break
            if root == _S3_ROOT:
                rows += bucket.take(element)
            elif root == _NGINX_ROOT:
                rows += _take_file(element, folder, container_of(url))
            if rows > MAX_LINKS:
                raise TooManyLinks
    except MalformedXml as error:
        raise NotAListing(str(error), "check the URL") from None
    except UnfinishedXml as error:
        raise Unfinished(str(error)) from None
    if root == _S3_ROOT:
        return bucket.offers(url)
    if root == _NGINX_ROOT:
        return folder
    what, instead = _OTHERS.get(
        root,
        (f"an XML document of another kind (<{root[:80]}>)", "give an index page or a listing"),
    )
    raise NotAListing(what, instead.format(container_of(url)))


def _take_file(element: Element, folder: Offers, base: str) -> int:
    """Add an entry of nginx's listing; return how many entries it is."""
    if element.path != (_NGINX_ROOT, "file"):
        return 0
    name = element.text
    if name:
        size = size_of(element.attributes.get("size"))
        folder.offers.append(Offer(name, beside(base, name), size))
    else:
        folder.unnamed += 1
    return 1


class _Bucket:
    """Collects a page of a bucket's listing."""

    def __init__(self) -> None:
        #: The fields before and after the objects, by name.
        self._fields: dict[str, str] = {}
        self._objects: list[dict[str, str]] = []
        self._current: dict[str, str] = {}
        self._last_prefix = ""

    def take(self, element: Element) -> int:
        """Take an element; return how many objects it ends."""
        match element.path[1:]:
            case ("Contents",):
                self._objects.append(self._current)
                self._current = {}
                return 1
            case ("Contents", name):
                self._current.setdefault(name, element.text)
            case ("CommonPrefixes", "Prefix"):
                self._last_prefix = element.text
                return 1
            case (name,):
                self._fields.setdefault(name, element.text)
        return 0

    def offers(self, url: str) -> Offers:
        """Return what the page offers.

        :param url: the URL of the page.
        """
        folder = folder_of_prefix(self._decoded(self._fields.get("Prefix", "")))
        base = container_of(url)
        offers = Offers(next=self._next(url))
        for each in self._objects:
            key = self._decoded(each.get("Key", ""))
            name = key.removeprefix(folder)
            if not key:
                offers.unnamed += 1
            elif not key.startswith(folder) or "/" in name:
                offers.below.append(key)
            elif name:
                etag = each.get("ETag", "").strip().strip('"')
                # KMS and SSE-C have etags of the same form that are no digests, and an etag of
                # parts ends with their number.
                digests = (("md5", etag),) if is_md5(etag) else ()
                size = size_of(each.get("Size"))
                offers.offers.append(
                    Offer(name, beside(base, key), size, digests, confirms_only=True)
                )
        return offers

    def _next(self, url: str) -> str | None:
        """Return the URL of the next page (``ListObjects``, ``ListObjectsV2``)."""
        if self._fields.get("IsTruncated", "").strip().lower() != "true":
            return None
        if token := self._fields.get("NextContinuationToken"):
            return with_query(url, {"list-type": "2", "continuation-token": token})
        keys = [self._objects[-1].get("Key", "")] if self._objects else []
        # ListObjects names the marker only with a delimiter; otherwise it is the last key.
        last = max(map(self._decoded, [*keys, self._last_prefix]))
        marker = self._decoded(self._fields.get("NextMarker", "")) or last
        if not marker:
            raise NotAListing(
                "a part of an S3 listing that does not say where the rest is",
                "give the bucket without parameters",
            )
        return with_query(url, {"marker": marker})

    def _decoded(self, text: str) -> str:
        """Return a key or prefix, decoded if the request asked for ``encoding-type=url``."""
        return unquote(text) if self._fields.get("EncodingType") == "url" else text
