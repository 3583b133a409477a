from __future__ import annotations

import itertools

import pytest

from tests.support.artifacts import sha256
from wheelhouse_hashes.artifacts import Claim, Digest, Outcome, Tier, Verdict
from wheelhouse_hashes.builtin.reports import github
from wheelhouse_hashes.builtin.reports.explain import explanation
from wheelhouse_hashes.causes import GRAVITY, NEXT_STEP, Cause, gravest, gravest_cause
from wheelhouse_hashes.errors import (
    DiskError,
    PluginError,
    Refusal,
    StoreError,
    UsageError,
    WheelhouseHashesError,
)
from wheelhouse_hashes.lines import MAX_WIDTH, describe_record, describe_verdict, line
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.report import FetchReport, Report, UploadOutcome, UploadRecord, UploadReport
from wheelhouse_hashes.run import Run

NAME = "numpy-1.0.zip"
RIGHT, WRONG = sha256(b"right"), sha256(b"wrong")
CLAIM = Claim(Digest("sha256", RIGHT), "link", "https://host/")
BESIDE = Claim(Digest("sha256", RIGHT), "hash file", "https://host/numpy-1.0.zip.sha256")
OK = Verdict(NAME, Outcome.OK, claims=(BESIDE, CLAIM), digests={"sha256": RIGHT}, size=5)


def _refused(cause: Cause) -> Verdict:
    return Verdict(NAME, Outcome.REFUSED, cause=cause, text="why")


EXIT_CODES = {
    7: {
        *(Cause.UNTRUSTED, Cause.REPLACED, Cause.NOT_THE_PAGE),
        *(Cause.FORKED, Cause.LOGGED_TWICE),
    },
    1: {
        *(Cause.MISMATCH, Cause.CORRUPT, Cause.CONFLICT),
        *(Cause.NOT_A_DISTRIBUTION, Cause.UNSOUND, Cause.UNSAFE_NAME, Cause.PLUGIN),
        Cause.LISTED_WRONG,
    },
    3: {
        *(Cause.MISSING_HASH, Cause.UNREADABLE_HASH, Cause.UNREADABLE, Cause.NOT_LISTED),
        Cause.NOT_ATTESTED,
        Cause.NOT_LOGGED,
        Cause.WEAK,
    },
    4: {
        *(Cause.MISSING_ARTIFACT, Cause.INVALID_NAME, Cause.YANKED, Cause.LISTING_CUT),
        *(Cause.UNEXPECTED, Cause.NOT_SERVED, Cause.NOT_BUILT),
    },
    6: {Cause.DISK},
    5: {Cause.TRUNCATED, Cause.STALE, Cause.UNREACHABLE, Cause.FORBIDDEN, Cause.TOO_LARGE},
}


def test_every_cause_has_exit_code_and_next_step() -> None:
    assert set().union(*EXIT_CODES.values()) == set(Cause) == set(NEXT_STEP)
    for code, causes in EXIT_CODES.items():
        assert {cause.exit_code for cause in causes} == {code}


def test_gravest_exit_code_follows_documented_order() -> None:
    assert GRAVITY == (130, 2, 7, 1, 3, 4, 6, 5)
    for graver, lighter in itertools.combinations(GRAVITY, 2):
        assert gravest([lighter, 0, graver]) == gravest([graver, lighter]) == graver
    assert gravest([]) == gravest([0, 0]) == 0


def test_gravest_cause_has_gravest_exit_code() -> None:
    for one, other in itertools.product(Cause, repeat=2):
        cause = gravest_cause([one, other])
        assert cause in (one, other)
        assert cause is gravest_cause([other, one])
        assert cause.exit_code == gravest([one.exit_code, other.exit_code])


def test_fetch_exit_code_is_gravest_of_verdicts_and_problems() -> None:
    for graver, lighter in itertools.combinations(GRAVITY[2:], 2):
        pair = [_refused(min(EXIT_CODES[code], key=str)) for code in (lighter, graver)]
        assert FetchReport(verdicts=[OK, *pair]).exit_code == graver
        problems: list[WheelhouseHashesError] = [Refusal(min(EXIT_CODES[graver], key=str), "x")]
        assert FetchReport(problems, verdicts=[OK, pair[0]]).exit_code == graver


def test_fetch_without_refusals_ends_with_0() -> None:
    unverified = Verdict(NAME, Outcome.UNVERIFIED)
    withdrawn = Verdict(NAME, Outcome.WITHDRAWN)
    assert FetchReport(verdicts=[OK]).exit_code == 0
    assert FetchReport(verdicts=[OK, unverified, withdrawn]).exit_code == 0


def test_fetch_without_artifacts_ends_with_4() -> None:
    assert FetchReport().exit_code == 4
    assert FetchReport(nothing_matched=True).exit_code == 4
    assert FetchReport(verdicts=[Verdict(NAME, Outcome.WITHDRAWN)]).exit_code == 4


