"""``verify``: files in the folder that are not artifacts, and that ``twine`` meets as well."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, make_sdist, make_wheel, sha256
from tests.support.servers import Handler, serving

COPY = "demo-1.0-py3-none-any (1).whl"


@pytest.fixture
def sums(dist: pathlib.Path) -> pathlib.Path:
    """A list of the digests of two artifacts in ``dist``."""
    paths = [make_wheel(dist, A), make_sdist(dist, SDIST)]
    file = pathlib.Path("SHA256SUMS")
    file.write_text("".join(f"{sha256(path.read_bytes())}  {path.name}\n" for path in paths))
    return file


SENT = [
    COPY,
    "demo-1.0-bad-py3-none-any.whl",
    "demo.tar.gz",
    "notes.zip",
    "demo-1.0.egg",
    "DEMO (1).WHL",
    f"{COPY}.asc",
    f"{COPY}.publish.attestation",
    "other-1.0.tar.gz.asc",
    "demo-1.0-py3-none-any\n.whl",
]


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["", "quiet"])
def test_unchecked_file_that_twine_sends_is_unexpected(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path, name: str, quiet: tuple[str, ...]
) -> None:
    (dist / name).write_bytes((dist / A).read_bytes())
    result = cli("verify", "dist", "--against", sums, "--report", "report.json", *quiet)
    assert result.code == 4
    [line] = [row for row in result.out.splitlines() if row.startswith("refused")]
    assert "unexpected: twine would send it" in line
    assert "verified 2 of 3 artifacts" in result.out
    verdicts = json.loads(pathlib.Path("report.json").read_text())["artifacts"]
    assert [verdict["cause"] for verdict in verdicts].count("unexpected") == 1
    pattern = f"{name[:4]}*[!l]*" if name == "DEMO (1).WHL" else name.replace("\n", "?")
    assert cli("verify", "dist", "--against", sums, "--allow", pattern, *quiet).code == 0


def test_link_to_an_unchecked_file_is_unexpected(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path
) -> None:
    (dist / COPY).symlink_to(A)
    assert cli("verify", "dist", "--against", sums).code == 4


REFUSED = ["notes.txt", f"{A}.sha256", "SHA256SUMS", "index.html", "folder/", "folder.whl/"]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["", "quiet"])
def test_file_that_twine_refuses_is_noted(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path, name: str, quiet: tuple[str, ...]
) -> None:
    if name.endswith("/"):
        (dist / name).mkdir()
    else:
        (dist / name).write_text("")
    result = cli("verify", "dist", "--against", sums, *quiet)
    assert result.code == 0
    assert f"twine upload dist/* would fail: {name.rstrip('/')}" in result.line("note")
    strict = cli("verify", "dist", "--against", sums, "--strict-folder", *quiet)
    assert strict.code == 4
    assert f"unexpected: not artifacts, so twine upload dist/* would fail: {name[:-1]}" in (
        strict.out
    )
    allowed = ("--strict-folder", "--allow", name.rstrip("/"))
    done = cli("verify", "dist", "--against", sums, *allowed, *quiet)
    assert (done.code, "note" in done.out) == (0, False)


def test_one_note_names_the_first_of_many_files(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path
) -> None:
    for number in range(12):
        (dist / f"{number:02}.txt").write_text("")
    result = cli("verify", "dist", "--against", sums)
    assert result.out.count("\nnote ") == 1
    assert "08.txt, 09.txt and 2 more" in result.line("note")


@pytest.mark.parametrize("name", [f".{COPY}", f"{A}.asc", f"{A}.publish.attestation"])
def test_hidden_files_and_those_of_checked_artifacts_do_not_count(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path, name: str
) -> None:
    (dist / name).write_text("x")
    result = cli("verify", "dist", "--against", sums, "--strict-folder")
    assert (result.code, "note" in result.out) == (0, False)


def _sent_by_twine(url: str) -> subprocess.CompletedProcess[str]:
    paths = sorted(map(str, pathlib.Path("dist").glob("[!.]*")))
    login = ("-u", "u", "-p", "p", "--non-interactive", "--disable-progress-bar")
    return subprocess.run(
        [sys.executable, "-m", "twine", "upload", "--repository-url", url, *login, *paths],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.thorough
def test_twine_sends_what_is_unexpected_and_refuses_what_is_noted(
    dist: pathlib.Path, sums: pathlib.Path
) -> None:
    """The classes are those of the installed twine."""
    assert sums
    received: list[bytes] = []
    lock = threading.Lock()

    def receive(handler: Handler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with lock:
            received.append(body)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    (dist / SDIST).unlink()  # twine reads its metadata
    with serving({"/": receive}) as server:
        (dist / COPY).write_bytes((dist / A).read_bytes())
        done = _sent_by_twine(server.url)
        assert done.returncode == 0, done
        assert any(f'filename="{COPY}"'.encode() in body for body in received)
        received.clear()
        (dist / f"{A}.sha256").write_text("")
        assert _sent_by_twine(server.url).returncode == 1
        assert not received


@pytest.mark.parametrize(
    ("mode", "noted"), [(0o777, "all users"), (0o1777, "all users"), (0o755, ""), (0o700, "")]
)
def test_folder_that_others_can_write_is_noted(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path, mode: int, noted: str
) -> None:
    dist.chmod(mode)
    result = cli("verify", "dist", "--against", sums)
    assert result.code == 0
    assert ("can write to this folder" in result.out) == bool(noted)
    strict = cli("verify", "dist", "--against", sums, "--strict-folder", "--quiet")
    if noted:
        assert f"dist  {noted} can write" in result.line("note")
        assert (strict.code, strict.out) == (6, "")
        assert strict.err.startswith("wheelhouse-hashes: error: disk: dist: all users can write")
        assert "chmod go-w" in strict.err
    else:
        assert strict.code == 0


@pytest.mark.parametrize("name", [f"{A}.sha256", f"{SDIST}.sha256", "SHA512SUMS"])
def test_named_pipe_in_the_folder_does_not_block(
    cli: Cli, dist: pathlib.Path, sums: pathlib.Path, name: str
) -> None:
    os.mkfifo(dist / name)
    result = cli("verify", "dist", "--wait", "0")
    assert result.code in (3, 6), result
    assert cli("verify", "dist", "--against", sums).code == 0


@pytest.mark.parametrize("option", ["--against", "--expect-file"])
def test_named_pipe_as_option_does_not_block(cli: Cli, sums: pathlib.Path, option: str) -> None:
    assert sums
    os.mkfifo("pipe")
    result = cli("verify", "dist", option, "pipe", "--wait", "0")
    assert result.code in (2, 6), result
