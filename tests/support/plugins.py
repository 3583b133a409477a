"""Plugins for tests: some record hook calls, one is a real installed distribution."""

from __future__ import annotations

import inspect
import pathlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from wheelhouse_hashes import hookimpl, hookspecs
from wheelhouse_hashes.artifacts import (
    Artifact,
    Claim,
    Companion,
    Finding,
    ListedArtifact,
    LocalArtifact,
    Tier,
    Verdict,
)
from wheelhouse_hashes.plugins import registry
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.testing import entry_points_of
from wheelhouse_hashes.transport import Listing, Opened, OpenRequest, Page
from wheelhouse_hashes.verbs import OptionGroup, Verb

#: Every hook: name to specification, in the order of hookspecs.py.
SPECS: dict[str, Callable[..., object]] = {
    name: value
    for name, value in vars(hookspecs).items()
    if hasattr(value, f"{hookspecs.GROUP}_spec")
}


def install(monkeypatch: pytest.MonkeyPatch, **plugins: object) -> None:
    """Add plugins to every command until the test ends, like ``testing.installed``."""
    points = entry_points_of(plugins)
    monkeypatch.setattr(registry, "entry_points", points)


def on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@dataclass
class Recorder:
    """Implements every hook, changes nothing and records the calls."""

    #: Each call: the hook and its subject, in order.
    calls: list[str] = field(default_factory=list)
    #: Hooks called in the main thread, and hooks called in worker threads.
    main: set[str] = field(default_factory=set)
    workers: set[str] = field(default_factory=set)
    #: The types of each hook's arguments.
    types: dict[str, dict[str, set[type]]] = field(default_factory=dict)

    def _note(self, about: str = "", **arguments: object) -> None:
        hook = inspect.stack()[1].function
        self.calls.append(f"{hook} {about}".rstrip())
        (self.main if on_main_thread() else self.workers).add(hook)
        known = self.types.setdefault(hook, {})
        for name, value in arguments.items():
            known.setdefault(name, set()).add(type(value))

    @property
    def order(self) -> list[str]:
        """The calls, with consecutive duplicates removed."""
        return [c for i, c in enumerate(self.calls) if i == 0 or c != self.calls[i - 1]]

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
        self._note(verb, verb=verb, parser=parser)

    @hookimpl
    def wheelhouse_verbs(self) -> Sequence[Verb]:
        self._note()
        return []

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        self._note(run.verb, run=run)

    @hookimpl
    def wheelhouse_tiers(self, run: Run) -> Sequence[Tier]:
        self._note("", run=run)
        return []

    @hookimpl
    def wheelhouse_prepare(self, run: Run) -> None:
        self._note(run.verb, run=run)

    @hookimpl
    def wheelhouse_conclude(self, run: Run, report: Report) -> Sequence[Finding]:
        self._note(run.verb, run=run, report=report)
        return []

    @hookimpl
    def wheelhouse_run_finished(self, run: Run, report: Report) -> None:
        self._note(run.verb, run=run, report=report)

    @hookimpl
    def wheelhouse_companions(self, artifact: LocalArtifact, run: Run) -> Sequence[Companion]:
        self._note(artifact.name, artifact=artifact, run=run)
        return []

    @hookimpl
    def wheelhouse_companion_of(self, object_name: str) -> str | None:
        self._note(object_name, object_name=object_name)
        return None

    @hookimpl
    def wheelhouse_artifact_published(
        self,
        artifact: LocalArtifact,
        sent: bool,
        run: Run,
    ) -> None:
        self._note(f"{artifact.name} {sent}", artifact=artifact, sent=sent, run=run)

    @hookimpl
    def wheelhouse_locate(self, url: str, run: Run) -> Listing | None:
        self._note("", url=url, run=run)
        return None

    @hookimpl
    def wheelhouse_read_listing(self, page: Page, run: Run) -> Listing | None:
        self._note("", page=page, run=run)
        return None

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact, run: Run) -> Sequence[Claim | Finding]:
        self._note(artifact.name, artifact=artifact, run=run)
        return []

    @hookimpl
    def wheelhouse_response_claims(
        self, artifact: ListedArtifact, headers: Mapping[str, str], run: Run
    ) -> Sequence[Claim | Finding]:
        self._note(artifact.name, artifact=artifact, headers=headers, run=run)
        return []

    @hookimpl
    def wheelhouse_open(self, url: str, request: OpenRequest, run: Run) -> Opened | None:
        self._note("", url=url, request=request, run=run)
        return None

    @hookimpl
    def wheelhouse_authorize(self, url: str, method: str, run: Run) -> Mapping[str, str] | None:
        self._note("", url=url, method=method, run=run)
        return None

    @hookimpl
    def wheelhouse_inspect(
        self,
        artifact: Artifact,
        path: pathlib.Path | None,
        claims: Sequence[Claim],
        digests: Mapping[str, str],
        run: Run,
    ) -> Sequence[Finding]:
        self._note(
            artifact.name, artifact=artifact, path=path, claims=claims, digests=digests, run=run
        )
        return []

    @hookimpl
    def wheelhouse_artifact_judged(
        self, artifact: ListedArtifact, verdict: Verdict, run: Run
    ) -> None:
        self._note(artifact.name, artifact=artifact, verdict=verdict, run=run)


GREETING = """\
# -- start module --
from wheelhouse_hashes import hookimpl


@hookimpl
def wheelhouse_artifact_published(artifact, run):
    run.say(f"{artifact.name} is out")
# -- end module --
"""


def make_distribution(folder: pathlib.Path, module: str, source: str) -> None:
    """Install a distribution ``wheelhouse-greeting 1.0`` into a folder, as pip does."""
    info = folder / "wheelhouse_greeting-1.0.dist-info"
    info.mkdir(parents=True)
    files = {
        f"{module}.py": source,
        f"{info.name}/METADATA": (
            "Metadata-Version: 2.1\nName: wheelhouse-greeting\nVersion: 1.0\n"
        ),
        f"{info.name}/entry_points.txt": f"[{hookspecs.GROUP}]\ngreeting = {module}\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    record = [*files, f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in record))
