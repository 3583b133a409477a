"""The lines that commands print.

All output of the package is printed here, so that no name, address, header or text of a
plugin can be a command for a terminal or a CI service.  ``cli.output`` keeps failing streams
from ending a command.

Source: the workflow commands of GitHub Actions
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions), and their
older form ``##[command]`` (``ActionCommand.TryParse`` of https://github.com/actions/runner).
When to color follows Python's own tools (docs.python.org/3/using/cmdline.html#controlling-color,
https://no-color.org, https://force-color.org).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from wheelhouse_hashes.lines import harmless

#: Seconds that a line may wait for others if standard output is a pipe or a file.
BATCH = 0.05

#: Colors as parameters of the control sequence ``SGR`` (ECMA-48, 8.3.117).
_COLORS: Mapping[str, str] = {"green": "32", "yellow": "33", "red": "1;31"}


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether to color the output on a stream.

    ``NO_COLOR`` turns colors off and ``FORCE_COLOR`` turns them on, if they are not empty.
    Otherwise only a terminal gets them.

    :param stream: standard output.
    :param environ: the environment.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    # The old console of Windows shows the sequences as text; newer ones set a variable.
    is_plain = environ.get("TERM", "") in ("", "dumb", "unknown")
    return stream.isatty() and not (is_plain and "WT_SESSION" not in environ)


def painted(text: str, color: str) -> str:
    """Return lines with the beginning of each in a color, except of indented lines.

    The beginning ends before two spaces or a colon.

    :param text: harmless lines.
    :param color: ``green``, ``yellow`` or ``red``.
    """
    return "\n".join(_painted(line, _COLORS[color]) for line in text.split("\n"))


def _painted(line: str, parameters: str) -> str:
    word = line.partition("  ")[0].partition(": ")[0]
    return f"\x1b[{parameters}m{word}\x1b[0m{line[len(word) :]}" if word else line


class Screen:
    """Prints whole lines to standard output, or standard error; thread-safe."""

    def __init__(self) -> None:
        self._default: Callable[[str], None] = self._print
        self._batching = self._pending = False
        #: The stream that was asked whether to color, and its answer.
        self._colored: tuple[TextIO | None, bool] = None, False
        self._lock = threading.Lock()
        self._silent = False
        self._topics: set[str] = set()
        self._show: Callable[[str], None] = self._default

    def print(self, text: str, *, command: bool = False, color: str = "") -> None:
        """Print whole lines, unless :meth:`silence` was called.

        :param text: the lines; see :func:`wheelhouse_hashes.lines.harmless`.
        :param command: whether the text is a workflow command of GitHub Actions: one line
            that begins with ``::``.
        :param color: the color of the beginning of each line on a terminal, see
            :func:`painted`; empty for none.
        """
        if command:
            name, data = text[:2], text[2:].replace("\n", " ")
            text = name + harmless(data)
        else:
            text = harmless(text)
            if color and self._wants_color():
                text = painted(text, color)
        with self._lock:
            if not self._silent:
                self._show(text)

    def _wants_color(self) -> bool:
        stream, answer = self._colored
        if stream is not sys.stdout:
            answer = wants_color(sys.stdout, os.environ)
            self._colored = sys.stdout, answer
        return answer

    def _print(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        if self._batching:
            self._pending = True
        else:
            sys.stdout.flush()

    @contextlib.contextmanager
    def batched(self) -> Iterator[None]:
        """Flush the lines that are printed in the ``with`` block every :data:`BATCH` seconds.

        A terminal gets each line at once.  The lines are flushed in a thread of their own, because
        a reader that does not read must not keep the main thread from ending the run.
        """
        if sys.stdout.isatty():
            yield
            return
        # Waiting for a lock costs less than waiting for an event.
        over = threading.Lock()
        over.acquire()
        thread = threading.Thread(target=self._flush_until, args=(over,), daemon=True)
        self._batching = True
        thread.start()
        try:
            yield
        finally:
            self._batching = False
            over.release()
            thread.join(BATCH)
            self._flush()

    def _flush_until(self, over: threading.Lock) -> None:
        while not over.acquire(timeout=BATCH):
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._pending = False
            sys.stdout.flush()

    def is_new(self, topic: str) -> bool:
        """Return True on the first call for a topic, False on all others."""
        with self._lock:
            new = topic not in self._topics
            self._topics.add(topic)
            return new

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Set the function that prints all further lines; None restores the default."""
        with self._lock:
            self._show = show or self._default

    def use_standard_error(self) -> None:
        """Print all further lines to standard error, because standard output is the result."""
        with self._lock:
            self._default = self._show = _print_to_error

    def silence(self) -> None:
        """Print nothing from now on."""
        with self._lock:
            self._silent = True


def _print_to_error(text: str) -> None:
    write(sys.stderr, f"{text}\n", trusted=True)


def write_result(content: bytes) -> None:
    """Write the result of a command to standard output.

    :param content: the result, as it is.
    :raises OSError: if it cannot be written.
    """
    stream = sys.stdout
    robust = getattr(stream, "write_result", None)
    if robust is not None:
        robust(content)
    else:
        write_bytes(stream, content)


def write_bytes(stream: TextIO, content: bytes) -> None:
    """Write bytes to a text stream, and flush it."""
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # a stream of a test or an application
        stream.write(content.decode())
    else:
        buffer.write(content)
    stream.flush()


def complain(text: str) -> None:
    """Print one line to standard error.

    :param text: the line, without the name of the command.
    """
    write(sys.stderr, f"wheelhouse-hashes: {' '.join(text.splitlines())}\n")


def write(stream: TextIO, text: str, *, trusted: bool = False) -> None:
    """Write lines to a standard stream.

    :param stream: ``sys.stdout`` or ``sys.stderr``.
    :param text: the lines, each with its line feed.
    :param trusted: whether the text may have terminal sequences.
    """
    stream.write(text if trusted else harmless(text))
    stream.flush()
