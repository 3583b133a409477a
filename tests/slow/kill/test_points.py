"""SIGKILL at a few random points; ``tox run -e kill`` uses 1,000."""

from __future__ import annotations

import pathlib
import random

import pytest

from tests.slow.kill.points import kill_at_points

pytestmark = pytest.mark.thorough

POINTS = 28


def check(root: pathlib.Path, points: int) -> None:
    """Kill commands at random points, print the counts and check the files they left."""
    seed = random.randrange(2**32)
    outcome = kill_at_points(root, points, seed)
    print(f"\nseed {seed}\n{outcome.table()}")
    assert outcome.wrong == []
    assert outcome.seen == []
    assert outcome.is_enough(points)
    assert outcome.looks > points


def test_rerun_completes_killed_run(tmp_path: pathlib.Path) -> None:
    check(tmp_path, POINTS)
