"""Resume an interrupted body: request the rest, and check that it may be appended.

Sources: range requests, validators and ``If-Range`` (:rfc:`9110`, sections
8.8, 13.1.5 and 14); combining partial content (section 15.3.7.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from wheelhouse_hashes.errors import WheelhouseHashesError
from wheelhouse_hashes.formats.dates import http_date
from wheelhouse_hashes.formats.lazy_patterns import lazily

#: A strong entity tag.  Swift omits the quotes.
_STRONG_TAG = lazily(r'"(?P<quoted>[^"\s]+)"|(?P<bare>[^"\s,/]+)')

_NUMBER = lazily(r"\d{1,18}", re.ASCII)

_CONTENT_RANGE = lazily(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)

#: Headers that describe the body of one response, not the object.  Of a response with the
#: whole object, they are kept when the rest arrives.
#: - ``Content-Digest`` and ``Content-MD5`` are digests of the part (:rfc:`9530`, section 2).
#: - S3 sends the digest of all parts of an object as if it were that of the object
#:   (https://github.com/aws/aws-sdk-java-v2/issues/5421).
_OF_ONE_ANSWER = (
    *("content-length", "content-range", "transfer-encoding"),
    *("content-digest", "content-md5", "x-amz-checksum-"),
)


class NotContinued(WheelhouseHashesError):
    """The response cannot be appended to the received part: start over."""


class Part(NamedTuple):
    """The beginning of a body, already received."""

    #: Its size in bytes.
    size: int
    #: The headers of its response, names in lower case.
    headers: Mapping[str, str]

    @property
    def validator(self) -> str | None:
        """The value of ``If-Range`` that identifies this version of the object.

        A strong entity tag, or, if the response has no tag at all, ``Last-Modified``,
        provided that the object cannot have changed again within the same second.
        None without either, or if the server declares that it does not support ranges.
        """
        headers = self.headers
        if headers.get("accept-ranges", "").lower() == "none" or not self.size:
            return None
        tag = headers.get("etag")
        if tag is not None:
            opaque = _opaque(tag)
            return None if opaque is None else f'"{opaque}"'
        changed, answered = http_date(headers.get("last-modified")), http_date(headers.get("date"))
        if changed is None or answered is None or answered - changed < 1:
            return None
        return headers["last-modified"]

    @property
    def request_headers(self) -> dict[str, str]:
        """The request headers for the rest."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator or ""}

    def combined(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Check that a partial response (206) has exactly the rest.

        Some servers ignore ``If-Range`` (Swift does), so the validators of both
        responses are compared, too.

        :param headers: the headers of the partial response, names in lower case.
        :returns: the headers that a response with the whole object would have.
        :raises NotContinued: if the range or the version is another one.
        """
        match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if match is None:
            raise NotContinued("partial response without a valid Content-Range")
        first, last = int(match[1]), int(match[2])
        totals = {self._total, None if match[3] == "*" else int(match[3])} - {None}
        length = headers.get("content-length", str(last - first + 1))
        if first != self.size or totals != {last + 1} or length != str(last - first + 1):
            raise NotContinued("partial response with a different range than requested")
        return {**self.continued(headers), "content-length": str(last + 1)}

    def continued(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Check that headers belong to the version of the received part.

        :param headers: the headers, names in lower case.
        :returns: the headers of the whole object.
        :raises NotContinued: if they belong to another version.
        """
        before = self.headers
        for name, read in (("etag", _opaque), ("last-modified", http_date)):
            # A response to If-Range may omit them.
            if name in headers and name in before and read(headers[name]) != read(before[name]):
                raise NotContinued("partial response from a different version of the file")
        if headers.get("content-encoding") != before.get("content-encoding"):
            raise NotContinued("partial response in a different encoding")
        updated = {k: v for k, v in headers.items() if not k.startswith(_OF_ONE_ANSWER)}
        return {**before, **updated}

    @property
    def _total(self) -> int | None:
        length = self.headers.get("content-length", "")
        return int(length) if _NUMBER.fullmatch(length) else None


def _opaque(tag: str) -> str | None:
    """Return a strong entity tag without its quotes, None for other tags."""
    match = _STRONG_TAG.fullmatch(tag)
    return match and (match["quoted"] or match["bare"])
