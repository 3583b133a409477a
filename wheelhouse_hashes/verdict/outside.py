"""Claims from outside the container: when they are outside, and when others must yield.  No I/O.

Anyone who can write to a container can replace an artifact together with everything
that the container says about it.  A claim that the container cannot change is therefore
never overruled by the container's own claims.

- A claim is outside if its tier is above ``container``, or if its origin is not one of
  those that served the bytes.
- An outside claim that contradicts bytes which the container confirms means that the
  artifact was replaced.
- The tier ``elsewhere`` is given to claims of an address that the user named beside the
  one that leads to the bytes, and to no others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from wheelhouse_hashes.artifacts import Claim, Finding, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.urls import is_secure

#: Seconds without modification after which an object counts as stable.
QUIET = 3600.0


class Provenance(NamedTuple):
    """Where the bytes of one try came from."""

    #: Their origins, as linked and as answered; empty for bytes of a local folder.
    origins: frozenset[str] = frozenset()
    #: Returns the ages of the bytes and of the container's sources, as in :attr:`Claim.age`.
    #: They are parsed only if a digest is wrong.
    ages: Callable[[], Iterable[float | None]] = tuple


#: The provenance of files in a local folder.
LOCAL = Provenance()


class Address(NamedTuple):
    """The origins of an address that the user named, and of its links to one artifact."""

    #: Those of the listing, of the artifact and of its hash files, as linked.
    linked: frozenset[str]
    #: Those that answered the requests for the artifact's claims.
    answered: frozenset[str] = frozenset()


def is_outside(claim: Claim, home: Collection[str]) -> bool:
    """Return whether a writer of the container cannot change a claim.

    An MD5 digest earns no tier, but one that does not match refutes bytes as any other
    digest does, so the tier of its source counts here.

    :param claim: the claim.
    :param home: the origins of the bytes, as linked and as answered.
    """
    if claim.tier > Tier.CONTAINER:
        return True
    return bool(claim.origins) and set(claim.origins).isdisjoint(home)


def contradictory(claims: Iterable[Claim]) -> bool:
    """Return whether no bytes can match all claims: one algorithm, several digests."""
    digests = {claim.digest for claim in claims if not claim.alternatives}
    return len(digests) > len({digest.algorithm for digest in digests})


def is_young(age: float | None) -> bool:
    """Return whether an object changed so lately that its store may still be changing.

    :param age: its age, as in :attr:`Claim.age`; unknown ages count as old.
    """
    return age is not None and age < QUIET


def named(claims: Iterable[Claim]) -> str:
    """Return the sources of claims, with their places, for one sentence."""
    places = sorted({(claim.source, claim.where) for claim in claims})
    return " and ".join(f"{source} ({where})" if where else source for source, where in places)


class Sides(NamedTuple):
    """The claims about some bytes, from inside and from outside their container."""

    #: All claims.
    claims: Sequence[Claim]
    #: Those that the bytes contradict.
    wrong: Sequence[Claim]
    #: Where the bytes came from.
    provenance: Provenance

    @property
    def right(self) -> list[Claim]:
        """The claims that match the bytes."""
        return [claim for claim in self.claims if claim not in self.wrong]

    @property
    def outside(self) -> list[Claim]:
        """The claims that a writer of the container cannot change."""
        return [c for c in self.claims if is_outside(c, self.provenance.origins)]

    @property
    def outside_wrong(self) -> list[Claim]:
        """Those of them that the bytes contradict."""
        return [claim for claim in self.outside if claim in self.wrong]

    @property
    def container_right(self) -> list[Claim]:
        """The container's own claims that match the bytes."""
        return [c for c in self.right if not is_outside(c, self.provenance.origins)]

    @property
    def outside_disagree(self) -> bool:
        """Whether outside claims contradict each other, so that none of them decides."""
        some_right = len(self.outside_wrong) < len(self.outside)
        return bool(self.outside_wrong) and (some_right or contradictory(self.outside))

    def replacement(self) -> list[Finding]:
        """Return the finding that the artifact was replaced, if it was.

        Waiting may help while something is still changing: a new build can reach the
        container before the outside source, or after it.
        """
        if not self.wrong:  # nearly always
            return []
        outside = self.outside_wrong
        if not outside or self.outside_disagree or not self.container_right:
            return []
        text = (
            f"the container's own digests match these bytes, but {named(outside)} has another "
            "digest: the artifact was replaced after that digest was recorded"
        )
        ages = (*self.provenance.ages(), *(claim.age for claim in outside))
        return [Finding(Cause.REPLACED, text, may_heal=any(map(is_young, ages)))]


def with_elsewhere(
    heard: Sequence[Claim | Finding],
    address: Address,
    home: Collection[str],
    *,
    checked: bool = True,
) -> list[Claim | Finding]:
    """Give the tier ``elsewhere`` to the claims of an address that earn it.

    They must have come over HTTPS or from this machine, and from no origin that leads
    to the bytes.  Claims of another tier, or from other origins, are unchanged.

    :param heard: claims and findings.
    :param address: the address that the user named beside the one that leads to the bytes.
    :param home: the origins of the listing that leads to the bytes, and of the bytes, as
        linked and as answered; empty for bytes of a local folder.
    :param checked: whether TLS certificates are checked.
    """

    def earns(item: Claim) -> bool:
        if item.tier is not Tier.CONTAINER or not item.origins:
            return False
        passed = {*item.origins, *address.answered}
        return (
            address.linked.issuperset(item.origins)
            and passed.isdisjoint(home)
            and all(is_secure(origin, checked=checked) for origin in passed)
        )

    return [
        replace(item, tier=Tier.ELSEWHERE) if isinstance(item, Claim) and earns(item) else item
        for item in heard
    ]
