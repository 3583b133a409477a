"""The command in progress with its plugins, and how the work of a command begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import Interrupted, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.run import O_co, Run
from wheelhouse_hashes.runtime.parallel import ending_on_signals

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.plugins.manager import Plugins
    from wheelhouse_hashes.report import Report


class Session(Run[O_co]):
    """A run, and the plugins that take part in it.

    Plugins see the :class:`Run`; the phases, which call the plugins, see this.

    :param verb: ``upload``, ``fetch``, ``index`` or ``verify``.
    :param options: the parsed command line.
    :param plugins: the plugins that take part.
    """

    def __init__(self, verb: str, options: O_co, plugins: Plugins) -> None:
        super().__init__(verb, options, tracing=plugins.tracing)
        self.plugins = plugins


@contextmanager
def phase(run: Session[Options], report: Report, usage: UsageErrors) -> Iterator[None]:
    """Bracket the work of a command: signals, the hooks that begin and end it.

    :param run: the command in progress; its ``stop`` is set by a signal.
    :param report: gets to know what ended the command before its time.
    :param usage: the usage errors that were found already.
    :raises UsageError: if there are any, those that plugins find included.
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


def _finish(run: Session[Options], report: Report) -> None:
    """Call the hook that ends a command; what it raises must not hide what ended it."""
    try:
        run.plugins.run_finished(run, report)
    except WheelhouseHashesError as error:
        if report.ended_by is None:
            raise
        report.problems.append(error)
        run.say(f"problem: {error.message}")


@contextmanager
def noting_interruption(report: Report) -> Iterator[None]:
    """Note that the run was told to end; it then goes on to its summary."""
    try:
        yield
    except Interrupted:
        report.interrupted = True
