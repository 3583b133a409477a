"""Whether tests that a table names exist, and run."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Collection, Iterable

from tests.support import ROOT

#: Markers of tests that may not run.
_EXCUSES = ("skip", "skipif", "xfail")


@functools.cache
def _tests_in(path: str) -> frozenset[str]:
    """Return the names of a module's tests that are not skipped and not expected to fail."""
    tree = ast.parse(ROOT.joinpath(path).read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not any(
            excuse in ast.unparse(mark) for mark in node.decorator_list for excuse in _EXCUSES
        )
    )


def exists(test: str) -> bool:
    """Return whether a test exists.

    :param test: its module, or its module and name: ``tests/test_x.py::test_y``.
    """
    path, _, name = test.partition("::")
    if not ROOT.joinpath(path).is_file():
        return False
    return name in _tests_in(path) if name else bool(_tests_in(path))


def uncollected(tests: Iterable[str]) -> Collection[str]:
    """Return the tests that pytest does not collect.

    :param tests: module and name of each.
    """
    wanted = sorted(set(tests))
    paths = sorted({test.partition("::")[0] for test in wanted})
    options = ("--collect-only", "-q", "-o", "addopts=", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *paths],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    found = {line.partition("[")[0] for line in done.stdout.splitlines()}
    return [test for test in wanted if test not in found]
