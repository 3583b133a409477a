"""A real pseudo-terminal for the command line under test, and the screen it shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping

#: Maximum seconds for a command, on a busy machine.
LIMIT = 240

_CONTROL = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])")


class Screen:
    """Screen contents. Supports the few control sequences that rich uses; no scrolling."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines = [""]
        self.cursor_shown = True
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                control = _CONTROL.match(text, at)
                assert control is not None, text[at : at + 20]
                self._control(*control.groups())
                at = control.end()
                continue
            self._put(text[at])
            at += 1

    def _control(self, private: str, numbers: str, letter: str) -> None:
        if private:
            assert numbers == "25", numbers
            self.cursor_shown = letter == "h"
        elif letter == "A":
            self._row -= int(numbers or 1)
            assert self._row >= 0
        elif letter == "K":
            assert numbers == "2"
            self.lines[self._row] = ""
        else:
            assert letter == "m", letter

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._down()
        else:
            if self._column == self.width:
                self._column = 0
                self._down()
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self.lines):
            self.lines.append("")

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).rstrip()


class Terminal:
    """A command on a pseudo-terminal; standard error is a pipe.

    :param args: the command line.
    :param environ: additional environment variables.
    :param width: the number of columns.
    """

    def __init__(
        self, *args: str, environ: Mapping[str, str] | None = None, width: int = 120
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wheelhouse_hashes", *args],
            stdout=theirs,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**clean, "TERM": "xterm-256color", **(environ or {})},
        )
        os.close(theirs)
        self.screen = Screen(width)
        #: Everything that was written, including control sequences.
        self.raw = ""
        self._held = b""
        self._limit = time.monotonic() + LIMIT

    def _read(self) -> bool:
        """Feed pending output to the screen; return whether there may be more."""
        if not select.select([self._ours], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # The other end of the terminal is closed.
            return False
        self._held += data
        # Keep an incomplete control sequence until the rest arrives.
        whole = self._held.rpartition(b"\x1b") if b"\x1b" in self._held[-16:] else None
        text, self._held = self._held, b""
        if whole is not None and not _CONTROL.match("\x1b" + whole[2].decode("ascii", "replace")):
            text, self._held = whole[0], b"\x1b" + whole[2]
        try:
            shown = text.decode()
        except UnicodeDecodeError:
            self._held = text + self._held
            return True
        self.raw += shown
        self.screen.feed(shown)
        return True

    def until(self, shows: Callable[[str], object]) -> str:
        """Wait until the screen matches a condition; return its text."""
        while not shows(self.screen.text):
            assert time.monotonic() < self._limit, self.screen.text
            assert self._read(), self.screen.text
        return self.screen.text

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait for the command to end; return its exit code. The screen keeps its contents."""
        try:
            while self._read():
                assert time.monotonic() < self._limit, self.screen.text
            code = self._process.wait(timeout=60)
            assert self._process.stderr is not None
            #: The command's standard error.
            self.err = self._process.stderr.read().decode()
        finally:
            self._process.kill()
            self._process.communicate()
            os.close(self._ours)
        return code
