"""Standard output and standard error: what is printed there, and what if that fails.

All output of the package is printed here, so that no name, address, header or text of a
plugin can be a command for a terminal or a CI service, whatever the encoding of the stream,
and so that a stream that cannot be written never ends a command.

Source: the workflow commands of GitHub Actions
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions), and their
older form ``##[command]`` (``ActionCommand.TryParse`` of https://github.com/actions/runner).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from wheelhouse_hashes.lines import encodable, harmless


class Screen:
    """Prints whole lines to standard output; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False
        self._topics: set[str] = set()
        self._show: Callable[[str], None] = _print

    def print(self, text: str, *, command: bool = False) -> None:
        """Print whole lines, unless :meth:`silence` was called.

        If standard output cannot be written, all further lines are dropped.

        :param text: the lines; see :func:`wheelhouse_hashes.lines.harmless`.
        :param command: whether the text is a workflow command of GitHub Actions: one line
            that begins with ``::``.
        """
        if command:
            name, data = text[:2], text[2:].replace("\n", " ")
            text = name + harmless(data)
        else:
            text = harmless(text)
        with self._lock:
            if self._silent:
                return
            try:
                self._show(encodable(text, getattr(sys.stdout, "encoding", None)))
            except (OSError, ValueError) as error:
                self._silent = True
                _give_up(sys.stdout)
                # A reader that ends early, such as head, wants no more lines.
                if not isinstance(error, BrokenPipeError):
                    reason = getattr(error, "strerror", None) or error
                    complain(f"warning: standard output: {reason}; the other lines are lost")

    def is_new(self, topic: str) -> bool:
        """Return True on the first call for a topic, False on all others."""
        with self._lock:
            new = topic not in self._topics
            self._topics.add(topic)
            return new

    def show_by(self, show: Callable[[str], None] | None) -> None:
        """Set the function that prints all further lines; None restores the default."""
        with self._lock:
            self._show = show or _print

    def silence(self) -> None:
        """Print nothing from now on."""
        with self._lock:
            self._silent = True


def _print(text: str) -> None:
    if sys.stdout is not None:  # it is None if the descriptor was closed at the start
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Print one line to standard error.

    :param text: the line, without the name of the command.
    """
    write(sys.stderr, f"wheelhouse-hashes: {' '.join(text.splitlines())}\n")


def write(stream: TextIO | None, text: str, *, trusted: bool = False) -> None:
    """Write lines to a standard stream; drop them if it cannot be written.

    :param stream: ``sys.stdout`` or ``sys.stderr``; None if its descriptor was closed at
        the start of the process.
    :param text: the lines, each with its line feed.
    :param trusted: whether the text may have terminal sequences.
    """
    if stream is None:
        return
    text = text if trusted else harmless(text)
    try:
        stream.write(encodable(text, getattr(stream, "encoding", None)))
        stream.flush()
    except (OSError, ValueError):
        _give_up(stream)


def _give_up(stream: TextIO | None) -> None:
    """Connect a stream that cannot be written to the null device.

    Without this, Python would try to write the rest at its end, and fail.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        number = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(number, stream.fileno())  # type: ignore[union-attr]
        finally:
            os.close(number)
