"""The plugins of one command: one typed method for each hook, in the order of ``hookspecs``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import (
    Claim,
    Companion,
    Finding,
    ListedArtifact,
    Listing,
    LocalArtifact,
    Verdict,
)
from wheelhouse_hashes.errors import PluginError
from wheelhouse_hashes.plugins.guards import guarded_content
from wheelhouse_hashes.plugins.manager import PluginManager
from wheelhouse_hashes.plugins.option_registry import OWN_NAME, OptionClash, OptionRegistry, Owner
from wheelhouse_hashes.verbs import OptionGroup, Verb

if TYPE_CHECKING:
    import argparse
    import pathlib

    from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

_CLAIMS = (Claim, Finding)


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
                self._alone(name, plugin).wheelhouse_add_options(verb=registry.verb, parser=options)

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
        except KeyboardInterrupt:
            raise
        except OptionClash as clash:
            self.exclude(name, str(clash))
        except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
            self.exclude(name, str(PluginError(self.describe(name), hook, error)))

    def run_started(self, run: Run[Options]) -> None:
        """Call ``wheelhouse_run_started``."""
        self._call("wheelhouse_run_started", run=run)

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
