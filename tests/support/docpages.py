"""The documentation pages: the commands they show, and a shell that runs them."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.conftest import FOREIGN
from tests.support import ROOT

#: The text of each page, by its path in the checkout.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in [ROOT / "README.rst", *sorted(ROOT.joinpath("docs").glob("*.rst"))]
}

#: How a command starts on a line of a block without prompts.
_PROGRAM = (
    r"(?:python3?|pip|tox|twine|git|curl|wheelhouse-hashes|uvx|sha256sum|cd|export|mkdir|bash)\b"
)
_TYPED = re.compile(rf"(?:[A-Z_]+=\S* )*{_PROGRAM} \S")
_INLINE = re.compile(
    r"``((?:[A-Z_]+=\S+ )*(?:python3? -m [\w.]+|tox run|(?:python -m )?pip \w+|twine \w+)"
    r"\s[^`]+|python -m tests[^`]*)``"
)

#: Marker line printed after the output of each command.
_MARK = "=-=-= ended with "


@dataclass(frozen=True)
class Command:
    """A command a reader types, on one line, and the output the page shows for it."""

    typed: str
    printed: tuple[str, ...] = ()


def commands(page: str) -> list[Command]:
    """Return the commands of a page in order: after prompts, in blocks, and inline.

    Text that a page includes from a file is skipped: that file has its own tests.
    """
    found: list[tuple[int, Command]] = []
    # The tables of generated pages quote commands that were run to make the page.
    kept = r"\w+::" if "; do not edit." in page else r"[\w-]+::"
    text = re.sub(
        rf"^\.\. (?!code-block|{kept}).*\n(?:(?: .*)?\n)*", _blank, page, flags=re.MULTILINE
    )
    for start, block in _blocks(text):
        found += [(start + offset, command) for offset, command in _in_block(block)]
        text = text[:start] + _blank(block) + text[start + len(block) :]
    for match in _INLINE.finditer(text):
        found.append((match.start(), Command(" ".join(match[1].split()))))
    return [command for _, command in sorted(found, key=lambda pair: pair[0])]


def _blank(what: re.Match[str] | str) -> str:
    return re.sub(r"[^\n]", " ", what if isinstance(what, str) else what[0])


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the literal blocks that may hold commands, each with its offset."""
    opening = re.compile(
        r"^( *)(?:.. code-block:: *(\w*)|.*::) *\n((?: *:[\w-]+:.*\n)*)\n+", re.MULTILINE
    )
    for match in opening.finditer(text):
        if match[2] in ("text", "python", "json", "toml", "yaml") or "list-table" in match[0]:
            continue
        deeper = re.compile(rf"(?:(?:{match[1]} +\S.*| *)(?:\n|\Z))*")
        body = deeper.match(text, match.end())
        if body is not None:
            yield match.end(), body[0]


def _in_block(block: str) -> Iterator[tuple[int, Command]]:
    """Yield the commands of a block. Shown output ends at the next comment."""
    lines = block.splitlines(keepends=True)
    with_prompts = any(line.lstrip().startswith("$ ") for line in lines)
    offset = 0
    typed, at = "", 0
    printed: list[str] = []
    continued = open_ended = False
    for raw in [*lines, ""]:
        line = raw.strip()
        starts = line.startswith("$ ") if with_prompts else bool(_TYPED.match(line))
        if continued:
            typed = typed.removesuffix("\\").rstrip() + " " + line
        elif starts or not raw:
            if typed:
                yield at, Command(typed, tuple(printed))
            typed, printed, at, open_ended = line.removeprefix("$ "), [], offset, True
        elif line.startswith("# "):
            open_ended = False
        elif line and open_ended and with_prompts:
            printed.append(line)
        continued = (starts or continued) and line.endswith("\\")
        offset += len(raw)


@dataclass(frozen=True)
class Outcome:
    """How a command of a page ended in the shell."""

    command: Command
    output: str
    code: int

    def missing(self) -> list[str]:
        """Return the lines that the page shows and the command did not print.

        Three dots match anything, including the digits of a digest before them. White space and
        order are ignored, because parallel work finishes in any order.
        """
        lines = [" ".join(line.split()) for line in self.output.splitlines()]
        shown = [" ".join(line.split()) for line in self.command.printed]
        shown = [line for line in shown if line not in ("...", "…")]
        return [line for line in shown if not any(map(_pattern(line).fullmatch, lines))]


def _pattern(shown: str) -> re.Pattern[str]:
    shown = re.sub(r"(sha256:|\b)[0-9a-f]{4,8}(?=…|\.\.\.)", r"\1", shown)
    return re.compile(".*?".join(re.escape(part) for part in re.split(r"…|\.\.\.", shown)))


def follow(
    lines: Sequence[tuple[Command, str]], folder: pathlib.Path, environ: Mapping[str, str]
) -> list[Outcome]:
    """Run commands in one shell.

    :param lines: the commands, each with the text to run in its place.
    :param folder: the folder the shell starts in.
    :param environ: further environment variables.
    """
    script = ["exec 2>&1", "trap 'kill $(jobs -p) 2> /dev/null' EXIT"]
    for _, typed in lines:
        script += [typed, "code=$?", f'echo; echo "{_MARK}$code"']
        if port := re.search(r"http\.server .* (\d+) .*&$", typed):
            # Wait until the server accepts connections, as a human reader would.
            script.append(
                f"for i in {{1..1200}}; do (: < /dev/tcp/127.0.0.1/{port[1]}) 2> /dev/null && "
                "break; sleep 0.05; done"
            )
        script.append("(exit $code)")
    foreign = ("PYTHON", "PYTEST", "VIRTUAL", "TWINE")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith(foreign)
    }
    kept["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), kept["PATH"]])
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        check=False,
        cwd=folder,
        env={**kept, "WHEELHOUSE_HASHES_STATE": str(folder / "state"), **environ},
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
    )
    *printed, rest = re.split(rf"\n{_MARK}(\d+)\n", done.stdout)
    assert not rest, done.stdout
    assert len(printed) == 2 * len(lines), done.stdout
    output = zip((command for command, _ in lines), printed[::2], printed[1::2], strict=True)
    return [Outcome(command, text, int(code)) for command, text, code in output]
