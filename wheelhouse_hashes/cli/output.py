"""Standard output and error that cannot end a command.

A reader may go away (``| head -1``, a log collector that dies), a disk may be full, and the
encoding of the output may lack a character.  None of these must leave a publication half
done.  The exit code of the command stays that of its results.

A command whose standard output is its result, such as a digest list that is redirected to a
file, writes that with :meth:`_Output.write_result`, and a failed write is an error.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import TextIO, cast

from wheelhouse_hashes.lines import encodable
from wheelhouse_hashes.runtime.screen import write_bytes

_LOST = (
    "wheelhouse-hashes: warning: cannot write to standard output: {}; the command continues, and "
    "its exit code shows the result\n"
)


class _Output:
    """A stream that drops the rest of the output once it cannot be written.

    :param stream: the stream.
    :param report: receives the reason, once.
    :param missing: whether the stream stands for one that is closed.
    """

    def __init__(
        self, stream: TextIO, report: Callable[[str], object], *, missing: bool = False
    ) -> None:
        self._stream = stream
        self._report = report
        self._missing = missing
        self._failed = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, with escapes for characters that the encoding lacks."""
        stream = self._stream
        if not self._failed:
            try:
                stream.write(encodable(text, getattr(stream, "encoding", None)))
            except (OSError, ValueError) as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        if not self._failed:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fail(error)

    def write_result(self, content: bytes) -> None:
        """Write bytes, and flush them.

        :raises OSError: if they cannot be written, or the stream has failed before.
        """
        if self._missing or self._failed:
            raise OSError(errno.EBADF, "it is closed" if self._missing else "an error before")
        try:
            write_bytes(self._stream, content)
        except (OSError, ValueError) as error:
            self._failed = True
            self._discard()
            if isinstance(error, OSError):
                raise
            raise OSError(errno.EBADF, str(error)) from None

    def _fail(self, error: OSError | ValueError) -> None:
        """Drop the rest of the output, and report why: a :exc:`ValueError` if it was closed."""
        self._failed = True
        self._discard()
        self._report(getattr(error, "strerror", None) or str(error))

    def _discard(self) -> None:
        """Redirect the descriptor to the null device.

        Without this, the interpreter would report the buffered rest when it ends, and exit
        with 120.
        """
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = self._stream.fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(null, descriptor)
            finally:
                os.close(null)


@contextlib.contextmanager
def robust_output() -> Iterator[None]:
    """Keep errors of standard output and error from ending a command.

    If standard output fails, one line on standard error says so.
    """
    before = sys.stdout, sys.stderr
    with contextlib.ExitStack() as stack:

        def opened(stream: TextIO | None) -> TextIO:
            # Python has no stream for a descriptor that is closed at the start.  Without the
            # null device, the next file to be opened would get this descriptor.
            null = pathlib.Path(os.devnull)
            return stack.enter_context(null.open("w")) if stream is None else stream

        output = _Output(
            opened(sys.stdout),
            lambda reason: error.write(_LOST.format(reason)),
            missing=sys.stdout is None,
        )
        error = _Output(opened(sys.stderr), lambda _reason: None)
        sys.stdout, sys.stderr = cast("TextIO", output), cast("TextIO", error)
        try:
            yield
        finally:
            output.flush()
            error.flush()
            sys.stdout, sys.stderr = before
