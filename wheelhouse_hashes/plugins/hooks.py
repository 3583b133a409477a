"""The plugins of one command: one typed method for each hook, in the order of ``hookspecs``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

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
from wheelhouse_hashes.causes import GRAVITY, next_step
from wheelhouse_hashes.errors import PluginError, TransferError, WheelhouseHashesError
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.http.authorization import check_headers
from wheelhouse_hashes.plugins.guards import (
    check_listing,
    check_opened,
    guarded_content,
    guarded_pieces,
)
from wheelhouse_hashes.plugins.manager import PluginManager
from wheelhouse_hashes.plugins.option_registry import OWN_NAME, OptionClash, OptionRegistry, Owner
from wheelhouse_hashes.plugins.read_only import refusing_changes
from wheelhouse_hashes.verbs import OptionGroup, Verb

if TYPE_CHECKING:
    import argparse
    import pathlib

    from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing, Opened, OpenRequest, Page

_CLAIMS = (Claim, Finding)

Repeat = Callable[[Callable[[], None], str], None]


class Plugins(PluginManager):
    """The plugins of one command; the specifications document the methods."""

    def add_options(self, group: argparse._ActionsContainer, registry: OptionRegistry) -> None:
        """Call ``wheelhouse_add_options`` for one plugin after the other.

        An exception is added to :attr:`failures`; the other plugins are still called.

        :param group: the argparse group to add to.
        :param registry: the options of the verb.
        """
        hook = "wheelhouse_add_options"
        for name, plugin in self._implementing(hook):
            if name in self._excluded:
                continue  # failed for another verb
            options = OptionGroup(group, self.owner(name, registry))
            with self._excluding(name, hook):
                hooks = self._alone(name, plugin)
                if returned := hooks.wheelhouse_add_options(verb=registry.verb, parser=options):
                    raise TypeError(f"expected None, got {type(returned[0]).__name__}")

    def verbs(self) -> list[tuple[str, Verb]]:
        """Call ``wheelhouse_verbs`` for one plugin after the other.

        An exception is added to :attr:`failures`; the other plugins are still called.

        :returns: the verbs, each with the name of its plugin.
        """
        hook = "wheelhouse_verbs"
        found: list[tuple[str, Verb]] = []
        for name, plugin in self._implementing(hook):
            with self._excluding(name, hook):
                answers = self._alone(name, plugin).wheelhouse_verbs()
                added = [verb for answer in answers for verb in answer]
                for verb in added:
                    if not isinstance(verb, Verb):
                        raise TypeError(f"expected Verb, got {verb!r}")
                found += [(name, verb) for verb in added]
        return found

    def configure(self, name: str, verb: Verb, options: OptionGroup) -> None:
        """Let a plugin's verb add its arguments; an exception is added to :attr:`failures`.

        :param name: the name of the plugin.
        """
        with self._excluding(name, f"the verb {verb.name}"):
            verb.configure(options)

    def owner(self, name: str, registry: OptionRegistry) -> Owner:
        """Return the register for the options of a plugin."""
        if self.is_built_in(name):
            return registry.owner(None, OWN_NAME)
        return registry.owner(name, self.describe(name))

    @contextmanager
    def _excluding(self, name: str, hook: str) -> Iterator[None]:
        """Exclude a plugin that raises while the parser is built."""
        try:
            yield
        except OptionClash as clash:
            self.exclude(name, str(clash))
        except BaseException as error:
            if self.keeps_its_meaning(error):
                raise
            self.exclude(name, str(PluginError(self.describe(name), hook, error)))

    def run_started(self, run: Run[Options]) -> None:
        """Call ``wheelhouse_run_started``."""
        self._notify("wheelhouse_run_started", run=run)

    def conclude(self, run: Run[Options], report: Report) -> Sequence[Finding]:
        """Call ``wheelhouse_conclude``."""
        return self._items("wheelhouse_conclude", Finding, run=run, report=report)

    def tiers(self, run: Run[CheckOptions]) -> Sequence[Tier]:
        """Call ``wheelhouse_tiers``."""
        return self._items("wheelhouse_tiers", Tier, run=run)

    def prepare(self, run: Run[Options], repeat: Repeat) -> None:
        """Call ``wheelhouse_prepare`` for one plugin after the other.

        :param run: the command in progress.
        :param repeat: calls each plugin, and repeats the call: the function, and what for.
        :raises TransferError: if a request fails for good.
        """
        hook = "wheelhouse_prepare"
        for name, plugin in self._in_call_order(hook):
            call = partial(self._call_one, name, plugin, hook, run=run)
            try:
                repeat(call, f"plugin {name}")
            except TransferError as error:
                error.next = error.next or next_step(error.cause, run.verb)
                raise

    def run_finished(self, run: Run[Options], report: Report) -> None:
        """Call ``wheelhouse_run_finished`` for one plugin after the other.

        :raises WheelhouseHashesError: the gravest error, after all plugins were called: one
            that fails must not keep the others from writing their reports.
        """
        hook = "wheelhouse_run_finished"
        errors: list[WheelhouseHashesError] = []
        for name, plugin in self._in_call_order(hook):
            try:
                self._call_one(name, plugin, hook, run=run, report=report)
            except WheelhouseHashesError as error:
                errors.append(error)
        if errors:
            raise min(errors, key=lambda error: GRAVITY.index(error.exit_code))

    def _in_call_order(self, hook: str) -> list[tuple[str, object]]:
        """Return the plugins that implement a hook, by name, in the order of the calls."""
        impls = reversed(getattr(self._hook, hook).get_hookimpls())
        return list({impl.plugin_name: impl.plugin for impl in impls}.items())

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
        # Imported here because not every command reads a listing.
        from wheelhouse_hashes.transport import Listing

        listing = self._first("wheelhouse_locate", Listing, url=url, run=run)
        return self._checked("wheelhouse_locate", listing, check_listing)

    def read_listing(self, page: Page, run: Run[CheckOptions]) -> Listing | None:
        """Call ``wheelhouse_read_listing``."""
        # Imported here because not every command reads a listing.
        from wheelhouse_hashes.transport import Listing

        listing = self._first("wheelhouse_read_listing", Listing, page=page, run=run)
        return self._checked("wheelhouse_read_listing", listing, check_listing)

    def open(self, url: str, request: OpenRequest, run: Run[Options]) -> Opened | None:
        """Call ``wheelhouse_open``; errors of the pieces are reported like a hook's."""
        # Imported here because not every command opens URLs.
        from wheelhouse_hashes.transport import Opened

        hook = "wheelhouse_open"
        opened = self._first(hook, Opened, url=url, request=request, run=run)
        opened = self._checked(hook, opened, lambda made: check_opened(made, request))
        if opened is None:
            return None
        return replace(opened, pieces=guarded_pieces(partial(self._raised, hook), opened.pieces))

    def authorize(self, url: str, method: str, run: Run[Options]) -> Mapping[str, str] | None:
        """Call ``wheelhouse_authorize``."""
        hook = "wheelhouse_authorize"
        headers = self._call(hook, url=url, method=method, run=run)
        return self._checked(hook, headers, check_headers)

    def claims(self, artifact: ListedArtifact, run: Run[CheckOptions]) -> Sequence[Claim | Finding]:
        """Call ``wheelhouse_claims``."""
        return self._items("wheelhouse_claims", _CLAIMS, artifact=artifact, run=run)

    def response_claims(
        self, artifact: ListedArtifact, headers: Mapping[str, str], run: Run[CheckOptions]
    ) -> Sequence[Claim | Finding]:
        """Call ``wheelhouse_response_claims``."""
        return self._items(
            "wheelhouse_response_claims", _CLAIMS, artifact=artifact, headers=headers, run=run
        )

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
            return self._items(
                hook,
                Finding,
                artifact=artifact,
                path=path,
                claims=tuple(claims),
                digests=MappingProxyType(dict(digests)),
                run=run,
            )

    def artifact_judged(
        self, artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
    ) -> None:
        """Call ``wheelhouse_artifact_judged``."""
        self._notify("wheelhouse_artifact_judged", artifact=artifact, verdict=verdict, run=run)
