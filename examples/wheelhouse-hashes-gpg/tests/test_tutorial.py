"""Follow docs/plugin-tutorial.rst step by step: write its files and run its commands."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from wheelhouse_hashes import testing

HERE = pathlib.Path(__file__).parent.parent
CLONE = HERE.parent.parent
PAGE = CLONE / "docs" / "plugin-tutorial.rst"

#: The port on the page; the test replaces it with a free one.
PORT = "8000"

#: The line that separates the output of two commands.
MARK = "=-=-= ended with "


@dataclass(frozen=True)
class Command:
    """A command on the page, and its output there; empty if the page shows none."""

    typed: str
    printed: str


@dataclass(frozen=True)
class Piece:
    """Text to append to a file of the plugin."""

    path: str
    content: str


def blocks() -> Iterator[Command | Piece]:
    """Return the steps of the page, in order."""
    text = PAGE.read_text("utf-8")
    directive = r"^\.\. (code-block|literalinclude):: (.+)\n((?:   .*\n|\n)*)"
    for kind, argument, body in re.findall(directive, text, re.MULTILINE):
        if kind == "literalinclude":
            yield piece(argument, dict(re.findall(r"^   :([\w-]+): (.*)$", body, re.MULTILINE)))
        else:
            assert argument == "console"
            yield from commands(re.sub("^   ", "", body.strip("\n"), flags=re.MULTILINE))


def piece(argument: str, options: dict[str, str]) -> Piece:
    """Return the part of a file that Sphinx includes."""
    assert set(options) <= {"language", "start-at", "end-before"}
    path = (PAGE.parent / argument).resolve()
    lines = path.read_text("utf-8").splitlines(keepends=True)
    start = find(lines, options["start-at"]) if "start-at" in options else 0
    end = find(lines, options["end-before"]) if "end-before" in options else len(lines)
    return Piece(path.relative_to(HERE).as_posix(), "".join(lines[start:end]))


def find(lines: Sequence[str], text: str) -> int:
    (found,) = (number for number, line in enumerate(lines) if text in line)
    return found


def commands(block: str) -> Iterator[Command]:
    for command in re.findall(
        r"^\$ ((?:.*\\\n)*.*)\n?((?:(?!\$ ).*(?:\n|\Z))*)", block, re.MULTILINE
    ):
        yield Command(*command)


def pattern(printed: str) -> str:
    """Return a regular expression for the output; three dots match anything."""
    return r".*?".join(map(re.escape, printed.rstrip().split("...")))


def test_page_includes_the_whole_module_in_order() -> None:
    written: dict[str, str] = {}
    for block in blocks():
        if isinstance(block, Piece):
            written[block.path] = written.get(block.path, "") + block.content
    assert list(written) == [
        "pyproject.toml",
        "src/wheelhouse_hashes_gpg.py",
        "tests/test_release.py",
    ]
    for path, content in written.items():
        assert content == HERE.joinpath(path).read_text("utf-8")


def test_page_mentions_every_name_of_the_testing_module() -> None:
    tree = ast.parse(pathlib.Path(testing.__file__).read_text("utf-8"))
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    page = PAGE.read_text("utf-8")
    missing = [n for n in names if not n.startswith("_") and not re.search(rf"``{n}\b", page)]
    assert missing == []


def test_every_step_of_the_page_does_what_it_says(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    steps = list(blocks())
    script, typed = [], []
    for step in steps:
        if isinstance(step, Piece):
            script += [f"cat >> {step.path} <<'END OF PIECE'", step.content + "END OF PIECE"]
            continue
        typed.append(step)
        script += [
            step.typed.replace(PORT, port),
            "code=$?",
            f'echo; echo "{MARK}$code"',
        ]
        if step.typed.endswith("&"):  # wait for the server; a reader is slower than this script
            script.append(
                f"for i in {{1..1200}}; do (: < /dev/tcp/127.0.0.1/{port}) 2> /dev/null && break; "
                "sleep 0.05; done"
            )
        script.append("(exit $code)")
    ended = follow(script, tmp_path, monkeypatch)

    *printed, rest = re.split(rf"\n{MARK}(\d+)\n", ended)
    outcomes = list(zip(typed, printed[0::2], printed[1::2], strict=True))
    assert rest == "", ended
    following = [*(command.typed for command in typed[1:]), ""]
    for (command, output, code), after in zip(outcomes, following, strict=True):
        if after == "echo $?":
            assert code != "0", (command, output)
        else:
            assert code == "0", (command, output)
        if command.printed:
            shown = command.printed.replace(PORT, port)
            assert re.fullmatch(pattern(shown), output.strip("\n"), re.DOTALL), (command, output)


def follow(script: list[str], folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a script in a copy of the clone; return its output, including errors."""
    clone = folder / "clone"
    left_out = shutil.ignore_patterns(
        *(".git", ".tox", ".venv", ".*_cache", ".hypothesis", "build", "*.egg-info", "__pycache__")
    )
    shutil.copytree(CLONE, clone, ignore=left_out)
    # Make ``python3`` on the page the interpreter of these tests.
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    foreign = ("PYTHON", "PYTEST", "VIRTUAL", "GNUPGHOME")
    for name in [name for name in os.environ if name.startswith(foreign)]:
        monkeypatch.delenv(name)
    no_agent = '[ -n "$GNUPGHOME" ] && gpgconf --kill all && rm -r "$GNUPGHOME"'
    whatever_happens = f"trap 'kill $(jobs -p) 2> /dev/null; {no_agent}' EXIT"
    done = subprocess.run(
        ["bash", "-c", "\n".join(["exec 2>&1", whatever_happens, *script])],
        check=False,
        cwd=clone,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    return done.stdout
