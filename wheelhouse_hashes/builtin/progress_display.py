"""The progress display, drawn with rich; the only module that imports rich."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.filesize import decimal
from rich.live import Live
from rich.measure import Measurement
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import encodable

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Activity, Run, State

#: Refreshes of the display per second.
PER_SECOND = 10

#: Width of a bar, and minimum width of a terminal for bars, in columns.
BAR, WIDE = 12, 100


class Name:
    """An artifact name, shortened in the middle because both ends distinguish wheels."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self._name), 12), len(self._name))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        name = encodable(printable(self._name), options.encoding)
        yield Text(shortened(name, options.max_width), no_wrap=True)


def shortened(name: str, width: int) -> str:
    """Return a name, shortened in the middle if it is longer than *width*."""
    if len(name) <= width:
        return name
    end = max(0, width - 3) * 2 // 3
    return f"{name[: max(0, width - 3 - end)]}...{name[len(name) - end :]}"[:width]


class Display:
    """The display of one run: a row for each worker, and one for the whole run.

    :param run: the current run.
    :param console: the console to draw on; standard output by default.
    :param per_second: refreshes per second.
    """

    def __init__(
        self, run: Run[Options], console: Console | None = None, per_second: float = PER_SECOND
    ) -> None:
        self._run = run
        self._console = console or Console()
        self._rate = Rate()
        self._rates: dict[Activity, Rate] = {}
        self._live = Live(
            console=self._console,
            get_renderable=self._table,
            auto_refresh=False,
            transient=True,
            # rich would print standard error, which may be a file, on standard output.
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        # One thread writes at a time.  rich computes how many rows to erase before it
        # writes, and two threads might not write in the order in which they computed.
        self._writing = threading.Lock()
        self._per_second = per_second
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def start(self) -> None:
        """Start to draw, in a thread."""
        self._live.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop drawing and remove the display."""
        self._ended.set()
        self._thread.join()
        with self._writing:
            self._live.stop()

    def print(self, text: str) -> None:
        """Print whole lines above the display, without formatting."""
        with self._writing:
            # The only control sequences in the lines are those of their colors.
            self._console.print(Text.from_ansi(text), highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        while not self._ended.wait(1 / self._per_second):
            with self._writing:
                self._live.refresh()

    def _table(self) -> Table:
        state = self._run.activities.state
        # The minimum widths fit typical values, so that the columns do not jump.
        columns = [
            Column(ratio=1, no_wrap=True),
            Column(min_width=len("confirming"), no_wrap=True),
            Column(width=BAR),
            Column(min_width=len("10.0 MB of 10.0 MB"), no_wrap=True, justify="right"),
            Column(min_width=len("10.0 MB/s"), no_wrap=True, justify="right"),
            Column(min_width=len("0:00"), no_wrap=True, justify="right"),
        ]
        if self._console.width < WIDE:
            columns[2].width = 0  # names are more useful than bars
        table = Table.grid(*columns, padding=(0, 1))
        # Leave room for the echo of Ctrl-C, which would otherwise start another line.
        table.width = max(1, self._console.width - len("^C") - 1)
        room = max(1, self._console.height // 2)
        busy = state.busy
        self._rates = {activity: self._rates.get(activity, Rate()) for activity in busy}
        for activity in busy[:room]:
            table.add_row(*self._activity_row(activity))
        table.add_row(*self._summary_row(state))
        return table

    def _activity_row(self, activity: Activity) -> Iterator[RenderableType]:
        count, size = activity.count, activity.size
        rate = self._rates[activity].at(count) if count else None
        yield Name(activity.name)
        yield Text(activity.step, style="cyan")
        yield _bar(count, size) if count else ""
        yield _bytes(count, size) if count else ""
        yield _speed(rate) if count else ""
        yield ""

    def _summary_row(self, state: State) -> Iterator[RenderableType]:
        rate = self._rate.at(state.moved)
        waited = self._run.budget.waiting
        verb = self._run.verb
        count = f"{state.finished} of {state.planned} artifacts"
        text = Text(count if state.planned else f"{verb}: reading the listing", style="bold")
        if waited is not None:
            text.append(f", waiting {waited:.0f} of {self._run.budget.seconds:g} s", "yellow")
        yield text
        yield ""
        yield _bar(state.moved, state.total) if state.planned else ""
        yield _bytes(state.moved, state.total, guessed=state.guessed) if state.moved else ""
        yield _speed(rate) if state.moved else ""
        left = state.total - state.moved if state.total is not None else 0
        yield Text(_time(left / rate) if rate and left > 0 else "", style="cyan")


def _bar(done: int, size: int | None) -> ProgressBar:
    return ProgressBar(total=size or None, completed=done, width=BAR, pulse=not size)


def _bytes(done: int, size: int | None, *, guessed: bool = False) -> Text:
    about = "~" if guessed else ""
    return Text(decimal(done) + (f" of {about}{decimal(size)}" if size else ""), style="green")


def _speed(rate: float | None) -> Text:
    return Text(f"{decimal(int(rate))}/s" if rate is not None else "", style="magenta")


def _time(seconds: float) -> str:
    """Format the remaining time: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


#: Period over which a rate is measured, in seconds.
WINDOW = 5.0


class Rate:
    """Transfer rate over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, moved: int, now: float | None = None) -> float | None:
        """Record the number of bytes moved so far, and return the rate.

        :param moved: the number of bytes; a lower number than before means that a
            transfer started again.
        :param now: the time in seconds, from any monotonic clock.
        :returns: bytes per second, or None if not known yet.
        """
        now = time.monotonic() if now is None else now
        if self._samples and moved < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, moved))
        while now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        return (moved - before) / (now - then) if now - then >= WINDOW / 10 else None
