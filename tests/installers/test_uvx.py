"""``uvx`` runs the command as the README shows it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest

from tests.support.docpages import PAGES, commands
from tests.support.environments import clean, wheel_under_test


def test_uvx_runs_the_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    (typed,) = (c.typed for c in commands(PAGES["README.rst"]) if c.typed.startswith("uvx "))
    program, *words = shlex.split(typed)
    assert words[-2:] == ["wheelhouse-hashes", "--help"]
    uvx = shutil.which(program)
    assert uvx is not None
    wheel = wheel_under_test(tmp_path_factory.getbasetemp())
    here = [word.replace("wheelhouse-hashes[", f"{wheel}[") for word in words]
    done = subprocess.run(
        [uvx, "--quiet", *here],
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
        env=clean(UV_PYTHON=sys.executable),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: wheelhouse-hashes [-h] ")
