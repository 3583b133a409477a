"""The README's first command, run in a copy of the checkout, with the output the README shows."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

from tests.support import ROOT
from tests.support.environments import clean

README = (ROOT / "README.rst").read_text()


def test_readme_first_command_prints_shown_output(
    tmp_path: pathlib.Path,
) -> None:
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
        timeout=600,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (shown,) = re.findall(r"what they say \(shortened\)::\n\n((?:    .*\n|\n)+)", README)
    printed = iter(_parts(done.stdout))
    for part in _parts(shown):
        # Parts are printed in order; the lines within a part in any order, as workers finish.
        for candidate in printed:
            if _is_short_for(part[0], candidate[0]):
                break
        else:
            raise AssertionError(f"not printed: {part[0]}")
        for line in part[1:]:
            assert any(_is_short_for(line, other) for other in candidate), f"not printed: {line}"


def _parts(text: str) -> list[list[str]]:
    """Split output at its headings and commands."""
    lines = list(filter(None, map(str.strip, text.splitlines())))
    parts: list[list[str]] = []
    for line in lines:
        if line.startswith(("$ ", "# ")) or not parts:
            parts.append([])
        parts[-1].append(line)
    return parts


def _is_short_for(shown: str, printed: str) -> bool:
    """Compare a line of the README: ``…`` matches anything, one space matches any white space."""
    pattern = r"\s+".join(re.escape(word).replace("…", ".*") for word in shown.split())
    return re.fullmatch(pattern, printed) is not None
