from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelhouse_hashes.artifacts import (
    ALGORITHMS,
    Claim,
    Digest,
    Finding,
    ListedArtifact,
    Outcome,
    Tier,
    Verdict,
    new_hasher,
)
from wheelhouse_hashes.causes import Cause, gravest_cause
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.verdict.rules import judge

NAME = "numpy-2.3.5-py3-none-any.whl"
BODY = b"PK\x03\x04 the right bytes PK\x05\x06 the end"
HEADS = (BODY, BODY, b"<!DOCTYPE html>", b"\x1f\x8b", b"PK\x03", b"")
GOOD = (Outcome.OK, Outcome.UNVERIFIED)


def _is_cut(seen: Seen, size: int | None) -> bool:
    """Return whether the received bytes are detectably incomplete, regardless of the claims."""
    return (size is not None and seen.size < size) or b"PK\x05\x06" not in seen.tail


def _digests(body: bytes) -> dict[str, str]:
    digests = {}
    for algorithm in ALGORITHMS:
        hasher = new_hasher(algorithm)
        hasher.update(body)
        digests[algorithm] = hasher.hexdigest()
    return digests


RIGHT = _digests(BODY)
WRONG = (_digests(b"other bytes"), _digests(b"yet other bytes"))
SEEN = Seen(len(BODY), RIGHT, head=BODY, tail=BODY)
SAME = SEEN._replace()
DIFFERENT = SEEN._replace(size=7, digests=WRONG[0])
WITHOUT_END = SEEN._replace(tail=b"cut here")


def _artifact(size: int | None) -> ListedArtifact:
    return ListedArtifact(NAME, f"http://host/{NAME}", size)


def _claim(
    algorithm: str, wrong: int, travels: bool, tier: Tier = Tier.CONTAINER, source: str = "link"
) -> Claim:
    """A claim that is right (0) or wrong in one of two ways (1, 2)."""
    digits = (RIGHT, *WRONG)[wrong][algorithm]
    return Claim(Digest(algorithm, digits), source, "somewhere", tier, travels)


def _is_wrong(claim: Claim) -> bool:
    return RIGHT[claim.digest.algorithm] != claim.digest.hex


claims = st.builds(
    _claim,
    st.sampled_from(tuple(ALGORITHMS)),
    st.sampled_from((0, 0, 0, 1, 2)),
    st.booleans(),
    st.sampled_from(Tier),
    st.sampled_from(("link", "hash file", "metadata", "log")),
)
findings = st.builds(Finding, st.sampled_from(Cause), st.sampled_from(("bad", "worse")))
sizes = st.sampled_from((None, 0, len(BODY) - 1, len(BODY), len(BODY) + 1))
seen_bytes = st.builds(
    Seen,
    size=st.just(len(BODY)),
    digests=st.just(RIGHT),
    head=st.sampled_from(HEADS),
    tail=st.sampled_from((BODY, BODY, b"cut here")),
    length_known=st.booleans(),
    on_disk=st.booleans(),
    unread=st.just(False),
)
earlier = st.sampled_from(
    (
        None,
        SAME,
        DIFFERENT,
        SAME._replace(length_known=False),
        DIFFERENT._replace(length_known=False),
    )
)

any_case = given(
    st.lists(claims, max_size=5),
    st.lists(findings, max_size=2),
    seen_bytes,
    sizes,
    st.booleans(),
    earlier,
)


def runs(test: Callable[..., None]) -> Callable[..., None]:
    """Run a property often; none of them depends on the interpreter."""
    often: Callable[..., None] = pytest.mark.thorough(test)
    return settings(deadline=None, max_examples=300)(often)


@runs
@any_case
def test_verdict_is_good_only_if_every_claim_matches(
    claimed: list[Claim],
    objections: list[Finding],
    seen: Seen,
    size: int | None,
    accept: bool,
    before: Seen | None,
) -> None:
    heard: list[Claim | Finding] = [*claimed, *objections]
    verdict = judge(_artifact(size), heard, seen, accept_missing=accept, before=before)
    fits = seen.head.startswith(b"PK\x03\x04")
    agreed = not objections and fits and not any(map(_is_wrong, claimed))
    wanted = Outcome.REFUSED
    if agreed and claimed:
        wanted = Outcome.OK
    elif agreed and accept and not _is_cut(seen, size):
        wanted = Outcome.UNVERIFIED
    assert verdict.outcome is wanted
    assert (verdict.cause is None) == (wanted in GOOD)
    assert verdict.claims == tuple(claimed)
    assert verdict.digests == seen.digests
    assert (verdict.size, verdict.expected_size) == (seen.size, size)
    assert verdict.on_disk is seen.on_disk


