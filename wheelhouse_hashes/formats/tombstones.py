"""Recognize deleted objects that Swift serves as if they existed.

After a delete that some replicas missed, a request for the newest copy
(``X-Newest``) may find an old copy before the newer tombstone.  Swift's proxy then
drops the body of the old copy, but sends its headers: 200, an ``ETag``, and
``Content-Length: 0``.  Source: Swift 2.38, measured (tests/swift).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

#: An MD5 in hex, the form of Swift's entity tags.
_MD5 = re.compile(r'"?([0-9a-f]{32})"?', re.ASCII)

_MD5_OF_NOTHING = hashlib.md5(usedforsecurity=False).hexdigest()


def is_deleted(headers: Mapping[str, str]) -> bool:
    """Return whether a successful response of Swift is for a deleted object.

    :param headers: the headers of the response, names in lower case.
    """
    if headers.get("content-length") != "0" or "x-trans-id" not in headers:
        return False
    tag = _MD5.fullmatch(headers.get("etag", ""))
    return tag is not None and tag[1] != _MD5_OF_NOTHING
