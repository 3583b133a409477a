"""Limits for pages are checked before the work that they bound."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, sha256, wheel_bytes
from tests.support.commands import FETCH, GOT, fetch, got
from tests.support.pages import page, page_of
from tests.support.servers import Respond, Routes, respond, serving
from tests.support.signaled import processor_seconds_after
from wheelhouse_hashes.formats.pages import JSON_TYPE
from wheelhouse_hashes.formats.tags import MAX_TAG
from wheelhouse_hashes.listing.pages import MAX_JSON_BYTES
from wheelhouse_hashes.listing.selection import MAX_VERSIONS

MEMORY = 500 * 1024**2

WANTED = tuple(f"demo-9.9-{number}-py3-none-any.whl" for number in range(10))

OTHERS = {
    "wheels of other versions": "demo-1.{}-cp311-cp311-manylinux_2_17_x86_64.whl",
    "sdists of other versions": "demo-1.{}.tar.gz",
    "other projects": "other{0}-1.{0}-cp311-cp311-manylinux_2_17_x86_64.whl",
}


def _large(other: str, count: int) -> Routes:
    """Return a page of many links with digests, and the ten artifacts of version 9.9."""
    artifacts = {name: wheel_bytes(name=name) for name in WANTED}
    links = [f"{other.format(number)}#sha256={number:064x}" for number in range(count - 10)]
    links[count // 2 : count // 2] = [f"{k}#sha256={sha256(v)}" for k, v in artifacts.items()]
    return {"/": page(*links), **{f"/{name}": content for name, content in artifacts.items()}}


def _begin(*command: object, limited: bool = True) -> subprocess.Popen[str]:
    def limit() -> None:
        if limited:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

    return subprocess.Popen(
        [sys.executable, "-m", "wheelhouse_uploader", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 (it only sets limits)
    )


@pytest.mark.thorough
@pytest.mark.parametrize("verb", ["fetch", "verify"])
@pytest.mark.parametrize("kind", OTHERS)
def test_ten_of_400000_links_fit_into_500_mb(kind: str, verb: str) -> None:
    routes = _large(OTHERS[kind], 400_000)
    GOT.mkdir()
    with serving(routes) as server:
        if verb == "fetch":
            process = _begin(*FETCH[:-1], "--version", "9.9", "demo", server.url)
        else:
            for name in WANTED:
                (GOT / name).write_bytes(wheel_bytes(name=name))
            process = _begin("verify", GOT, "--against", server.url)
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, (out[-500:], err)
    assert "verified 10 of 10 artifacts" in out


@pytest.mark.thorough
@pytest.mark.parametrize("kind", OTHERS)
def test_time_for_links_is_linear(kind: str) -> None:
    seconds = []
    for count in (25_000, 200_000):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        with serving(_large(OTHERS[kind], count)) as server:
            process = _begin(*FETCH[:-1], "--version", "9.9", "demo", server.url)
            assert "verified 10 of 10" in process.communicate(timeout=1200)[0]
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    assert seconds[1] < 8 * 2 * seconds[0], seconds


@pytest.mark.thorough
@pytest.mark.parametrize("after", [1.0, 2.5, 6.0])
def test_ctrl_c_interrupts_page_of_many_links(after: float) -> None:
    with serving(_large(OTHERS["wheels of other versions"], 400_000)) as server:
        process = _begin(*FETCH, server.url, limited=False)
        while not server.requests and process.poll() is None:
            time.sleep(0.05)
        time.sleep(after)
        assert process.poll() is None
        out, err, used = processor_seconds_after(process, signal.SIGINT)
    assert process.returncode == 130, (out[-500:], err)
    assert used < 5


# JSON, whose parser needs many times the memory of the page and cannot be interrupted.


def _json(*, padding: int) -> bytes:
    entry = {"filename": A, "url": A, "hashes": {"sha256": sha256(wheel_bytes())}}
    return json.dumps({"meta": {"api-version": "1.0"}, "files": [entry]}).encode() + b" " * padding


def _typed(body: bytes, media_type: str) -> Respond:
    return lambda handler: respond(handler, 200, body, Content_Type=media_type)


@pytest.mark.parametrize(
    "media_type", [JSON_TYPE, "application/json; charset=utf-8", "application/x+json"]
)
def test_large_json_page_is_refused(cli: Cli, media_type: str) -> None:
    body = _json(padding=MAX_JSON_BYTES)
    with serving({"/": _typed(body, media_type), f"/{A}": wheel_bytes()}) as server:
        result = cli(*FETCH, server.url)
    assert result.code == 5
    assert f"too-large: {server.url}: more than {MAX_JSON_BYTES} bytes of JSON" in result.err
    assert got() == []


def test_json_page_of_the_maximum_size_is_read(cli: Cli) -> None:
    body = _json(padding=MAX_JSON_BYTES - len(_json(padding=0)))
    with serving({"/": _typed(body, JSON_TYPE), f"/{A}": wheel_bytes()}) as server:
        assert cli(*FETCH, server.url).code == 0
    assert got() == [A]


def test_html_page_of_that_size_is_read(cli: Cli, wheel: bytes) -> None:
    body = page_of(wheel) + b" " * MAX_JSON_BYTES
    with serving({"/": body, f"/{A}": wheel}) as server:
        assert cli(*FETCH, server.url).code == 0


# URLs, which are normalized before they are requested.

_LONG = "a/" * (MAX_TAG // 2) + SDIST
_NEARLY = "a/" * (MAX_TAG // 2 - 100) + SDIST


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (
            JSON_TYPE,
            json.dumps(
                {
                    "meta": {"api-version": "1.0"},
                    "files": [
                        {"filename": SDIST, "url": _LONG, "hashes": {}},
                        {"filename": A, "url": A, "hashes": {}},
                    ],
                }
            ),
        ),
        ("text/html", f'<base href="/{"b" * 500}/"><a href="{_NEARLY}">x</a><a href="/{A}">x</a>'),
        (
            JSON_TYPE,
            json.dumps(
                {
                    "meta": {"api-version": "1.0"},
                    "files": [
                        {"filename": SDIST, "url": f"http://h/{'%41' * MAX_TAG}", "hashes": {}},
                        {"filename": A, "url": A, "hashes": {}},
                    ],
                }
            ),
        ),
    ],
    ids=["JSON", "base", "encoded"],
)
def test_long_url_is_refused_by_name(cli: Cli, wheel: bytes, media_type: str, body: str) -> None:
    routes: Routes = {
        "/": _typed(body.encode(), media_type),
        f"/{A}": wheel,
        f"/{A}.sha256": sha256(wheel).encode(),
    }
    with serving(routes) as server:
        result = cli(*FETCH, server.url)
    assert result.line("refused").split()[:2] == ["refused", SDIST]
    assert f"its URL is longer than {MAX_TAG} characters" in result.line("refused")
    assert got() == [A]


def test_available_versions_are_limited(cli: Cli, wheel: bytes) -> None:
    links = [f"demo-1.{number}.tar.gz" for number in range(MAX_VERSIONS + 10)]
    with serving({"/": page_of(wheel, *links)}) as server:
        result = fetch(cli, server.url, "--version", "2.0")
    assert result.code == 4
    assert result.line("nothing").count("1.") < MAX_VERSIONS + 5
    assert result.line("nothing").endswith(", and maybe others")
    with serving({"/": page_of(wheel, *links[:3])}) as server:
        result = fetch(cli, server.url, "--version", "2.0")
    assert result.line("nothing").endswith("1.0, 1.1, 1.2")
