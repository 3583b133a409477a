"""The plugins of one command: one typed method for each hook, in the order of ``hookspecs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import (
    Artifact,
    Claim,
    Companion,
    Finding,
    ListedArtifact,
    Listing,
    LocalArtifact,
    Verdict,
)
from wheelhouse_hashes.errors import PluginError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions, refuse_our_names
from wheelhouse_hashes.plugins.guards import check_listing, guarded_content
from wheelhouse_hashes.plugins.manager import BUILT_IN_ORIGIN, PluginManager
from wheelhouse_hashes.plugins.read_only import refusing_changes

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
                returned = self._alone(name, plugin).wheelhouse_add_options(
                    verb=verb, parser=parser
                )
                if returned:
                    raise TypeError(f"expected None, got {type(returned[0]).__name__}")
                if self._distributions.get(name) != BUILT_IN_ORIGIN:
                    added = {*parser._group_actions} - before  # noqa: SLF001 (as above)
                    refuse_our_names(verb, added)
            except BaseException as error:
                if self.keeps_its_meaning(error):
                    raise
                failure = PluginError(self.describe(name), "wheelhouse_add_options", error)
                self.failures.append(str(failure))
                self._without_options.add(name)

    def run_started(self, run: Run[Options]) -> None:
        """Call ``wheelhouse_run_started``."""
        self._notify("wheelhouse_run_started", run=run)

    def conclude(self, run: Run[Options], report: Report) -> Sequence[Finding]:
        """Call ``wheelhouse_conclude``."""
        items = self._gather("wheelhouse_conclude", Finding, run=run, report=report)
        return [item for _, item in items]

    def run_finished(self, run: Run[Options], report: Report) -> None:
        """Call ``wheelhouse_run_finished``."""
        self._notify("wheelhouse_run_finished", run=run, report=report)

    def companions(self, artifact: LocalArtifact, run: Run[UploadOptions]) -> list[Companion]:
        """Call ``wheelhouse_companions``; errors of ``content`` are reported like a hook's."""
        hook = "wheelhouse_companions"
        items = self._gather(hook, Companion, artifact=artifact, run=run)
        guard = self.keeps_its_meaning
        return [
            replace(item, content=guarded_content(name, hook, item, guard)) for name, item in items
        ]

    def companion_of(self, object_name: str) -> str | None:
        """Call ``wheelhouse_companion_of``; an artifact is never a companion."""
        hook = "wheelhouse_companion_of"
        owner = self._first(hook, str, object_name=object_name)
        if owner is not None and parse_artifact_name(object_name) is not None:
            error = ValueError(f"{object_name} is an artifact, not a companion of {owner!r}")
            raise PluginError(self._any_of(hook), hook, error)
        return owner

    def artifact_published(
        self, artifact: LocalArtifact, run: Run[UploadOptions], *, sent: bool
    ) -> None:
        """Call ``wheelhouse_artifact_published``."""
        self._notify("wheelhouse_artifact_published", artifact=artifact, sent=sent, run=run)

    def locate(self, url: str, run: Run[CheckOptions]) -> Listing | None:
        """Call ``wheelhouse_locate``."""
        hook = "wheelhouse_locate"
        listing = self._first(hook, Listing, url=url, run=run)
        if listing is not None:
            try:
                check_listing(listing)
            except TypeError as error:
                raise PluginError(self._any_of(hook), hook, error) from error
        return listing

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
        self,
        artifact: Artifact,
        path: pathlib.Path | None,
        claims: Sequence[Claim],
        digests: Mapping[str, str],
        run: Run[Options],
    ) -> Sequence[Finding]:
        """Call ``wheelhouse_inspect``; refuse a file that changed meanwhile.

        :raises Refusal: if it changed.
        """
        hook = "wheelhouse_inspect"
        with refusing_changes(path, self._others_with(hook), hook):
            items = self._gather(
                hook,
                Finding,
                artifact=artifact,
                path=path,
                claims=tuple(claims),
                digests=MappingProxyType(dict(digests)),
                run=run,
            )
        return [item for _, item in items]

    def artifact_judged(
        self, artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
    ) -> None:
        """Call ``wheelhouse_artifact_judged``."""
        self._notify("wheelhouse_artifact_judged", artifact=artifact, verdict=verdict, run=run)
