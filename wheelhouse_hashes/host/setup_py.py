"""The host's other command, ``python setup.py fetch_artifacts``, by its download function."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator

from wheelhouse_hashes._startup import HOST, VERIFY, is_on

#: The host's own default for the number of its workers.
_HOST_WORKERS = 4


def checked(
    original: Callable[..., None], run_command: Callable[[list[str]], None]
) -> Callable[..., None]:
    """Return the host's download function, verifying where the environment asks for it.

    The command line never comes here then: it has been taken over.  Who does is
    ``python setup.py fetch_artifacts``, and scripts that import the function.

    :param original: the host's function.
    :param run_command: runs a command line of the host.
    """

    @functools.wraps(original)
    def download_artifacts(
        index_url: str,
        folder: str,
        project_name: str,
        version: str | None = None,
        max_workers: int = _HOST_WORKERS,
    ) -> None:
        if not is_on(os.environ.get(VERIFY)):
            original(index_url, folder, project_name, version, max_workers)
            return
        command = [HOST, "fetch", "--verify", f"--local-folder={folder}"]
        command += [f"--version={version}"] if version is not None else []
        # Its own default leaves the word to ours, and to the environment variable of that.
        command += [f"--max-workers={max_workers}"] if max_workers != _HOST_WORKERS else []
        run_command([*command, project_name, index_url])

    return download_artifacts


@contextlib.contextmanager
def naming_the_replacement() -> Iterator[None]:
    """Where the distutils commands cannot be imported, say what to run instead.

    Only to who asks for the command, and for a check: other commands of the
    same ``setup.py`` have nothing to do with it.
    """
    try:
        yield
    except ImportError as error:
        if "fetch_artifacts" not in sys.argv or not is_on(os.environ.get(VERIFY)):
            raise
        sys.stderr.write(
            f"wheelhouse-hashes: fetch_artifacts needs setuptools before 75 ({error}); run "
            f"python -m {HOST} fetch --verify --version VERSION PROJECT URL\n"
        )
        raise SystemExit(2) from None
