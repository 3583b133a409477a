"""Each public report has tests that exist and run."""

from __future__ import annotations

import pytest

from tests.slow.faults.reports import MOST_OPEN, REPORTS, open_reports
from tests.support.named_tests import exists, uncollected

pytestmark = pytest.mark.thorough

#: Their environment has more packages; ``tests/swift/test_public_reports.py`` collects them.
ELSEWHERE = "tests/swift/"


def test_all_reports_have_a_row() -> None:
    assert len(REPORTS) == 30
    assert len({report.situation for report in REPORTS}) == 30


@pytest.mark.parametrize("number", range(1, 31))
def test_report_has_tests(number: int) -> None:
    report = REPORTS[number - 1]
    assert report.tests
    assert [test for test in report.tests if not exists(test)] == []


def test_tests_of_reports_are_collected() -> None:
    tests = [test for report in REPORTS for test in report.tests]
    assert uncollected(test for test in tests if not test.startswith(ELSEWHERE)) == []


def test_few_reports_are_open_and_say_why() -> None:
    assert len(open_reports()) <= MOST_OPEN
    # What is missing is an interface, named as in the documentation of libcloud or the store.
    assert all("(" in missing or "``" in missing for missing in open_reports().values())
