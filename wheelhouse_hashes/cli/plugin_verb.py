"""Run the verb of a plugin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.errors import PluginError, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.lines import describe_findings
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.verbs import Verb

#: The highest exit code that a verb may return.
_MAX_CODE = 7


def run_plugin_verb(run: Session[Options], verb: Verb, plugin: str) -> int:
    """Run the verb of a plugin, and call ``run_started`` and ``run_finished`` around it.

    The verb has a thread of its own, so that an interruption ends the command even while
    the verb waits for something.

    :param run: the command in progress.
    :param verb: the verb.
    :param plugin: what messages call the plugin.
    :returns: the exit code.
    :raises WheelhouseHashesError: if the command cannot continue.
    """
    with phase(run, Report(), UsageErrors()) as results:
        with noting_interruption(results.report):
            results.report = run_in_thread(partial(_call, run, verb, plugin), run.stop)
            if results.report.findings:
                run.say(describe_findings(results.report.findings), color="red")
            conclude(run, results.report)
        if run.stop.is_set():  # a verb may return early, with what it has
            results.report.interrupted = True
        for line in results.report.problem_lines():
            run.say(line)
        if results.report.interrupted:
            run.say("interrupted: run the command again")
    return results.report.exit_code


def _check_code(code: int) -> None:
    if not 0 <= code <= _MAX_CODE:
        raise ValueError(f"exit code {code}: must be from 0 to {_MAX_CODE}")


def _call(run: Session[Options], verb: Verb, plugin: str) -> Report:
    """Call the verb and return its report.

    :raises PluginError: if it raises an error that is not from this package, or returns
        something else than documented.
    """
    try:
        returned = verb.run(run)
        if isinstance(returned, Report):
            _check_code(returned.code)
            for name, kind in (("findings", Finding), ("problems", WheelhouseHashesError)):
                for item in getattr(returned, name):
                    if not isinstance(item, kind):
                        raise TypeError(f"Report.{name}: expected {kind.__name__}, got {item!r}")
            return returned
        code = 0 if returned is None else returned
        if isinstance(code, bool) or not isinstance(code, int):
            raise TypeError(f"expected Report, int or None, got {returned!r}")
        _check_code(code)
    except WheelhouseHashesError:
        raise
    except BaseException as error:  # a verb may raise anything, even SystemExit(0)
        raise PluginError(plugin, f"the verb {verb.name}", error) from error
    return Report(code=code)
