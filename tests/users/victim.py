"""A user who fetches into a shared folder again and again.

Usage: ``python victim.py RUNS URL FOLDER WHEEL``.  Prints a list with a line for each run, as
JSON: the exit code, the seconds, whether its files are the user's own, and the output.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import pathlib
import stat
import sys
import time

from wheelhouse_hashes import testing

#: A run that takes longer hangs.
PATIENCE = 300


def fetch(url: str, folder: pathlib.Path, name: str) -> list[object]:
    """Fetch once, look at the result, and remove it."""
    limits = ("--timeout", 120, "--wait", 0, "--local-folder", folder)
    reports = ("--report", folder / "report.json", "--sums", folder / "SHA256SUMS")
    began = time.monotonic()
    result = testing.run("fetch", "--verify", *limits, *reports, "demo", url)
    seconds = time.monotonic() - began
    own = True
    if any(row.startswith("ok ") and name in row for row in result.out.splitlines()):
        with contextlib.suppress(FileNotFoundError):
            status = (folder / name).lstat()
            own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    for each in (name, "report.json", "SHA256SUMS"):
        with contextlib.suppress(OSError):
            (folder / each).unlink()
    return [result.code, seconds, own, result.out + result.err]


def main(runs: str, url: str, folder: str, name: str) -> None:
    """Fetch many times."""
    done = []
    for _ in range(int(runs)):
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        done.append(fetch(url, pathlib.Path(folder), name))
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
