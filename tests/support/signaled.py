"""Commands in processes of their own that are signaled while they work."""

from __future__ import annotations

import os
import pathlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable

Ready = Callable[[], bool]

#: Seconds in which a signaled command must end.  The documentation promises one, but the test
#: machine may be busy.  The work that is interrupted must take at least twice as long.
SOON = 30.0

#: Seconds after which a command hangs.
PATIENCE = 300


def begin(ready: Ready, *args: str, **environ: str) -> subprocess.Popen[str]:
    """Start a command; return when it has begun its work.

    Before that, Python itself may handle a signal, in the middle of an import.

    :param ready: returns whether the command has begun.
    :param environ: additional environment variables.
    """
    command = subprocess.Popen(
        [sys.executable, "-m", "wheelhouse_hashes", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )
    limit = time.monotonic() + PATIENCE
    try:
        while True:
            # In this order: the command may begin and end between two looks.
            ended = command.poll() is not None
            if ready():
                break
            assert not ended, command.communicate()
            assert time.monotonic() < limit, "the command never began its work"
            time.sleep(0.002)
    except BaseException:
        command.kill()
        command.wait()
        raise
    return command


def processor_seconds(command: subprocess.Popen[str]) -> float:
    """Return the processor time that a running command has used (Linux)."""
    used = pathlib.Path(f"/proc/{command.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def processor_seconds_after(command: subprocess.Popen[str], number: int) -> tuple[str, str, float]:
    """Signal a command; return its output, its errors and the processor time until it ended.

    The wall time says nothing about work of a few seconds on a busy machine.  The command must be
    the only process that this one waits for.
    """

    def of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = of_children() + processor_seconds(command)
    out, err, _ = signal_and_wait(command, number)
    return out, err, of_children() - before


def signal_and_wait(command: subprocess.Popen[str], number: int) -> tuple[str, str, float]:
    """Signal a command; return its output, its errors and the seconds until it ended."""
    try:
        command.send_signal(number)
        sent = time.monotonic()
        out, err = command.communicate(timeout=PATIENCE)
        return out, err, time.monotonic() - sent
    finally:
        command.kill()
        command.wait()
