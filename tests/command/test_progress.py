"""What is shown of a run while it goes on, and to whom nothing is shown."""

from __future__ import annotations

import pathlib
import re
import signal
import threading
from collections.abc import Mapping

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import FETCH_AND_WAIT, UPLOAD
from tests.support.servers import Handler, Routes, respond, serving
from tests.support.terminals import Terminal
from wheelhouse_hashes.plugins.manager import TRACE

#: The columns of the lines below are as wide as this name.
OTHER = "demo-1.0-1build-py3-none-any.whl"


class Slow:
    """A page of two wheels; the body of the first one stops in its midst until it is let go."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.go_on = threading.Event()
        contents = {name: make_wheel(folder, name).read_bytes() for name in (A, OTHER)}
        self.size = len(contents[A])
        page = "".join(
            f'<a href="{name}#sha256={sha256(content)}">x</a>' for name, content in contents.items()
        )

        def halting(handler: Handler) -> None:
            body = contents[A]
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body[:100])
            handler.wfile.flush()
            self.go_on.wait(60)
            handler.wfile.write(body[100:])

        self.routes: Routes = {"/": page.encode(), f"/{A}": halting, f"/{OTHER}": contents[OTHER]}


@pytest.fixture
def slow(tmp_path: pathlib.Path) -> Slow:
    return Slow(tmp_path / "made")


def test_a_fetch_shows_each_artifact_and_the_whole(slow: Slow) -> None:
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, server.url)
        shown = terminal.until(lambda text: "1 of 2 artifacts" in text and "100 bytes" in text)
        slow.go_on.set()
        code = terminal.end()
    lines = shown.splitlines()
    assert lines[0].startswith(f"ok         {OTHER}")
    assert re.match(rf"{re.escape(A)} +receiving +\S+ +100 bytes of {slow.size} bytes", lines[1])
    assert re.match(r"1 of 2 artifacts +\S+ ", lines[2])
    assert (code, terminal.err) == (0, "")
    # Nothing of it is left, and the lines are those of a file.
    assert terminal.screen.text.splitlines() == [
        f"ok         {OTHER}  sha256  link  container",
        f"ok         {A}         sha256  link  container",
        "verified 2 of 2 artifacts (weakest tier: container, over plain HTTP)",
    ]
    assert terminal.screen.cursor_shown


def test_waits_are_shown(slow: Slow) -> None:
    asked = []

    def late(handler: Handler) -> None:
        asked.append(handler.path)
        if slow.go_on.is_set():
            respond(handler, 200, b"<html>nothing else</html>")
        else:
            respond(handler, 503, b"")

    with serving({"/": late}) as server:
        terminal = Terminal(*FETCH_AND_WAIT, "--wait", "30", server.url)
        shown = terminal.until(lambda text: re.search(r"waiting [1-9]\d* of 30 s", text))
        slow.go_on.set()
        assert terminal.end() == 4
    assert "fetch: reading the listing, waiting " in shown


def plain_output(slow: Slow, *args: str, environ: Mapping[str, str] | None = None) -> Terminal:
    slow.go_on.set()
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, *args, server.url, environ=environ)
        assert terminal.end() == 0
    return terminal


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}, {TRACE: "1"}]
)
def test_nothing_is_drawn_where_it_is_not_wanted(slow: Slow, environ: dict[str, str]) -> None:
    terminal = plain_output(slow, environ=environ)
    assert "\x1b" not in terminal.raw
    assert sorted(line.split()[0] for line in terminal.raw.splitlines()) == ["ok", "ok", "verified"]


def test_an_empty_no_color_is_none(slow: Slow) -> None:
    assert "\x1b" in plain_output(slow, environ={"NO_COLOR": ""}).raw


def test_quiet_draws_nothing(slow: Slow) -> None:
    assert plain_output(slow, "--quiet").raw.splitlines() == [
        "verified 2 of 2 artifacts (weakest tier: container, over plain HTTP)"
    ]


def test_nothing_is_drawn_into_a_pipe(slow: Slow, python: Cli) -> None:
    slow.go_on.set()
    with serving(slow.routes) as server:
        done = python("-m", "wheelhouse_hashes", *FETCH_AND_WAIT, server.url)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err


def test_without_rich_there_are_plain_lines(slow: Slow, tmp_path: pathlib.Path) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "rich.py").write_text("raise ImportError('not installed')")
    terminal = plain_output(slow, environ={"PYTHONPATH": str(tmp_path / "lacking")})
    assert "\x1b" not in terminal.raw
    assert terminal.err == ""


def test_an_interrupted_fetch_leaves_a_clean_screen(slow: Slow) -> None:
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, server.url)
        terminal.until(lambda text: "1 of 2 artifacts" in text)
        terminal.interrupt()
        code = terminal.end()
        slow.go_on.set()
    assert code == 128 + signal.SIGINT
    assert [line.split(":")[0] for line in terminal.screen.text.splitlines()[1:]] == [
        "verified 1 of 1 artifacts (weakest tier",
        "interrupted",
    ]
    assert terminal.screen.cursor_shown


def test_an_upload_shows_what_it_hashes_and_sends(
    dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, OTHER)
    with dist.joinpath(A).open("wb") as file:
        file.truncate(64 * 1024**3)  # more than can be hashed soon; it takes no room
    terminal = Terminal(*UPLOAD, "--local-folder", "dist", "--no-enable-cdn")
    # The other artifact may be there before a rate is known, or after.
    shown = terminal.until(
        lambda text: (
            "1 of 2 artifacts" in text and re.search(r"hashing .* of 68.7 GB +\S+ .B/s", text)
        )
    )
    terminal.interrupt()
    assert terminal.end() == 130
    lines = shown.splitlines()
    assert lines[-2].startswith(A)
    assert lines[-1].startswith("1 of 2 artifacts")
    assert terminal.screen.text.splitlines()[-1].startswith("interrupted: run the command again")


def test_quiet_says_what_is_refused_and_the_closing_lines_alone(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    make_wheel(dist, OTHER)
    (dist / "notes.txt").write_text("no artifact")
    done = cli(*UPLOAD, "--local-folder", "dist", "--no-enable-cdn", "-q")
    assert (done.code, done.out) == (0, "container wheels: sent 2, skipped 1\n")
    make_wheel(container, OTHER, b"other bytes")
    done = cli("verify", "--quiet", str(container))
    assert done.code == 1
    lines = done.out.splitlines()
    assert re.match(rf"refused +{re.escape(OTHER)} +", lines[0])
    assert lines[-1].startswith("verified 1 of 2 artifacts")
    assert not [line for line in lines if A in line or "index.html" in line]
    done = cli(*UPLOAD, "--local-folder", "dist", "--no-enable-cdn", "--quiet")
    assert done.code == 0
    assert re.match(rf"replaced +{re.escape(OTHER)} ", done.out)
    assert len(done.out.splitlines()) == 2


def test_there_is_no_quiet_without_verify(cli: Cli) -> None:
    done = cli("fetch", "--quiet", "demo", "http://127.0.0.1:1/")
    assert done.code == 2
    assert "--quiet: no effect without --verify" in done.err
