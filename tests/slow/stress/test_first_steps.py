"""docs/first-steps.rst in its own environment, from the first command to the last.

The wheel of this checkout is installed by name; pip takes its requirements from the package
index.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import time

import pytest

from tests.docs.test_docs import COMMANDS, FIRST_STEPS, check, typed
from tests.support.docpages import follow
from tests.support.environments import wheel_of_tree
from tests.support.programs import free_port


def test_first_steps_page_commands(
    tmp_path: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = str(free_port())
    found = wheel_of_tree(tmp_path_factory.getbasetemp()).parent
    environ = {"NETRC": os.devnull, "PIP_FIND_LINKS": str(found)}
    steps = [(c, typed(FIRST_STEPS, c, tmp_path, {"port": port})) for c in COMMANDS[FIRST_STEPS]]
    began = time.monotonic()
    outcomes = follow(steps, tmp_path, environ)
    with capsys.disabled():
        print(f"{len(steps)} commands in {time.monotonic() - began:.0f} s")
    for outcome, following in itertools.zip_longest(outcomes, outcomes[1:]):
        check(outcome, following, port)
