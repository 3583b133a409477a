"""The command in progress with its plugins, and context managers for its start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Interrupted, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.runtime.parallel import ending_on_signals
from wheelhouse_hashes.workspace import O_co

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.report import Report


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


@contextmanager
def phase(
    run: Session[Options],
    report: Report,
    usage: UsageErrors,
    check: Callable[[], object] | None = None,
) -> Iterator[None]:
    """Handle signals and call ``run_started`` and ``run_finished`` around a command's work.

    :param run: the command in progress; signals set its ``stop`` event.
    :param report: the report; its ``ended_by`` is set if the command ends early.
    :param usage: the usage errors found so far.
    :param check: raises further usage errors; called once the plugins are ready.
    :raises UsageError: if there are any, including those raised by plugins.
    """
    started = False
    with ending_on_signals(run.stop):
        with usage.noted():
            run.plugins.run_started(run)
            started = True
        try:
            if started and check is not None:
                with usage.noted():
                    check()
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
