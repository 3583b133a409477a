"""Progress on a terminal: how far the run is, and what each worker is at.

It is a plugin of its own, on public hooks.  Ten times a second it looks at the
numbers that the workers leave in ``run.activities``; no work waits for it.

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
    """Tell whether a run may draw on the screen.

    Not where standard output is no terminal, or one without a cursor that can
    be moved; not if ``NO_COLOR`` is set and not empty, which many set to get
    plain lines; not with ``--quiet``, nor among the lines of a trace.

    :param run: the command in progress.
    :param environ: the environment.
    """
    if run.options.quiet or run.verb == "index":
        return False
    if environ.get("NO_COLOR") or run.tracing:
        return False
    no_cursor = ("dumb", "unknown") if os.name == "nt" else ("dumb", "unknown", "")
    return sys.stdout.isatty() and environ.get("TERM", "") not in no_cursor


# Last of all: where another plugin ends the command here, none ends the display.
@hookimpl(trylast=True)
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Show the display, where there is a terminal and rich."""
    if not is_wanted(run, os.environ):
        return
    try:
        from wheelhouse_hashes.builtin.progress_display import Display
    except ImportError:
        return
    _displays[run] = display = Display(run)
    run.show_by(display.say)
    display.start()


# First of all: what other plugins print here stands below.
@hookimpl(tryfirst=True)
def wheelhouse_run_finished(run: Run[Options]) -> None:
    """Take the display away."""
    display = _displays.pop(run, None)
    if display is not None:
        display.stop()
        run.show_by(None)
