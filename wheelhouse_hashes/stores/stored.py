"""Objects as a store has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import new_hasher

if TYPE_CHECKING:
    from libcloud.storage.base import Object


@dataclass(frozen=True)
class Stored:
    """An object as the store has it."""

    #: Its name.
    name: str
    #: Its size in bytes.
    size: int
    #: What the store calls this version of the object; empty if it does not.
    #: Often it is the MD5, but not where the store encrypts (KMS) or joins parts.
    etag: str
    #: Its SHA-256 in hex, as its own metadata have it; empty if not known.
    sha256: str = field(default="", compare=False)
    #: When it was put by the store's clock, in whole seconds since the epoch;
    #: None if not known.
    modified: float | None = field(default=None, compare=False)
    #: Whether the etag is known to be the MD5.
    etag_is_md5: bool = field(default=False, compare=False)


def stored_object(obj: Object) -> Stored:
    """Return an object of libcloud's as a store has it."""
    # Azure's etag is no MD5, but its driver knows the MD5 as well.
    md5 = obj.extra.get("md5_hash")
    if isinstance(md5, str) and re.fullmatch("[0-9a-f]{32}", md5):
        return Stored(obj.name, int(obj.size), md5, etag_is_md5=True)
    return Stored(obj.name, int(obj.size), obj.hash or "")


def md5_of(content: bytes) -> str:
    """Return the MD5 of some bytes in hex, which is what many stores call an etag."""
    hasher = new_hasher("md5")
    hasher.update(content)
    return hasher.hexdigest()
