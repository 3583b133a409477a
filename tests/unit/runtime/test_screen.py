"""Colors of result lines, and results on standard output."""

from __future__ import annotations

import io
import sys
import time
from typing import Any

import pytest

from wheelhouse_hashes.runtime.screen import Screen, painted, wants_color, write_result


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "elsewhere"),
    [
        ({"TERM": "xterm"}, True, False),
        ({"WT_SESSION": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_color_is_for_terminals_unless_environment_decides(
    environ: dict[str, str], *, on_terminal: bool, elsewhere: bool
) -> None:
    assert wants_color(Terminal(), environ) is on_terminal
    assert wants_color(io.StringIO(), environ) is elsewhere


def test_color_ends_before_two_spaces_or_a_colon_and_skips_indented_lines() -> None:
    text = "refused    a.whl  mismatch: b\n           next      c\nincomplete: d: e\n"
    red, end = "\x1b[1;31m", "\x1b[0m"
    assert painted(text, "red") == (
        f"{red}refused{end}    a.whl  mismatch: b\n           next      c\n"
        f"{red}incomplete{end}: d: e\n"
    )


def test_screen_colors_harmless_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control sequences of names are escaped, those of the color are not."""
    shown: list[str] = []
    screen = Screen()
    screen.show_by(shown.append)
    screen.print("ok  a\x1b[2J", color="green")
    monkeypatch.setenv("FORCE_COLOR", "1")
    screen = Screen()  # the first one has asked already
    screen.show_by(shown.append)
    screen.print("ok  a\x1b[2J", color="green")
    screen.print("ok  a")
    assert shown == ["ok  a\\x1b[2J", "\x1b[32mok\x1b[0m  a\\x1b[2J", "ok  a"]


def test_result_is_written_to_a_stream_without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    write_result(b"a\nb\n")
    assert stream.getvalue() == "a\nb\n"


def test_result_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither line feeds nor characters are translated, unlike those of messages."""
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding="utf-16", newline="\r\n")
    monkeypatch.setattr(sys, "stdout", stream)
    write_result(b"a\n")
    assert content.getvalue() == b"a\n"


def test_lines_go_to_standard_error_beside_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.use_standard_error()
    screen.print("a")
    shown: list[str] = []
    screen.show_by(shown.append)
    screen.print("b")
    screen.show_by(None)
    screen.print("c")
    assert (capsys.readouterr(), shown) == (("", "a\nc\n"), ["b"])


class _Pipe(io.RawIOBase):
    """A pipe, or a terminal, that keeps what each write had."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.writes: list[str] = []
        self._is_terminal = is_terminal

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, data: Any) -> int:
        self.writes.append(bytes(data).decode())
        return len(data)


def writes_of(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> list[str]:
    """Return the writes of 100 lines, and of one more after a while."""
    raw = _Pipe(is_terminal=is_terminal)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BufferedWriter(raw)))
    screen = Screen()
    with screen.batched():
        for number in range(100):
            screen.print(f"line {number}")
        limit = time.monotonic() + 60
        while "".join(raw.writes).count("\n") < 100 and time.monotonic() < limit:
            time.sleep(0.005)
        before = "".join(raw.writes).count("\n")
        screen.print("the last one")
    screen.print("outside")
    assert before == 100
    assert "".join(raw.writes).splitlines() == [
        *(f"line {number}" for number in range(100)),
        *("the last one", "outside"),
    ]
    return raw.writes


def test_lines_to_a_pipe_are_written_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written soon, at the end of the block, and outside of it at once."""
    assert len(writes_of(monkeypatch, is_terminal=False)) < 20


def test_lines_to_a_terminal_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(writes_of(monkeypatch, is_terminal=True)) == 102
