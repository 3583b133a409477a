"""How often a fetch reads and writes each byte, according to strace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmarks import fetching, peers
from benchmarks.measure import Tool
from benchmarks.suite import Suite

CASE = "bytes read and written by a fetch"

_READS = ("read", "readv", "pread64", "recvfrom", "recvmsg", "copy_file_range")
_WRITES = ("write", "writev", "pwrite64")

#: A call that moved bytes: its name, file and byte count.
_CALL = re.compile(
    rf"(?P<call>{'|'.join((*_READS, *_WRITES))})"
    r"\(\d+<(?P<file>[^>]*)>.* = (?P<count>\d+)"
)
_UNFINISHED = "<unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_CALLS = ",".join((*_READS, *_WRITES))


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """Join calls that other threads' output splits: unfinished, resumed."""
    begun: dict[str, str] = {}
    for line in lines:
        pid, _, rest = line.partition(" ")
        if rest.rstrip().endswith(_UNFINISHED):
            begun[pid] = rest.rstrip().removesuffix(_UNFINISHED)
        elif match := _RESUMED.match(rest.strip()):
            yield begun.pop(pid, "") + match[1]
        else:
            yield rest


def moves(lines: Iterable[str], folder: str) -> tuple[Counter[str], Counter[str]]:
    """Count the calls and bytes that were moved to or from sockets and a folder.

    :param lines: the output of ``strace -f -y``.
    :param folder: the folder that is fetched into.
    """
    calls: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for line in _whole(lines):
        match = _CALL.search(line)
        if match is None:
            continue
        is_read = match["call"] in _READS
        if "socket:" in match["file"] or "TCP" in match["file"]:
            what = "read from sockets" if is_read else "written to sockets"
        elif match["file"].startswith(folder):
            what = "read from the folder" if is_read else "written to the folder"
        else:
            continue
        calls[what] += 1
        moved[what] += int(match["count"])
    return calls, moved


def _traced(suite: Suite, tool: Tool) -> tuple[Counter[str], Counter[str]] | None:
    """Run a fetch with strace; return the calls and bytes, None if strace may not trace."""
    log = suite.folder / "strace.txt"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={_CALLS}", *tool.command]
    if suite.runner.run(replace(tool, command=command)).exit_code:
        return None
    with log.open(errors="replace") as lines:
        return moves(lines, str(suite.got))


def trace(suite: Suite) -> None:
    """Count the bytes that the verified fetch moves, by source and destination.

    Contents are not checked, because that reads the directory of each archive; the bytes that
    this reads are counted in a second run.
    """
    if "strace" not in suite.environment.programs:
        return
    count, size = suite.scale.numpy
    count = min(count, 8)
    with fetching.served_set(suite, count, size) as (made, _, fetchers):
        plain, checked = (_traced(suite, t) for t in (fetchers.unchecked(), fetchers.ours()))
        total = sum((made.folder / name).stat().st_size for name in made.digests)
    if plain is None or checked is None:
        suite.skip(CASE, "strace may not trace here")
        return
    calls, moved = plain
    found = {
        "bytes of the artifacts": total,
        "bytes read from sockets": moved["read from sockets"],
        "bytes written to the folder": moved["written to the folder"],
        "bytes read from the folder": moved["read from the folder"],
        "bytes read from the folder to check contents": checked[1]["read from the folder"],
        **{f"calls: {what}": calls[what] for what in sorted(calls)},
    }
    suite.facts[CASE] = found
    suite.say(f"\n{CASE}: {peers.UNCHECKED}")
    for name, value in found.items():
        suite.say(f"  {name:46} {value:,}")
