"""What becomes of each file of a command: kept in the report, printed, told to the plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from wheelhouse_hashes.artifacts import ListedArtifact, LocalArtifact, Outcome, Verdict
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.options import CheckOptions, UploadOptions
from wheelhouse_hashes.report import (
    FetchReport,
    UploadOutcome,
    UploadRecord,
    UploadReport,
    describe_record,
    describe_verdict,
)
from wheelhouse_hashes.run import O_co

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.session import Session

C_co = TypeVar("C_co", bound=CheckOptions, covariant=True)

#: Outcomes that are not printed with ``--quiet``.
_ROUTINE = frozenset({UploadOutcome.SENT, UploadOutcome.THERE, UploadOutcome.SKIPPED})

#: Outcomes of which the plugins hear: our bytes are in the container since now.
_UPLOADED = frozenset({UploadOutcome.SENT, UploadOutcome.REPLACED})


class Reporter(Generic[O_co]):
    """The reporter of one command; the base of the two kinds.

    :param run: the command in progress.
    """

    def __init__(self, run: Session[O_co]) -> None:
        #: The command in progress.
        self.run = run
        self._width = 0

    def align(self, names: Iterable[str]) -> None:
        """Align the lines that follow to the longest of some names."""
        self._width = max(map(len, names), default=0)

    def _print(self, text: str, *, routine: bool) -> None:
        """Print lines about one file; with ``--quiet`` only what asks for a look."""
        (self.run.note if routine else self.run.say)(text)


class FetchReporter(Reporter[C_co]):
    """Reports the verdicts of ``fetch`` and ``verify``; safe to use from any thread."""

    def __init__(self, run: Session[C_co]) -> None:
        super().__init__(run)
        #: What was reported up to now.
        self.report = FetchReport()

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict and print it; a good one is not printed with ``--quiet``."""
        self.report.verdicts.append(verdict)
        self._print(describe_verdict(verdict, self._width), routine=verdict.outcome is Outcome.OK)

    def settle(self, artifact: ListedArtifact, verdict: Verdict) -> None:
        """Add the final verdict about an artifact, and hand it to the plugins."""
        self.add(verdict)
        try:
            self.run.plugins.artifact_settled(artifact, verdict, self.run)
        except Refusal as problem:
            self.report.problems.append(problem)


class UploadReporter(Reporter[UploadOptions]):
    """Reports what became of the files of an upload; safe to use from any thread."""

    def __init__(self, run: Session[UploadOptions]) -> None:
        super().__init__(run)
        #: What was reported up to now.
        self.report = UploadReport()

    def add(self, record: UploadRecord) -> None:
        """Keep a record and print it; a routine one is not printed with ``--quiet``."""
        self.report.records.append(record)
        self._print(describe_record(record, self._width), routine=record.outcome in _ROUTINE)

    def settle(self, artifact: LocalArtifact, record: UploadRecord) -> None:
        """Add the record of an artifact, and tell the plugins if it was uploaded."""
        self.add(record)
        if record.outcome in _UPLOADED:
            try:
                self.run.plugins.artifact_uploaded(artifact, self.run)
            except Refusal as problem:
                self.report.problems.append(problem)
