"""The tests that ``tests/slow/faults/reports.py`` names in this folder are collected."""

from __future__ import annotations

from tests.slow.faults.reports import REPORTS
from tests.support.named_tests import uncollected


def test_tests_of_reports_are_collected() -> None:
    tests = [test for report in REPORTS for test in report.tests]
    here = [test for test in tests if test.startswith("tests/swift/")]
    assert here
    assert uncollected(here) == []
