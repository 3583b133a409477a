from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.artifacts import sha256
from wheelhouse_hashes.artifacts import (
    ALGORITHMS,
    Claim,
    Digest,
    Finding,
    ListedArtifact,
    Outcome,
    Tier,
    new_hasher,
)
from wheelhouse_hashes.causes import HEALABLE, Cause
from wheelhouse_hashes.formats.seen import HEAD_BYTES, TAIL_BYTES, Seen
from wheelhouse_hashes.verdict.rules import judge

NAME = "numpy-2.3.5-py3-none-any.whl"
END = b"PK\x05\x06 the end"
BODY = b"PK\x03\x04 a wheel" + END
WHEEL = ListedArtifact(NAME, f"http://host/{NAME}")


def _claim(body: bytes, *, travels: bool = False, source: str = "link") -> Claim:
    return Claim(Digest("sha256", sha256(body)), source, "http://host/", travels=travels)


def _seen(body: bytes, *, length_known: bool = True) -> Seen:
    return Seen(
        len(body),
        {"sha256": sha256(body)},
        head=body[:HEAD_BYTES],
        tail=body[-TAIL_BYTES:],
        length_known=length_known,
    )


RIGHT = _claim(BODY)
WRONG = _claim(b"announced")


def test_bytes_matching_every_claim_are_ok() -> None:
    verdict = judge(WHEEL, [RIGHT, replace(RIGHT, source="hash file")], _seen(BODY))
    assert verdict.outcome is Outcome.OK
    assert verdict.cause is None
    assert verdict.good
    assert verdict.tier is Tier.CONTAINER


def test_stronger_tier_does_not_overrule_wrong_claim() -> None:
    logged = replace(RIGHT, source="log", tier=Tier.LOGGED)
    verdict = judge(WHEEL, [logged, WRONG], _seen(BODY))
    assert verdict.cause is Cause.CONFLICT
    assert verdict.tier is None


def test_stronger_algorithm_does_not_overrule_weaker_one() -> None:
    md5 = Claim(Digest("md5", "0" * 32), "hash file", "")
    seen = _seen(BODY)._replace(digests={"sha256": sha256(BODY), "md5": "1" * 32})
    assert judge(WHEEL, [RIGHT, md5], seen).outcome is Outcome.REFUSED


def test_no_claim_is_refused_unless_accepted() -> None:
    refused = judge(WHEEL, [], _seen(BODY))
    assert (refused.cause, refused.exit_code) == (Cause.MISSING_HASH, 3)
    accepted = judge(WHEEL, [], _seen(BODY), accept_missing=True)
    assert accepted.outcome is Outcome.UNVERIFIED
    assert accepted.good
    assert accepted.tier is None


def test_accept_missing_does_not_accept_wrong_claim() -> None:
    verdict = judge(WHEEL, [WRONG], _seen(BODY), accept_missing=True)
    assert verdict.cause is Cause.MISMATCH


def test_wrong_digest_with_equal_reads_is_mismatch() -> None:
    assert judge(WHEEL, [WRONG], _seen(BODY)).cause is Cause.MISMATCH
    assert judge(WHEEL, [WRONG], _seen(BODY), before=_seen(BODY)).cause is Cause.MISMATCH


def test_wrong_digest_with_differing_reads_is_corrupt() -> None:
    before = _seen(BODY + b"!")
    assert judge(WHEEL, [WRONG], _seen(BODY), before=before).cause is Cause.CORRUPT


def test_differing_reads_are_ok_if_second_matches() -> None:
    assert judge(WHEEL, [RIGHT], _seen(BODY), before=_seen(b"PK\x03\x04")).outcome is Outcome.OK


def test_matching_metadata_makes_other_claim_stale() -> None:
    metadata = _claim(BODY, travels=True, source="metadata")
    for before in (None, _seen(BODY), _seen(BODY + b"!")):
        assert judge(WHEEL, [WRONG, metadata], _seen(BODY), before=before).cause is Cause.STALE


