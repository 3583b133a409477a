"""Run the commands of a CI service with this environment's Python."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys
from unittest import mock

from tests.conftest import Result
from tests.support import ROOT
from wheelhouse_hashes import testing
from wheelhouse_hashes.testing import make_sdist, make_wheel

CI = ROOT / "examples" / "ci"

#: The bash options that GitHub's runners use for ``shell: bash``.
GITHUB_BASH = ("--noprofile", "--norc", "-eo", "pipefail")

#: The packages that the recipes install are already here (a test checks this), so pip leaves them
#: alone. Without this setting it could still change their dependencies.
_PIP = {"PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
_HERE = ("build", "twine", "wheelhouse_hashes", "pycurl")

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "demo"
version = "1.0"
description = "Something to release"
readme = "README.md"
"""


def make_project(folder: pathlib.Path) -> pathlib.Path:
    """Write the source of a small project that ``python -m build`` can build.

    :returns: its folder, ``demo`` in the given one.
    """
    source = folder / "demo"
    source.mkdir()
    (source / "pyproject.toml").write_text(_PYPROJECT)
    (source / "README.md").write_text("# Demo\n")
    (source / "demo.py").write_text("ANSWER = 42\n")
    return source


def describe(folder: pathlib.Path, *names: str) -> None:
    """Write artifacts that ``twine check --strict`` accepts: their metadata have a description."""
    described = b"Description-Content-Type: text/markdown\n\n# Demo\n"
    metadata = testing._metadata
    with mock.patch.object(testing, "_metadata", lambda *of: metadata(*of) + described):
        for name in names:
            (make_wheel if name.endswith(".whl") else make_sdist)(folder, name)


def bash(*arguments: object, **environ: str) -> Result:
    """Run bash in the current folder, with this environment's Python as ``python``.

    :param arguments: a script and its arguments, or ``-c`` and a command.
    :param environ: additional environment variables.
    """
    return bash_in(pathlib.Path(), *arguments, **environ)


def bash_in(folder: pathlib.Path, *arguments: object, **environ: str) -> Result:
    """Run bash in a folder; the other parameters are those of :func:`bash`."""
    for name in _HERE:
        assert importlib.util.find_spec(name), f"no {name}: pip install build twine '.[fetch]'"
    programs = str(pathlib.Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ["PATH"]])
    done = subprocess.run(
        ["bash", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        env={**os.environ, "PATH": path, **_PIP, **environ},
    )
    return Result(done.returncode, done.stdout, done.stderr)
