"""The command in progress with its plugins, and context managers for its start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Interrupted, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.report import waiting_line
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

    :param verb: the name of the verb.
    :param options: the parsed command line.
    :param plugins: the plugins of the run.
    """

    def __init__(self, verb: str, options: O_co, plugins: Plugins) -> None:
        super().__init__(verb, options, tracing=plugins.tracing)
        self.plugins = plugins
        plugins.masked = self.masked

    def waiting(self, name: str) -> Callable[[Again], None]:
        """Return a function that prints the line of what is tried again.

        :param name: the artifact or address that it is about.
        """

        def note(again: Again) -> None:
            self.note(waiting_line(name, again.cause, again.text, self.budget.seconds))

        return note


class Results:
    """The report of a command in progress.

    :param report: the report if the command ends before another one takes its place.
    """

    def __init__(self, report: Report) -> None:
        self.report = report


@contextmanager
def phase(run: Session[Options], report: Report, usage: UsageErrors) -> Iterator[Results]:
    """Handle signals and call ``run_started`` and ``run_finished`` around a command's work.

    :param run: the command in progress; signals set its ``stop`` event.
    :param report: the report; its ``ended_by`` is set if the command ends early.
    :param usage: the usage errors found so far.
    :raises UsageError: if there are any, including those raised by plugins.
    :returns: holds the report, which may be replaced before ``run_finished`` is called.
    """
    results = Results(report)
    started = False
    with ending_on_signals(run.stop):
        with usage.noted():
            run.plugins.run_started(run)
            started = True
        try:
            usage.raise_all()
            yield results
        except WheelhouseHashesError as error:
            results.report.ended_by = error
            raise
        finally:
            try:
                if started:
                    _finish(run, results.report)
            finally:
                run.close()
                run.end()


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
        run.say(f"problem: {error.message}")


@contextmanager
def noting_interruption(report: Report) -> Iterator[None]:
    """Record an interruption in the report; the run then continues with its summary."""
    try:
        yield
    except Interrupted:
        report.interrupted = True
