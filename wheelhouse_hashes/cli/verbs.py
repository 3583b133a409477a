"""The end of a command: one line per error on standard error, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from wheelhouse_hashes.cli.output import robust_output
from wheelhouse_hashes.cli.parser import warn
from wheelhouse_hashes.errors import UsageError, WheelhouseHashesError


class Ending:
    """The end of one command."""

    def __init__(self) -> None:
        #: Masks the secrets in a message; set as soon as they are known.
        self.masked: Callable[[str], str] = str

    def exit(self, error: WheelhouseHashesError) -> NoReturn:
        """Print an error, several usage errors on one line each, and exit."""
        messages = error.messages if isinstance(error, UsageError) else (error.message_and_next,)
        for message in messages:
            warn(self.masked(f"error: {message}"))
        sys.exit(error.exit_code)


@contextmanager
def exit_with_one_line() -> Iterator[Ending]:
    """Turn an error that ends a command into one line and an exit code.

    Several usage errors are printed on one line each.  Output that cannot be written does
    not end the command.

    :raises SystemExit: with this exit code.
    """
    with robust_output(), _exiting() as ending:
        yield ending


@contextmanager
def _exiting() -> Iterator[Ending]:
    ending = Ending()
    try:
        yield ending
    except WheelhouseHashesError as error:
        ending.exit(error)
    except ImportError as error:
        command = "python -m pip install --force-reinstall wheelhouse-hashes"
        warn(f"error: {error}; reinstall it: {command}")
        sys.exit(UsageError.exit_code)
    except KeyboardInterrupt:
        warn("interrupted")
        sys.exit(130)
