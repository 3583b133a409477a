"""Objects as a store describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import new_hasher

if TYPE_CHECKING:
    from libcloud.storage.base import Object


#: Media types.  They are set explicitly because libcloud's guesses differ between
#: systems, and pip reads a page only if its type is HTML.
BINARY = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Stored:
    """An object in the store, as the store describes it."""

    #: The object's name.
    name: str
    #: Its size in bytes.
    size: int
    #: The store's identifier of this version of the object, empty if it has none.
    #: Often the MD5, but not if the store encrypts the object (KMS) or joined its parts.
    etag: str
    #: The SHA-256 in hex from the object's own metadata, empty if unknown.
    sha256: str = field(default="", compare=False)
    #: The time of the put by the store's clock, in whole seconds since the epoch;
    #: None if unknown.
    modified: float | None = field(default=None, compare=False)
    #: Whether the etag is known to be the MD5.
    etag_is_md5: bool = field(default=False, compare=False)
    #: The media type, empty if unknown.
    media_type: str = field(default="", compare=False)


def stored_object(obj: Object) -> Stored:
    """Return the description of a libcloud object."""
    # Azure's etag is not the MD5, but its driver reports the MD5 as well.
    md5 = str(obj.extra.get("md5_hash"))
    is_md5 = re.fullmatch("[0-9a-f]{32}", md5) is not None
    media_type = obj.extra.get("content_type") or ""
    etag = md5 if is_md5 else obj.hash or ""
    return Stored(obj.name, int(obj.size), etag, etag_is_md5=is_md5, media_type=media_type)


def md5_of(content: bytes) -> str:
    """Return the MD5 of some bytes in hex, which many stores use as the etag."""
    hasher = new_hasher("md5")
    hasher.update(content)
    return hasher.hexdigest()
