"""``--print-completion``: the scripts for shells, run by bash itself."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterable
from unittest import mock

import pytest

from tests.conftest import Cli
from tests.support.plugins import install
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.cli import completion
from wheelhouse_hashes.cli.parser import Parser
from wheelhouse_hashes.cli.verb_parsers import SHELLS
from wheelhouse_hashes.verbs import AddedOption, OptionGroup

#: Completes the words of its arguments, with the script on standard input.
_COMPLETE = """\
source /dev/stdin
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_shtab_wheelhouse_hashes "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(cli: Cli) -> str:
    """The script for bash."""
    result = cli("--print-completion", "bash")
    assert (result.code, result.err) == (0, "")
    return result.out


def complete(script: str, *words: str) -> list[str]:
    """Return what bash offers for the last word of a command line."""
    done = subprocess.run(
        ["bash", "--norc", "-c", _COMPLETE, "bash", "wheelhouse-hashes", *words],
        input=script,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ver"], ["verify"]),
        (["--print-completion", ""], sorted(SHELLS)),
        (["fetch", "--miss"], ["--missing-hash"]),
        (["fetch", "--missing-hash", ""], ["accept", "refuse"]),
        (["hash", "--s"], ["--sidecars", "--sums"]),
        (["hash", "dist", "--hash-algorithm", "sha"], ["sha256", "sha384", "sha512"]),
        (["verify", "--check-contents", ""], ["full", "none", "quick"]),
        (["hash", "--sidecars", "ho"], ["house"]),
        (["hash", "--sums", "ho"], ["house", "house.txt"]),
        (["hash", "ho"], ["house", "house.txt"]),
        (["verify", "dist", "--html", "ho"], ["house", "house.txt"]),
        (["verify", "dist", "--expect-cibuildwheel", "ho"], ["house", "house.txt"]),
        (["verify", "dist", "--expect-like", "ho"], ["house", "house.txt"]),
        (["fetch", "--local-folder", "ho"], ["house"]),
        (["page", "show", "--output", "ho"], ["house", "house.txt"]),
        (["page", "make", "--output", "ho"], ["house"]),
        (["log", "keygen", "--key", "ho"], ["house", "house.txt"]),
    ],
    ids=" ".join,
)
def test_bash_completes(script: str, words: list[str], offered: list[str]) -> None:
    pathlib.Path("house").mkdir()
    pathlib.Path("house.txt").touch()
    assert complete(script, *words) == offered


def test_bash_completes_all_verbs(script: str) -> None:
    assert {"fetch", "hash", "index", "upload", "verify"} <= set(complete(script, ""))


@pytest.mark.parametrize("shell", SHELLS)
def test_script_has_no_values_of_the_environment(
    cli: Cli, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", "hush-hush")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_EXPECT", "4711")
    result = cli("--print-completion", shell)
    assert (result.code, result.err) == (0, "")
    assert "--sidecars" in result.out or shell == "tcsh"
    assert "hush-hush" not in result.out
    assert "4711" not in result.out


class Colorful:
    """Adds an option."""

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
        if verb == "hash":
            parser.add_argument("--color", choices=("red", "green"), help="a 'quoted' $(touch x)")
            parser.add_argument("--palette", path="file")
            parser.add_argument("--picture", writes=True)
            parser.add_argument("--gallery", path="folder")


def test_script_has_options_of_plugins(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, colorful=Colorful())
    result = cli("--print-completion", "bash")
    assert complete(result.out, "hash", "--color", "") == ["green", "red"]
    assert not pathlib.Path("x").exists()
    pathlib.Path("house").mkdir()
    pathlib.Path("house.txt").touch()
    for option, offered in (("palette", 2), ("picture", 2), ("gallery", 1)):
        assert len(complete(result.out, "hash", f"--{option}", "ho")) == offered


def test_shell_must_be_known(cli: Cli) -> None:
    result = cli("--print-completion", "cmd")
    assert result.code == 2
    assert "invalid choice: 'cmd'" in result.err


def test_extra_must_be_installed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    result = cli("--print-completion", "bash")
    assert (result.code, result.out) == (2, "")
    assert completion.INSTALL in result.err


def test_script_that_cannot_be_written_is_an_error() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 (a device)
        done = subprocess.run(
            [sys.executable, "-m", "wheelhouse_hashes", "--print-completion", "bash"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ,
            check=False,
        )
    assert done.returncode == 6
    assert b"No space left on device" in done.stderr


def test_every_option_for_a_file_completes_its_name(cli: Cli) -> None:
    """Options whose metavar is a file or folder say so to the shell, whatever their name is."""
    parsers: list[Parser] = []

    def note(parser: Parser, _shell: str, options: Iterable[AddedOption]) -> None:
        parsers.append(parser)
        named = {"FILE", "FOLDER", "DIR", "LIST", "PATH", "SOURCE"}
        lacking = [o.action.dest for o in options if o.action.metavar in named and not o.path]
        assert lacking == []

    with mock.patch.object(completion, "print_completion", note):
        assert cli("--print-completion", "bash").code == 0
    assert parsers
