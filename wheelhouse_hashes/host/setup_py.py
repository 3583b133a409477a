"""Verification for the host's other command, ``python setup.py fetch_artifacts``."""

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
    """Wrap the host's download function to verify if the environment variable is set.

    In this case, the command line does not call it.  The callers are ``python setup.py
    fetch_artifacts`` and scripts that import the function.

    :param original: the host's function.
    :param run_command: a function that runs a command line of the host.
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
        # Do not pass the host's default, so that the environment variable has an effect.
        command += [f"--max-workers={max_workers}"] if max_workers != _HOST_WORKERS else []
        run_command([*command, project_name, index_url])

    return download_artifacts


@contextlib.contextmanager
def naming_the_replacement() -> Iterator[None]:
    """Print the replacement command if the distutils commands cannot be imported.

    Only if the command and verification are requested, because other commands of the
    same ``setup.py`` are not affected.
    """
    try:
        yield
    except ImportError as error:
        if "fetch_artifacts" not in sys.argv or not is_on(os.environ.get(VERIFY)):
            raise
        sys.stderr.write(
            f"wheelhouse-hashes: fetch_artifacts requires setuptools<75 ({error}); run "
            f"python -m {HOST} fetch --verify --version VERSION PROJECT URL instead\n"
        )
        raise SystemExit(2) from None
