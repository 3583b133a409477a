"""The README's two commands and its table of causes."""

from __future__ import annotations

import re

from tests.support import ROOT
from wheelhouse_hashes.causes import Cause

README = ROOT.joinpath("README.rst").read_text()


def test_readme_has_two_commands_and_ci_runs_the_second() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    demo, tests = commands
    assert demo.endswith("examples/demo.py")
    assert f"\n{tests}\n" in ROOT.joinpath(".ci", "run").read_text()


def test_readme_table_has_every_cause_with_exit_code() -> None:
    table = README[README.index("exit code  the gravest cause") :]
    rows = dict(re.findall(r"^(\d+) +(\S.*(?:\n {11}.*)*)", table, re.MULTILINE))
    for cause in Cause:
        assert f"``{cause.value}``" in rows[str(cause.exit_code)]
