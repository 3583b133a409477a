"""The rules that turn claims and bytes into a verdict.  No I/O.

- Every claim of every source must match; a file with a wrong claim is refused.
- A claim from outside the container is never overruled by the container's own claims.
- A file without any claim is refused, unless the user accepts that.
- A file whose kind does not match its name is refused, whatever the claims are.
- A file that lacks a required tier is refused.
- A truncated download is never reported as a mismatch if the two can be distinguished.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import (
    DEFAULT_ALGORITHM,
    Claim,
    Digest,
    Finding,
    ListedArtifact,
    Outcome,
    Tier,
    Verdict,
)
from wheelhouse_hashes.causes import Cause, gravest_cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.formats.kinds import is_too_little_to_tell, other_kind
from wheelhouse_hashes.lines import tiers_text
from wheelhouse_hashes.verdict.outside import LOCAL, Provenance, Sides, contradictory, named

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.seen import Seen

#: The signature near the end of every zip archive, and so of every wheel: the end
#: of central directory record (zip specification, APPNOTE.TXT 4.3.16).
_ZIP_END = b"PK\x05\x06"

#: The reason to refuse an artifact without any claim.
NO_CLAIM = "no digest found for this artifact"

#: The same, if there are only values that need not be digests.
ETAG_DIFFERS = (
    "no digest found for this artifact except the store's ETag, which is not the MD5 of these "
    "bytes: they are damaged, or the store encrypts them"
)

#: The same, if the digests of a list are all that is known of an artifact.
NOT_COMPARABLE = "no digest found that has an algorithm of the list"


def claims_of(heard: Sequence[Claim | Finding]) -> tuple[Claim, ...]:
    """Return the claims, without the findings."""
    return tuple(item for item in heard if isinstance(item, Claim))


def algorithms_of(heard: Sequence[Claim | Finding]) -> tuple[str, ...]:
    """Return the algorithms to compute: the default, and all that claims use."""
    claimed = (digest.algorithm for claim in claims_of(heard) for digest in _digests(claim))
    return tuple(dict.fromkeys((DEFAULT_ALGORITHM, *claimed)))


def objection(heard: Sequence[Claim | Finding]) -> Refusal | None:
    """Return one refusal that combines all findings, None if there are none."""
    findings = [item for item in heard if isinstance(item, Finding)]
    if not findings:
        return None
    cause = gravest_cause(finding.cause for finding in findings)
    text = "; ".join(finding.text for finding in findings)
    may_heal = all(finding.may_heal or finding.cause.may_heal for finding in findings)
    advice = next((f.next for f in findings if f.cause is cause and f.next), "")
    return Refusal(cause, text, may_heal=may_heal, next=advice)


def judge(  # noqa: PLR0913 (the facts about one file, and what the user demands)
    artifact: ListedArtifact,
    heard: Sequence[Claim | Finding],
    seen: Seen,
    *,
    accept_missing: bool = False,
    required: Collection[Tier] = (),
    before: Seen | None = None,
    provenance: Provenance = LOCAL,
) -> Verdict:
    """Judge one artifact by its claims and its bytes.

    :param artifact: the artifact.
    :param heard: all claims, and the findings of sources and inspectors.
    :param seen: the facts about its bytes.
    :param accept_missing: whether to keep an artifact without any claim.
    :param required: the tiers that its claims must earn.
    :param before: the facts from an earlier read in the same run, if any.
    :param provenance: where the bytes came from.
    """
    heard_claims = comparable(claims_of(heard), seen)
    wrong = [c for c in heard_claims if seen.digests[c.digest.algorithm] != c.digest.hex]
    claims = tuple(c for c in heard_claims if c not in wrong or not c.confirms_only)
    wrong = [claim for claim in wrong if not claim.confirms_only]
    sides = Sides(claims, wrong, provenance)
    verdict = Verdict(
        artifact.name,
        Outcome.OK,
        claims=claims,
        digests=seen.digests,
        size=None if seen.unread else seen.size,
        expected_size=artifact.size,
        on_disk=seen.on_disk,
    )
    if objected := objection([*heard, *sides.replacement()]):
        return refused(verdict, objected)
    cut = _cut(artifact, seen)
    if objected := _wrong_kind(artifact, seen, cut):
        return refused(verdict, objected)
    if not claims:
        reason = ETAG_DIFFERS if heard_claims else NO_CLAIM
        reason = NOT_COMPARABLE if seen.unread and claims_of(heard) else reason
        return _unclaimed(verdict, cut, reason, accept_missing=accept_missing)
    if not wrong:
        return _matched(verdict, required)
    return refused(verdict, _disagreement(artifact, sides, seen, before))


def _wrong_kind(artifact: ListedArtifact, seen: Seen, cut: str | None) -> Refusal | None:
    """Return the reason to refuse a file that is of another kind than its name says."""
    if seen.unread:
        return None
    if _is_short(artifact, seen) and is_too_little_to_tell(artifact.name, seen.head):
        return Refusal(Cause.TRUNCATED, cut or "")
    kind = other_kind(artifact.name, seen.head)
    return Refusal(Cause.NOT_A_DISTRIBUTION, f"the file is {kind}") if kind is not None else None


def _digests(claim: Claim) -> tuple[Digest, ...]:
    return (claim.digest, *claim.alternatives)


def comparable(claims: Iterable[Claim], seen: Seen) -> tuple[Claim, ...]:
    """Return the claims that can be compared with some bytes, each with one digest.

    Of the alternatives of a claim, one that matches is left, rather of a strong algorithm.

    :param claims: the claims.
    :param seen: the facts about the bytes.
    """
    found: list[Claim] = []
    for claim in claims:
        known = [digest for digest in _digests(claim) if digest.algorithm in seen.digests]
        right = [digest for digest in known if seen.digests[digest.algorithm] == digest.hex]
        if known and claim.alternatives:
            strong_first = sorted(right, key=lambda digest: digest.algorithm == "md5")
            one = strong_first[0] if right else known[0]
            found.append(replace(claim, digest=one, alternatives=() if right else tuple(known[1:])))
        elif known or not seen.unread:
            found.append(claim)
    return tuple(found)


def _matched(verdict: Verdict, required: Collection[Tier]) -> Verdict:
    """Refuse a verified artifact if its claims do not earn every required tier."""
    lacking = set(required) - verdict.tiers
    if not lacking:
        return verdict
    text = (
        f"every digest matches, but no source of tier {tiers_text(lacking)} has one for this "
        f"artifact (found: {tiers_text(verdict.tiers)})"
    )
    return refused(verdict, Refusal(Cause.WEAK, text))


def _unclaimed(verdict: Verdict, cut: str | None, reason: str, *, accept_missing: bool) -> Verdict:
    if not accept_missing:
        return refused(verdict, Refusal(Cause.MISSING_HASH, reason))
    if cut:
        return refused(verdict, Refusal(Cause.TRUNCATED, cut))
    return replace(verdict, outcome=Outcome.UNVERIFIED, text="no digest found")


def refused(verdict: Verdict, refusal: Refusal) -> Verdict:
    """Return a verdict changed into a refusal.

    :param verdict: the other facts about the artifact.
    :param refusal: the reason.
    """
    return replace(
        verdict,
        outcome=Outcome.REFUSED,
        cause=refusal.cause,
        text=str(refusal),
        may_heal=refusal.may_heal,
        next=refusal.next,
    )


def _disagreement(
    artifact: ListedArtifact, sides: Sides, seen: Seen, before: Seen | None
) -> Refusal:
    """Return the reason to refuse bytes that a claim contradicts.

    Contradictions between sources come before damage if a source confirms the bytes.
    """
    cut = _cut(artifact, seen)
    short = cut is not None and _is_short(artifact, seen)
    if sides.outside_disagree and (sides.right or not short):
        text = f"digests from outside the container contradict each other: {named(sides.outside)}"
        return Refusal(Cause.CONFLICT, text)
    if not sides.outside_wrong:
        # Headers that contradict each other do not show the version of the bytes.
        travelling = any(claim.travels for claim in sides.container_right)
        if travelling and not any(claim.travels for claim in sides.wrong):
            text = "the artifact and a digest found for it are from different uploads"
            return Refusal(Cause.STALE, text)
        if not short and (sides.right or contradictory(sides.claims)):
            text = "the digests found for this artifact contradict each other"
            return Refusal(Cause.CONFLICT, text)
    if cut:
        return Refusal(Cause.TRUNCATED, cut)
    return _compare_reads(seen, before)


def _compare_reads(seen: Seen, before: Seen | None) -> Refusal:
    if seen.unread:
        return Refusal(Cause.MISMATCH, "the digest of the list is not the expected one")
    same_as_before = before is not None and before.digests["sha256"] == seen.digests["sha256"]
    if not seen.length_known and not same_as_before:
        text = f"the download ended after {seen.size} bytes (the expected size is unknown)"
        return Refusal(Cause.TRUNCATED, text)
    if before is not None and not same_as_before:
        return Refusal(Cause.CORRUPT, "two downloads of this artifact gave different content")
    return Refusal(Cause.MISMATCH, "the bytes do not match the expected digest")


def _is_short(artifact: ListedArtifact, seen: Seen) -> bool:
    return not seen.unread and artifact.size is not None and seen.size < artifact.size


def _cut(artifact: ListedArtifact, seen: Seen) -> str | None:
    """Return the evidence that a file is truncated, None if it has none."""
    if seen.unread:
        return None
    if _is_short(artifact, seen):
        return f"{seen.size} of {artifact.size} bytes arrived"
    if artifact.name.endswith((".whl", ".zip")) and _ZIP_END not in seen.tail:
        return f"the archive is cut off after {seen.size} bytes"
    return None
