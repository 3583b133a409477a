"""``docs/options.rst`` is what the parser says now."""

from __future__ import annotations

import re

from tests.docs.options_page import PAGE, render
from tests.docs.test_help import COMMANDS
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.causes import Cause


def test_page_is_that_of_the_parser() -> None:
    assert PAGE.read_text() == render(), "run python -m tests.docs.options_page"


def test_page_has_what_help_has() -> None:
    """The generator left nothing out: the options, causes and variables, counted otherwise."""
    page = PAGE.read_text()
    for verb in COMMANDS:
        assert f"\n.. program:: wheelhouse-hashes {verb}\n" in page
    assert page.count("\n.. option:: --against SOURCE\n") == 2
    assert page.count("\n.. option:: --version VERSION\n") == 1
    codes = page.partition("\nExit codes\n")[2]
    for cause in Cause:
        assert re.search(rf"\b{cause.value}\b", codes)
    for variable in OPTION_VARIABLES:
        assert f"* - ``{variable}``\n     - ``--" in page
