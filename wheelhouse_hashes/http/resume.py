"""Going on with a body that was cut: what to ask for, and what may be appended.

Sources: range requests, validators and ``If-Range`` (:rfc:`9110`, sections
8.8, 13.1.5 and 14); combining partial content (section 15.3.7.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wheelhouse_hashes.errors import WheelhouseHashesError
from wheelhouse_hashes.formats.dates import http_date

#: An entity tag, with its quotes, which Swift leaves out.
_STRONG_TAG = re.compile(r'"(?P<quoted>[^"\s]+)"|(?P<bare>[^"\s,/]+)')

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)

#: What describes one answer's body, and not the object.
_OF_ONE_ANSWER = frozenset({"content-length", "content-range", "transfer-encoding"})


class NotContinued(WheelhouseHashesError):
    """What the server answered cannot be appended to what is there: start over."""


@dataclass(frozen=True)
class Part:
    """The beginning of a body that is there already."""

    #: Its number of bytes.
    size: int
    #: The headers of the answer that it came with, names in lower case.
    headers: Mapping[str, str]

    @property
    def validator(self) -> str | None:
        """What names this version of the object in ``If-Range``.

        A strong entity tag; a date only where there is no tag at all, and where
        the object cannot have changed again within the same second.  None if
        there is neither, or the server says that it does not do ranges.
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
        """The request headers that ask for the rest."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator or ""}

    def combined(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Check that an answer (206) has the rest, and nothing else.

        Not every server heeds ``If-Range`` (Swift does not), so the validators
        of both answers are compared, too.

        :param headers: the answer's headers, names in lower case.
        :returns: the headers that the whole would have come with.
        :raises NotContinued: if it is another range, or of another version.
        """
        match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if match is None:
            raise NotContinued("a partial answer that does not say which part it is")
        first, last = int(match[1]), int(match[2])
        totals = {self._total, None if match[3] == "*" else int(match[3])} - {None}
        length = headers.get("content-length", str(last - first + 1))
        if first != self.size or totals != {last + 1} or length != str(last - first + 1):
            raise NotContinued("a partial answer with another part than was asked for")
        before = self.headers
        for name, read in (("etag", _opaque), ("last-modified", http_date)):
            # An answer to If-Range may leave them out.
            if name in headers and name in before and read(headers[name]) != read(before[name]):
                raise NotContinued("a partial answer of another version")
        if headers.get("content-encoding") != before.get("content-encoding"):
            raise NotContinued("a partial answer in another encoding")
        ours = {k: v for k, v in headers.items() if k not in _OF_ONE_ANSWER}
        return {**before, **ours, "content-length": str(last + 1)}

    @property
    def _total(self) -> int | None:
        length = self.headers.get("content-length", "")
        return int(length) if _NUMBER.fullmatch(length) else None


def _opaque(tag: str) -> str | None:
    """Return a strong entity tag without its quotes, None if it is none."""
    match = _STRONG_TAG.fullmatch(tag)
    return match and (match["quoted"] or match["bare"])
