"""Run the measured commands from a process that uses little memory.

The peak memory that the kernel reports for a process includes that of its parent before ``exec``,
so the suite itself, which creates artifacts in memory, must not be the parent.  Reads requests
and writes results on standard input and output, one JSON object per line.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run one command; return its measurements.

    :param request: ``command``, ``environ``, ``folder`` and ``output``, the file for its output.
    """
    with pathlib.Path(request["output"]).open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            request["command"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=request["environ"], cwd=request["folder"],
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": seconds,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "memory": usage.ru_maxrss * unit,
        "exit_code": process.returncode,
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
