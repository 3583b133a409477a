"""The plugins of one command: one typed method for each hook, in the order of ``hookspecs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import (
    Claim,
    Companion,
    Finding,
    ListedArtifact,
    Listing,
    LocalArtifact,
    Tier,
    Verdict,
)
from wheelhouse_hashes.errors import PluginError
from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions, refuse_our_names
from wheelhouse_hashes.plugins.guards import guarded_content
from wheelhouse_hashes.plugins.manager import BUILT_IN_ORIGIN, PluginManager

if TYPE_CHECKING:
    import argparse
    import pathlib

    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

_CLAIMS = (Claim, Finding)


class Plugins(PluginManager):
    """The plugins of one command; the specifications document the methods."""

    def add_options(self, verb: str, parser: argparse._ArgumentGroup) -> None:
        """Call ``wheelhouse_add_options`` for one plugin after the other.

        An exception is added to :attr:`failures`; the other plugins are still called.
        """
        for name, plugin in self._manager.list_name_plugin():
            if plugin is None or name in self._without_options:
                continue  # disabled, or failed for another verb
            before = set(parser._group_actions)  # noqa: SLF001 (argparse has no public list)
            try:
                self._alone(name, plugin).wheelhouse_add_options(verb=verb, parser=parser)
                if self._distributions.get(name) != BUILT_IN_ORIGIN:
                    added = {*parser._group_actions} - before  # noqa: SLF001 (as above)
                    refuse_our_names(verb, added)
            except (Exception, SystemExit) as error:  # noqa: BLE001
                failure = PluginError(self.describe(name), "wheelhouse_add_options", error)
                self.failures.append(str(failure))
                self._without_options.add(name)

    def run_started(self, run: Run[Options]) -> None:
        """Call ``wheelhouse_run_started``."""
        self._call("wheelhouse_run_started", run=run)

    def tiers(self, run: Run[CheckOptions]) -> Sequence[Tier]:
        """Call ``wheelhouse_tiers``."""
        return [tier for _, tier in self._gather("wheelhouse_tiers", Tier, run=run)]

    def run_finished(self, run: Run[Options], report: Report) -> None:
        """Call ``wheelhouse_run_finished``."""
        self._call("wheelhouse_run_finished", run=run, report=report)

    def companions(self, artifact: LocalArtifact, run: Run[UploadOptions]) -> list[Companion]:
        """Call ``wheelhouse_companions``; errors of ``content`` are reported like a hook's."""
        hook = "wheelhouse_companions"
        items = self._gather(hook, Companion, artifact=artifact, run=run)
        return [replace(item, content=guarded_content(name, hook, item)) for name, item in items]

    def companion_of(self, object_name: str) -> str | None:
        """Call ``wheelhouse_companion_of``."""
        return self._first("wheelhouse_companion_of", str, object_name=object_name)

    def artifact_uploaded(self, artifact: LocalArtifact, run: Run[UploadOptions]) -> None:
        """Call ``wheelhouse_artifact_uploaded``."""
        self._call("wheelhouse_artifact_uploaded", artifact=artifact, run=run)

    def locate(self, url: str, run: Run[CheckOptions]) -> Listing | None:
        """Call ``wheelhouse_locate``."""
        return self._first("wheelhouse_locate", Listing, url=url, run=run)

    def claims(self, artifact: ListedArtifact, run: Run[CheckOptions]) -> Sequence[Claim | Finding]:
        """Call ``wheelhouse_claims``."""
        items = self._gather("wheelhouse_claims", _CLAIMS, artifact=artifact, run=run)
        return [item for _, item in items]

    def response_claims(
        self, artifact: ListedArtifact, headers: Mapping[str, str], run: Run[CheckOptions]
    ) -> Sequence[Claim | Finding]:
        """Call ``wheelhouse_response_claims``."""
        items = self._gather(
            "wheelhouse_response_claims", _CLAIMS, artifact=artifact, headers=headers, run=run
        )
        return [item for _, item in items]

    def inspect(
        self, artifact: ListedArtifact, path: pathlib.Path, run: Run[CheckOptions]
    ) -> Sequence[Finding]:
        """Call ``wheelhouse_inspect``."""
        items = self._gather("wheelhouse_inspect", Finding, artifact=artifact, path=path, run=run)
        return [item for _, item in items]

    def artifact_judged(
        self, artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
    ) -> None:
        """Call ``wheelhouse_artifact_judged``."""
        self._call("wheelhouse_artifact_judged", artifact=artifact, verdict=verdict, run=run)
