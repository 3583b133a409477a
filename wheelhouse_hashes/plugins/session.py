"""The command in progress with its plugins, and context managers for its start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Interrupted, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.report import describe_findings, waiting_line
from wheelhouse_hashes.run import O_co, Run
from wheelhouse_hashes.runtime.parallel import ending_on_signals

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.runtime.retry import Again


class Session(Run[O_co]):
    """A run and its plugins.

    Phases use this class to call the plugins; plugins only see its base, :class:`Run`.

    :param verb: ``upload``, ``fetch``, ``index`` or ``verify``.
    :param options: the parsed command line.
    :param plugins: the plugins of the run.
    """

    def __init__(self, verb: str, options: O_co, plugins: Plugins) -> None:
        super().__init__(verb, options, tracing=plugins.tracing)
        self.plugins = plugins
        plugins.stop = self.stop

    def waiting(self, name: str) -> Callable[[Again], None]:
        """Return a function that prints the line of what is tried again.

        :param name: the artifact or address that it is about.
        """

        def note(again: Again) -> None:
            self.note(waiting_line(name, again.cause, again.text, self.budget.seconds))

        return note


@contextmanager
def phase(run: Session[Options], report: Report, usage: UsageErrors) -> Iterator[None]:
    """Handle signals and call ``run_started`` and ``run_finished`` around a command's work.

    :param run: the command in progress; signals set its ``stop`` event.
    :param report: the report; its ``ended_by`` is set if the command ends early.
    :param usage: the usage errors found so far.
    :raises UsageError: if there are any, including those raised by plugins.
    """
    started = False
    with ending_on_signals(run.stop):
        with usage.noted():
            run.plugins.run_started(run)
            started = True
        try:
            usage.raise_all()
            yield
        except WheelhouseHashesError as error:
            report.ended_by = error
            raise
        finally:
            try:
                if started:
                    _finish(run, report)
            finally:
                run.close()
                run.end()


def conclude(run: Session[Options], report: Report) -> None:
    """Call ``wheelhouse_conclude``; record and print the findings about the whole run.

    Call it before the closing lines are printed.

    :param run: the command in progress.
    :param report: its report; everything but the findings is final.
    :raises Interrupted: if the run is interrupted.
    """
    try:
        findings = run.plugins.conclude(run, report)
    except Interrupted:
        raise
    except WheelhouseHashesError as error:
        report.problems.append(error)
        return
    if findings:
        report.findings += findings
        run.say(describe_findings(findings))


def _finish(run: Session[Options], report: Report) -> None:
    """Call ``run_finished``; its exceptions must not hide the error that ended the command."""
    try:
        run.plugins.run_finished(run, report)
    except Interrupted:
        if not report.interrupted:
            raise
    except WheelhouseHashesError as error:
        if report.ended_by is None:
            raise
        report.problems.append(error)
        run.say(f"problem: {error.message_and_next}")


@contextmanager
def noting_interruption(report: Report) -> Iterator[None]:
    """Record an interruption in the report; the run then continues with its summary."""
    try:
        yield
    except Interrupted:
        report.interrupted = True
