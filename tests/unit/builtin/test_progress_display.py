"""The progress display draws its rows without a terminal."""

from __future__ import annotations

import contextlib
import io
import sys
import threading

import pytest
from rich.console import Console

from tests.support.artifacts import A, B
from tests.support.terminals import Screen
from wheelhouse_hashes.builtin.progress_display import WINDOW, Display, Rate, shortened
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.runtime.activity import Activities


def drawn(run: Run, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, height=20, color_system=None)
    console.print(Display(run, console)._table())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def run() -> Run:
    return Session("upload", Options(), Plugins())


def test_row_shows_step_and_bytes(run: Run) -> None:
    run.activities.plan({A: 4000, B: 1000})
    with run.activities.on(A) as activity:
        activity.begin("hashing").bytes = 3000
        first, last = drawn(run, 120).splitlines()
        assert first.split()[:2] == [A, "hashing"]
        assert "3.0 kB of 4.0 kB" in first
        assert "0 of 2 artifacts" in last
        assert "kB" not in last  # no bytes have moved yet
        run.activity.begin("sending", moves=True).bytes = 2000
        first, last = drawn(run, 120).splitlines()
        assert first.split()[:2] == [A, "sending"]
        assert "2.0 kB of 4.0 kB" in first
        assert "2.0 kB of 5.0 kB" in last
    assert "1 of 2 artifacts" in drawn(run, 120)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 99, 100, 300])
def test_rows_are_narrower_than_terminal(run: Run, width: int) -> None:
    run.activities.plan({A: 4000})
    with run.activities.on(A) as activity:
        activity.begin("receiving", lambda: 2000, moves=True)
        rows = drawn(run, width).splitlines()
    assert len(rows) == 2
    assert all(len(row.rstrip()) < width for row in rows)


def test_more_workers_than_rows_are_summarized(run: Run) -> None:
    names = [f"demo-{number}-py3-none-any.whl" for number in range(64)]
    run.activities.plan(dict.fromkeys(names))
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(run.activities.on(name))
        assert len(drawn(run, 100).splitlines()) == 11
        assert run.activities.state.planned == 64
    assert run.activity.name == ""


def test_lines_are_printed_unchanged() -> None:
    console = Console(file=io.StringIO(), width=20, color_system=None)
    text = f"refused    {A}  [bold]:smile: https://host/a/rather/long/path\n           next"
    Display(Session("fetch", Options(), Plugins()), console).print(text)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == text + "\n"


def test_lines_from_many_threads_leave_no_display_rows(run: Run) -> None:
    console = Console(
        file=io.StringIO(), width=100, height=40, force_terminal=True, _environ={"TERM": "xterm"}
    )
    display = Display(run, console, per_second=1000)
    names = [f"demo-{number}-py3-none-any.whl" for number in range(200)]

    def work(mine: list[str]) -> None:
        for name in mine:
            with run.activities.on(name):
                display.print(f"ok {name}")

    threads = [threading.Thread(target=work, args=(names[start::4],)) for start in range(4)]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        display.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        display.stop()
    finally:
        sys.setswitchinterval(switching)
    assert isinstance(console.file, io.StringIO)
    screen = Screen(100)
    screen.feed(console.file.getvalue().replace("\n", "\r\n"))
    assert sorted(screen.text.splitlines()) == sorted(f"ok {name}" for name in names)
    assert screen.cursor_shown


def test_line_printer_can_be_replaced_and_restored(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    run.show_by(lines.append)
    run.say("one")
    run.show_by(None)
    run.say("two")
    assert lines == ["one"]
    assert capsys.readouterr().out == "two\n"


@pytest.mark.parametrize("width", range(30))
def test_long_name_is_shortened_in_the_middle(width: int) -> None:
    short = shortened(A, width)
    assert len(short) == min(width, len(A))
    if width >= 12:
        assert short.startswith("dem")
        assert short.endswith(".whl")


def test_rate_covers_last_seconds() -> None:
    rate = Rate()
    assert rate.at(0, 100.0) is None
    assert rate.at(1000, 101.0) == 1000
    assert rate.at(1000, 101.0 + WINDOW) == 0  # the display shows the stall
    assert rate.at(500, 110.0) is None  # restarted
    assert rate.at(1500, 112.0) == 500


def test_hashing_is_not_counted_in_total() -> None:
    activities = Activities()
    activities.plan({A: 4000, B: 1000})
    with activities.on(A) as activity:
        activity.begin("hashing").bytes = 4000
    state = activities.state
    assert (state.planned, state.finished, state.moved, state.total) == (2, 1, 0, 1000)


def test_unknown_sizes_are_estimated_from_known_ones() -> None:
    activities = Activities()
    activities.plan({A: None, B: 1000})
    state = activities.state
    assert (state.total, state.guessed) == (2000, True)
    with activities.on(A) as activity:
        activity.size = 3000
        activity.begin("receiving", lambda: 500, moves=True)
        state = activities.state
        assert (state.moved, state.total, state.guessed) == (500, 4000, False)
    activities = Activities()
    activities.plan({A: None})
    assert activities.state.total is None


def test_thread_without_artifact_has_no_row(run: Run) -> None:
    run.activity.begin("sending", moves=True).bytes = 9
    assert run.activities.state.busy == ()
    assert run.activities.state.moved == 0