def test_wrong_metadata_makes_nothing_stale() -> None:
    metadata = _claim(b"announced", travels=True, source="metadata")
    assert judge(WHEEL, [RIGHT, metadata], _seen(BODY)).cause is Cause.CONFLICT
    assert judge(WHEEL, [WRONG, metadata], _seen(BODY)).cause is Cause.MISMATCH


def test_contradictory_headers_are_a_conflict() -> None:
    right = _claim(BODY, travels=True, source="header")
    wrong = _claim(b"announced", travels=True, source="header")
    for claims in ([right, wrong], [RIGHT, right, wrong], [WRONG, right, wrong]):
        assert judge(WHEEL, claims, _seen(BODY)).cause is Cause.CONFLICT


def test_fewer_bytes_than_listed_is_truncated() -> None:
    artifact = replace(WHEEL, size=len(BODY) + 1)
    verdict = judge(artifact, [WRONG], _seen(BODY), before=_seen(BODY))
    assert (verdict.cause, verdict.exit_code) == (Cause.TRUNCATED, 5)
    assert f"{len(BODY)} of {len(BODY) + 1} bytes" in verdict.text


def test_wrong_listed_size_does_not_refuse_matching_bytes() -> None:
    for size in (len(BODY) - 1, len(BODY) + 1):
        assert judge(replace(WHEEL, size=size), [RIGHT], _seen(BODY)).outcome is Outcome.OK


def test_body_of_unknown_length_is_truncated_until_read_twice() -> None:
    seen = _seen(BODY, length_known=False)
    assert judge(WHEEL, [WRONG], seen).cause is Cause.TRUNCATED
    other = _seen(BODY + b"!", length_known=False)
    assert judge(WHEEL, [WRONG], seen, before=other).cause is Cause.TRUNCATED
    assert judge(WHEEL, [WRONG], seen, before=seen).cause is Cause.MISMATCH


@pytest.mark.parametrize("body", [b"", b"P", b"PK\x03"])
def test_body_shorter_than_magic_is_truncated(body: bytes) -> None:
    artifact = replace(WHEEL, size=len(BODY))
    seen = _seen(body, length_known=False)
    assert judge(artifact, [RIGHT], seen).cause is Cause.TRUNCATED


@pytest.mark.parametrize(
    "name", ["numpy-2.3.5-py3-none-any.whl", "numpy-2.3.5.zip"], ids=["wheel", "zip"]
)
def test_wrong_archive_without_end_stays_truncated(name: str) -> None:
    artifact = ListedArtifact(name, f"http://host/{name}")
    seen = _seen(BODY.removesuffix(END))
    for before in (None, seen, _seen(BODY)):
        assert judge(artifact, [WRONG], seen, before=before).cause is Cause.TRUNCATED


def test_tar_sdist_needs_no_zip_end() -> None:
    artifact = ListedArtifact("numpy-2.3.5.tar.gz", "http://host/numpy-2.3.5.tar.gz")
    assert judge(artifact, [WRONG], _seen(b"\x1f\x8b wrong")).cause is Cause.MISMATCH


def test_archive_without_end_is_ok_if_claims_match() -> None:
    body = BODY.removesuffix(END)
    assert judge(WHEEL, [_claim(body)], _seen(body)).outcome is Outcome.OK


KINDS = {
    "numpy-1.0-py3-none-any.whl": [b"PK\x03\x04"],
    "numpy-1.0.zip": [b"PK\x03\x04", b"PK\x05\x06"],
    "numpy-1.0.tar.gz": [b"\x1f\x8b"],
    "numpy-1.0.win32.exe": [b"MZ"],
}


