"""Values of the hooks that read listings and open URLs.

Their fields are part of the public contract, see :mod:`wheelhouse_hashes.hookspecs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.records import Record

if TYPE_CHECKING:
    from packaging.version import Version

    from wheelhouse_hashes.artifacts import Claim, Finding
    from wheelhouse_hashes.causes import Cause


@dataclass(frozen=True, repr=False, eq=False)
class Page(Record):
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


#: Shared by all listings without claims about releases.
_NO_RELEASES: Mapping[tuple[str, Version], tuple[Claim, ...]] = MappingProxyType({})

#: Shared by all entries without additional headers.
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, repr=False, eq=False)
class OpenRequest(Record):
    """What is requested from ``wheelhouse_open``."""

    #: The number of bytes that an earlier try received; 0 if the whole object is requested.
    offset: int = 0
    #: The version of the object that they belong to: its ``ETag`` in quotes, or its
    #: ``Last-Modified``.  None if the whole object is requested.
    validator: str | None = None
    #: Whether caches and stale replicas must be bypassed.
    fresh: bool = False


@dataclass(frozen=True, repr=False, eq=False)
class Opened(Record):
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
    #: The origin of the server that sent it, as ``https://host``; empty if the object's URL
    #: has it, or if there is none.
    origin: str = ""


# A page can have a million entries, so these take little memory.
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Entry(Record):
    """One object of a listing."""

    #: The object's name, percent-decoded.
    name: str
    #: Its absolute URL, without a fragment: ``http``, ``https``, or one that
    #: ``wheelhouse_open`` opens.  It may be signed, so it must not be printed unredacted.
    url: str = field(repr=False)
    #: Its size in bytes, None if unknown.
    size: int | None = None
    #: Additional request headers, sent only to the origin of :attr:`url`.
    headers: Mapping[str, str] = field(default_factory=lambda: _NONE, repr=False)
    #: Claims and findings from the listing itself, such as a link's fragment.
    claims: tuple[Claim | Finding, ...] = ()
    #: Why the artifact was yanked (:pep:`592`), which may be empty; None if it was not.
    yanked: str | None = None
    #: The URL of its attestations at the index (:pep:`740`); None if it has none.
    provenance: str | None = field(default=None, repr=False)


@dataclass(frozen=True, repr=False, eq=False)
class LeftOut(Record):
    """An object of a listing that cannot be read, or whose URL must not be requested."""

    #: The object's name.
    name: str
    #: The cause with which an artifact of that name is refused.
    cause: Cause
    #: One sentence for the user.
    reason: str


@dataclass(frozen=True, repr=False, eq=False)
class Listing(Record):
    """The objects that a URL offers."""

    #: The URL after redirects, without secrets.
    url: str
    #: All objects, including companions.
    entries: tuple[Entry, ...]
    #: The time of the last change, in seconds since the epoch; None if unknown.
    last_modified: float | None = None
    #: Notes for the user, one sentence each.
    notes: tuple[str, ...] = ()
    #: Objects that cannot be read, or whose URLs must not be requested.  A requested artifact
    #: that has no other URL is refused.
    left_out: tuple[LeftOut, ...] = ()
    #: The URL of the next page, if the listing continues there; it must have the origin of
    #: this page.  For ``wheelhouse_read_listing`` only.
    next: str | None = field(default=None, repr=False)
    #: Why the listing is known to lack objects, one sentence; empty if it is complete as far
    #: as is known.  The command then ends with exit code 4 at least.
    cut: str = ""
    #: False if others could change the listing on its way, as over plain HTTP.
    secure: bool = True
    #: True if all companions are listed; a companion that is not listed is then not
    #: requested.
    companions_listed: bool = False
    #: How long it had not changed when it was read, as in :class:`Claim`.
    age: float | None = None
    #: Its origins, as in :class:`Claim`.  Filled in from the address and :attr:`url`.
    origins: tuple[str, ...] = ()
    #: True if it is a digest list: artifacts of other releases than those that a command is
    #: about may be missing.
    is_list: bool = False
    #: False if any artifact that it names may be missing, as in a lock file.
    announces: bool = True
    #: Claims about all artifacts of a release, by normalized project and version, as in a
    #: requirements file.
    releases: Mapping[tuple[str, Version], tuple[Claim, ...]] = field(
        default_factory=lambda: _NO_RELEASES
    )
    #: The digest lists beside the objects, each as a listing of its own.
    lists: tuple[Listing, ...] = ()
