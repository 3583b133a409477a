"""The progress display, and when it is not shown."""

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
from tests.support.params import quick
from tests.support.servers import Handler, Routes, respond, serving
from tests.support.terminals import Terminal
from wheelhouse_hashes.plugins.registry import TRACE

#: The lines below are aligned to the width of this name.
OTHER = "demo-1.0-1build-py3-none-any.whl"

#: The beginning of the line of a good artifact on a terminal.
GREEN_OK = "\x1b[32mok\x1b[0m"


class Slow:
    """A page of two wheels; the first body pauses in the middle until the test releases it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.release = threading.Event()
        contents = {name: make_wheel(folder, name).read_bytes() for name in (A, OTHER)}
        self.size = len(contents[A])
        page = "".join(
            f'<a href="{name}#sha256={sha256(content)}">x</a>' for name, content in contents.items()
        )

        def pausing(handler: Handler) -> None:
            body = contents[A]
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body[:100])
            handler.wfile.flush()
            self.release.wait(600)
            handler.wfile.write(body[100:])

        self.routes: Routes = {"/": page.encode(), f"/{A}": pausing, f"/{OTHER}": contents[OTHER]}


@pytest.fixture
def slow(tmp_path: pathlib.Path) -> Slow:
    return Slow(tmp_path / "made")


def test_progress_shows_each_artifact_and_the_total(slow: Slow) -> None:
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, server.url)
        shown = terminal.until(lambda text: "1 of 2 artifacts" in text and "100 bytes" in text)
        slow.release.set()
        code = terminal.end()
    lines = shown.splitlines()
    assert lines[0].startswith(f"ok         {OTHER}")
    assert re.match(rf"{re.escape(A)} +receiving +\S+ +100 bytes of {slow.size} bytes", lines[1])
    assert re.match(r"1 of 2 artifacts +\S+ ", lines[2])
    assert (code, terminal.err) == (0, "")
    # The display leaves nothing behind; the lines are the same as in a file.
    assert terminal.screen.text.splitlines() == [
        f"ok         {OTHER}  sha256  link  container",
        f"ok         {A}         sha256  link  container",
        "verified 2 of 2 artifacts (weakest tier: container, over plain HTTP)",
    ]
    assert terminal.screen.cursor_shown


def test_progress_shows_waits(slow: Slow) -> None:
    asked = []

    def unavailable(handler: Handler) -> None:
        asked.append(handler.path)
        if slow.release.is_set():
            respond(handler, 200, b"<html>nothing else</html>")
        else:
            respond(handler, 503, b"")

    with serving({"/": unavailable}) as server:
        terminal = Terminal(*FETCH_AND_WAIT, "--wait", "30", server.url)
        shown = terminal.until(lambda text: re.search(r"waiting [1-9]\d* of 30 s", text))
        slow.release.set()
        assert terminal.end() == 4
    assert "fetch: reading the listing, waiting " in shown


def plain_output(slow: Slow, *args: str, environ: Mapping[str, str] | None = None) -> Terminal:
    slow.release.set()
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, *args, server.url, environ=environ)
        assert terminal.end() == 0
    return terminal


@pytest.mark.parametrize(
    "environ",
    quick([{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}, {TRACE: "1"}], {"TERM": "dumb"}),
)
def test_progress_is_off_by_environment(slow: Slow, environ: dict[str, str]) -> None:
    lines = plain_output(slow, environ=environ).raw.replace(GREEN_OK, "ok").splitlines()
    assert sorted(line.split()[0] for line in lines) == ["ok", "ok", "verified"]
    assert "\x1b" not in "".join(lines)


def test_empty_no_color_is_ignored(slow: Slow) -> None:
    assert "\x1b" in plain_output(slow, environ={"NO_COLOR": ""}).raw


def test_quiet_shows_no_progress(slow: Slow) -> None:
    assert plain_output(slow, "--quiet").raw.splitlines() == [
        "verified 2 of 2 artifacts (weakest tier: container, over plain HTTP)"
    ]


def test_progress_is_not_written_to_pipe(slow: Slow, python: Cli) -> None:
    slow.release.set()
    with serving(slow.routes) as server:
        done = python("-m", "wheelhouse_hashes", *FETCH_AND_WAIT, server.url)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err


def test_without_rich_output_is_plain(slow: Slow, tmp_path: pathlib.Path) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "rich.py").write_text("raise ImportError('not installed')")
    terminal = plain_output(slow, environ={"PYTHONPATH": str(tmp_path / "lacking")})
    assert "\x1b" not in terminal.raw.replace(GREEN_OK, "ok")
    assert terminal.err == ""


def test_interrupted_fetch_leaves_clean_screen(slow: Slow) -> None:
    with serving(slow.routes) as server:
        terminal = Terminal(*FETCH_AND_WAIT, server.url)
        terminal.until(lambda text: "1 of 2 artifacts" in text)
        terminal.interrupt()
        code = terminal.end()
        slow.release.set()
    assert code == 128 + signal.SIGINT
    assert [line.split(":")[0] for line in terminal.screen.text.splitlines()[1:]] == [
        "verified 1 of 1 artifacts (weakest tier",
        "interrupted",
    ]
    assert terminal.screen.cursor_shown


def test_progress_shows_upload_hashing_and_sending(
    dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, OTHER)
    with dist.joinpath(A).open("wb") as file:
        file.truncate(64 * 1024**3)  # too large to hash soon; sparse
    terminal = Terminal(*UPLOAD, "--local-folder", "dist", "--no-enable-cdn")
    # The other artifact may finish before or after a rate is known.
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


def test_quiet_prints_refusals_and_summary_only(
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
    [note] = [line for line in lines if A in line or "index.html" in line]
    assert note.startswith("note       not artifacts, so twine upload ")
    done = cli(*UPLOAD, "--local-folder", "dist", "--no-enable-cdn", "--quiet")
    assert done.code == 0
    assert re.match(rf"replaced +{re.escape(OTHER)} ", done.out)
    assert len(done.out.splitlines()) == 2


def test_quiet_without_verify_is_refused(cli: Cli) -> None:
    done = cli("fetch", "--quiet", "demo", "http://127.0.0.1:1/")
    assert done.code == 2
    assert "--quiet: no effect without --verify" in done.err
