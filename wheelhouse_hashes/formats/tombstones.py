"""Objects that are deleted, and that Swift answers for as if they were there.

Asked for the newest copy (``X-Newest``), a proxy of Swift that finds an old one
before it finds a newer tombstone drops the old one's body, and sends its
headers: 200, an ``ETag``, and ``Content-Length: 0``.  That is so after a delete
that some replicas missed.  Source: Swift 2.38, measured (tests/swift).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

#: An MD5 in hex, as Swift's entity tags are.
_MD5 = re.compile(r'"?([0-9a-f]{32})"?', re.ASCII)

_MD5_OF_NOTHING = hashlib.md5(usedforsecurity=False).hexdigest()


def is_deleted(headers: Mapping[str, str]) -> bool:
    """Tell whether a good answer of Swift is that of an object which is deleted.

    :param headers: the answer's headers, names in lower case.
    """
    if headers.get("content-length") != "0" or "x-trans-id" not in headers:
        return False
    tag = _MD5.fullmatch(headers.get("etag", ""))
    return tag is not None and tag[1] != _MD5_OF_NOTHING
