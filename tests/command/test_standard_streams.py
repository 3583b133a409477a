"""Standard output and error: any encoding, closed, full, or without a reader."""

from __future__ import annotations

import contextlib
import os
import pathlib
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from tests.conftest import LOCAL
from tests.support.artifacts import SDIST, A, make_wheel, sha256
from tests.support.commands import FETCH, got
from tests.support.servers import serving
from tests.support.terminals import Terminal

ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "cp1252": {"PYTHONIOENCODING": "cp1252:strict"},
    "cp437": {"PYTHONIOENCODING": "cp437"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "LANG=C": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}

#: The encodings and streams that the quick tests have, too.
_QUICK = {"LANG=C", "full"}

#: No encoding above has all of its characters; each has some.
NAME = "\u4e2d\xe9\u2500\u20ac\U0001f600"


@pytest.fixture(
    params=[
        pytest.param(each, id=name, marks=() if name in _QUICK else pytest.mark.thorough)
        for name, each in ENCODINGS.items()
    ]
)
def encoding(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment for one encoding."""
    chosen: dict[str, str] = request.param
    return chosen


def run_raw(*args: object, **environ: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed, as Latin-1."""
    done = subprocess.run(
        [sys.executable, "-m", "wheelhouse_hashes", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
        env={**os.environ, **environ},
    )
    return done.returncode, done.stdout.replace(b"\0", b"").decode("latin-1")


def test_name_of_a_link_can_be_printed(encoding: dict[str, str], wheel: bytes) -> None:
    bad = quote(f"{NAME}/demo-9.9.tar.gz", safe="")
    page = f'<a href="{bad}">x</a><a href="{A}#sha256={sha256(wheel)}">x</a>'.encode()
    with serving({"/": page, f"/{A}": wheel}) as server:
        code, out = run_raw(*FETCH, server.url, **encoding)
    assert (code, got()) == (1, [A]), out
    assert "verified 1 of 2 artifacts" in out
    assert "Traceback" not in out


def test_name_in_the_folder_can_be_printed(encoding: dict[str, str], dist: pathlib.Path) -> None:
    name = f"{NAME}-1.0.tar.gz"
    (dist / name).write_bytes(b"\x1f\x8bx")
    (dist / f"{name}.sha256").write_text(sha256(b"\x1f\x8bx"))
    code, out = run_raw("verify", os.fsencode(dist).decode(), **encoding)
    assert "Traceback" not in out
    assert (code, "refused" in out) != (0, True)


@pytest.mark.thorough
def test_name_can_be_shown_on_a_terminal(dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    for name, content in {
        A: (dist / A).read_bytes(),
        f"{NAME}\x1b[31m-1.0.win32.exe": b"MZ" + bytes(200_000_000),  # for some refreshes
    }.items():
        (dist / name).write_bytes(content)
        (dist / f"{name}.sha256").write_text(sha256(content))
    terminal = Terminal("verify", "dist", environ={"PYTHONIOENCODING": "ascii:strict"})
    code = terminal.end()
    assert (code, terminal.err) == (4, ""), terminal.raw  # twine would send it
    assert "\\u4e2d" in terminal.raw
    assert "[31m-1" in terminal.raw
    assert "\x1b[31m-1" not in terminal.raw


@contextlib.contextmanager
def no_reader() -> Iterator[int]:
    """Yield the writing end of a pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


@contextlib.contextmanager
def full() -> Iterator[int]:
    """Yield a device without space."""
    number = os.open("/dev/full", os.O_WRONLY)
    try:
        yield number
    finally:
        os.close(number)


@contextlib.contextmanager
def hung_up() -> Iterator[int]:
    """Yield a terminal whose other end is gone."""
    master, slave = pty.openpty()
    os.close(master)
    try:
        yield slave
    finally:
        os.close(slave)


@contextlib.contextmanager
def closed() -> Iterator[int]:
    """Yield a descriptor number that stands for a closed one."""
    yield -1


Broken = Callable[[], contextlib.AbstractContextManager[int]]

BROKEN: dict[str, Broken] = {
    "no reader": no_reader,
    "full": full,
    "hung up": hung_up,
    "closed": closed,
}

broken = pytest.mark.parametrize(
    "stream",
    [
        pytest.param(stream, id=kind, marks=() if kind in _QUICK else pytest.mark.thorough)
        for kind, stream in BROKEN.items()
    ],
)


def announce(folder: pathlib.Path, content: bytes, name: str = A) -> None:
    """Write the hash file of some bytes."""
    (folder / f"{name}.sha256").write_text(sha256(content))


def run_with(stream: Broken, *args: object, number: int = 1, **environ: str) -> tuple[int, str]:
    """Run a command with one broken stream.

    :param stream: the stream.
    :param args: the command line.
    :param number: 1 for standard output, 2 for standard error.
    :returns: its exit code, and what it wrote to the other one.
    """
    with stream() as descriptor:
        streams = {number: subprocess.DEVNULL if descriptor < 0 else descriptor}
        done = subprocess.run(
            [sys.executable, "-m", "wheelhouse_hashes", *map(str, args)],
            stdout=streams.get(1, subprocess.PIPE),
            stderr=streams.get(2, subprocess.PIPE),
            preexec_fn=(lambda: os.close(number)) if descriptor < 0 else None,
            timeout=300,
            check=False,
            env={**os.environ, **environ},
        )
    return done.returncode, ((done.stderr if number == 1 else done.stdout) or b"").decode()


#: What is printed on standard error instead.
NOTICES: dict[Broken, str] = {
    broken: (
        f"wheelhouse-hashes: warning: cannot write to standard output: {reason}; the command "
        "continues, and its exit code shows the result\n"
    )
    if reason
    else ""
    for broken, reason in {
        no_reader: "Broken pipe",
        closed: "",
        full: "No space left on device",
        hung_up: "Input/output error",
    }.items()
}


@broken
def test_fetch_without_standard_output(stream: Broken, wheel: bytes) -> None:
    page = f'<a href="{A}#sha256={sha256(wheel)}">x</a><a href="{SDIST}#md5={"0" * 32}">x</a>'
    routes = {"/": page.encode(), "/good/": page.partition("</a>")[0].encode(), f"/{A}": wheel}
    with serving({**routes, f"/good/{A}": wheel}) as server:
        code, err = run_with(stream, *FETCH, server.url)
        assert (code, err, got()) == (4, NOTICES[stream], [A])
        assert run_with(stream, *FETCH, f"{server.url}good/") == (0, NOTICES[stream])


@broken
def test_verify_without_standard_output(stream: Broken, dist: pathlib.Path) -> None:
    content = make_wheel(dist, A).read_bytes()
    announce(dist, content)
    assert run_with(stream, "verify", dist) == (0, NOTICES[stream])
    announce(dist, b"others")
    assert run_with(stream, "verify", dist) == (1, NOTICES[stream])


@broken
@pytest.mark.parametrize("number", [1, 2])
def test_upload_without_a_standard_stream(
    stream: Broken, number: int, dist: pathlib.Path, container: pathlib.Path
) -> None:
    content = make_wheel(dist, A).read_bytes()
    make_wheel(dist, f"{A[:-4]}_x86_64.whl")
    (dist / "notes.txt").write_text("x")
    command = ("upload", "--hashfile", "--no-enable-cdn", *LOCAL, "wheels")
    code, _ = run_with(stream, *command, number=number, WHEELHOUSE_HASHES_TRACE="1")
    assert code == 0
    assert (container / A).read_bytes() == content
    assert len([path for path in container.iterdir() if path.suffix == ".sha256"]) == 2
    assert A in (container / "index.html").read_text()


@broken
def test_index_without_standard_output(stream: Broken, container: pathlib.Path) -> None:
    make_wheel(container, A)
    assert run_with(stream, "index", *LOCAL, "wheels") == (0, NOTICES[stream])
    assert A in (container / "index.html").read_text()


@pytest.mark.thorough
@broken
@pytest.mark.parametrize("args", [("--help",), ("fetch", "--help"), ("verify", "--help")])
def test_help_without_standard_output(stream: Broken, args: tuple[str, ...]) -> None:
    assert run_with(stream, *args) == (0, NOTICES[stream])


@pytest.mark.thorough
@broken
def test_progress_display_without_terminal(stream: Broken, dist: pathlib.Path) -> None:
    announce(dist, make_wheel(dist, A).read_bytes())
    code, err = run_with(stream, "verify", dist, TERM="xterm")
    assert (code, err) == (0, NOTICES[stream])


@broken
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("verify", "nowhere"), 2),
        (("fetch", "--verify", "demo", "http://127.0.0.1:1/", "--wait", "0"), 5),
        (("fetch", "--nonsense"), 2),
        (("nonsense",), 2),
    ],
)
def test_error_without_standard_error(stream: Broken, args: tuple[str, ...], code: int) -> None:
    assert run_with(stream, *args, number=2)[0] == code


@broken
def test_trace_without_standard_error(stream: Broken, dist: pathlib.Path) -> None:
    announce(dist, make_wheel(dist, A).read_bytes())
    code, out = run_with(stream, "verify", dist, number=2, WHEELHOUSE_HASHES_TRACE="1")
    assert code == 0
    assert "verified 1 of 1" in out


@pytest.mark.thorough
@broken
@pytest.mark.parametrize("value", ["0", "1"])
def test_refusal_of_the_start_without_standard_error(stream: Broken, value: str) -> None:
    environ = {"WHEELHOUSE_HASHES_DISABLE": "1", "WHEELHOUSE_UPLOADER_VERIFY": value}
    assert run_with(stream, "verify", number=2, **environ)[0] == 2
