"""Fixtures: a project to build and its wheel."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.recipes.running import make_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The source of a small project."""
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def built(project: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The project's wheel, built with ``python -m build``, for any platform."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(project)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install build"
    (wheel,) = folder.iterdir()
    return wheel
