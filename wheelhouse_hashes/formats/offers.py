"""What a store's listing or a release offers, before any URL is judged."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import as_folder, join, split, without_query

#: Endings of copies of a listing, which are beside the objects, not above them.
_COPIES = (".json", ".txt", ".xml")

_MD5_DIGITS = 32

#: Maximum length of a name with its folders, in characters.  Stores allow 1024 bytes.
MAX_NAME = 4096

#: Maximum length of a URL in a document, in characters, as for links of index pages.
MAX_URL = 8192

#: A link to the next page in the header ``Link`` (:rfc:`8288`).
_NEXT = lazily(r"<([^<>]*+)>\s*+;(?:[^,<>]*;)?\s*rel\s*=\s*\"?next\b", re.IGNORECASE)


class NotAListing(ValueError):
    """A document that was received is not a listing, or one that cannot be read.

    :param what: the document, for one sentence.
    :param instead: what to do next, an imperative.
    """

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.instead = instead


class TooLarge(ValueError):
    """A document exceeds a limit that protects memory and time."""


class Unfinished(ValueError):
    """A document ends early."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One object that is offered."""

    #: Its name, without folders.
    name: str
    #: Its absolute URL; malformed if the document's is.
    url: str
    #: Its size in bytes, None if unknown.
    size: int | None = None
    #: Its digests: algorithm and value, unchanged.
    digests: tuple[tuple[str, str], ...] = ()
    #: Whether a digest that differs says nothing: it may be no digest of the content.
    confirms_only: bool = False
    #: Why it must not be requested; empty if it may be.
    problem: str = ""


@dataclass
class Offers:
    """All that one page offers."""

    #: The objects in the folder that was asked for.
    offers: list[Offer] = field(default_factory=list)
    #: Whether all companions of the objects are among them.
    complete: bool = False
    #: The URL of the next page, None if this is the last one.
    next: str | None = None
    #: Names of objects in other folders, with their folders.
    below: list[str] = field(default_factory=list)
    #: The number of entries without a name.
    unnamed: int = 0


def container_of(url: str) -> str:
    """Return the base URL of a container's objects, from that of its listing.

    The listing is at the container itself, with or without a slash; its name may have dots.
    A file that was saved from it has its objects beside it.
    """
    base = without_query(url)
    return base.rpartition("/")[0] + "/" if base.endswith(_COPIES) else as_folder(base)


def folder_of_prefix(prefix: str) -> str:
    """Return the folder that a listing with this prefix shows: ``rel/`` for ``rel/demo-``."""
    return prefix[: prefix.rfind("/") + 1]


def beside(base: str, name: str) -> str:
    """Return the URL of an object.

    :param base: the base URL, with a slash at its end.
    :param name: the object's whole name.
    """
    # A plus sign is encoded: the S3 API reads it as a space.
    return base + quote(name, safe="/~")


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of a URL's query.

    :raises ValueError: if the URL is malformed or has too many of them.
    """
    return dict(parse_qsl(split(url).query, keep_blank_values=True, max_num_fields=100))


def with_query(url: str, changes: Mapping[str, str | None]) -> str:
    """Return a URL with changed parameters in its query.

    :param url: the URL.
    :param changes: the values by name; None removes the parameter.
    """
    query = {**query_of(url), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{without_query(url)}?{urlencode(kept, quote_via=quote)}"


def name_of(value: object) -> str | None:
    """Return a name in a JSON document.

    :returns: None if it is not text, is longer than :data:`MAX_NAME`, or has half a surrogate
        pair, which a URL cannot have.
    """
    if not isinstance(value, str) or not value or len(value) > MAX_NAME:
        return None
    # JSON can have halves of surrogate pairs.
    return value if value.encode("utf-8", "replace").decode() == value else None


def is_md5(text: str) -> bool:
    """Return whether a text can be an MD5 digest in hex."""
    return len(text) == _MD5_DIGITS and set(text) <= set(string.hexdigits)


def size_of(value: object) -> int | None:
    """Return a size, from a JSON number or from text; None if it is not valid."""
    if type(value) is int:
        return value if value >= 0 else None
    most = 19  # digits of 2**63
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= most:
        return int(value)
    return None


def next_in(headers: Mapping[str, str], url: str) -> str | None:
    """Return the URL of the next page from the header ``Link``, as GitHub sends it.

    :param headers: the headers of the response, names in lower case.
    :param url: the URL of the page.
    """
    match = _NEXT.search(headers.get("link", ""))
    try:
        return join(url, match[1]) if match else None
    except ValueError:
        return None
