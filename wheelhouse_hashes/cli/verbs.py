"""The end of a command: one line per error on standard error, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from wheelhouse_hashes.cli.parser import warn
from wheelhouse_hashes.errors import UsageError, WheelhouseHashesError


@contextmanager
def exit_with_one_line() -> Iterator[None]:
    """Turn an error that ends a command into one line and an exit code.

    Several usage errors are printed on one line each.

    :raises SystemExit: with this exit code.
    """
    try:
        yield
    except UsageError as error:
        for message in error.messages:
            warn(f"error: {message}")
        sys.exit(error.exit_code)
    except WheelhouseHashesError as error:
        warn(f"error: {error.message_and_next}")
        sys.exit(error.exit_code)
    except ImportError as error:
        command = "python -m pip install --force-reinstall wheelhouse-hashes"
        warn(f"error: {error}; reinstall it: {command}")
        sys.exit(UsageError.exit_code)
    except KeyboardInterrupt:
        warn("interrupted")
        sys.exit(130)
