"""The order of result lines."""

from __future__ import annotations

import sys

import pytest

from wheelhouse_hashes.artifacts import Outcome, Verdict
from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.options import VerifyOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.reporter import FetchReporter
from wheelhouse_hashes.plugins.session import Session

NAMES = [f"demo-1.{number}.tar.gz" for number in range(5)]


class Shown(list[str]):
    """The names on the printed lines."""

    def add(self, text: str) -> None:
        self.append(text.split()[1])


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def reporter(shown: Shown) -> FetchReporter[VerifyOptions]:
    run = Session("verify", VerifyOptions(folder="dist"), Plugins())
    run.show_by(shown.add)
    return FetchReporter(run)


def judged(name: str) -> Verdict:
    return Verdict(name, Outcome.UNVERIFIED)


def test_results_are_printed_by_name(reporter: FetchReporter[VerifyOptions], shown: Shown) -> None:
    """A result waits for those of earlier names, and others are printed at once."""
    with reporter.by_name(NAMES):
        for name in (NAMES[1], NAMES[0], NAMES[4], "other-1.0.tar.gz", NAMES[3]):
            reporter.add(judged(name))
        assert shown == [NAMES[0], NAMES[1], "other-1.0.tar.gz"]
        reporter.add(judged(NAMES[2]))
    assert shown == [*NAMES[:2], "other-1.0.tar.gz", *NAMES[2:]]
    assert [verdict.name for verdict in reporter.report.verdicts][:2] == [NAMES[1], NAMES[0]]


def test_results_of_interrupted_run_are_printed(
    reporter: FetchReporter[VerifyOptions], shown: Shown
) -> None:
    def interrupted() -> None:
        with reporter.by_name(NAMES):
            reporter.add(judged(NAMES[4]))
            reporter.add(judged(NAMES[2]))
            raise Interrupted("interrupted")

    with pytest.raises(Interrupted):
        interrupted()
    reporter.add(judged(NAMES[0]))  # of an abandoned worker
    assert shown == [NAMES[2], NAMES[4], NAMES[0]]


def test_results_on_terminal_are_printed_at_once(
    reporter: FetchReporter[VerifyOptions], shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with reporter.by_name(NAMES):
        reporter.add(judged(NAMES[3]))
        assert shown == [NAMES[3]]
