"""Values of the hooks that read pages and open URLs: pages, requests, opened objects.

Their fields are part of the public contract, see :mod:`wheelhouse_hashes.hookspecs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """A page that ``wheelhouse_read_listing`` turns into a listing."""

    #: Its URL after redirects, without user and password.  It may be signed, so it must
    #: not be printed unredacted.
    url: str = field(repr=False)
    #: Its media type in lower case, without parameters; empty if unknown.
    media_type: str
    #: The headers of the response, names in lower case.
    headers: Mapping[str, str] = field(repr=False)
    #: The whole content, at most 64 MiB.
    content: bytes = field(repr=False)
    #: The URL that was requested, with its fragment.
    address: str = field(default="", repr=False)
    #: The time of the last change, in seconds since the epoch; None if unknown.
    last_modified: float | None = None
    #: False if it was read over plain HTTP, or opened over a connection that is not secure.
    secure: bool = True


@dataclass(frozen=True)
class OpenRequest:
    """What is requested from ``wheelhouse_open``."""

    #: The number of bytes that an earlier try received; 0 if the whole object is requested.
    offset: int = 0
    #: The version of the object that they belong to: its ``ETag`` in quotes, or its
    #: ``Last-Modified``.  None if the whole object is requested.
    validator: str | None = None
    #: Whether caches and stale replicas must be bypassed.
    fresh: bool = False


@dataclass(frozen=True)
class Opened:
    """An object that ``wheelhouse_open`` opened."""

    #: Headers that describe the whole object, as HTTP does (:rfc:`9110`): ``Content-Length``,
    #: ``Content-Type``, ``ETag``, ``Last-Modified``, ``Date``.  Names in any case; all are
    #: optional.
    headers: Mapping[str, str] = field(repr=False)
    #: The content, in pieces of any size.  It is read in the thread that called the hook,
    #: and closed if it has a method ``close``.
    pieces: Iterable[bytes] = field(repr=False)
    #: Whether others on the network can neither read nor change the content.
    secure: bool
    #: The position of the first piece: 0, or the offset of the request if this is still the
    #: requested version.
    offset: int = 0
