"""Transparency logs: build, append, light verification, audit; requests and memory."""

from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import re
import shutil
import sys
from collections.abc import Iterator

from benchmarks import peers
from benchmarks.artifacts import ArtifactSet, make_set
from benchmarks.log_writer import key
from benchmarks.measure import Tool
from benchmarks.servers import serving
from benchmarks.suite import Suite

#: Their parameter is the number of entries.
BUILD = "log, {:,} entries"
APPEND = "log append to {:,} entries"
LIGHT = "verify with a log of {:,} entries"
AUDIT = "log audit, {:,} entries"

#: Its value is the number of objects that ``log append`` writes.
PUTS = "objects that log append writes"

OURS = "ours"
WITHOUT = "ours, digest list instead"

#: The size of each artifact.
SIZE = 50_000

WRITER = pathlib.Path(__file__).with_name("log_writer.py")

#: A call that publishes an object of a log in a folder.
_PUBLISHED = re.compile(r"^\d+ +(?:link|rename)(?:at2?)?\(.*\) = 0$", re.MULTILINE)


@contextlib.contextmanager
def _state(suite: Suite) -> Iterator[dict[str, str | None]]:
    """Yield the environment of commands that remember checkpoints in a folder of the suite."""
    folder = suite.folder / "state"
    folder.mkdir()
    try:
        yield {"WHEELHOUSE_HASHES_STATE": str(folder)}
    finally:
        shutil.rmtree(folder)


def _writer(log: pathlib.Path, count: int) -> Tool:
    """Return the tool that writes a log."""

    def clear() -> None:
        shutil.rmtree(log, ignore_errors=True)

    return Tool(OURS, [sys.executable, "-P", str(WRITER), str(log), str(count)], before=clear)


def logs(suite: Suite) -> None:
    """Measure the scale of logs."""
    if not importlib.util.find_spec("cryptography"):
        suite.skip("logs", "cryptography is not installed: the extra log")
        return
    count = suite.scale.log
    log = suite.folder / "served" / "log"
    suite.served.mkdir(exist_ok=True)
    suite.say(f"\n== {BUILD.format(count)}")
    try:
        suite.runner.case(BUILD.format(count), [_writer(log, count)], repetitions=1)
        made = make_set(suite.folder / "set", suite.scale.attested, SIZE)
        _append(suite, log, made)
        _verify(suite, made)
        suite.runner.run(_writer(log, suite.scale.audited))
        _audit(suite, log)
    finally:
        for name in ("served/log", "pristine", "set", "dist"):
            shutil.rmtree(suite.folder / name, ignore_errors=True)


def _append(suite: Suite, log: pathlib.Path, made: ArtifactSet) -> None:
    """Append artifacts to a copy of the log, which is left as it is at the end."""
    private, pristine = suite.folder / "log.key", suite.folder / "pristine"
    private.write_text(f"{key().encode()}\n")
    private.chmod(0o600)
    log.rename(pristine)
    command = peers.ours("log", "append", str(log), "--key", str(private), "--from", str(made.sums))
    with _state(suite) as environ:
        state = pathlib.Path(str(environ["WHEELHOUSE_HASHES_STATE"]))

        def restore() -> None:
            shutil.rmtree(log, ignore_errors=True)
            shutil.copytree(pristine, log)
            shutil.rmtree(state)
            state.mkdir()

        tool = Tool(OURS, command, environ=environ, before=restore)
        suite.runner.case(APPEND.format(suite.scale.log), [tool])
        if "strace" in suite.environment.programs:
            _count_puts(suite, tool, log)
    private.unlink()


def _count_puts(suite: Suite, tool: Tool, log: pathlib.Path) -> None:
    """Count the objects that one more append writes, according to strace."""
    trace = suite.folder / "strace.txt"
    calls = "link,linkat,rename,renameat,renameat2"
    command = ["strace", "-f", "-o", str(trace), "-e", f"trace={calls}", *tool.command]
    traced = Tool(tool.name, command, environ=tool.environ, before=tool.before)
    if suite.runner.run(traced).exit_code:
        suite.skip(PUTS, "strace may not trace here")
        return
    lines = _PUBLISHED.findall(trace.read_text())
    suite.facts[PUTS] = sum(f'"{log}/' in line for line in lines)
    suite.say(f"  {PUTS}: {suite.facts[PUTS]}")


def _verify(suite: Suite, made: ArtifactSet) -> None:
    """Verify the artifacts that were appended last, with the tiles that they need."""
    dist = suite.folder / "dist"
    dist.mkdir()
    for name in made.digests:
        (made.folder / name).rename(dist / name)
    with serving(suite.served) as served, _state(suite) as environ:
        state = pathlib.Path(str(environ["WHEELHOUSE_HASHES_STATE"]))

        def forget() -> None:
            shutil.rmtree(state)
            state.mkdir()
            served.counts()

        options = ("--log", f"{served.url}/log", "--log-key", str(key().verifier))
        command = peers.ours("verify", str(dist), "--missing-hash", "refuse", *options)
        listed = peers.ours("verify", str(dist), "--against", str(made.sums))
        suite.runner.case(
            LIGHT.format(suite.scale.log),
            [
                Tool(OURS, command, True, environ, forget, served.counts),  # noqa: FBT003
                Tool(WITHOUT, listed, verified=True),
            ],
            artifacts=len(made.digests),
        )


def _audit(suite: Suite, log: pathlib.Path) -> None:
    """Read a whole log in a folder."""
    with _state(suite) as environ:
        command = peers.ours("log", "audit", str(log), "--log-key", str(key().verifier))
        tool = Tool(OURS, command, environ=environ)
        suite.runner.case(AUDIT.format(suite.scale.audited), [tool])
