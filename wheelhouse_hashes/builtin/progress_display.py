"""What progress looks like, drawn by rich; the only module that imports it."""

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

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.runtime.activity import Activity, State

#: How often a second the display looks at what is done.
PER_SECOND = 10

#: The width of a bar, and that of a terminal with room for bars.
BAR, WIDE = 12, 100


class Name:
    """The name of an artifact, cut in the middle: both ends tell wheels apart."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self._name), 12), len(self._name))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(shortened(self._name, options.max_width), no_wrap=True)


def shortened(name: str, width: int) -> str:
    """Return a name that fits into a width, without its middle if need be."""
    if len(name) <= width:
        return name
    end = max(0, width - 3) * 2 // 3
    return f"{name[: max(0, width - 3 - end)]}...{name[len(name) - end :]}"[:width]


class Display:
    """The display of one run: a line for each worker, one for the whole.

    :param run: the command in progress.
    :param console: where to draw; standard output by default.
    :param per_second: how often a second it is drawn again.
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
            # Not into standard output: standard error may be a file.
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        # One thread writes at a time.  rich computes how many rows to erase before it
        # writes them, and two threads may write in another order than they computed.
        self._writing = threading.Lock()
        self._per_second = per_second
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def start(self) -> None:
        """Begin to draw, in a thread."""
        self._live.start()
        self._thread.start()

    def stop(self) -> None:
        """Take what was drawn away."""
        self._ended.set()
        self._thread.join()
        with self._writing:
            self._live.stop()

    def say(self, text: str) -> None:
        """Print whole lines above the display, as they are."""
        with self._writing:
            self._console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _draw(self) -> None:
        while not self._ended.wait(1 / self._per_second):
            with self._writing:
                self._live.refresh()

    def _table(self) -> Table:
        state = self._run.activities.state
        # At least as wide as what they hold most often: nothing shall jump about.
        columns = [
            Column(ratio=1, no_wrap=True),
            Column(min_width=len("confirming"), no_wrap=True),
            Column(width=BAR),
            Column(min_width=len("10.0 MB of 10.0 MB"), no_wrap=True, justify="right"),
            Column(min_width=len("10.0 MB/s"), no_wrap=True, justify="right"),
            Column(min_width=len("0:00"), no_wrap=True, justify="right"),
        ]
        if self._console.width < WIDE:
            columns[2].width = 0  # names tell more than bars
        table = Table.grid(*columns, padding=(0, 1))
        # The echo of Ctrl-C must not begin another line.
        table.width = max(1, self._console.width - len("^C") - 1)
        room = max(1, self._console.height // 2)
        busy = state.busy
        self._rates = {activity: self._rates.get(activity, Rate()) for activity in busy}
        for activity in busy[:room]:
            table.add_row(*self._line_of(activity))
        table.add_row(*self._last_line(state))
        return table

    def _line_of(self, activity: Activity) -> Iterator[RenderableType]:
        count, size = activity.count, activity.size
        rate = self._rates[activity].at(count) if count else None
        yield Name(activity.name)
        yield Text(activity.step, style="cyan")
        yield _bar(count, size) if count else ""
        yield _bytes(count, size) if count else ""
        yield _speed(rate) if count else ""
        yield ""

    def _last_line(self, state: State) -> Iterator[RenderableType]:
        rate = self._rate.at(state.moved)
        waited = self._run.budget.waiting
        verb = self._run.verb
        count = f"{state.finished} of {state.planned} artifacts"
        text = Text(count if state.planned else f"{verb}: looking what is there", style="bold")
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
    """Return a time that is left: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


#: Seconds that the rate is measured over.
WINDOW = 5.0


class Rate:
    """How fast something goes, over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, moved: int, now: float | None = None) -> float | None:
        """Take note of how many bytes were moved by now.

        :param moved: the number of bytes; less than before means that
            something has begun anew.
        :param now: the time in seconds, of any clock that does not go back.
        :returns: bytes per second, None if not known yet.
        """
        now = time.monotonic() if now is None else now
        if self._samples and moved < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, moved))
        while now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        return (moved - before) / (now - then) if now - then >= WINDOW / 10 else None
