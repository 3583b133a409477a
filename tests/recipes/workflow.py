"""A GitHub workflow, and a runner for its ``run:`` steps."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import Result
from tests.recipes.running import GITHUB_BASH, bash

#: The only condition in the recipe; ``if:`` expressions are not evaluated in general.
_IS_NO_PULL_REQUEST = "github.event_name != 'pull_request'"


@dataclass
class Workflow:
    """A workflow with the event and settings it runs with."""

    parsed: Any
    contexts: Mapping[str, Mapping[str, str]]
    event: str = "push"
    #: Replacement scripts by step name.
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: pathlib.Path, contexts: Mapping[str, Mapping[str, str]]) -> Workflow:
        """Read a workflow from a file."""
        return cls(YAML(typ="safe").load(path), contexts)

    def runs(self, part: Mapping[str, Any]) -> bool:
        """Return whether a job or step runs, according to its ``if:``."""
        condition = part.get("if")
        assert condition in (None, _IS_NO_PULL_REQUEST), condition
        return condition is None or self.event != "pull_request"

    def run_job(self, name: str, folder: pathlib.Path, **environ: str) -> list[Result]:
        """Run the ``run:`` steps of a job in a folder, up to the first failure."""
        job = self.parsed["jobs"][name]
        results: list[Result] = []
        for step in job["steps"] if self.runs(job) else ():
            if "run" in step and self.runs(step):
                results.append(self._run_step(job, step, folder, environ))
                if results[-1].code != 0:
                    break
        return results

    def environment(self, *parts: Mapping[str, Any]) -> dict[str, str]:
        """Return the variables of a workflow, a job and a step; later ones take precedence."""
        merged: dict[str, str] = {}
        for part in (self.parsed, *parts):
            merged.update({name: self._filled(text) for name, text in part.get("env", {}).items()})
        return merged

    def _run_step(
        self,
        job: Mapping[str, Any],
        step: Mapping[str, Any],
        folder: pathlib.Path,
        environ: Mapping[str, str],
    ) -> Result:
        assert self.parsed["defaults"]["run"]["shell"] == "bash"
        script = folder / ".step.sh"
        script.write_text(self.stand_ins.get(step.get("name", ""), step["run"]))
        variables = {**self.environment(job, step), **environ}
        # A runner starts each step in the repository's folder.
        return bash(*GITHUB_BASH, "-c", f"cd {folder}\n. {script}", **variables)

    def _filled(self, text: str) -> str:
        """Substitute ``${{ context.NAME }}``; unset names become empty."""

        def value(found: re.Match[str]) -> str:
            return self.contexts[found[1]].get(found[2], "")

        return re.sub(r"\$\{\{ (\w+)\.(\w+) \}\}", value, text)