def test_interrupted_run_always_ends_with_130() -> None:
    assert Report(interrupted=True).exit_code == 130
    untrusted = _refused(Cause.UNTRUSTED)
    assert FetchReport(verdicts=[untrusted], interrupted=True).exit_code == 130
    failed = UploadRecord(NAME, UploadOutcome.FAILED, exit_code=5)
    assert UploadReport(records=[failed], interrupted=True).exit_code == 130


def test_plugin_error_at_end_makes_exit_code_1() -> None:
    problem = PluginError("'gpg' (gpg 1.0)", "wheelhouse_artifact_judged", OSError("gone"))
    assert FetchReport([problem], verdicts=[OK]).exit_code == 1
    assert UploadReport([problem]).exit_code == 1


def test_upload_exit_code_is_gravest_of_records() -> None:
    there = UploadRecord(NAME, UploadOutcome.THERE)
    failed = UploadRecord(NAME, UploadOutcome.FAILED, exit_code=5)
    refused = UploadRecord(NAME, UploadOutcome.REFUSED, exit_code=1)
    assert UploadReport().exit_code == 0
    assert UploadReport(records=[there]).exit_code == 0
    assert UploadReport(records=[there, failed]).exit_code == 5
    assert UploadReport(records=[failed, refused]).exit_code == 1
    assert UploadReport([StoreError("x")], records=[there]).exit_code == 5


def test_every_package_error_can_be_problem_or_record() -> None:
    usage = UsageError("a plugin's option cannot be used")
    assert UploadReport([usage]).exit_code == 2
    record = UploadRecord(NAME, UploadOutcome.FAILED, str(usage), usage.exit_code)
    assert UploadReport(records=[record]).exit_code == 2


def test_line_starts_with_word_and_aligns_names() -> None:
    assert line("ok", "a", "b") == "ok         a  b"
    assert line("ok", "a", "b", width=4) == "ok         a     b"
    assert line("withdrawn", "a", "b") == "withdrawn  a  b"
    assert line("note", "a", width=40) == "note       a"


def test_long_names_do_not_widen_every_line() -> None:
    assert line("ok", "a", "b", width=200) == line("ok", "a", "b", width=MAX_WIDTH)
    long = "n" * 100
    assert line("ok", long, "b", width=100) == f"ok         {long}  b"


def test_verified_artifact_is_one_line() -> None:
    assert describe_verdict(OK) == f"ok         {NAME}  sha256  hash file, link  container"


def test_verified_line_has_notes() -> None:
    verdict = Verdict(NAME, Outcome.OK, claims=(CLAIM,), text="already in the folder")
    assert describe_verdict(verdict).endswith("link  container  (already in the folder)")


def test_source_with_two_claims_is_named_once() -> None:
    more = Claim(Digest("md5", "0" * 32), "link", "")
    text = describe_verdict(Verdict(NAME, Outcome.OK, claims=(CLAIM, more, CLAIM)))
    assert text == f"ok         {NAME}  md5,sha256  link  container"


def test_all_tiers_are_printed_strongest_first() -> None:
    claims = tuple(Claim(CLAIM.digest, str(tier), "", tier) for tier in Tier)
    text = describe_verdict(Verdict(NAME, Outcome.OK, claims=claims))
    assert text.endswith("  pinned+logged+attested+elsewhere+container")
    two = (claims[0], claims[4], claims[3])
    assert describe_verdict(Verdict(NAME, Outcome.OK, claims=two)).endswith(
        "  pinned+logged+container"
    )


def test_md5_from_a_pinned_list_is_printed_as_container() -> None:
    md5 = Claim(Digest("md5", "0" * 32), "list", "", Tier.PINNED)
    verdict = Verdict(NAME, Outcome.OK, claims=(md5,))
    assert "  list  container  md5 detects" in describe_verdict(verdict)
    closing = FetchReport(verdicts=[verdict]).closing()
    assert closing.endswith("(weakest tier: container, md5 only: 1)")


def test_md5_alone_is_noted_as_weak() -> None:
    md5 = Claim(Digest("md5", "0" * 32), "link", "")
    assert "md5 detects accidental corruption, not tampering" in describe_verdict(
        Verdict(NAME, Outcome.OK, claims=(md5,))
    )
    assert "accidental" not in describe_verdict(Verdict(NAME, Outcome.OK, claims=(md5, CLAIM)))


def test_other_outcomes_are_one_line() -> None:
    verdict = Verdict(NAME, Outcome.UNVERIFIED, text="no digest found")
    assert describe_verdict(verdict) == f"unverified  {NAME}  no digest found"
    gone = Verdict(NAME, Outcome.WITHDRAWN, text="gone")
    assert describe_verdict(gone) == f"withdrawn  {NAME}  gone"


def test_refusal_shows_cause_digests_sizes_and_next_step() -> None:
    verdict = Verdict(
        NAME,
        Outcome.REFUSED,
        cause=Cause.MISMATCH,
        text="not what was announced",
        claims=(CLAIM, BESIDE),
        digests={"sha256": WRONG, "md5": "0" * 32},
        size=5,
        expected_size=6,
    )
    margin = " " * 11
    assert describe_verdict(verdict).splitlines() == [
        f"refused    {NAME}  mismatch: not what was announced",
        f"{margin}expected  sha256:{RIGHT}  link, https://host/",
        f"{margin}expected  sha256:{RIGHT}  hash file, https://host/{NAME}.sha256",
        f"{margin}expected  6 bytes",
        f"{margin}got       sha256:{WRONG}",
        f"{margin}got       5 bytes",
        f"{margin}next      {NEXT_STEP[Cause.MISMATCH]}",
    ]


