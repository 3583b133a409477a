"""The command that does not depend on the start-up file: ``python -m wheelhouse_hashes``.

It accepts the same verbs and options as ``python -m wheelhouse_uploader``.
"""

from __future__ import annotations

import os
import sys

from wheelhouse_hashes._startup import DISABLE, is_on


def main() -> None:
    """Run the command line.

    :raises SystemExit: with the command's exit code, unless it is 0.
    """
    if is_on(os.environ.get(DISABLE)):
        _complain(f"disabled by {DISABLE}; unset it")
        sys.exit(2)
    try:
        _run()
    except KeyboardInterrupt:
        _complain("interrupted")
        sys.exit(130)


def _run() -> None:
    from wheelhouse_hashes.errors import WheelhouseHashesError
    from wheelhouse_hashes.host import attach

    try:
        attach.run_host()
    except WheelhouseHashesError as error:
        _complain(f"error: {error}")
        sys.exit(error.exit_code)


def _complain(text: str) -> None:
    from wheelhouse_hashes.cli.output import robust_output
    from wheelhouse_hashes.runtime.screen import complain

    with robust_output():
        complain(text)


if __name__ == "__main__":
    main()
