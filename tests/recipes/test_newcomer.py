"""The README's first command in a copy of the checkout, and its example with real wheels."""

from __future__ import annotations

import itertools
import pathlib
import re
import shutil
import subprocess

from tests.docs.test_docs import COMMANDS, check
from tests.support import ROOT
from tests.support.docpages import follow
from tests.support.environments import clean

README = (ROOT / "README.rst").read_text()


def test_first_command_runs_the_main_job(tmp_path: pathlib.Path) -> None:
    (command,) = re.findall(r"^    (python3 -m venv .*examples/demo\.py)$", README, re.MULTILINE)
    clone = tmp_path / "clone"
    left_out = shutil.ignore_patterns(".git", ".tox", ".venv", "build", "*.egg-info", ".*_cache")
    shutil.copytree(ROOT, clone, ignore=left_out)
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        cwd=clone,
        capture_output=True,
        text=True,
        env=clean(),
        timeout=1800,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    printed = " ".join(done.stdout.split())
    for part in (
        "upload --hashfile --provider-name LOCAL",
        "container wheels: sent 4",
        "verified 4 of 4 artifacts (weakest tier: container, over plain HTTP",
        "mismatch: the bytes do not match the expected digest",
        "verified 3 of 4 artifacts",
        "verified 4 of 4 artifacts (weakest tier: pinned)",
    ):
        assert part in printed, f"not printed: {part}"


def test_example_prints_what_the_readme_shows(tmp_path: pathlib.Path) -> None:
    shown = COMMANDS["README.rst"]
    typed = [command.typed for command in shown]
    first = next(n for n, text in enumerate(typed) if text.startswith("python -m pip download"))
    steps = shown[first : typed.index("echo $?") + 1]
    outcomes = follow([(step, step.typed) for step in steps], tmp_path, {})
    assert len(outcomes) == 6
    for outcome, following in itertools.zip_longest(outcomes, outcomes[1:]):
        check(outcome, following, "8000")
    # The digest is that of the bad bytes, too.
    digests = re.findall(r"sha256:([0-9a-f]{8})…", "\n".join(steps[-2].printed))
    assert [digest in outcomes[-2].output for digest in digests] == [True, True]