@runs
@any_case
def test_refusal_has_cause_text_and_exit_code(
    claimed: list[Claim],
    objections: list[Finding],
    seen: Seen,
    size: int | None,
    accept: bool,
    before: Seen | None,
) -> None:
    verdict = judge(
        _artifact(size), [*claimed, *objections], seen, accept_missing=accept, before=before
    )
    if verdict.outcome is Outcome.REFUSED:
        assert verdict.cause is not None
        assert verdict.exit_code == verdict.cause.exit_code != 0
        assert verdict.text
    else:
        assert verdict.exit_code == 0


@runs
@given(
    st.lists(claims, min_size=1, max_size=5).flatmap(
        lambda claimed: st.tuples(st.just(claimed), st.permutations(claimed))
    ),
    st.lists(findings, max_size=1),
    seen_bytes,
    sizes,
    earlier,
)
def test_order_of_claims_does_not_matter(
    orders: tuple[list[Claim], list[Claim]],
    objections: list[Finding],
    seen: Seen,
    size: int | None,
    before: Seen | None,
) -> None:
    def conclude(claimed: list[Claim]) -> tuple[object, ...]:
        verdict = judge(_artifact(size), [*claimed, *objections], seen, before=before)
        return verdict.outcome, verdict.cause, verdict.text, verdict.tier, verdict.exit_code

    one, other = orders
    assert conclude(one) == conclude(other) == conclude(one)


@runs
@given(
    st.lists(claims, max_size=3),
    st.lists(findings, min_size=1, max_size=3),
    seen_bytes,
    st.booleans(),
)
def test_finding_refuses_regardless_of_claims(
    claimed: list[Claim], objections: list[Finding], seen: Seen, accept: bool
) -> None:
    verdict = judge(_artifact(None), [*objections, *claimed], seen, accept_missing=accept)
    assert verdict.outcome is Outcome.REFUSED
    if verdict.cause is not Cause.REPLACED:  # see test_outside_properties.py
        assert verdict.cause is gravest_cause(finding.cause for finding in objections)
    assert all(finding.text in verdict.text for finding in objections)


@runs
@given(st.lists(claims, min_size=1, max_size=5), sizes)
def test_tiers_are_those_of_all_matching_claims(claimed: list[Claim], size: int | None) -> None:
    verdict = judge(_artifact(size), claimed, SEEN)
    if any(map(_is_wrong, claimed)):
        assert (verdict.tiers, verdict.tier) == (frozenset(), None)
    else:
        assert verdict.tiers == {
            Tier.CONTAINER if claim.digest.algorithm == "md5" else claim.tier for claim in claimed
        }
        assert verdict.tier is max(verdict.tiers)


SMALL_CLAIMS = tuple(
    _claim(algorithm, wrong, travels)
    for algorithm in ("sha256", "md5")
    for wrong in (0, 1, 2)
    for travels in (False, True)
)
SMALL_SETS = tuple(
    claimed
    for count in (0, 1, 2, 3)
    for claimed in itertools.combinations_with_replacement(SMALL_CLAIMS, count)
)
BEFORES = (None, SAME, DIFFERENT)
SMALL_SIZES = (None, len(BODY), len(BODY) + 1)


def _short(size: int | None) -> bool:
    return size is not None and len(BODY) < size


