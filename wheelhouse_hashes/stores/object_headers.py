"""Headers that users add to objects: ACL, caching, encryption, and others.

They are given as ``--driver-option object_header="NAME: VALUE"`` for all objects, and as
``page_header`` for the index page only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wheelhouse_hashes.errors import UsageError

#: The keys of these options.  They can be repeated.
OBJECT_HEADER, PAGE_HEADER = KEYS = ("object_header", "page_header")

#: A header's name (:rfc:`9110`, token) and value.
_HEADER = re.compile(r"([\w!#$%&'*+.^`|~-]{1,100}):[ \t]*([\t\x20-\x7e]{1,1000})", re.ASCII)

#: Headers that uploads set, and those that every request for an object would need.
_OWN = re.compile(
    "content-(?:length|md5|type)|date|etag|host|if-.*|authorization|transfer-encoding|connection|"
    "x-auth-.*|x-.*-meta-sha256|x-.*-customer-.*|x-ms-encryption-key.*|x-amz-date|"
    "x-amz-content-sha256|x-amz-security-token|x-amz-storage-class|x-ms-(?:date|version|blob-type)",
    re.ASCII | re.IGNORECASE,
)


def read_headers(options: Iterable[str], key: str) -> dict[str, str]:
    """Return the headers in driver options.

    :param options: ``KEY=VALUE`` each.
    :param key: one of :data:`KEYS`.
    :raises UsageError: if one is malformed, or set by uploads.
    """
    found = {}
    for option in options:
        name, _, text = option.partition("=")
        if name != key:
            continue
        header = _HEADER.fullmatch(text.strip())
        if header is None:
            raise UsageError(f"--driver-option {key}: must be NAME: VALUE, in ASCII")
        if _OWN.fullmatch(header[1]):
            raise UsageError(f"--driver-option {key}: {header[1]} cannot be set")
        found[header[1]] = header[2]
    return found
