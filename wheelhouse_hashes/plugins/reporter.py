"""Records the result for each file of a command, prints it and passes it to the plugins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from wheelhouse_hashes.artifacts import ListedArtifact, LocalArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import next_step
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.lines import describe_record, describe_verdict
from wheelhouse_hashes.options import CheckOptions, UploadOptions
from wheelhouse_hashes.report import FetchReport, UploadOutcome, UploadRecord, UploadReport
from wheelhouse_hashes.workspace import O_co

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.session import Session

C_co = TypeVar("C_co", bound=CheckOptions, covariant=True)

#: Outcomes not printed with ``--quiet``.
_ROUTINE = frozenset({UploadOutcome.SENT, UploadOutcome.THERE, UploadOutcome.SKIPPED})

#: Outcomes reported to plugins: the artifact is in the container.  The value is whether
#: this run sent something for it.
_PUBLISHED = {UploadOutcome.SENT: True, UploadOutcome.REPLACED: True, UploadOutcome.THERE: False}


class Reporter(Generic[O_co]):
    """The reporter of one command; base class of the two kinds.

    :param run: the command in progress.
    """

    def __init__(self, run: Session[O_co]) -> None:
        #: The command in progress.
        self.run = run
        self._width = 0

    def align(self, names: Iterable[str]) -> None:
        """Align the following lines to the longest of some names."""
        self._width = max(map(len, names), default=0)

    def _print(self, text: str, *, routine: bool) -> None:
        """Print lines about one file; with ``--quiet`` only those that need attention."""
        (self.run.note if routine else self.run.say)(text)


class FetchReporter(Reporter[C_co]):
    """Reports the verdicts of ``fetch`` and ``verify``; thread-safe."""

    def __init__(self, run: Session[C_co]) -> None:
        super().__init__(run)
        #: The results so far.
        self.report = FetchReport()

    def add(self, verdict: Verdict) -> Verdict:
        """Record and print a verdict; with ``--quiet``, outcome ``ok`` is not printed.

        :returns: the verdict, with the advice of this command.
        """
        if verdict.cause is not None and not verdict.next:
            advice = next_step(verdict.cause, self.run.verb)
            verdict = verdict if advice == verdict.next_step else replace(verdict, next=advice)
        self.report.verdicts.append(verdict)
        self._print(describe_verdict(verdict, self._width), routine=verdict.outcome is Outcome.OK)
        return verdict

    def conclude(self, artifact: ListedArtifact, verdict: Verdict) -> None:
        """Record the final verdict about an artifact and pass it to the plugins."""
        verdict = self.add(verdict)
        try:
            self.run.plugins.artifact_judged(artifact, verdict, self.run)
        except Refusal as problem:
            self.report.problems.append(problem)


class UploadReporter(Reporter[UploadOptions]):
    """Reports the results for the files of an upload; thread-safe."""

    def __init__(self, run: Session[UploadOptions]) -> None:
        super().__init__(run)
        #: The results so far.
        self.report = UploadReport()

    def add(self, record: UploadRecord) -> None:
        """Record and print a result; with ``--quiet``, routine outcomes are not printed."""
        self.report.records.append(record)
        self._print(describe_record(record, self._width), routine=record.outcome in _ROUTINE)

    def conclude(self, artifact: LocalArtifact, record: UploadRecord) -> None:
        """Record the result for an artifact; notify the plugins if it is published."""
        self.add(record.of_artifact(artifact))
        if record.outcome in _PUBLISHED:
            sent = _PUBLISHED[record.outcome]
            try:
                self.run.plugins.artifact_published(artifact, self.run, sent=sent)
            except Refusal as problem:
                self.report.problems.append(problem)
