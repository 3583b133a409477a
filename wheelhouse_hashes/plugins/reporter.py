"""Records the result for each file of a command, prints it and passes it to the plugins.

On a terminal, a result is printed at once.  Elsewhere, such as in the log of a CI job, the
results are printed in the order of their names, so that the logs of two runs can be compared:
each result waits for those of all earlier names.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
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

#: The colors of outcomes on a terminal.  An outcome that is neither good nor bad has none.
_COLORS: Mapping[Outcome | UploadOutcome, str] = {
    Outcome.OK: "green",
    Outcome.UNVERIFIED: "yellow",
    Outcome.REFUSED: "red",
    Outcome.WITHDRAWN: "yellow",
    UploadOutcome.SENT: "green",
    UploadOutcome.REPLACED: "yellow",
    UploadOutcome.THERE: "green",
    UploadOutcome.REFUSED: "red",
    UploadOutcome.FAILED: "red",
}


class Reporter(Generic[O_co]):
    """The reporter of one command; base class of the two kinds.

    :param run: the command in progress.
    """

    def __init__(self, run: Session[O_co]) -> None:
        #: The command in progress.
        self.run = run
        self._width = 0
        self._lock = threading.Lock()
        #: The names whose results are still to be printed, in reverse order.
        self._expected: dict[str, None] = {}
        #: The results that wait for those of earlier names.
        self._held: dict[str, tuple[str, str, bool]] = {}

    @contextlib.contextmanager
    def by_name(self, names: Iterable[str]) -> Iterator[None]:
        """Align the results of some files, and print them in the order of their names.

        :param names: the names of the files whose results follow.
        """
        expected = dict.fromkeys(sorted(names, reverse=True))
        self._width = max(map(len, expected), default=0)
        if not sys.stdout.isatty():
            self._expected = expected
        with self.run.batched_output():
            try:
                yield
            finally:
                # Those of an interrupted run.
                with self._lock:
                    self._expected = {}
                    for _, held in sorted(self._held.items()):
                        self._print_now(*held)
                    self._held.clear()

    def _print(
        self, name: str, text: str, outcome: Outcome | UploadOutcome, *, routine: bool
    ) -> None:
        """Print lines about one file; with ``--quiet`` only those that need attention."""
        held = text, _COLORS.get(outcome, ""), routine
        with self._lock:
            if name not in self._expected:
                self._print_now(*held)
                return
            self._held[name] = held
            while self._expected and (first := next(reversed(self._expected))) in self._held:
                del self._expected[first]
                self._print_now(*self._held.pop(first))

    def _print_now(self, text: str, color: str, routine: bool) -> None:  # noqa: FBT001 (as it is held)
        (self.run.note if routine else self.run.say)(text, color=color)


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
        text, routine = describe_verdict(verdict, self._width), verdict.outcome is Outcome.OK
        self._print(verdict.name, text, verdict.outcome, routine=routine)
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
        text, routine = describe_record(record, self._width), record.outcome in _ROUTINE
        self._print(record.name, text, record.outcome, routine=routine)

    def conclude(self, artifact: LocalArtifact, record: UploadRecord) -> None:
        """Record the result for an artifact; notify the plugins if it is published."""
        self.add(record.of_artifact(artifact))
        if record.outcome in _PUBLISHED:
            sent = _PUBLISHED[record.outcome]
            try:
                self.run.plugins.artifact_published(artifact, self.run, sent=sent)
            except Refusal as problem:
                self.report.problems.append(problem)
