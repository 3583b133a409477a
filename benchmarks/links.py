"""The cases that fetch over slow links, from limited servers, and over TLS."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from benchmarks import fetching
from benchmarks.peers import ARIA2, CURL, CURL_ALONE, HOST, LISTED, OURS, RCLONE, SMALL_AT_ONCE
from benchmarks.server import RETRY_AFTER, Limits
from benchmarks.servers import serving
from benchmarks.suite import Suite, sizes

#: Its parameter is the number of milliseconds.
LATENCY = "fetch, small, {} ms a request"
PACED = "fetch, 4 MB/s a connection"
BUSY = "fetch, at most 8 connections"
TLS = "fetch, numpy-like, TLS"

#: The milliseconds of each request of a slow link.
MILLISECONDS = (20, 100)

#: Bytes per second of each connection.
PACE = 4_000_000

#: The connections that a busy server takes, and its round-trip time in seconds.
TAKEN, BUSY_DELAY = 8, 0.020


def latency(suite: Suite) -> None:
    """Fetch small artifacts from servers far away."""
    size = suite.scale.small[1]
    for shown, (milliseconds, count) in zip(MILLISECONDS, suite.scale.slow_links, strict=True):
        serve = partial(serving, limits=Limits(delay=milliseconds / 1000))
        with fetching.served_set(suite, count, size, serve=serve) as (
            _,
            _,
            fetchers,
        ):
            case = LATENCY.format(shown)
            suite.say(f"\n== {case}: {sizes(count, size)}, {milliseconds} ms")
            tools = [
                *fetchers.tools(OURS),
                fetchers.limited(SMALL_AT_ONCE),
                *fetchers.tools(LISTED, HOST, RCLONE, ARIA2, CURL),
                *suite.defaults(fetchers, RCLONE, ARIA2, CURL),
            ]
            suite.runner.case(case, tools, artifacts=count)


def paced(suite: Suite) -> None:
    """Fetch from a server that limits the rate of each connection."""
    serve = partial(serving, limits=Limits(connection_rate=PACE))
    with fetching.served_set(suite, *suite.scale.paced, serve=serve) as (
        _,
        _,
        fetchers,
    ):
        suite.say(f"\n== {PACED}: {sizes(*suite.scale.paced)}")
        tools = fetchers.tools(OURS, HOST, RCLONE, ARIA2, CURL)
        tools += suite.defaults(fetchers, RCLONE, ARIA2, CURL)
        suite.runner.case(PACED, tools)


def busy(suite: Suite) -> None:
    """Fetch from a server that answers 503 on all connections beyond some."""
    count, size = suite.scale.busy, suite.scale.small[1]
    serve = partial(serving, limits=Limits(delay=BUSY_DELAY, connections=TAKEN))
    with fetching.served_set(suite, count, size, serve=serve) as (
        _,
        _,
        fetchers,
    ):
        suite.say(f"\n== {BUSY}: {sizes(count, size)}, Retry-After: {RETRY_AFTER}")
        # 0.1.0 keeps one more connection for the page, and then waits in vain for 90 seconds.
        limited = replace(fetchers.limited(TAKEN), both=False)
        suite.runner.case(BUSY, [*fetchers.tools(OURS), limited])


def tls(suite: Suite) -> None:
    """Fetch a numpy-like release over TLS."""
    count, size = suite.scale.numpy
    serve = partial(serving, tls=True)
    try:
        with fetching.served_set(suite, count, size, serve=serve) as (
            _,
            _,
            fetchers,
        ):
            suite.say(f"\n== {TLS}: {sizes(count, size)}")
            wanted = (RCLONE, ARIA2, CURL) if suite.scale.every_tool else ()
            tools = fetchers.tools(OURS, HOST, CURL_ALONE, *wanted)
            suite.runner.case(TLS, tools, artifacts=count)
    except ImportError as error:
        suite.skip(TLS, f"{error.name} is not installed")
