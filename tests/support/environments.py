"""Virtual environments for tests, and the wheel that is installed into them."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass

from tests.conftest import FOREIGN, Result
from tests.support import ROOT


def clean(**environ: str) -> dict[str, str]:
    """Return this process's environment without variables that change the commands under test."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith(("PYTHON", "COVERAGE", "VIRTUAL_ENV"))
    }
    return {**kept, **environ}


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    python: pathlib.Path
    site_packages: pathlib.Path

    @classmethod
    def create(cls, folder: pathlib.Path) -> Environment:
        """Create an environment with nothing in it, not even pip."""
        venv.create(folder, with_pip=False, symlinks=True)
        python = folder / "bin" / "python"
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
        return cls(python, pathlib.Path(done.stdout.strip()))

    def install(self, *what: object) -> None:
        """Install into this environment with the pip of the test environment."""
        tool("pip", "--python", self.python, "install", "--no-compile", *what)

    def run(self, *args: object, **environ: str) -> Result:
        """Run the environment's interpreter."""
        return run(self.python, *args, **environ)


def run(*command: object, **environ: str) -> Result:
    """Run a program in a clean environment."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env=clean(**environ),
    )
    return Result(done.returncode, done.stdout, done.stderr)


def tool(name: str, *args: object) -> None:
    """Run pip or build, which may need the full environment; fail with its output."""
    command = [sys.executable, "-m", name, *map(str, args)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@functools.cache
def tree(base: pathlib.Path) -> pathlib.Path:
    """Copy the tracked and untracked files of the checkout, once per session.

    Builds leave files behind that later builds would read, so each build uses a fresh copy of
    this copy.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    copy = base / "tree"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    return copy


@functools.cache
def wheel_of_tree(base: pathlib.Path) -> pathlib.Path:
    """Build the wheel once per session; ``base`` is the session's temporary folder."""
    source = shutil.copytree(tree(base), base / "source-of-wheel")
    tool("pip", "wheel", "--no-deps", "--wheel-dir", base / "of-tree", source)
    (wheel,) = (base / "of-tree").iterdir()
    return wheel


def wheel_under_test(base: pathlib.Path) -> pathlib.Path:
    """Return the wheel that tox has built and installed, or without tox a new one."""
    built = os.environ.get("TOX_PACKAGE", "")
    return pathlib.Path(built) if built.endswith(".whl") else wheel_of_tree(base)
