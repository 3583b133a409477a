"""A GitHub workflow, and a runner for it on this machine.

``run:`` steps and the project's own action run in bash, with the variables of a runner.  Other
actions have stand-ins: artifacts go to a folder, as they do on GitHub, and twine publishes.
"""

from __future__ import annotations

import fnmatch
import pathlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import Result
from tests.recipes.composite import Action, filled
from tests.recipes.running import CI, GITHUB_BASH, bash_in

OURS = "wheelhouse-hashes/wheelhouse-hashes"
FOLDER = CI / "github"
DONE = Result(0, "", "")
#: The only condition in the recipes; ``if:`` expressions are not evaluated in general.
_IS_A_PUSH = "github.event_name == 'push'"
#: A workflow of the same repository.
_SELF = "$/.github/workflows/"


@dataclass
class Workflow:
    """A workflow with the event and settings it runs with.

    Each job runs in a folder of its own below *folder*; artifacts are in ``artifacts`` there.
    """

    parsed: Any
    folder: pathlib.Path
    #: Values of expressions, such as ``vars.CONTAINER``.
    values: Mapping[str, str]
    environ: Mapping[str, str] = field(default_factory=dict)
    event: str = "push"
    #: Replacement scripts by step name, and the files that checkout brings.
    stand_ins: dict[str, str] = field(default_factory=dict)
    source: pathlib.Path | None = None
    #: The results of each job, by its name; jobs that did not run are absent.
    ran: dict[str, list[Result]] = field(default_factory=dict)
    #: Called with the values of the matrix, before each job.
    before: Callable[[Workflow, Mapping[str, str]], None] | None = None

    @classmethod
    def load(
        cls, name: str, folder: pathlib.Path, values: Mapping[str, str], **rest: Any
    ) -> Workflow:
        """Read one of the recipes."""
        return cls(YAML(typ="safe").load(FOLDER / name), folder, values, **rest)

    @property
    def artifacts(self) -> pathlib.Path:
        """The folder with a folder for each artifact."""
        return self.folder / "artifacts"

    def run(self, *names: str) -> dict[str, int]:
        """Run jobs in order, all if none is named, and return their exit codes.

        A job whose ``needs`` failed or did not run is not run.
        """
        for name, job in self.parsed["jobs"].items():
            if names and name not in names:
                continue
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            condition = job.get("if")
            assert condition in (None, _IS_A_PUSH), condition
            if condition and self.event != "push":
                continue
            if any(self.code(each) for each in needs if not names or each in names):
                continue
            self.ran[name] = self._run_job(name, job)
        return {name: self.code(name) for name in self.ran}

    def code(self, name: str) -> int:
        """Return the exit code of a job: that of the first step that failed."""
        results = self.ran.get(name)
        if results is None:
            return -1
        return next((result.code for result in results if result.code), 0)

    def _run_job(self, name: str, job: Mapping[str, Any]) -> list[Result]:
        if "uses" in job:
            called = job["uses"]
            assert called.startswith(_SELF)
            recipe = YAML(typ="safe").load(FOLDER / called.removeprefix(_SELF))
            inner = Workflow(**{**vars(self), "parsed": recipe, "ran": {}})
            inner.run()
            return [result for results in inner.ran.values() for result in results]
        matrix = job.get("strategy", {}).get("matrix", {"": [""]})
        ((key, choices),) = matrix.items()
        results = []
        for choice in choices:
            values = {**self.values, f"matrix.{key}": choice}
            folder = self.folder / f"{name}{choice}"
            folder.mkdir(parents=True)
            if self.before is not None:
                self.before(self, values)
            for step in job["steps"]:
                results.append(self._run_step(job, step, folder, values))
                if results[-1].code:
                    break
        return results

    def _run_step(
        self,
        job: Mapping[str, Any],
        step: Mapping[str, Any],
        folder: pathlib.Path,
        values: Mapping[str, str],
    ) -> Result:
        variables = dict(self.environ)
        for part in (self.parsed, job, step):
            env = part.get("env", {})
            variables.update({name: filled(text, values) for name, text in env.items()})
        if "run" in step:
            script = self.folder / "step.sh"
            script.write_text(self.stand_ins.get(step.get("name", ""), step["run"]))
            return bash_in(folder, *GITHUB_BASH, script, **variables)
        given = {name: filled(str(text), values) for name, text in step.get("with", {}).items()}
        action = step["uses"].partition("@")[0]
        if action == OURS:
            return Action(self.folder / "runner")(given, folder, **variables).result
        stand_in: Result = getattr(self, f"_{action.partition('/')[2].replace('-', '_')}")(
            given, folder
        )
        return stand_in

    def _checkout(self, given: Mapping[str, str], folder: pathlib.Path) -> Result:
        assert given == {"persist-credentials": "False"}
        assert self.source is not None
        shutil.copytree(self.source, folder, dirs_exist_ok=True)
        return DONE

    def _setup_python(self, given: Mapping[str, str], folder: pathlib.Path) -> Result:
        return DONE

    def _upload_artifact(self, given: Mapping[str, str], folder: pathlib.Path) -> Result:
        assert given["if-no-files-found"] == "error"
        path, target = folder / given["path"], self.artifacts / given["name"]
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return Result(1, "", f"No files were found with the provided path: {given['path']}")
        target.mkdir(parents=True)  # artifacts are immutable
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copy(path, target)
        return DONE

    def _download_artifact(self, given: Mapping[str, str], folder: pathlib.Path) -> Result:
        target = folder / given.get("path", ".")
        pattern = given.get("pattern", given.get("name", ""))
        found = sorted(
            path for path in self.artifacts.iterdir() if fnmatch.fnmatch(path.name, pattern)
        )
        if "name" in given and not found:
            return Result(1, "", f"Artifact not found for name: {given['name']}")
        for path in found:
            shutil.copytree(path, target, dirs_exist_ok=True)
        assert "name" in given or given["merge-multiple"] == "True"
        return DONE

    def _gh_action_pypi_publish(self, given: Mapping[str, str], folder: pathlib.Path) -> Result:
        command = "python -m twine upload --non-interactive dist/*"
        return bash_in(folder, *GITHUB_BASH, "-c", command, **self.environ)
