"""The nouns: what is uploaded, fetched, claimed and concluded.

They are plain values.  Plugins get and return them, so their fields are part
of the contract of :mod:`wheelhouse_hashes.hookspecs`.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.filenames import ArtifactName, parse_artifact_name

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.causes import Cause

#: The digest algorithms: name to number of hex digits.
ALGORITHMS: Mapping[str, int] = MappingProxyType(
    {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, "md5": 32}
)

#: The algorithm of a hash file, unless another one is asked for.
DEFAULT_ALGORITHM = "sha256"

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def new_hasher(algorithm: str) -> hashlib._Hash:
    """Return a fresh hash object for one of :data:`ALGORITHMS`.

    :raises ValueError: if the algorithm is not one of them.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {algorithm!r}, not one of {', '.join(ALGORITHMS)}")
    # Nothing here is a signature: the flag keeps md5 usable on FIPS systems.
    return hashlib.new(algorithm, usedforsecurity=False)


@dataclass(frozen=True)
class Digest:
    """The digest of some bytes.

    :param algorithm: one of :data:`ALGORITHMS`.
    :param hex: hex digits; upper case is folded.
    :raises ValueError: if the algorithm is unknown or the digits do not fit it.
    """

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "hex", self.hex.lower())
        length = ALGORITHMS.get(self.algorithm)
        if length is None:
            raise ValueError(f"unknown algorithm {self.algorithm!r}")
        if len(self.hex) != length or not _HEX.fullmatch(self.hex):
            raise ValueError(f"{self.algorithm} has {length} hex digits, not {self.hex!r}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Tier(enum.IntEnum):
    """How far a claim can be trusted.  A higher number is stronger."""

    CONTAINER = 1  #: same hands as the bytes: detects accidents only
    PINNED = 2  #: a digest that the user holds
    LOGGED = 3  #: a digest in a tamper-evident log

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Claim:
    """A digest that a source says an artifact has."""

    #: The digest.
    digest: Digest
    #: The source's short name, as it is shown: ``hash file``, ``link``.
    source: str
    #: Where the expectation came from: an address without secrets, or a path.
    where: str
    #: How far it can be trusted.
    tier: Tier = Tier.CONTAINER
    #: True for a claim that came in the same answer as the bytes, so that it
    #: can be neither older nor newer than they are.
    travels: bool = False


@dataclass(frozen=True)
class Finding:
    """A further objection to an artifact.  It refuses the artifact."""

    #: The documented cause.
    cause: Cause
    #: One sentence for the user.
    text: str
    #: True if another try may heal it, whatever its cause: a store that is
    #: not consistent yet may show an old companion beside a new artifact.
    may_heal: bool = False


@dataclass(frozen=True)
class Companion:
    """A small object that is published beside an artifact."""

    #: The name of the object.
    name: str
    #: Makes the content.  Called when the object has to be sent, again on a
    #: retry, and, if it is reproducible, to compare it with what is there.
    content: Callable[[], bytes] = field(repr=False)
    #: True if the content follows from the artifact's bytes and name alone.
    #: Such a companion counts as being there already only with the same
    #: content; of another (a signature) its being there is enough.
    reproducible: bool = True


@dataclass(frozen=True)
class LocalArtifact:
    """An artifact that is about to be uploaded, or was."""

    #: The file.
    path: pathlib.Path
    #: Its size in bytes.
    size: int
    #: Its digests: algorithm to lower-case hex.  ``sha256`` is always there.
    digests: Mapping[str, str] = field(repr=False)
    #: What tells this version of the file from another one on the disk.
    identity: tuple[int, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The name of the file and of the object."""
        return self.path.name

    def digest(self, algorithm: str) -> Digest:
        """Return one digest.

        :raises KeyError: if it was not asked for with ``--hash-algorithm``.
        """
        return Digest(algorithm, self.digests[algorithm])


@dataclass(frozen=True)
class Entry:
    """One object that an address offers, as ``wheelhouse_locate`` found it."""

    #: The name of the object, percent-decoded.
    name: str
    #: Its absolute ``http`` or ``https`` address, without a fragment.  It may
    #: be signed, so it is not shown as it is.
    url: str = field(repr=False)
    #: Its size in bytes, None if the address does not say.
    size: int | None = None
    #: Further request headers; they go to the origin of :attr:`url` only.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: What comes with the entry, such as a link's fragment.
    claims: tuple[Claim | Finding, ...] = ()


@dataclass(frozen=True)
class Listing:
    """What an address offers."""

    #: The address, as it was after redirects; without secrets.
    url: str
    #: All objects, companions too.
    entries: tuple[Entry, ...]
    #: When it last changed, in seconds since the epoch; None if unknown.
    last_modified: float | None = None
    #: What a user should know about it: one sentence each.
    notes: tuple[str, ...] = ()
    #: Names of objects whose addresses must not be asked, and why: an artifact
    #: that is not offered elsewhere is refused.
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ListedArtifact:
    """An artifact that is about to be fetched, or was."""

    #: Its name.
    name: str
    #: Its address, as in :class:`Entry`.
    url: str = field(repr=False)
    #: Its size in bytes, None if the listing does not say.
    size: int | None = None
    #: Request headers, as in :class:`Entry`.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: What came with the listing.
    claims: tuple[Claim | Finding, ...] = ()
    #: The companions that the listing names: object name to address.
    companions: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: False if only companions of it are listed.
    listed: bool = True
    #: True if it is an old dev build, and enough younger ones are listed that
    #: uploads delete it.
    superseded: bool = False

    @property
    def parsed(self) -> ArtifactName:
        """The parts of the name.

        :raises ValueError: if the name is not that of an artifact; the names
            in a run always are.
        """
        parsed = parse_artifact_name(self.name)
        if parsed is None:
            raise ValueError(f"{self.name!r} is not the name of an artifact")
        return parsed


class Outcome(enum.Enum):
    """What became of one artifact of a fetch."""

    OK = "ok"  #: verified
    UNVERIFIED = "unverified"  #: kept without a claim, because the user said so
    REFUSED = "refused"  #: not under its final name
    WITHDRAWN = "withdrawn"  #: listed, but neither it nor its hash file exists


@dataclass(frozen=True)
class Verdict:
    """What was concluded about one artifact."""

    #: The artifact's name.
    name: str
    #: What became of it.
    outcome: Outcome
    #: Why it was refused; None unless it was.
    cause: Cause | None = None
    #: One sentence for the user; empty if there is nothing to say.
    text: str = ""
    #: All claims that were heard.
    claims: tuple[Claim, ...] = ()
    #: The digests of the bytes that were seen: algorithm to hex.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: The number of bytes that were seen, None if there were none.
    size: int | None = None
    #: The number of bytes that were expected, None if nobody said.
    expected_size: int | None = None
    #: True if the bytes were already in the folder.
    on_disk: bool = False
    #: True if it was refused, and another try may end otherwise.
    may_heal: bool = False

    @property
    def good(self) -> bool:
        """True if the artifact is under its final name."""
        return self.outcome in (Outcome.OK, Outcome.UNVERIFIED)

    @property
    def tier(self) -> Tier | None:
        """The strongest tier that vouches for it, None if it is not verified."""
        if self.outcome is not Outcome.OK:
            return None
        return max(claim.tier for claim in self.claims)

    @property
    def exit_code(self) -> int:
        """The exit code that this verdict asks for."""
        return self.cause.exit_code if self.cause else 0