def test_refusal_without_claim_shows_default_digest() -> None:
    verdict = Verdict(
        NAME,
        Outcome.REFUSED,
        cause=Cause.MISSING_HASH,
        digests={"md5": "0" * 32, "sha256": WRONG},
        size=5,
    )
    text = describe_verdict(verdict)
    assert f"got       sha256:{WRONG}" in text
    assert "md5" not in text
    assert "expected" not in text


@pytest.mark.parametrize("cause", list(Cause))
def test_refusal_without_bytes_shows_cause_and_next_step(cause: Cause) -> None:
    first, second = describe_verdict(_refused(cause)).splitlines()
    assert first == f"refused    {NAME}  {cause.value}: why"
    assert second.split(maxsplit=1) == ["next", NEXT_STEP[cause]]


def test_fetch_summary_counts_and_names_weakest_tier() -> None:
    logged = Claim(CLAIM.digest, "log", "", Tier.LOGGED)
    pinned = Claim(CLAIM.digest, "pin", "", Tier.PINNED)
    verdicts = [
        Verdict("a", Outcome.OK, claims=(CLAIM, logged)),
        Verdict("b", Outcome.OK, claims=(CLAIM, pinned)),
        Verdict("c", Outcome.UNVERIFIED),
        _refused(Cause.STALE),
        _refused(Cause.DISK),
        Verdict("e", Outcome.WITHDRAWN),
    ]
    report = FetchReport(verdicts=verdicts)
    assert report.closing() == (
        "verified 2 of 6 artifacts (pinned 1, logged 1, weakest tier: logged), unverified 1, "
        "refused 2, withdrawn 1"
    )
    report.plain_http = True
    assert "(pinned 1, logged 1, weakest tier: logged, over plain HTTP)" in report.closing()
    report.verdicts = [Verdict("a", Outcome.OK, claims=(CLAIM, logged, pinned))] * 2
    assert report.closing() == ("verified 2 of 2 artifacts (weakest tier: pinned, over plain HTTP)")


def test_fetch_summary_without_verified_names_no_tier() -> None:
    assert FetchReport(plain_http=True).closing() == "verified 0 of 0 artifacts"


def test_fetch_summary_lists_problems_and_interruption() -> None:
    report = FetchReport(
        [StoreError("log is full")], True, verdicts=[OK], unjudged=["old-1.0.zip", "old-2.0.zip"]
    )
    first, *rest = report.closing().splitlines()
    assert first.startswith("verified 1 of 1")
    assert rest == [
        "in the folder but not checked by this run:",
        " " * 11 + "old-1.0.zip",
        " " * 11 + "old-2.0.zip",
        "problem: log is full",
        "interrupted: run the command again; good files are kept",
    ]


def test_upload_summary_counts_files() -> None:
    records = [
        UploadRecord("a", sent)
        for sent in (UploadOutcome.THERE, UploadOutcome.SENT, UploadOutcome.SENT)
    ]
    report = UploadReport([StoreError("no page")], True, records=records, pruned=["b", "b.sha256"])
    assert report.closing("wheels").splitlines() == [
        "container wheels: sent 2, there 1, pruned 2",
        "problem: no page",
        "interrupted: run the command again to send the rest",
    ]
    assert UploadReport().closing("wheels") == "container wheels: nothing to send"
    early = UploadReport(interrupted=True).closing("wheels").splitlines()
    assert early[0] == "container wheels: nothing was sent"


def test_upload_record_is_one_line() -> None:
    record = UploadRecord(NAME, UploadOutcome.REPLACED, "other bytes were there")
    assert describe_record(record, 15) == f"replaced   {NAME}    other bytes were there"


def test_no_control_characters_in_output() -> None:
    hostile = "a\x1b[2J\nb\u202ec"
    verdict = Verdict(
        hostile,
        Outcome.REFUSED,
        cause=Cause.MISMATCH,
        text=hostile,
        claims=(Claim(Digest("sha256", "0" * 64), hostile, hostile),),
        digests={"sha256": "1" * 64},
        size=1,
    )
    report = FetchReport(problems=[DiskError(hostile)], verdicts=[verdict])
    said_in_all = (
        describe_verdict(verdict),
        line("note", hostile),
        report.closing(),
        explanation(verdict),
        github._annotation(hostile, hostile),
    )
    for said in said_in_all:
        assert all(row.isprintable() for row in said.split("\n"))
        assert "a\\x1b[2J\\nb\\u202ec" in said
    run = Run("fetch", Options())
    assert "a\\\\x1b\\[2J\\\\nb\\\\u202ec" in github._table(run, report, github._rows(report))
