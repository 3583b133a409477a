"""The cases that fetch."""

from __future__ import annotations

import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from benchmarks.artifacts import ArtifactSet, flip_a_bit, make_set, write_pages
from benchmarks.measure import Tool
from benchmarks.peers import (
    ARIA2,
    CURL,
    CURL_ALONE,
    FRAGMENTS,
    HASHER,
    HOST,
    LARGE_AT_ONCE,
    LISTED,
    OURS,
    PIP,
    RCLONE,
    SMALL_AT_ONCE,
    TWO_CORES,
    UNCHECKED,
    WGET,
    Fetchers,
)
from benchmarks.servers import LINK as LINK_LIMITS
from benchmarks.servers import Served, serving
from benchmarks.suite import Suite, sizes

NUMPY = "fetch, numpy-like"
TORCH = "fetch, torch-like"
SMALL = "fetch, many small"
ONE = "fetch, one wheel"
LINK = "fetch, 1 Gbit/s, 20 ms"
AGAIN_NUMPY = "fetch again, numpy-like"
AGAIN_TORCH = "fetch again, torch-like"
PAGE = "fetch 50 of a long page"
SLOPE = "fetch, cost of each"

#: The size in bytes from which an artifact is large: wheelhouse-hashes fetches fewer at a time.
LARGE = 8_000_000

#: Number of artifacts of the project on the long page, and bytes of each.
MATCHING = (50, 50_000)


@contextmanager
def served_set(
    suite: Suite,
    count: int,
    size: int,
    *,
    linked: bool = False,
    serve: Callable[[pathlib.Path], AbstractContextManager[Served]] = serving,
) -> Iterator[tuple[ArtifactSet, Served, Fetchers]]:
    """Create and serve a set; remove it and the fetched files at the end.

    :param serve: serves a folder.
    """
    at_once = LARGE_AT_ONCE if size >= LARGE else SMALL_AT_ONCE
    suite.served.mkdir(exist_ok=True)
    made = make_set(suite.served / "set", count, size, linked=linked)
    try:
        with serve(suite.served) as served:
            fetchers = Fetchers(made, served, suite.got, suite.environment, at_once)
            yield made, served, fetchers
    finally:
        shutil.rmtree(made.folder)
        shutil.rmtree(suite.got, ignore_errors=True)


def flipped(suite: Suite) -> None:
    """Find the tools that succeed on a set with one flipped bit: they do not verify."""
    suite.say("\none flipped bit in one of two artifacts: who notices?")
    wanted = (OURS, FRAGMENTS, HOST, RCLONE, ARIA2, CURL, WGET, PIP)
    noticed: dict[str, bool] = {}
    with served_set(suite, 2, 100_000) as (made, _, fetchers):
        tools = fetchers.tools(*wanted)
        for tool in tools:
            if suite.runner.run(tool).exit_code:
                suite.say(f"  {tool.name} fails on a good set, too: what it says is void")
                suite.environment.skipped[tool.name] = "it fails on a good set"
        flip_a_bit(made, list(made.digests)[1])
        for tool in tools:
            noticed[tool.name] = suite.runner.run(tool).exit_code != 0
            suite.say(f"  {tool.name:34} {'refuses' if noticed[tool.name] else 'keeps it, exit 0'}")
    suite.facts["flipped bit noticed"] = noticed


def numpy(suite: Suite) -> None:
    """Fetch a numpy-like release with all tools, then again into the complete folder."""
    with served_set(suite, *suite.scale.numpy) as (_, served, fetchers):
        title = f"{NUMPY}: {sizes(*suite.scale.numpy)}"
        suite.say(f"\n== {title}")
        suite.runner.case(
            NUMPY,
            [
                *fetchers.tools(
                    *(OURS, UNCHECKED, LISTED, FRAGMENTS, HOST, RCLONE, ARIA2, CURL),
                    *((WGET, PIP) if suite.scale.every_tool else ()),
                    *(CURL_ALONE, TWO_CORES),
                ),
                *suite.defaults(fetchers, RCLONE, ARIA2, CURL),
            ],
            artifacts=suite.scale.numpy[0],
        )
        _again(suite, AGAIN_NUMPY, served, fetchers)


