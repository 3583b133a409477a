"""The recipe that audits a transparency log: schema, zizmor, and its runs over some days."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

from tests.recipes.test_github import PINS, tool
from tests.recipes.workflow import FOLDER, Workflow
from tests.support.logs import VKEY, entries, files, make_log
from tests.support.servers import serving_folder

NAME = "log-audit.yml"


def test_recipe_is_valid_and_safe() -> None:
    schema = ("--builtin-schema", "vendor.github-workflows")
    for done in (
        tool("check-jsonschema", *schema, FOLDER / NAME),
        tool("zizmor", "--offline", "--persona", "auditor", "--quiet", FOLDER / NAME),
    ):
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    text = (FOLDER / NAME).read_text()
    pins = re.findall(r"uses: ([^$@\s]+)@(.*)$", text, re.MULTILINE)
    assert pins == [(action, PINS[action]) for action, _ in pins]
    parsed = Workflow.load(NAME, pathlib.Path(), {}).parsed
    assert parsed["permissions"] == {}
    assert parsed["jobs"]["audit"]["permissions"] == {"contents": "write"}
    # Two audits at once would commit one after the other, the older checkpoint last perhaps.
    assert parsed["concurrency"]["cancel-in-progress"] is False


def git(*arguments: object) -> str:
    """Run git, and return what it prints."""
    command = ["git", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Repository:
    """A repository with the recipe, and the server that it is pushed to."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.bare = folder / "bare.git"
        self._folder = folder
        self._runs = 0
        git("init", "--quiet", "--bare", "--initial-branch", "main", self.bare)
        first = folder / "first"
        git("clone", "--quiet", self.bare, first)
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        git("-C", first, *identity, "commit", "--quiet", "--allow-empty", "-m", "First commit")
        git("-C", first, "push", "--quiet", "origin", "HEAD:main")

    def audit(self, log: str) -> int:
        """Run the workflow, on a new machine; return its exit code."""
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        source = folder / "source"
        git("clone", "--quiet", self.bare, source)
        values = {"vars.LOG_KEY": VKEY, "github.token": "token"}
        environ = {
            "GITHUB_REPOSITORY": "example/project",
            "WHEELHOUSE_HASHES_STATE": str(folder / "state"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.bare}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://x-access-token:token@github.com/example/project",
        }
        workflow = Workflow.load(NAME, folder, values, environ=environ, source=source)
        workflow.parsed["jobs"]["audit"]["env"]["LOG"] = log
        code = workflow.run()["audit"]
        self.ran = str(workflow.ran["audit"])
        return code

    @property
    def commits(self) -> list[str]:
        """The subjects of the commits, the newest first."""
        return git("-C", self.bare, "log", "--format=%s", "main").splitlines()

    @property
    def checkpoint(self) -> bytes:
        """The committed checkpoint."""
        return git("-C", self.bare, "show", "main:log.checkpoint").encode()


def test_audits_of_some_days(tmp_path: pathlib.Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "site").mkdir()
    log = make_log(tmp_path / "site/log", entries(1, 2))
    with serving_folder(tmp_path / "site") as server:
        where = f"{server.url}log/"
        assert repository.audit(where) == 0, repository.ran
        assert repository.checkpoint == files(log)["checkpoint"]
        # Nothing new, so no commit.
        assert repository.audit(where) == 0, repository.ran
        assert repository.commits == ["Checkpoint of the log", "First commit"]
        make_log(log, entries(1, 2, 3))
        assert repository.audit(where) == 0, repository.ran
        kept = files(log)["checkpoint"]
        assert (len(repository.commits), repository.checkpoint) == (3, kept)
        # The log is rewritten: the audit fails, and the committed checkpoint stays.
        for name in ("log", "log-state"):
            shutil.rmtree(tmp_path / "site" / name)
        make_log(log, entries(1, 2, 4, 5))
        assert repository.audit(where) == 7, repository.ran
        assert "contradicts log.checkpoint" in repository.ran
        assert (len(repository.commits), repository.checkpoint) == (3, kept)
