from __future__ import annotations

import copy
import pickle

import pytest

from tests.support.artifacts import sha256
from wheelhouse_hashes import causes
from wheelhouse_hashes.artifacts import Finding, ListedArtifact, Outcome
from wheelhouse_hashes.causes import GRAVITY, Cause, gravest_cause, register
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.lines import describe_verdict
from wheelhouse_hashes.report import FetchReport, UploadOutcome, UploadRecord
from wheelhouse_hashes.verdict.rules import judge

NAME = "demo-1.0.tar.gz"
ADVICE = "append it to the log"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the causes that a test registers."""
    monkeypatch.setattr(causes, "_registered", dict(causes._registered))


def seen() -> Seen:
    body = b"\x1f\x8b"
    return Seen(len(body), {"sha256": sha256(body)}, body, body)


def test_registered_cause_is_a_cause() -> None:
    cause = register("unlogged", 3, next=ADVICE, may_heal=True)
    assert isinstance(cause, Cause)
    assert (cause.value, cause.name) == ("unlogged", "UNLOGGED")
    assert (cause.exit_code, cause.next_step, cause.may_heal) == (3, ADVICE, True)
    assert Cause("unlogged") is cause
    assert copy.deepcopy(cause) is cause
    assert pickle.loads(pickle.dumps(cause)) is cause  # noqa: S301 (own data)
    assert {cause: 1}[cause] == 1
    # The built-in list stays closed.
    assert cause not in list(Cause)


def test_register_twice_with_same_values_returns_the_same_cause() -> None:
    assert register("unlogged", 3, next=ADVICE) is register("unlogged", 3, next=ADVICE)


@pytest.mark.parametrize(
    ("code", "advice", "may_heal"),
    [(4, ADVICE, False), (3, "something else", False), (3, ADVICE, True)],
)
def test_register_twice_with_other_values_is_refused(
    code: int, advice: str, *, may_heal: bool
) -> None:
    cause = register("unlogged", 3, next=ADVICE)
    with pytest.raises(ValueError, match="cause 'unlogged' already exists with other values"):
        register("unlogged", code, next=advice, may_heal=may_heal)
    assert (cause.exit_code, cause.next_step, cause.may_heal) == (3, ADVICE, False)


def test_built_in_cause_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="cause 'mismatch' already exists"):
        register("mismatch", 5, next=ADVICE)
    assert Cause.MISMATCH.exit_code == 1


@pytest.mark.parametrize("code", [0, 8, 130, -1, True, 3.0, "3"])
def test_register_refuses_undocumented_exit_codes(code: int) -> None:
    with pytest.raises(ValueError, match=r"cause 'unlogged': exit code .* is not one of 1 to 7"):
        register("unlogged", code, next=ADVICE)
    with pytest.raises(ValueError, match="unlogged"):
        Cause("unlogged")


@pytest.mark.parametrize(
    "word", ["", "Unlogged", "not logged", "not--logged", "-x", "a\x1b", "\u00e9"]
)
def test_register_refuses_other_words(word: str) -> None:
    with pytest.raises(ValueError, match="use lower-case letters, digits and single hyphens"):
        register(word, 3, next=ADVICE)


def test_register_refuses_empty_advice() -> None:
    with pytest.raises(ValueError, match="the advice is empty"):
        register("unlogged", 3, next=" ")


def test_every_documented_exit_code_can_be_registered() -> None:
    for code in range(1, 8):
        assert register(f"cause-{code}", code, next=ADVICE).exit_code == code
        assert code in GRAVITY


def test_registered_cause_is_reported_like_a_built_in_one() -> None:
    cause = register("unlogged", 7, next=ADVICE)
    artifact = ListedArtifact(NAME, "")
    verdict = judge(artifact, [Finding(cause, "no entry")], seen())
    assert (verdict.outcome, verdict.cause, verdict.exit_code) == (Outcome.REFUSED, cause, 7)
    assert describe_verdict(verdict).splitlines()[0] == f"refused    {NAME}  unlogged: no entry"
    assert describe_verdict(verdict).splitlines()[-1] == f"           next      {ADVICE}"
    assert not verdict.may_heal
    assert FetchReport(verdicts=[verdict]).exit_code == 7
    assert FetchReport(findings=[Finding(cause, "no entry")]).exit_code == 7
    record = UploadRecord.of_error(NAME, Refusal(cause, "no entry"))
    assert (record.outcome, record.exit_code, record.cause) == (UploadOutcome.REFUSED, 7, cause)


def test_healing_of_registered_cause() -> None:
    heals = register("unlogged", 3, next=ADVICE, may_heal=True)
    final = register("forged", 3, next=ADVICE)
    artifact = ListedArtifact(NAME, "")
    assert judge(artifact, [Finding(heals, "")], seen()).may_heal
    assert not judge(artifact, [Finding(final, "")], seen()).may_heal
    assert judge(artifact, [Finding(final, "", may_heal=True)], seen()).may_heal
    assert Refusal(heals, "").may_heal
    assert not Refusal(final, "").may_heal


def test_gravest_of_built_in_and_registered_causes() -> None:
    graver, lighter = register("b-log", 7, next=ADVICE), register("a-log", 5, next=ADVICE)
    same = register("a-twin", 7, next=ADVICE)
    for one, other, expected in (
        (graver, Cause.MISMATCH, graver),
        (lighter, Cause.MISMATCH, Cause.MISMATCH),
        (graver, Cause.UNTRUSTED, Cause.UNTRUSTED),
        (graver, same, same),
    ):
        assert gravest_cause([one, other]) is gravest_cause([other, one]) is expected


def test_advice_of_finding_goes_before_that_of_its_cause() -> None:
    artifact = ListedArtifact(NAME, "")
    lighter = Finding(Cause.MISSING_HASH, "no hash", "wait for it")
    own = Finding(Cause.UNTRUSTED, "not signed", "sign it")
    plain = Finding(Cause.UNTRUSTED, "not logged")
    assert judge(artifact, [lighter, plain, own], seen()).next_step == "sign it"
    assert judge(artifact, [lighter, plain], seen()).next_step == Cause.UNTRUSTED.next_step
    assert plain.next_step == Cause.UNTRUSTED.next_step
    assert judge(artifact, [], seen()).next_step == Cause.MISSING_HASH.next_step


def test_advice_of_verify_does_not_speak_of_fetching() -> None:
    added = register("unlogged", 3, next=ADVICE)
    assert causes.next_step(added, "verify") == ADVICE
    for cause in Cause:
        assert "fetch" not in causes.next_step(cause, "verify")
        assert causes.next_step(cause, "fetch") == cause.next_step
