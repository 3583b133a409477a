"""Ctrl-C before a command has begun its work: one line and exit code 130, no traceback.

The start-up file arranges that, so only an interruption before ``site`` processes it is
Python's own matter.
"""

from __future__ import annotations

import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.commands import FETCH_AND_WAIT
from wheelhouse_hashes._startup import DISABLE

SCRIPT = pathlib.Path(sysconfig.get_path("scripts"), "wheelhouse-hashes")

#: The commands, as they are started.
COMMANDS: dict[str, tuple[str, ...]] = {
    "host": (sys.executable, "-m", "wheelhouse_uploader"),
    "module": (sys.executable, "-m", "wheelhouse_hashes"),
    "script": (str(SCRIPT),),
    "options": (sys.executable, "-X", "utf8", "-Emwheelhouse_uploader"),
}

ONE_LINE = "wheelhouse-hashes: interrupted\n"

#: How many interruptions each command gets.
COUNT = int(os.environ.get("WHEELHOUSE_HASHES_INTERRUPTIONS", "20"))

#: Runs after the start-up files.  Interrupts the process when a module is about to be imported.
AT_IMPORT = """
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(Finder)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
"""

#: Reports that the start-up files have been processed.
REPORT = "import os; os.write({descriptor}, b'x')\n"


@pytest.fixture
def address() -> Iterator[str]:
    """The URL of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.fixture
def customize(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the code that ``site`` runs after the start-up files."""
    folder = tmp_path / "customized"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))

    def write(code: str) -> None:
        folder.joinpath("sitecustomize.py").write_text(code)

    return write


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that interrupts itself."""
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    "module",
    [
        "runpy",
        "wheelhouse_uploader",
        "wheelhouse_uploader.__main__",
        "wheelhouse_hashes.host.attach",
        "wheelhouse_hashes.cli.parser",
        "pluggy",
        "pycurl",
    ],
)
def test_interrupted_import_is_one_line(
    customize: Callable[[str], None], address: str, module: str
) -> None:
    customize(AT_IMPORT.format(module=module))
    done = run(*COMMANDS["host"], *FETCH_AND_WAIT, address)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", ONE_LINE)


@pytest.mark.parametrize("how", ["module", "script"])
def test_interrupted_import_of_other_commands_is_one_line(
    customize: Callable[[str], None], address: str, how: str
) -> None:
    customize(AT_IMPORT.format(module="wheelhouse_hashes.errors"))
    done = run(*COMMANDS[how], *FETCH_AND_WAIT, address)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", ONE_LINE)


@pytest.mark.parametrize(
    "arguments",
    [
        ("upload", "--driver-option", "port=1", "wheels"),
        ("upload", "--hashf", "wheels"),
        ("index", "wheels"),
        ("verify", "dist"),
        ("--help",),
        (),
    ],
)
def test_interrupted_import_for_other_verbs_is_one_line(
    customize: Callable[[str], None], arguments: tuple[str, ...]
) -> None:
    customize(AT_IMPORT.format(module="wheelhouse_uploader.__main__"))
    done = run(*COMMANDS["host"], *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", ONE_LINE)


@pytest.mark.parametrize(
    "arguments",
    [
        ("fetch", "--version", "1.0", "demo", "http://127.0.0.1:1/"),
        ("fetch", "--ver=1.0", "--local", "got", "demo", "http://127.0.0.1:1/"),
        ("upload", "--username", "u", "--secret=s", "--no-enable-cdn", "wheels"),
    ],
)
def test_interrupted_host_alone_is_pythons(
    customize: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    customize(AT_IMPORT.format(module="wheelhouse_uploader.__main__"))
    with_us = run(*COMMANDS["host"], *arguments)
    monkeypatch.setenv(DISABLE, "1")
    without = run(*COMMANDS["host"], *arguments)
    assert (with_us.returncode, with_us.stdout) == (without.returncode, without.stdout)
    for done in (with_us, without):
        assert done.stderr.startswith("Traceback")
        assert done.stderr.endswith("KeyboardInterrupt\n")


def test_interrupted_host_with_a_variable_is_pythons_after_parsing(
    customize: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    customize(AT_IMPORT.format(module="libcloud.storage.types"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_WAIT", "5")
    done = run(*COMMANDS["host"], "upload", "--username", "u", "--secret", "s", "wheels")
    assert done.stderr.endswith("KeyboardInterrupt\n")
    assert ONE_LINE not in done.stderr


def test_interrupted_other_process_is_pythons(customize: Callable[[str], None]) -> None:
    customize(AT_IMPORT.format(module="pluggy"))
    done = run(sys.executable, "-c", "import wheelhouse_uploader.commandline", *FETCH_AND_WAIT)
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_ignored_signal_stays_ignored(customize: Callable[[str], None]) -> None:
    customize(AT_IMPORT.format(module="pluggy"))
    command = [*COMMANDS["host"], "verify", "nowhere"]
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, "nowhere: no such folder" in done.stderr) == (2, True)


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["host", "module", "script", "options"])
def test_interruptions_at_random_early_moments(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, address: str, how: str
) -> None:
    chance = random.Random(20261126)
    customized = tmp_path / "customized"
    customized.mkdir()
    ends = []
    for _ in range(COUNT):
        reader, writer = os.pipe()
        customized.joinpath("sitecustomize.py").write_text(REPORT.format(descriptor=writer))
        environ = {**os.environ, "PYTHONPATH": str(customized)}
        command = [*COMMANDS[how], *FETCH_AND_WAIT, address]
        if how == "options":  # -E ignores PYTHONPATH
            command[command.index("-Emwheelhouse_uploader")] = "-Bmwheelhouse_uploader"
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
            pass_fds=[writer],
        )
        os.close(writer)
        assert os.read(reader, 1) == b"x"
        os.close(reader)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
        ends.append((process.returncode, err))
        assert "Traceback" not in out + err
        assert process.returncode == 130, (out, err)
        assert err == ONE_LINE or "interrupted: run the command again" in out, (out, err)
    # Some were early.
    assert (130, ONE_LINE) in ends
