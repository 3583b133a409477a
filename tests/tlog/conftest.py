"""Leaves out the tests of published data if its folder is not there, and says so."""

from __future__ import annotations

import os

import pytest

#: The environment variable that names the folder with the data.
VARIABLE = "TLOG_TEST_DATA"

_MODULE = "test_published_data.py"

collect_ignore = [] if os.environ.get(VARIABLE) else [_MODULE]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which tests were left out."""
    if collect_ignore:
        terminalreporter.write_line(f"{VARIABLE} is not set: tests/tlog/{_MODULE} was left out")
