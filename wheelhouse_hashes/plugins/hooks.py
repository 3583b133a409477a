"""The plugins of one command: one typed method for each hook, in the order of ``hookspecs``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
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
from wheelhouse_hashes.errors import PluginError, TransferError
from wheelhouse_hashes.http.authorization import check_headers
from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions, refuse_our_names
from wheelhouse_hashes.plugins.guards import (
    check_listing,
    check_opened,
    guarded_content,
    guarded_pieces,
)
from wheelhouse_hashes.plugins.manager import BUILT_IN_ORIGIN, PluginManager
from wheelhouse_hashes.report import with_next_step
from wheelhouse_hashes.transport import Opened, OpenRequest, Page

if TYPE_CHECKING:
    import argparse
    import pathlib

    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

_CLAIMS = (Claim, Finding)

Repeat = Callable[[Callable[[], None], str], None]


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

    def prepare(self, run: Run[Options], repeat: Repeat) -> None:
        """Call ``wheelhouse_prepare`` for one plugin after the other.

        :param run: the command in progress.
        :param repeat: calls each plugin, and repeats the call: the function, and what for.
        :raises TransferError: if a request fails for good.
        """
        hook = "wheelhouse_prepare"
        impls = reversed(getattr(self._hook, hook).get_hookimpls())
        for name, plugin in {impl.plugin_name: impl.plugin for impl in impls}.items():
            call = partial(self._call_one, name, plugin, hook, run=run)
            try:
                repeat(call, f"plugin {name}")
            except TransferError as error:
                raise with_next_step(error) from None

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
        listing = self._first("wheelhouse_locate", Listing, url=url, run=run)
        return self._checked("wheelhouse_locate", listing, check_listing)

    def read_listing(self, page: Page, run: Run[CheckOptions]) -> Listing | None:
        """Call ``wheelhouse_read_listing``."""
        listing = self._first("wheelhouse_read_listing", Listing, page=page, run=run)
        return self._checked("wheelhouse_read_listing", listing, check_listing)

    def open(self, url: str, request: OpenRequest, run: Run[Options]) -> Opened | None:
        """Call ``wheelhouse_open``; errors of the pieces are reported like a hook's."""
        hook = "wheelhouse_open"
        opened = self._first(hook, Opened, url=url, request=request, run=run)
        opened = self._checked(hook, opened, lambda made: check_opened(made, request))
        if opened is None:
            return None
        return replace(opened, pieces=guarded_pieces(partial(self._failure, hook), opened.pieces))

    def authorize(self, url: str, method: str, run: Run[Options]) -> Mapping[str, str] | None:
        """Call ``wheelhouse_authorize``."""
        hook = "wheelhouse_authorize"
        headers = self._call(hook, url=url, method=method, run=run)
        return self._checked(hook, headers, check_headers)

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