def _disagreements(
    known: bool,
) -> list[tuple[tuple[Claim, ...], Seen | None, int | None, Verdict]]:
    """Every small case with a wrong claim, and its verdict."""
    seen = SEEN._replace(length_known=known)
    return [
        (claimed, before, size, judge(_artifact(size), claimed, seen, before=before))
        for claimed, before, size in itertools.product(SMALL_SETS, BEFORES, SMALL_SIZES)
        if any(map(_is_wrong, claimed))
    ]


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_no_combination_with_wrong_claim_is_good(accept: bool, known: bool) -> None:
    seen = SEEN._replace(length_known=known)
    for claimed, before, size in itertools.product(SMALL_SETS, BEFORES, SMALL_SIZES):
        verdict = judge(_artifact(size), claimed, seen, accept_missing=accept, before=before)
        if any(map(_is_wrong, claimed)):
            assert verdict.outcome is Outcome.REFUSED
        elif claimed:
            assert verdict.outcome is Outcome.OK
        else:
            kept = accept and not _is_cut(seen, size)
            assert verdict.outcome is (Outcome.UNVERIFIED if kept else Outcome.REFUSED)


@pytest.mark.parametrize("known", [False, True])
def test_stale_precedes_other_causes(known: bool) -> None:
    cases = _disagreements(known)
    assert {verdict.cause for *_, verdict in cases} > {Cause.STALE, Cause.MISMATCH}
    for claimed, _, _, verdict in cases:
        travelling = {_is_wrong(claim) for claim in claimed if claim.travels}
        assert (verdict.cause is Cause.STALE) == (travelling == {False})


def test_corrupt_precedes_mismatch() -> None:
    for _, before, _, verdict in _disagreements(known=True):
        if before is DIFFERENT:
            assert verdict.cause is not Cause.MISMATCH
        else:
            assert verdict.cause is not Cause.CORRUPT


def test_wrong_claims_are_corrupt_or_mismatch_by_reads() -> None:
    wanted = {id(None): Cause.MISMATCH, id(SAME): Cause.MISMATCH, id(DIFFERENT): Cause.CORRUPT}
    found = 0
    for claimed, before, size, verdict in _disagreements(known=True):
        if _short(size) or len({RIGHT[c.digest.algorithm] == c.digest.hex for c in claimed}) > 1:
            continue
        if len({claim.digest for claim in claimed}) > len({c.digest.algorithm for c in claimed}):
            continue
        found += 1
        assert verdict.cause is wanted[id(before)]
    assert found > 50


def test_differing_reads_of_unknown_length_are_not_corrupt() -> None:
    for claimed, before, _, verdict in _disagreements(known=False):
        assert verdict.cause is not Cause.CORRUPT
        if before is not SAME:
            assert verdict.cause is not Cause.MISMATCH
        if before is DIFFERENT and len(claimed) == 1:
            assert verdict.cause is Cause.TRUNCATED


def test_unknown_length_wrong_twice_is_mismatch() -> None:
    seen = SEEN._replace(length_known=False)
    verdict = judge(_artifact(None), [_claim("sha256", 1, False)], seen, before=SAME)
    assert verdict.cause is Cause.MISMATCH


@pytest.mark.parametrize("known", [False, True])
def test_body_shorter_than_listed_is_not_a_mismatch(known: bool) -> None:
    for claimed, before, size, verdict in _disagreements(known):
        if _short(size):
            assert verdict.cause in (Cause.TRUNCATED, Cause.STALE), (claimed, before)


@pytest.mark.parametrize("known", [False, True])
def test_archive_without_end_is_not_a_mismatch(known: bool) -> None:
    seen = WITHOUT_END._replace(length_known=known)
    for claimed, before in itertools.product(SMALL_SETS, BEFORES):
        verdict = judge(_artifact(None), claimed, seen, before=before)
        assert verdict.cause not in (Cause.CORRUPT, Cause.MISMATCH)
        if claimed and not any(map(_is_wrong, claimed)):
            assert verdict.outcome is Outcome.OK
        if len(claimed) == 1 and _is_wrong(claimed[0]):
            assert verdict.cause is Cause.TRUNCATED


def test_sources_disagreeing_with_each_other_are_a_conflict() -> None:
    for claimed, _, size, verdict in _disagreements(known=True):
        if _short(size) or verdict.cause is Cause.STALE:
            continue
        digests = {claim.digest for claim in claimed}
        some_match = not all(map(_is_wrong, claimed))
        contradictory = len(digests) > len({digest.algorithm for digest in digests})
        assert (verdict.cause is Cause.CONFLICT) == (some_match or contradictory)
