"""Values passed to and returned by plugins: artifacts, digests, claims and verdicts.

Their fields are part of the public contract, see :mod:`wheelhouse_hashes.hookspecs`.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.digests import ALGORITHMS, DEFAULT_ALGORITHM, Digest, new_hasher
from wheelhouse_hashes.filenames import ArtifactName, parse_artifact_name
from wheelhouse_hashes.records import Record
from wheelhouse_hashes.tiers import Tier

if TYPE_CHECKING:
    import pathlib

__all__ = [
    "ALGORITHMS",
    "DEFAULT_ALGORITHM",
    "Artifact",
    "Claim",
    "Companion",
    "Digest",
    "Finding",
    "ListedArtifact",
    "LocalArtifact",
    "Outcome",
    "Tier",
    "Verdict",
    "new_hasher",
]


#: Shared by all claims without evidence.
_NO_EVIDENCE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
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
    #: True if it came in the same HTTP response as the bytes, so that it is not older or newer.
    travels: bool = False
    #: The origins of the claim's address, as linked and as answered: ``https://host:port``
    #: each.  Empty if the claim came with the artifact or from no address.  Filled in for
    #: claims of a listing.
    origins: tuple[str, ...] = ()
    #: How long the source had not changed when it was read, in seconds: its
    #: ``Last-Modified`` against the ``Date`` of the same response.  None if unknown.
    #: Filled in for claims of a listing.
    age: float | None = None
    #: Facts that support it, such as a log's name and the entry's index; for ``--explain``
    #: and the JSON report, so without secrets.
    evidence: Mapping[str, str] = field(default_factory=lambda: _NO_EVIDENCE, hash=False)
    #: True if a value that differs from the bytes says nothing about them, as an etag that
    #: need not be their MD5.  The claim then counts only if it matches.
    confirms_only: bool = False
    #: Further digests; one of them or :attr:`digest` suffices, as in a requirements file.
    alternatives: tuple[Digest, ...] = ()

    def __post_init__(self) -> None:
        if not (
            isinstance(self.digest, Digest)
            and isinstance(self.tier, Tier)
            and isinstance(self.source, str)
            and isinstance(self.where, str)
            and (not self.evidence or _are_texts(*self.evidence, *self.evidence.values()))
        ):
            raise TypeError(f"a field of the claim has the wrong type: {self}")

    @property
    def earned(self) -> Tier:
        """The tier that the artifact earns if this claim matches.

        MD5 earns no more than ``container``, whatever the source: anyone who makes an
        artifact can make two with the same MD5 (:rfc:`6151`).
        """
        return Tier.CONTAINER if self.digest.algorithm == "md5" else self.tier


@dataclass(frozen=True, repr=False, eq=False)
class Finding(Record):
    """An objection to an artifact or a whole run; it is refused."""

    #: The cause to report.
    cause: Cause
    #: One sentence for the user.
    text: str
    #: What to do next, an imperative; by default the advice of the cause.
    next: str = ""
    #: True if a retry may resolve it, whatever the cause.  For example, an eventually
    #: consistent store may serve an old companion beside a new artifact.
    may_heal: bool = False
    #: For a run: the kinds of the artifacts that are missing, as Python and platform (see
    #: :func:`wheelhouse_hashes.formats.wheel_kinds.kind_of`), once for each artifact.
    missing: tuple[tuple[str, str], ...] = ()
    #: For a run: the names of artifacts that should not be there.
    unexpected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = (*self.unexpected, *(text for kind in self.missing for text in kind))
        if not (isinstance(self.cause, Cause) and _are_texts(self.text, self.next, *named)):
            raise TypeError(f"a field of the finding has the wrong type: {self}")

    @property
    def next_step(self) -> str:
        """What to do next: its own advice, or that of the cause."""
        return self.next or self.cause.next_step


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


@dataclass(frozen=True, repr=False, eq=False)
class Companion(Record):
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

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and callable(self.content)):
            raise TypeError(f"a field of the companion has the wrong type: {self}")


class Artifact(Protocol):
    """What :class:`LocalArtifact` and :class:`ListedArtifact` have in common."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def size(self) -> int | None:
        """Its size in bytes, None if unknown."""

    @property
    def parsed(self) -> ArtifactName:
        """The parts of the name."""


@dataclass(frozen=True, repr=False, eq=False)
class LocalArtifact(Record):
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

    @property
    def parsed(self) -> ArtifactName:
        """The parts of the name."""
        return _parsed(self.name)

    def digest(self, algorithm: str) -> Digest:
        """Return the digest for one algorithm.

        :raises KeyError: if it was not requested with ``--hash-algorithm``.
        """
        return Digest(algorithm, self.digests[algorithm])


def has_strong_claim(items: Iterable[Claim | Finding]) -> bool:
    """Return whether one of some claims has a digest other than MD5."""
    return any(isinstance(each, Claim) and each.digest.algorithm != "md5" for each in items)


@dataclass(frozen=True, repr=False, eq=False)
class ListedArtifact(Record):
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
    #: Why it was yanked, as in :class:`Entry`.
    yanked: str | None = None
    #: The URL of its attestations at the index, as in :class:`Entry`.
    provenance: str | None = field(default=None, repr=False)
    #: Its companions in the listing: object name to URL.
    companions: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: True if it has no other companions, as in :class:`Listing`.
    companions_listed: bool = False
    #: False if only its companions are listed.
    listed: bool = True
    #: True if it is an old dev build, which uploads prune because newer ones are listed.
    superseded: bool = False

    @functools.cached_property
    def has_strong_claim(self) -> bool:
        """True if the listing claims a digest other than MD5."""
        return has_strong_claim(self.claims)

    @property
    def parsed(self) -> ArtifactName:
        """The parts of the name.

        :raises ValueError: if the name is not an artifact's; this does not happen for
            artifacts of a run.
        """
        return _parsed(self.name)


def _parsed(name: str) -> ArtifactName:
    parsed = parse_artifact_name(name)
    if parsed is None:
        raise ValueError(f"{name!r} is not the name of an artifact")
    return parsed


class Outcome(enum.Enum):
    """The outcome for one artifact of ``fetch`` or ``verify``."""

    OK = "ok"  #: verified
    UNVERIFIED = "unverified"  #: kept without a claim (``--missing-hash accept``)
    REFUSED = "refused"  #: not kept under its final name
    WITHDRAWN = "withdrawn"  #: listed, but neither it nor its hash file exists
    PLANNED = "planned"  #: would be fetched (``--dry-run``)


_GOOD = (Outcome.OK, Outcome.UNVERIFIED, Outcome.PLANNED)


@dataclass(frozen=True, repr=False, eq=False)
class Verdict(Record):
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
    #: What to do next, if the advice of the cause does not fit; empty otherwise.
    next: str = ""

    @property
    def good(self) -> bool:
        """True if the artifact is under its final name, or would be fetched (``--dry-run``)."""
        return self.outcome in _GOOD

    @functools.cached_property
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
    def algorithms(self) -> frozenset[str]:
        """The algorithms of its claims."""
        return frozenset(claim.digest.algorithm for claim in self.claims)

    @property
    def next_step(self) -> str:
        """What to do next; empty unless it was refused."""
        return self.next or (self.cause.next_step if self.cause else "")

    @property
    def exit_code(self) -> int:
        """The exit code for this verdict."""
        return self.cause.exit_code if self.cause else 0
