"""Digests in the header fields of a response.

- ``Repr-Digest``, ``Content-Digest``: :rfc:`9530`, structured fields (:rfc:`9651`)
- ``Digest``: :rfc:`3230`; algorithms in any case
- ``X-Checksum-Sha256`` and others: Artifactory, GitLab's generic packages
- ``x-amz-checksum-sha256``: the S3 API
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html)
- ``x-goog-hash``: https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash
- ``Content-MD5``: :rfc:`1864`

An ``ETag`` is opaque, so it is never read as a digest.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import origin

#: Request headers for S3, which sends its checksums only if asked to
#: (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
ASK_S3: Mapping[str, str] = MappingProxyType({"x-amz-checksum-mode": "ENABLED"})

#: Headers of responses of the S3 API; Google's interoperable API has them beside its own.
_OF_S3 = frozenset({"x-amz-request-id", "x-amz-id-2", "x-amzn-requestid"})

#: What a field has: digests, and a sentence for each digest that cannot be used.
Found = Iterator[Digest | str]

#: Maximum length of a field that is read, in characters.
MAX_FIELD = 8 * 1024

#: Names of the algorithms of structured fields, of ``Digest`` and of ``x-goog-hash``.
_STRONG = {"sha-256": "sha256", "sha-512": "sha512"}
_WEAK = {"md5": "md5"}

_AMZ = "x-amz-checksum-sha256"
_NONE: Mapping[str, str] = MappingProxyType({})

_AMZ_TYPE = "x-amz-checksum-type"

#: The etag of an object that was sent in parts.
_ETAG_OF_PARTS = lazily(r'"?[^"]*-[0-9]+"?', re.ASCII)

_NOT_DECODED = "it is about the encoded bytes (Content-Encoding)"
_OF_PARTS = "it is the digest of the parts' digests, not of the object"


def read_digests(headers: Mapping[str, str]) -> list[tuple[str, Digest | str]]:
    """Return the digests of an object that the headers of a response contain.

    MD5 is returned only if there is no other digest.

    :param headers: the headers of a response with the whole object, names in lower case.
    :returns: for each digest the name of its field; instead of a digest that cannot be used,
        one sentence.
    """
    found: list[tuple[str, Digest | str]] = []
    for field, read in READERS.items():
        value = headers.get(field)
        if value is None:
            continue
        if len(value) > MAX_FIELD:
            found.append((field, f"it is longer than {MAX_FIELD} characters"))
        elif field in _ABOUT_CONTENT and _is_encoded(headers):
            found.append((field, _NOT_DECODED))
        else:
            found += [(field, each) for each in read(value, headers)]
    if any(isinstance(each, Digest) and each.algorithm != "md5" for _, each in found):
        found = [(f, e) for f, e in found if isinstance(e, str) or e.algorithm != "md5"]
    return found


def is_s3(headers: Mapping[str, str]) -> bool:
    """Return whether a page was sent by a server with the S3 API.

    :param headers: the headers of the page, names in lower case.
    """
    return not _OF_S3.isdisjoint(headers) and not any(
        name.startswith("x-goog-") for name in headers
    )


def request_headers(url: str, page: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the request headers that make a server send the digest of an object.

    A signed URL does not allow more headers than those that were signed, so it gets none.

    :param url: the URL of the object.
    :param page: the URL of the page that links to it.
    :param headers: the headers of the page, names in lower case.
    :raises ValueError: if a URL is malformed.
    """
    if is_s3(headers) and "?" not in url and origin(url) == origin(page):
        return ASK_S3
    return _NONE


def _is_encoded(headers: Mapping[str, str]) -> bool:
    """Return whether the bytes may be those of an encoding instead of the artifact's."""
    encodings = headers.get("content-encoding", "").lower().split(",")
    return any(each.strip() not in ("", "identity") for each in encodings)


def _structured(value: str, _: Mapping[str, str]) -> Found:
    import http_sf

    try:
        members: Any = http_sf.parse(value.encode("latin-1"), tltype="dictionary")
    except (ValueError, OverflowError):  # also an error of encode(), and of a date
        yield "not a dictionary of structured fields (RFC 9651)"
        return
    for key, algorithm in _STRONG.items():
        if key in members:
            item = members[key][0]
            yield _digest(algorithm, item) if isinstance(item, bytes) else _wrong(key)


def _instance(value: str, _: Mapping[str, str]) -> Found:
    return _in_base64(value, _STRONG)


def _google(value: str, headers: Mapping[str, str]) -> Found:
    # Of a compressed object that the server decompresses, it is the digest before that.
    if headers.get("x-goog-stored-content-encoding", "identity").lower() == "identity":
        yield from _in_base64(value, _WEAK)
    else:
        yield "it is about the object as it is stored, which is compressed"


def _in_base64(value: str, algorithms: Mapping[str, str]) -> Found:
    """Read a list of ``ALGORITHM=BASE64``."""
    for part in value.split(","):
        key, _, digits = part.strip().partition("=")
        algorithm = algorithms.get(key.lower())
        if algorithm is not None:
            yield _decoded(algorithm, digits)


def _amazon(value: str, headers: Mapping[str, str]) -> Found:
    kind = headers.get(_AMZ_TYPE, "").upper()
    # Some servers send neither the type nor the number of parts with the digest, for HEAD.
    in_parts = (
        "x-amz-mp-parts-count" in headers
        or _ETAG_OF_PARTS.fullmatch(headers.get("etag", "")) is not None
    )
    if "-" in value or kind not in ("", "FULL_OBJECT") or (in_parts and not kind):
        yield _OF_PARTS
    else:
        yield _decoded("sha256", value)


def _hexadecimal(algorithm: str) -> Callable[[str, Mapping[str, str]], Found]:
    def read(value: str, _: Mapping[str, str]) -> Found:
        try:
            yield Digest(algorithm, value)
        except ValueError:
            yield f"not {ALGORITHMS[algorithm]} hex digits"

    return read


def _content_md5(value: str, _: Mapping[str, str]) -> Found:
    yield _decoded("md5", value)


def _decoded(algorithm: str, value: str) -> Digest | str:
    try:
        return _digest(algorithm, base64.b64decode(value, validate=True))
    except ValueError:
        return _wrong(algorithm)


def _digest(algorithm: str, value: bytes) -> Digest | str:
    try:
        return Digest(algorithm, value.hex())
    except ValueError:
        return _wrong(algorithm)


def _wrong(key: str) -> str:
    return f"its value for {key} is not a digest in base64"


#: The fields about the bytes of the response as they are encoded.  All others are about the
#: object in the store.
_ABOUT_CONTENT = frozenset({"repr-digest", "content-digest", "digest", "content-md5"})

#: The fields and how they are read.
READERS: Mapping[str, Callable[[str, Mapping[str, str]], Found]] = {
    "repr-digest": _structured,
    "content-digest": _structured,
    "digest": _instance,
    _AMZ: _amazon,
    **{f"x-checksum-{algorithm}": _hexadecimal(algorithm) for algorithm in ALGORITHMS},
    "x-goog-hash": _google,
    "content-md5": _content_md5,
}
