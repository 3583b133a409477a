"""Fixtures shared by the command tests."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.support.artifacts import A, make_wheel
from tests.support.waits import short_pauses


@pytest.fixture
def wheel(tmp_path: pathlib.Path) -> bytes:
    """The bytes of wheel A."""
    return make_wheel(tmp_path / "made", A, os.urandom(100_000)).read_bytes()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tries follow without the usual pauses, in commands that run in this process."""
    short_pauses(monkeypatch)
