"""How often a fetch reads and writes each byte, according to strace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

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


def trace(suite: Suite) -> None:
    """Count the bytes that the verified fetch moves, by source and destination."""
    if "strace" not in suite.environment.programs:
        return
    count, size = suite.scale.numpy
    count = min(count, 8)
    log = suite.folder / "strace.txt"
    with fetching.served_set(suite, count, size) as (made, _, fetchers):
        tool = fetchers.ours()
        strace = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={_CALLS}"]
        before = tool.before
        if suite.runner.run(Tool(tool.name, [*strace, *tool.command], before=before)).exit_code:
            suite.skip(CASE, "strace may not trace here")
            return
        total = sum((made.folder / name).stat().st_size for name in made.digests)
        with log.open(errors="replace") as lines:
            calls, moved = moves(lines, str(suite.got))
    found = {
        "bytes of the artifacts": total,
        "bytes read from sockets": moved["read from sockets"],
        "bytes written to the folder": moved["written to the folder"],
        "bytes read from the folder": moved["read from the folder"],
        **{f"calls: {what}": calls[what] for what in sorted(calls)},
    }
    suite.facts[CASE] = found
    suite.say(f"\n{CASE}: {peers.OURS}")
    for name, value in found.items():
        suite.say(f"  {name:34} {value:,}")
