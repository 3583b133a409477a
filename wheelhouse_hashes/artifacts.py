"""Values passed to and returned by plugins: artifacts, digests, claims and verdicts.

Their fields are part of the public contract, see :mod:`wheelhouse_hashes.hookspecs`.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.filenames import ArtifactName, parse_artifact_name

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.causes import Cause

#: Supported digest algorithms: name to number of hex digits.
ALGORITHMS: Mapping[str, int] = MappingProxyType(
    {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, "md5": 32}
)

#: The algorithm of hash files unless ``--hash-algorithm`` names another one.
DEFAULT_ALGORITHM = "sha256"

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def new_hasher(algorithm: str) -> hashlib._Hash:
    """Return a new hash object for one of :data:`ALGORITHMS`.

    :raises ValueError: if the algorithm is not supported.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {algorithm!r}; supported: {', '.join(ALGORITHMS)}")
    # Digests are not used as signatures here; the flag keeps md5 available on FIPS systems.
    return hashlib.new(algorithm, usedforsecurity=False)


@dataclass(frozen=True)
class Digest:
    """A digest and its algorithm.

    :param algorithm: one of :data:`ALGORITHMS`.
    :param hex: the hex digits; converted to lower case.
    :raises ValueError: if the algorithm is unknown or the number of digits does not match it.
    """

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "hex", self.hex.lower())
        length = ALGORITHMS.get(self.algorithm)
        if length is None:
            raise ValueError(f"unknown algorithm {self.algorithm!r}")
        if len(self.hex) != length or not _HEX.fullmatch(self.hex):
            raise ValueError(f"{self.algorithm} has {length} hex digits, got {self.hex!r}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Tier(enum.IntEnum):
    """How far a claim can be trusted.  A higher number is stronger."""

    CONTAINER = 1  #: published with the artifact: detects accidental corruption, not tampering
    ELSEWHERE = 2  #: published at another origin, which the user named
    ATTESTED = 3  #: signed by an identity that the user named
    LOGGED = 4  #: in a tamper-evident log
    PINNED = 5  #: held by the user

    def __str__(self) -> str:
        return self.name.lower()


def tiers_text(tiers: Iterable[Tier]) -> str:
    """Return tiers as they are printed, the strongest first: ``pinned+logged``."""
    return "+".join(map(str, sorted(tiers, reverse=True)))


@dataclass(frozen=True)
class Claim:
    """A digest that a source says an artifact has."""

    #: The digest.
    digest: Digest
    #: The source's short name for messages, such as ``hash file`` or ``link``.
    source: str
    #: Where the claim was found: a URL without secrets, or a path.
    where: str
    #: How far the source can be trusted.
    tier: Tier = Tier.CONTAINER
    #: True if the claim arrived in the same HTTP response as the bytes and so
    #: cannot be older or newer than they are.
    travels: bool = False
    #: The origins of the claim's address, as linked and as answered: ``https://host:port``
    #: each.  Empty if the claim came with the artifact or from no address.  Filled in for
    #: claims of a listing.
    origins: tuple[str, ...] = ()
    #: How long the source had not changed when it was read, in seconds: its
    #: ``Last-Modified`` against the ``Date`` of the same response.  None if unknown.
    #: Filled in for claims of a listing.
    age: float | None = None

    @property
    def earned(self) -> Tier:
        """The tier that the artifact earns if this claim matches.

        MD5 earns no more than ``container``, whatever the source: anyone who makes an
        artifact can make two with the same MD5 (:rfc:`6151`).
        """
        return Tier.CONTAINER if self.digest.algorithm == "md5" else self.tier


@dataclass(frozen=True)
class Finding:
    """An objection to an artifact; the artifact is refused."""

    #: The cause to report.
    cause: Cause
    #: One sentence for the user.
    text: str
    #: True if a retry may resolve it, whatever the cause.  For example, an eventually
    #: consistent store may serve an old companion beside a new artifact.
    may_heal: bool = False


@dataclass(frozen=True)
class Companion:
    """A small object published beside an artifact, such as a hash file or signature."""

    #: The object's name.
    name: str
    #: Returns the content.  Called before the object is sent, again on each retry,
    #: and, if it is reproducible, to compare it with the published object.
    content: Callable[[], bytes] = field(repr=False)
    #: True if the content depends only on the artifact's bytes and name.  A published
    #: object is then up to date only if its content is equal.  Otherwise, as for a
    #: signature, any published object is kept.
    reproducible: bool = True


@dataclass(frozen=True)
class LocalArtifact:
    """An artifact to upload, or one that was uploaded."""

    #: The file.
    path: pathlib.Path
    #: Its size in bytes.
    size: int
    #: Its digests: algorithm to lower-case hex.  Always includes ``sha256``.
    digests: Mapping[str, str] = field(repr=False)
    #: Identifies this version of the file on disk, to detect changes.
    identity: tuple[int, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The name of the file and of the published object."""
        return self.path.name

    def digest(self, algorithm: str) -> Digest:
        """Return the digest for one algorithm.

        :raises KeyError: if it was not requested with ``--hash-algorithm``.
        """
        return Digest(algorithm, self.digests[algorithm])


@dataclass(frozen=True)
class Entry:
    """One object of a listing."""

    #: The object's name, percent-decoded.
    name: str
    #: Its absolute URL, without a fragment: ``http``, ``https``, or one that
    #: ``wheelhouse_open`` opens.  It may be signed, so it must not be printed unredacted.
    url: str = field(repr=False)
    #: Its size in bytes, None if unknown.
    size: int | None = None
    #: Additional request headers, sent only to the origin of :attr:`url`.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Claims and findings from the listing itself, such as a link's fragment.
    claims: tuple[Claim | Finding, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """An object of a listing whose URL must not be requested."""

    #: The object's name.
    name: str
    #: The cause with which an artifact of that name is refused.
    cause: Cause
    #: One sentence for the user.
    reason: str


@dataclass(frozen=True)
class Listing:
    """The objects that a URL offers."""

    #: The URL after redirects, without secrets.
    url: str
    #: All objects, including companions.
    entries: tuple[Entry, ...]
    #: The time of the last change, in seconds since the epoch; None if unknown.
    last_modified: float | None = None
    #: Notes for the user, one sentence each.
    notes: tuple[str, ...] = ()
    #: Objects whose URLs must not be requested.  A requested artifact that has no other URL
    #: is refused.
    left_out: tuple[LeftOut, ...] = ()
    #: The URL of the next page, if the listing continues there; it must have the origin of
    #: this page.  For ``wheelhouse_read_listing`` only.
    next: str | None = field(default=None, repr=False)
    #: False if others could change the listing on its way, as over plain HTTP.
    secure: bool = True
    #: True if all companions are listed; a companion that is not listed is then not
    #: requested.
    companions_listed: bool = False
    #: How long it had not changed when it was read, as in :class:`Claim`.
    age: float | None = None
    #: Its origins, as in :class:`Claim`.  Filled in from the address and :attr:`url`.
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListedArtifact:
    """An artifact to fetch or verify, or one that was."""

    #: Its name.
    name: str
    #: Its URL, as in :class:`Entry`.
    url: str = field(repr=False)
    #: Its size in bytes, None if the listing does not report it.
    size: int | None = None
    #: Request headers, as in :class:`Entry`.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Claims and findings from the listing.
    claims: tuple[Claim | Finding, ...] = ()
    #: Its companions in the listing: object name to URL.
    companions: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: True if it has no other companions, as in :class:`Listing`.
    companions_listed: bool = False
    #: False if only its companions are listed.
    listed: bool = True
    #: True if it is an old dev build that uploads prune because enough newer ones
    #: are listed.
    superseded: bool = False

    @property
    def parsed(self) -> ArtifactName:
        """The parts of the name.

        :raises ValueError: if the name is not an artifact's; this does not happen for
            artifacts of a run.
        """
        parsed = parse_artifact_name(self.name)
        if parsed is None:
            raise ValueError(f"{self.name!r} is not the name of an artifact")
        return parsed


class Outcome(enum.Enum):
    """The outcome for one artifact of ``fetch`` or ``verify``."""

    OK = "ok"  #: verified
    UNVERIFIED = "unverified"  #: kept without a claim (``--missing-hash accept``)
    REFUSED = "refused"  #: not kept under its final name
    WITHDRAWN = "withdrawn"  #: listed, but neither it nor its hash file exists


@dataclass(frozen=True)
class Verdict:
    """The result of checking one artifact."""

    #: The artifact's name.
    name: str
    #: The outcome.
    outcome: Outcome
    #: Why it was refused; None unless it was.
    cause: Cause | None = None
    #: One sentence for the user; may be empty.
    text: str = ""
    #: All claims about the artifact.
    claims: tuple[Claim, ...] = ()
    #: The digests of the bytes that were read: algorithm to hex.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: The number of bytes that were read, None if none were.
    size: int | None = None
    #: The expected number of bytes, None if unknown.
    expected_size: int | None = None
    #: True if the file was already in the folder.
    on_disk: bool = False
    #: True if it was refused and a retry may succeed.
    may_heal: bool = False

    @property
    def good(self) -> bool:
        """True if the artifact is under its final name."""
        return self.outcome in (Outcome.OK, Outcome.UNVERIFIED)

    @property
    def tiers(self) -> frozenset[Tier]:
        """The tiers that its claims earn; empty if it is not verified."""
        if self.outcome is not Outcome.OK:
            return frozenset()
        return frozenset(claim.earned for claim in self.claims)

    @property
    def tier(self) -> Tier | None:
        """The strongest of :attr:`tiers`, None if it is not verified."""
        return max(self.tiers, default=None)

    @property
    def exit_code(self) -> int:
        """The exit code for this verdict."""
        return self.cause.exit_code if self.cause else 0
