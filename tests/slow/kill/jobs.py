"""Upload commands in processes of their own that start fast, so that they can be killed."""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess

from tests.support.preloaded import FORKING
from wheelhouse_hashes.host import attach
from wheelhouse_hashes.runtime.waiting import WaitBudget

#: Seconds until a job that hangs is an error.
_PATIENCE = 300


def _run(folder: str, log: str, argv: Sequence[str]) -> None:
    """Run a command line; main function of the process."""
    os.chdir(folder)
    WaitBudget.pauses = staticmethod(lambda: itertools.repeat(0.1))
    sys.argv = ["wheelhouse_uploader", *argv]
    with (
        pathlib.Path(log).open("w", buffering=1) as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        attach.run_host()


class Job:
    """A command in its own process.

    :param folder: its working folder.
    :param argv: the words after ``python -m wheelhouse_uploader``.
    """

    _numbers = itertools.count()

    def __init__(self, folder: pathlib.Path, argv: Sequence[str]) -> None:
        self._log = folder / f"job-{next(self._numbers)}.log"
        arguments = (str(folder), str(self._log), list(argv))
        self._process: ForkServerProcess = FORKING.Process(target=_run, args=arguments)
        #: Held to wait for its end: its exit code can be read once only.
        self._joining = threading.Lock()
        self._process.start()

    def kill(self) -> None:
        """Kill it with SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._join()

    def _join(self) -> None:
        with self._joining:
            self._process.join(_PATIENCE)

    def wait(self) -> int:
        """Wait for its end; return its exit code, or the negated number of a signal."""
        self._join()
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise TimeoutError(f"the job hangs: {self.output}")
        return code

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return self._process.exitcode == -signal.SIGKILL

    @property
    def output(self) -> str:
        """The lines that it printed; none if it was killed before it opened its log."""
        return self._log.read_text() if self._log.exists() else ""
