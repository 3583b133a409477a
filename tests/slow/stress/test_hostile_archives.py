"""Hostile and mutated wheels and sdists, in limited memory."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

#: Number of mutated archives.
COUNT = 20_000


def test_hostile_archives_are_checked_in_limited_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.slow.fuzz.archives", "7", str(COUNT)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"of {COUNT} were read" in done.stdout
