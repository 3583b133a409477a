"""Run a command of wheelhouse-hashes with a profiler: ``profiler.py FILE ARGUMENT...``.

Counts the calls of each Python function in all threads, and its own CPU time: that of its
thread, without the Python functions that it calls, and with the calls of C.  Writes JSON: a list
of ``[module, function, calls, seconds]``.  The profiler makes calls of Python functions slower,
so the seconds are shares rather than times; the counts are exact.
"""

from __future__ import annotations

import collections
import json
import pathlib
import runpy
import sys
import threading
import time
import types
from typing import Any

Own = dict[types.CodeType, list[float]]

#: Calls and seconds by code, of each thread.
_found: list[Own] = []


class _Profiler:
    """The profiler of one thread."""

    def __init__(self) -> None:
        self._own: Own = collections.defaultdict(lambda: [0, 0.0])
        self._stack: list[types.CodeType] = []
        self._since = time.thread_time()
        _found.append(self._own)

    def __call__(self, frame: types.FrameType, event: str, argument: Any) -> None:
        """Note a call or a return."""
        del argument
        if event[0] == "c" and event != "call":
            return
        now = time.thread_time()
        if self._stack:
            self._own[self._stack[-1]][1] += now - self._since
        if event == "call":
            self._stack.append(frame.f_code)
            self._own[frame.f_code][0] += 1
        elif event == "return" and self._stack:
            self._stack.pop()
        self._since = time.thread_time()


def _begin(*_: Any) -> None:
    """Profile the thread that calls."""
    sys.setprofile(_Profiler())


def _module(path: str) -> str:
    """Return a readable module name of a file, without the folders of this machine."""
    for marker in ("site-packages/", f"python{sys.version_info[0]}.{sys.version_info[1]}/"):
        _, found, rest = path.rpartition(marker)
        if found:
            return rest.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    _, found, rest = path.rpartition("/wheelhouse_hashes/")
    if found:
        return "wheelhouse_hashes." + rest.removesuffix(".py").replace("/", ".")
    return path if path.startswith("<") else pathlib.Path(path).stem


def _write(target: pathlib.Path) -> None:
    total: dict[tuple[str, str], list[float]] = collections.defaultdict(lambda: [0, 0.0])
    for own in _found:
        for code, (calls, seconds) in list(own.items()):
            row = total[_module(code.co_filename), code.co_qualname]
            row[0] += calls
            row[1] += seconds
    rows = [[*names, int(calls), seconds] for names, (calls, seconds) in total.items()]
    target.write_text(json.dumps(rows))


if __name__ == "__main__":
    TARGET = pathlib.Path(sys.argv[1])
    sys.argv[:] = ["wheelhouse-hashes", *sys.argv[2:]]
    threading.setprofile(_begin)
    _begin()
    try:
        runpy.run_module("wheelhouse_hashes", run_name="__main__", alter_sys=False)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        _write(TARGET)
