"""How a command ends: one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from wheelhouse_hashes.cli.parser import warn
from wheelhouse_hashes.errors import UsageError, WheelhouseHashesError


@contextmanager
def exit_with_one_line() -> Iterator[None]:
    """Turn what ends a command before its time into one line and an exit code.

    :raises SystemExit: with that code.
    """
    try:
        yield
    except WheelhouseHashesError as error:
        warn(f"error: {error.message}")
        sys.exit(error.exit_code)
    except ImportError as error:
        warn(f"error: {error}; repair the installation: python -m pip install wheelhouse-hashes")
        sys.exit(UsageError.exit_code)
    except KeyboardInterrupt:
        warn("interrupted")
        sys.exit(130)
