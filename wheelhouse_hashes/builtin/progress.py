"""Progress on a terminal: the state of the run, and the current step of each worker.

A separate plugin that uses the public hooks.  Ten times a second it reads the numbers
that the workers store in ``run.activities``; no worker waits for it.

Sources: https://no-color.org; the display is rich's (https://rich.readthedocs.io).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.progress_display import Display
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run


_displays: WeakKeyDictionary[Run, Display] = WeakKeyDictionary()


def is_wanted(run: Run[Options], environ: Mapping[str, str]) -> bool:
    """Return whether to show progress for a run.

    Progress is not shown for ``hash`` and ``index``, with ``--quiet``, while hook calls are
    traced, if ``NO_COLOR`` is set and not empty (often used to get plain lines), or if standard
    output is not a terminal with a movable cursor.

    :param run: the current run.
    :param environ: the environment.
    """
    if run.options.quiet or run.verb in ("hash", "index"):
        return False
    if environ.get("NO_COLOR") or run.tracing:
        return False
    no_cursor = ("dumb", "unknown") if os.name == "nt" else ("dumb", "unknown", "")
    return sys.stdout.isatty() and environ.get("TERM", "") not in no_cursor


# Last, because nothing would stop the display if another plugin ended the command here.
@hookimpl(trylast=True)
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Start the display, if there is a terminal and rich is installed."""
    if not is_wanted(run, os.environ):
        return
    try:
        from wheelhouse_hashes.builtin.progress_display import Display
    except ImportError:
        return
    _displays[run] = display = Display(run)
    run.show_by(display.print)
    display.start()


# First, so that the output of other plugins appears after the display is removed.
@hookimpl(tryfirst=True)
def wheelhouse_run_finished(run: Run[Options]) -> None:
    """Remove the display."""
    display = _displays.pop(run, None)
    if display is not None:
        display.stop()
        run.show_by(None)