def torch(suite: Suite) -> None:
    """Fetch a few very large artifacts, then again into the complete folder.

    They are links to one file: otherwise both sides would not fit into memory.
    """
    with served_set(suite, *suite.scale.torch, linked=True) as (_, served, fetchers):
        suite.say(f"\n== {TORCH}: {sizes(*suite.scale.torch)}")
        suite.runner.case(TORCH, fetchers.tools(OURS, HOST, CURL_ALONE, TWO_CORES))
        _again(suite, AGAIN_TORCH, served, fetchers)


def _again(suite: Suite, case: str, served: Served, fetchers: Fetchers) -> None:
    """Fetch into a complete folder: only hashing, no artifact over the network."""
    fill = fetchers.ours()
    suite.runner.run(fill)
    served.counts()
    tools = [
        Tool(OURS, fill.command, verified=True, after=served.counts),
        Tool(TWO_CORES, [sys.executable, "-S", str(HASHER), str(suite.got)]),
    ]
    rows = suite.runner.case(case, tools)
    size = sum(path.stat().st_size for path in suite.got.glob("*.whl"))
    rows[OURS].notes["bytes in the folder"] = size


def small(suite: Suite) -> None:
    """Fetch many small artifacts, where hash files cost most."""
    with served_set(suite, *suite.scale.small) as (_, _, fetchers):
        suite.say(f"\n== {SMALL}: {sizes(*suite.scale.small)}")
        wanted = (OURS, UNCHECKED, LISTED, FRAGMENTS, HOST, RCLONE, ARIA2, CURL)
        tools = fetchers.tools(*wanted, *((WGET,) if suite.scale.every_tool else ()))
        tools += suite.defaults(fetchers, RCLONE, ARIA2, CURL)
        suite.runner.case(SMALL, tools, artifacts=suite.scale.small[0])


def one(suite: Suite) -> None:
    """Fetch one wheel."""
    with served_set(suite, 1, suite.scale.numpy[1]) as (_, _, fetchers):
        suite.say(f"\n== {ONE}: {sizes(1, suite.scale.numpy[1])}")
        wanted = (OURS, HOST, RCLONE, ARIA2, CURL, WGET, PIP)
        suite.runner.case(ONE, fetchers.tools(*wanted))


def link(suite: Suite) -> None:
    """Fetch the numpy-like set over a typical internet link."""
    serve = partial(serving, limits=LINK_LIMITS)
    with served_set(suite, *suite.scale.numpy, serve=serve) as (_, _, fetchers):
        suite.say(f"\n== {LINK}: {sizes(*suite.scale.numpy)}")
        suite.runner.case(LINK, fetchers.tools(OURS, HOST))


def page(suite: Suite) -> None:
    """Fetch the few artifacts of one project from a page that lists thousands of others."""
    count, size = MATCHING
    with served_set(suite, count, size) as (made, _, fetchers):
        digest = "0" * 64
        others = "".join(
            f'<a href="{name}#sha256={digest}">{name}</a>\n'
            for name in (
                f"other{n % 97}-1.{n}-py3-none-any.whl" for n in range(suite.scale.page - count)
            )
        )
        write_pages(made, list(made.digests), "-long", others)
        suite.say(f"\n== {PAGE}: {count} of {suite.scale.page:,} artifacts")
        # Both read the host's index page; wheelhouse-hashes requests the hash files as well.
        ours = fetchers.ours("links-long.html")
        tools = [ours, fetchers.fragments("links-long.html")]
        if suite.environment.host_python:
            tools.append(fetchers.host("links-long.html"))
        suite.runner.case(PAGE, tools)


def slope(suite: Suite) -> None:
    """Fetch few and many tiny artifacts, to compare the cost per artifact."""
    counts = suite.scale.slope
    with served_set(suite, counts[-1], 1000) as (made, _, fetchers):
        suite.say(f"\n== {SLOPE}: {', '.join(f'{count:,}' for count in counts)} artifacts")
        tools = []
        for count in counts:
            write_pages(made, list(made.digests)[:count], f"-{count}")
            tool = fetchers.ours(f"index-{count}.html")
            tool.name = f"{count} artifacts"
            tools.append(tool)
        suite.runner.case(SLOPE, tools)
