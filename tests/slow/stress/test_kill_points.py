"""SIGKILL at 1,000 random points."""

from __future__ import annotations

import pathlib

from tests.slow.kill.test_points import check


def test_rerun_after_a_thousand_kill_points(tmp_path: pathlib.Path) -> None:
    check(tmp_path, 1000)
