"""The lines that commands print.

All output of the package is printed here, so that no name, address, header or text of a
plugin can be a command for a terminal or a CI service.  ``cli.output`` keeps failing streams
from ending a command.

Source: the workflow commands of GitHub Actions
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions), and their
older form ``##[command]`` (``ActionCommand.TryParse`` of https://github.com/actions/runner).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TextIO

from wheelhouse_hashes.lines import harmless


class Screen:
    """Prints whole lines to standard output, or standard error; thread-safe."""

    def __init__(self) -> None:
        self._default: Callable[[str], None] = _print
        self._lock = threading.Lock()
        self._silent = False
        self._topics: set[str] = set()
        self._show: Callable[[str], None] = self._default

    def print(self, text: str, *, command: bool = False) -> None:
        """Print whole lines, unless :meth:`silence` was called.

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
            if not self._silent:
                self._show(text)

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


def _print(text: str) -> None:
    write(sys.stdout, f"{text}\n", trusted=True)


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
