"""Claims from outside the container: all combinations of claims, origins, tiers, ages and bytes.

The rules are restated here in another form, as an oracle.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.verdict.test_rules_properties import (
    BODY,
    DIFFERENT,
    SAME,
    SEEN,
    _artifact,
    _claim,
    _is_wrong,
)
from wheelhouse_hashes.artifacts import Claim, Finding, Outcome, Tier
from wheelhouse_hashes.causes import GRAVITY, Cause, gravest, gravest_cause
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.verdict.outside import Address, Provenance, is_outside, with_elsewhere
from wheelhouse_hashes.verdict.rules import judge

HOME, CDN, PAGE, PLAIN = "https://store", "https://cdn", "https://pages", "http://pages"
LOOPBACKS = ("http://localhost:8000", "http://127.0.0.7", "http://[::1]:80", "http://a.localhost")
HOUR = 3600.0

ages = st.sampled_from((None, -5.0, 0.0, HOUR - 1, HOUR, HOUR * 24))
origins = st.sampled_from(((), (HOME,), (CDN,), (PAGE,), (PAGE, HOME), (PAGE, CDN), (PAGE, PLAIN)))
claims = st.builds(
    lambda origins, age, *values: replace(_claim(*values), origins=origins, age=age),
    origins,
    ages,
    st.sampled_from(("sha256", "sha512", "md5")),
    st.sampled_from((0, 0, 1, 2)),
    st.booleans(),
    st.sampled_from((Tier.CONTAINER, Tier.CONTAINER, *Tier)),
    st.sampled_from(("link", "hash file", "log")),
)
provenances = st.builds(
    Provenance,
    st.sampled_from((frozenset(), frozenset({HOME}), frozenset({HOME, CDN}))),
    st.lists(ages, max_size=3).map(lambda known: lambda: known),
)
seen_bytes = st.builds(
    lambda tail, known: SEEN._replace(tail=tail, length_known=known),
    st.sampled_from((BODY, b"cut here")),
    st.booleans(),
)
sizes = st.sampled_from((None, len(BODY), len(BODY) + 1))
befores = st.sampled_from((None, SAME, DIFFERENT))
required = st.sets(st.sampled_from(Tier), max_size=2)
any_case = given(st.lists(claims, max_size=5), provenances, seen_bytes, sizes, befores, required)


def runs(test: Callable[..., None]) -> Callable[..., None]:
    """Run a property often; none of them depends on the interpreter."""
    often: Callable[..., None] = pytest.mark.thorough(test)
    return settings(deadline=None, max_examples=400)(often)


def outside(claim: Claim, home: Collection[str]) -> bool:
    """Restate which claims a writer of the container cannot change."""
    other_origin = len(claim.origins) > 0 and not any(origin in home for origin in claim.origins)
    return claim.tier is not Tier.CONTAINER or other_origin


def compatible(claimed: Iterable[Claim]) -> bool:
    """Return whether some bytes match all claims, and none of them matches these bytes."""
    claimed = list(claimed)
    return all(map(_is_wrong, claimed)) and not any(
        one.digest.algorithm == other.digest.algorithm and one.digest != other.digest
        for one, other in itertools.combinations(claimed, 2)
    )


def is_replaced(claimed: Sequence[Claim], home: Collection[str]) -> bool:
    """Restate the rule: the outside agrees that the bytes are wrong, the container does not."""
    beyond = [claim for claim in claimed if outside(claim, home)]
    confirmed = any(not _is_wrong(c) for c in claimed if not outside(c, home))
    return bool(beyond) and compatible(beyond) and confirmed


@runs
@any_case
def test_no_combination_with_a_wrong_claim_is_good(
    claimed: list[Claim],
    provenance: Provenance,
    seen: Seen,
    size: int | None,
    before: Seen | None,
    tiers: set[Tier],
) -> None:
    for accept in (False, True):
        verdict = judge(
            *(_artifact(size), claimed, seen),
            accept_missing=accept,
            required=tiers,
            before=before,
            provenance=provenance,
        )
        if any(map(_is_wrong, claimed)):
            assert verdict.outcome is Outcome.REFUSED
            assert verdict.cause not in (None, Cause.WEAK, Cause.MISSING_HASH)
            assert verdict.tiers == frozenset()
        elif claimed:
            assert (verdict.cause is Cause.WEAK) == bool(tiers - earned(claimed))
            assert verdict.good == (verdict.cause is None)


def earned(claimed: Iterable[Claim]) -> set[Tier]:
    """Restate which tiers matching claims give: MD5 never more than container."""
    return {Tier.CONTAINER if c.digest.algorithm == "md5" else c.tier for c in claimed}


@runs
@any_case
def test_replaced_if_and_only_if_the_rule_says_so(
    claimed: list[Claim],
    provenance: Provenance,
    seen: Seen,
    size: int | None,
    before: Seen | None,
    tiers: set[Tier],
) -> None:
    verdict = judge(
        *(_artifact(size), claimed, seen), required=tiers, before=before, provenance=provenance
    )
    home = provenance.origins
    assert (verdict.cause is Cause.REPLACED) == is_replaced(claimed, home)
    if verdict.cause is Cause.REPLACED:
        beyond = [claim for claim in claimed if outside(claim, home)]
        dates = [*provenance.ages(), *(claim.age for claim in beyond)]
        assert verdict.exit_code == 7
        assert verdict.may_heal == any(age is not None and age < HOUR for age in dates)
        assert all(claim.source in verdict.text for claim in beyond)


@runs
@any_case
def test_outside_claim_is_never_overruled(
    claimed: list[Claim],
    provenance: Provenance,
    seen: Seen,
    size: int | None,
    before: Seen | None,
    tiers: set[Tier],
) -> None:
    home = provenance.origins
    beyond = [claim for claim in claimed if outside(claim, home)]
    verdict = judge(_artifact(size), claimed, seen, before=before, provenance=provenance)
    if any(map(_is_wrong, beyond)):
        assert verdict.cause is not Cause.STALE
        if compatible(beyond):
            assert verdict.cause is not Cause.CONFLICT
    if verdict.cause is Cause.STALE:
        assert not any(map(_is_wrong, beyond))
        assert any(c.travels and not _is_wrong(c) for c in claimed if c not in beyond)
    # The container cannot make the verdict milder, whatever it claims.
    alone = judge(_artifact(size), beyond, seen, before=before, provenance=provenance)
    if beyond and not alone.good:
        assert not verdict.good
        if compatible(beyond) and verdict.cause is not Cause.TRUNCATED:
            assert gravest((alone.exit_code, verdict.exit_code)) == verdict.exit_code


@runs
@any_case
def test_contradictory_outside_claims_are_a_conflict_that_names_them(
    claimed: list[Claim],
    provenance: Provenance,
    seen: Seen,
    size: int | None,
    before: Seen | None,
    tiers: set[Tier],
) -> None:
    beyond = [claim for claim in claimed if outside(claim, provenance.origins)]
    verdict = judge(_artifact(size), claimed, seen, before=before, provenance=provenance)
    if any(map(_is_wrong, beyond)) and not compatible(beyond):
        short = size is not None and len(BODY) < size
        if short and all(map(_is_wrong, claimed)):
            assert verdict.cause is Cause.TRUNCATED
        else:
            assert (verdict.cause, verdict.exit_code) == (Cause.CONFLICT, 1)
            assert all(claim.source in verdict.text for claim in beyond)


@runs
@given(
    st.lists(claims, min_size=1, max_size=4),
    provenances,
    st.lists(st.sampled_from(Cause), min_size=1, max_size=2),
)
def test_finding_does_not_hide_a_replacement(
    claimed: list[Claim], provenance: Provenance, causes: list[Cause]
) -> None:
    objections = [Finding(cause, "objection", may_heal=True) for cause in causes]
    verdict = judge(_artifact(None), [*claimed, *objections], SEEN, provenance=provenance)
    replaced = is_replaced(claimed, provenance.origins)
    assert verdict.cause is gravest_cause([*causes, *([Cause.REPLACED] if replaced else [])])


@pytest.mark.parametrize("head", [b"<html>", b"", b"PK\x03\x04"])
def test_replacement_by_other_files_is_a_replacement(head: bytes) -> None:
    pin = _claim("sha256", 1, travels=False, tier=Tier.PINNED)
    beside = _claim("sha256", 0, travels=False)
    verdict = judge(_artifact(len(BODY) + 9), [pin, beside], SEEN._replace(head=head))
    assert verdict.cause is Cause.REPLACED


@runs
@given(st.lists(claims, min_size=1, max_size=4), st.sets(st.sampled_from((HOME, CDN, PAGE))))
def test_outside_is_a_higher_tier_or_another_origin(claimed: list[Claim], home: set[str]) -> None:
    for claim in claimed:
        assert is_outside(claim, home) == outside(claim, home)


@runs
@given(
    st.lists(claims, max_size=4),
    st.sets(st.sampled_from((HOME, CDN, PAGE, PLAIN))),
    st.sets(st.sampled_from((HOME, CDN, PAGE, PLAIN))),
    st.sets(st.sampled_from((HOME, CDN))),
    st.booleans(),
)
def test_elsewhere_needs_a_named_secure_and_other_origin(
    claimed: list[Claim], linked: set[str], answered: set[str], home: set[str], checked: bool
) -> None:
    address = Address(frozenset(linked), frozenset(answered))
    raised = with_elsewhere(claimed, address, home, checked=checked)
    for claim, after in zip(claimed, raised, strict=True):
        assert isinstance(after, Claim)
        asked = {*claim.origins, *answered}
        earns = (
            claim.tier is Tier.CONTAINER
            and claim.origins
            and {*claim.origins} <= linked
            and not asked & home
            and PLAIN not in asked
            and checked
        )
        assert after == (replace(claim, tier=Tier.ELSEWHERE) if earns else claim)


@pytest.mark.parametrize("origin", LOOPBACKS)
@pytest.mark.parametrize("checked", [False, True])
def test_loopback_is_elsewhere_without_tls(origin: str, checked: bool) -> None:
    claim = replace(_claim("sha256", 0, travels=False), origins=(origin,))
    address = Address(frozenset({origin}))
    (raised,) = with_elsewhere([claim], address, {HOME}, checked=checked)
    assert isinstance(raised, Claim)
    assert raised.tier is Tier.ELSEWHERE


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1.example.org", "http://localhost.example.org", "http://10.0.0.1"]
)
def test_other_hosts_need_tls(origin: str) -> None:
    claim = replace(_claim("sha256", 0, travels=False), origins=(origin,))
    assert with_elsewhere([claim], Address(frozenset({origin})), ()) == [claim]


@runs
@given(st.sets(st.sampled_from(GRAVITY)))
def test_gravest_exit_code_wins(codes: set[int]) -> None:
    order = [130, 2, 7, 1, 3, 4, 6, 5]
    wanted = next((code for code in order if code in codes), 0)
    assert gravest([0, *codes]) == gravest([*codes, 0]) == wanted
    assert {cause.exit_code for cause in Cause} == {*order} - {130, 2}


@pytest.mark.parametrize("tier", list(Tier))
def test_md5_alone_is_never_above_container(tier: Tier) -> None:
    md5 = _claim("md5", 0, travels=False, tier=tier)
    verdict = judge(_artifact(None), [md5], SEEN)
    assert verdict.tiers == {Tier.CONTAINER}
    weak = judge(_artifact(None), [md5], SEEN, required={tier})
    assert (weak.cause is Cause.WEAK) == (tier is not Tier.CONTAINER)
    # A digest that does not match refutes the bytes, whatever its algorithm.
    wrong = _claim("md5", 1, travels=False, tier=tier)
    beside = _claim("sha256", 0, travels=False)
    cause = judge(_artifact(None), [wrong, beside], SEEN).cause
    assert cause is (Cause.CONFLICT if tier is Tier.CONTAINER else Cause.REPLACED)