@pytest.mark.parametrize(("name", "magics"), KINDS.items())
def test_first_bytes_must_match_extension(name: str, magics: list[bytes]) -> None:
    artifact = ListedArtifact(name, f"http://host/{name}")
    for magic in {magic for several in KINDS.values() for magic in several}:
        body = magic + b" and more"
        verdict = judge(artifact, [_claim(body)], _seen(body))
        if magic in magics:
            assert verdict.outcome is Outcome.OK
        else:
            assert verdict.cause is Cause.NOT_A_DISTRIBUTION


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\xef\xbb\xbf\r\n\t <html>", "HTML"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"not found", "first bytes"),
        (b"PK\x05\x06 an empty archive", "first bytes"),
        (b"", "empty"),
    ],
)
def test_non_distribution_is_refused_even_if_digest_matches(body: bytes, word: str) -> None:
    for accept in (False, True):
        verdict = judge(WHEEL, [_claim(body)], _seen(body), accept_missing=accept)
        assert (verdict.cause, verdict.exit_code) == (Cause.NOT_A_DISTRIBUTION, 1)
        assert word in verdict.text


def test_non_distribution_is_refused_without_claim() -> None:
    verdict = judge(WHEEL, [], _seen(b"<html>"), accept_missing=True)
    assert verdict.cause is Cause.NOT_A_DISTRIBUTION


def test_findings_are_joined_under_gravest_cause() -> None:
    findings = [Finding(Cause.DISK, "one"), Finding(Cause.MISSING_HASH, "two")]
    verdict = judge(WHEEL, [RIGHT, *findings], _seen(BODY))
    assert verdict.cause is Cause.MISSING_HASH
    assert verdict.text == "one; two"
    assert verdict.claims == (RIGHT,)


def test_verdict_has_claims_digests_and_sizes() -> None:
    artifact = replace(WHEEL, size=99)
    seen = _seen(BODY)._replace(on_disk=True)
    verdict = judge(artifact, [WRONG], seen)
    assert verdict.name == NAME
    assert verdict.claims == (WRONG,)
    assert verdict.digests == seen.digests
    assert (verdict.size, verdict.expected_size) == (len(BODY), 99)
    assert verdict.on_disk


def test_judge_refuses_non_artifact_name() -> None:
    with pytest.raises(ValueError, match="not the name of an artifact"):
        judge(ListedArtifact("index.html", "http://host/"), [], _seen(BODY))


def test_healable_causes_exclude_final_ones() -> None:
    final = {
        *(Cause.UNTRUSTED, Cause.UNSAFE_NAME, Cause.PLUGIN, Cause.REPLACED, Cause.WEAK),
        *(Cause.DISK, Cause.FORBIDDEN, Cause.TOO_LARGE, Cause.UNSOUND, Cause.UNEXPECTED),
        *(Cause.UNREADABLE, Cause.INVALID_NAME, Cause.YANKED, Cause.LISTING_CUT),
        *(Cause.NOT_LISTED, Cause.NOT_ATTESTED, Cause.FORKED, Cause.LOGGED_TWICE),
        *(Cause.NOT_THE_PAGE, Cause.NOT_BUILT, Cause.NOT_SERVED, Cause.LISTED_WRONG),
    }
    assert set(Cause) - HEALABLE == final


@pytest.mark.parametrize(("algorithm", "length"), ALGORITHMS.items())
def test_digest_is_lower_case_and_has_algorithm_length(algorithm: str, length: int) -> None:
    assert Digest(algorithm, "AB" * (length // 2)).hex == "ab" * (length // 2)
    assert len(new_hasher(algorithm).hexdigest()) == length
    for digits in ("a" * (length - 1), "a" * (length + 1), "g" * length, "", "\uff11" * length):
        with pytest.raises(ValueError, match=f"{algorithm} has {length} hex digits"):
            Digest(algorithm, digits)


def test_unknown_algorithm_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown algorithm 'sha1'"):
        Digest("sha1", "a" * 40)
    with pytest.raises(ValueError, match="unknown algorithm 'sha1'"):
        new_hasher("sha1")
