"""The page ``docs/options.rst``: every option of every command, and its exit codes.

``python -m tests.docs.options_page`` writes the page from the parser.
"""

from __future__ import annotations

import argparse
import importlib
import re
import textwrap
from collections.abc import Iterator, Mapping
from types import ModuleType

import pytest

from tests.support import ROOT
from tests.support.command_lines import Line
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.cli.help import GROUP_TITLE, exit_codes
from wheelhouse_hashes.cli.parser import Parser, Verbs
from wheelhouse_hashes.host import attach
from wheelhouse_hashes.options import PREFIX

PAGE = ROOT / "docs" / "options.rst"

_INTRODUCTION = """\
======================
Options and exit codes
======================

.. Written by ``python -m tests.docs.options_page``; do not edit.

Every option of every command, as ``--help`` has them.  They are the same for the commands
``wheelhouse-hashes`` and ``python -m wheelhouse_uploader`` (:doc:`startup`).  Options can be
abbreviated as long as they stay unambiguous.

"""

_CODES = """\
Exit codes
==========

If several apply, the gravest wins, in the order 7, 1, 3, 4, 6, 5.  The words are the causes of
refusals: they are in the lines of refused artifacts and in reports (:doc:`reports`).

"""

_VARIABLES = """\
Environment variables
=====================

For scripts that cannot be changed.  Empty, ``0`` and ``false`` mean off, except that
``WHEELHOUSE_UPLOADER_WAIT=0`` does not wait at all.  An option on the command line overrides its
variable.  ``WHEELHOUSE_UPLOADER_HASHFILE``, ``WHEELHOUSE_UPLOADER_DRIVER_OPTIONS`` and
``WHEELHOUSE_UPLOADER_VERIFY`` hand a command of the host over to wheelhouse-hashes; the others
have an effect only then.  ``python -m wheelhouse_uploader`` reads no variable where start-up
files do not run, so prefer the option.

"""

_OTHERS = """\
``WHEELHOUSE_UPLOADER_USERNAME``, ``WHEELHOUSE_UPLOADER_SECRET``
    Defaults of ``--username`` and ``--secret``.
``WHEELHOUSE_HASHES_DISABLE``
    ``1`` leaves the host alone (:doc:`startup`).
``WHEELHOUSE_HASHES_DISABLED_PLUGINS``
    Names of plugins to leave out, separated by commas (:doc:`hooks`).
``WHEELHOUSE_HASHES_STATE``
    Folder for what is remembered between runs (:doc:`log`).
``WHEELHOUSE_HASHES_TRACE``
    ``1`` prints every call of a plugin (:doc:`hooks`).
``SSL_CERT_FILE``, ``https_proxy``, ``no_proxy``, ``NETRC``
    As for curl (:doc:`fetching`).
``NO_COLOR``, ``FORCE_COLOR``
    Colors and the display on a terminal (:doc:`progress`).
"""

_WIDTH = 100


def render() -> str:
    """Return the page."""
    attach.watch()
    host = importlib.import_module("wheelhouse_uploader.commandline")
    with pytest.MonkeyPatch.context() as patch:
        return "\n".join(_lines(host, patch)).rstrip() + "\n"


def _lines(host: ModuleType, patch: pytest.MonkeyPatch) -> Iterator[str]:
    line = Line(host)
    general = line.general(patch)
    verbs = line.verbs
    yield _INTRODUCTION
    yield from _heading("Without a command", "=")
    yield ".. program:: wheelhouse-hashes\n"
    for action in general._actions:
        if action.option_strings:
            yield from _option(action, None)
    for name in verbs.commands:
        yield from _verb(name, Line(host), patch)
    yield _CODES
    yield from _exit_codes(verbs)
    yield _VARIABLES
    yield from _variables(verbs)
    yield _OTHERS


def _heading(title: str, mark: str) -> Iterator[str]:
    yield f"{title}\n{mark * len(title)}\n"


def _verb(name: str, line: Line, patch: pytest.MonkeyPatch) -> Iterator[str]:
    parser = line.parser(name, patch)
    assert isinstance(parser, Parser)
    command = line.verbs.commands[name]
    yield from _heading(f"``{name}``", "=")
    yield f"{_text(command.verb.help)}\n"
    yield f".. program:: wheelhouse-hashes {name}\n"
    for group in parser._action_groups:
        title = (group.title or "").removesuffix(f" ({GROUP_TITLE})")
        actions = [a for a in group._group_actions if a.dest != "help"]
        if not actions:
            continue
        if title in ("options", "positional arguments"):
            title = "the host's options" if command.hosted and title == "options" else "arguments"
        yield f".. rubric:: {title.capitalize()}\n"
        for action in actions:
            yield from _option(action, parser)


def _option(action: argparse.Action, parser: Parser | None) -> Iterator[str]:
    values = "" if action.nargs == 0 else _metavar(action)
    names = [f"{flag} {values}".rstrip() for flag in action.option_strings] or [values]
    yield f".. option:: {', '.join(names)}"
    yield ""
    yield textwrap.indent(textwrap.fill(_help(action, parser), _WIDTH - 4), "    ")
    yield ""


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return f"{{{','.join(map(str, action.choices))}}}"
    return action.dest.upper()


def _help(action: argparse.Action, parser: Parser | None) -> str:
    """Return the help of an option as ``--help`` shows it, as reStructuredText."""
    withheld = parser._withheld if parser is not None else {}
    values = {**vars(action), "default": withheld.get(action, action.default), "prog": "PROGRAM"}
    text = (action.help or "") % values
    return _text(f"{text[0].upper()}{text[1:]}.") if text else ""


def _text(text: str) -> str:
    text = re.sub(r"([*`|\\]|_(?=\W|$))", r"\\\1", text)
    literal = rf"(?<![\w-])(--[a-z][a-z-]*|{PREFIX}\w+(?:=1)?|https?://|container://[A-Z/]*)"
    return re.sub(literal, r"``\1``", text)


def _table(header: tuple[str, str], rows: Mapping[str, str], widths: str) -> Iterator[str]:
    yield f".. list-table::\n   :header-rows: 1\n   :widths: {widths}\n"
    for first, second in [header, *rows.items()]:
        yield f"   * - {first}"
        yield textwrap.fill(second, _WIDTH, initial_indent="     - ", subsequent_indent=" " * 7)
    yield ""


def _exit_codes(verbs: Verbs) -> Iterator[str]:
    for name, command in verbs.commands.items():
        rows = {str(code): _text(text) for code, text in exit_codes(command).items()}
        yield f"``{name}``:\n"
        yield from _table(("code", "meaning"), rows, "10 90")


def _variables(verbs: Verbs) -> Iterator[str]:
    options: dict[str, list[str]] = {name: [] for name in sorted(OPTION_VARIABLES)}
    for verb in verbs.commands:
        for option in verbs.options(verb):
            if option.environment is not None:
                options[option.environment].append(verb)
    flags = {
        option.environment: option.action.option_strings[-1]
        for verb in verbs.commands
        for option in verbs.options(verb)
        if option.environment is not None
    }
    rows = {
        f"``{name}``": f"``{flags[name]}`` of {', '.join(f'``{verb}``' for verb in found)}"
        for name, found in options.items()
    }
    yield from _table(("variable", "option"), rows, "45 55")


if __name__ == "__main__":
    PAGE.write_text(render())
