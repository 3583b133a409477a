"""Run the steps of ``action.yml`` in bash, as a runner would."""

from __future__ import annotations

import pathlib
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import Result
from tests.recipes.running import GITHUB_BASH, bash_in
from tests.support import ROOT

ACTION = ROOT / "action.yml"
PARSED: Any = YAML(typ="safe").load(ACTION)

_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Substitute ``${{ NAME }}``; a context's unset variables and secrets become empty."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return values.get(name, "") if name.startswith(("vars.", "secrets.")) else values[name]

    return _EXPRESSION.sub(value, text)


@dataclass(frozen=True)
class ActionRun:
    """How the action ended, and its outputs."""

    result: Result
    outputs: Mapping[str, str]


class Action:
    """The action on a runner.

    :param temp: the runner's folder for temporary files.
    :param source: the folder of the action; the tool is installed from it.  None stands for this
        environment, whose tool is then used.
    """

    def __init__(self, temp: pathlib.Path, source: pathlib.Path | None = None) -> None:
        temp.mkdir(exist_ok=True)
        self._temp = temp
        self._source = source
        #: The content of the job summary.
        self.summary = temp / "summary.md"

    def __call__(
        self, inputs: Mapping[str, str], folder: pathlib.Path, **environ: str
    ) -> ActionRun:
        """Run the action in a folder, up to the first step that fails."""
        assert set(inputs) <= set(PARSED["inputs"])
        defaults = {name: each["default"] for name, each in PARSED["inputs"].items()}
        values = {f"inputs.{name}": text for name, text in {**defaults, **inputs}.items()}
        values["github.action_path"] = str(self._source)
        steps = PARSED["runs"]["steps"]
        if self._source is None:
            values["steps.install.outputs.python"] = sys.executable
            steps = [step for step in steps if step["id"] != "install"]
        printed = Result(0, "", "")
        for step in steps:
            result = self._step(step, values, folder, environ)
            printed = Result(result.code, printed.out + result.out, printed.err + result.err)
            if result.code:
                break
        outputs = {}
        for name, output in PARSED["outputs"].items():
            key = _EXPRESSION.fullmatch(output["value"])
            assert key is not None
            outputs[name] = values.get(key[1], "")
        return ActionRun(printed, outputs)

    def _step(
        self,
        step: Mapping[str, Any],
        values: dict[str, str],
        folder: pathlib.Path,
        environ: Mapping[str, str],
    ) -> Result:
        assert step["shell"] == "bash"
        script, output = self._temp / "step.sh", self._temp / "output"
        script.write_text(step["run"])
        output.write_text("")
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self._temp),
            "WHEELHOUSE_UPLOADER_WAIT": "0",
            **environ,
            **{name: filled(text, values) for name, text in step["env"].items()},
        }
        result = bash_in(folder, *GITHUB_BASH, script, **variables)
        for line in output.read_text().splitlines():
            name, separator, value = line.partition("=")
            # All outputs have one line, so the other form of the file is not needed.
            assert separator, line
            assert "<<" not in name, line
            values[f"steps.{step['id']}.outputs.{name}"] = value
        return result


def copied_source(folder: pathlib.Path) -> pathlib.Path:
    """Copy what an installation of this project needs, as a runner downloads an action."""
    folder.mkdir()
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.rst", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, folder)
    for name in ("wheelhouse_hashes.pth", "wheelhouse_hashes.start"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "wheelhouse_hashes", folder / "wheelhouse_hashes", ignore=ignored)
    return folder
