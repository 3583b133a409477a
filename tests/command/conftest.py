"""Fixtures shared by the command tests."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.support.artifacts import A, make_wheel


@pytest.fixture
def wheel(tmp_path: pathlib.Path) -> bytes:
    """The bytes of wheel A."""
    return make_wheel(tmp_path / "made", A, os.urandom(100_000)).read_bytes()
