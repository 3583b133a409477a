"""Fixtures shared by the command tests."""

from __future__ import annotations

import os
import pathlib
import sys
import types
from typing import Any

import pytest

from tests.support.artifacts import A, make_wheel
from tests.support.attestations import CHECKS, Believer
from tests.support.waits import short_pauses


@pytest.fixture
def wheel(tmp_path: pathlib.Path) -> bytes:
    """The bytes of wheel A."""
    return make_wheel(tmp_path / "made", A, os.urandom(100_000)).read_bytes()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tries follow without the usual pauses, in commands that run in this process."""
    short_pauses(monkeypatch)


@pytest.fixture
def believing(monkeypatch: pytest.MonkeyPatch) -> type[Believer]:
    """Check no signature, so that this needs no sigstore."""
    module: Any = types.ModuleType(CHECKS)
    module.Checker = type("Checker", (Believer,), {})
    monkeypatch.setitem(sys.modules, CHECKS, module)
    made: type[Believer] = module.Checker
    return made


@pytest.fixture
def content(dist: pathlib.Path) -> bytes:
    """A wheel in ``dist``."""
    return make_wheel(dist, A).read_bytes()
