"""Go's own packages ``note`` and ``tlog`` accept logs of this package, and the reverse.

They come from Debian: ``apt-get install golang-go golang-golang-x-mod-dev``.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from tests.support.logs import KEY, VKEY, append, folder_place
from wheelhouse_hashes.run import StateFolder
from wheelhouse_hashes.tlog.entries import Entry

SOURCE = pathlib.Path(__file__).with_name("gotlog") / "main.go"

#: The sizes at which the shape of the tiles changes, and large ones.
SIZES = (1, 3, 255, 256, 257, 5_000, 65_537, 300_000)

Go = Callable[..., str]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The compiled Go program."""
    assert shutil.which("go"), "install Go: apt-get install golang-go golang-golang-x-mod-dev"
    built = tmp_path_factory.mktemp("go") / "gotlog"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOFLAGS": "",
        "GOCACHE": str(built.parent / "cache"),
    }
    subprocess.run(["go", "build", "-o", built, SOURCE], check=True, env=environment)
    return built


@pytest.fixture
def go(program: pathlib.Path) -> Go:
    """Run the program, and return what it prints."""

    def run(*arguments: object) -> str:
        command = [str(program), *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(autouse=True)
def key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in ``log.key``, its public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)
    (tmp_path / "log.key").write_text(f"{KEY.encode()}\n")
    (tmp_path / "log.key").chmod(0o600)


@pytest.mark.parametrize("size", SIZES)
def test_go_accepts_the_log_and_signs_the_same_checkpoint(
    tmp_path: pathlib.Path, go: Go, size: int
) -> None:
    entries = [Entry(f"demo-1.{n}-py3-none-any.whl", f"{n:064x}", n) for n in range(size)]
    (tmp_path / "appending").mkdir()
    append(folder_place(tmp_path / "log"), StateFolder(tmp_path / "appending"), entries)
    assert go("check", "log", VKEY, "log.key") == f"accepted {size} entries\n"


@pytest.mark.parametrize("size", SIZES)
def test_log_that_go_wrote_is_read(cli: Cli, go: Go, size: int) -> None:
    go("write", "log", "log.key", size)
    done = cli("log", "audit", "log")
    assert (done.code, done.err) == (0, "")
    assert f"{size} entries have the root" in done.out
    name = f"demo-1.{size // 2}-py3-none-any.whl"
    assert cli("log", "prove", "log", name).code == 0
    # It can be continued.
    pathlib.Path("SHA256SUMS").write_text(f"{'f' * 64}  demo-2.0.tar.gz\n")
    done = cli("log", "append", "log", "--key", "log.key", "--from", "SHA256SUMS")
    assert (done.code, f"size {size + 1}" in done.out) == (0, True)
    assert go("check", "log", VKEY, "log.key") == f"accepted {size + 1} entries\n"


def test_key_that_go_reads_was_made_here(cli: Cli, go: Go) -> None:
    made = cli("log", "keygen", "example.org/new", "--key", "new.key").out.strip()
    pathlib.Path("SHA256SUMS").write_text(f"{'f' * 64}  demo-2.0.tar.gz\n")
    assert cli("log", "append", "log", "--key", "new.key", "--from", "SHA256SUMS").code == 0
    assert go("check", "log", made, "new.key") == "accepted 1 entries\n"
