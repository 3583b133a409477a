"""``--print-completion SHELL``: the script with which a shell completes the command line.

The script is static: it has the verbs and options of the plugins that are installed when it is
printed, and completing starts no Python.  shtab (https://docs.iterative.ai/shtab) writes it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import UsageError, disk_errors
from wheelhouse_hashes.runtime.screen import write_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wheelhouse_hashes.verbs import AddedOption

#: The command that installs the requirements.
INSTALL = "python -m pip install 'wheelhouse-hashes[completion]'"

#: The command that is completed.  Shells cannot complete the arguments of ``python -m``.
PROGRAM = "wheelhouse-hashes"

#: Options of the host whose values are folders.  All others say so themselves: see
#: :meth:`~wheelhouse_hashes.verbs.OptionGroup.add_argument`.
_FOLDERS_OF_HOST = frozenset({"local_folder"})


def print_completion(
    parser: argparse.ArgumentParser, shell: str, options: Iterable[AddedOption]
) -> None:
    """Print the script for a shell.  The parser is changed and must not be used again.

    :param parser: the parser of the command line, with all verbs and options.
    :param shell: one of :data:`~wheelhouse_hashes.cli.verb_parsers.SHELLS`.
    :param options: the options and arguments that wheelhouse-hashes and its plugins add.
    :raises UsageError: if the extra ``completion`` is not installed.
    :raises DiskError: if the script cannot be written.
    """
    with disk_errors("write to standard output"):
        write_result(completion(parser, shell, options).encode())


def completion(parser: argparse.ArgumentParser, shell: str, options: Iterable[AddedOption]) -> str:
    """Return the script for a shell; see :func:`print_completion`.

    :raises UsageError: if the extra ``completion`` is not installed.
    """
    try:
        import shtab
    except ImportError:
        raise UsageError(f"--print-completion needs shtab; install it: {INSTALL}") from None
    for action in _actions(parser):
        # Whole sentences and defaults, which may come from the environment, are for --help.
        action.help = _short(action.help)
        if action.dest in _FOLDERS_OF_HOST:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    complete = {"file": shtab.FILE, "folder": shtab.DIRECTORY}
    for option in options:
        if option.path is not None:
            option.action.complete = complete[option.path]  # type: ignore[attr-defined]
    parser.prog = PROGRAM
    script: str = shtab.complete(parser, shell)
    return script if script.endswith("\n") else f"{script}\n"


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the options and arguments of a parser and of its verbs."""
    for action in parser._actions:  # noqa: SLF001 (argparse has no public list)
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 (no public name)
            for inner in action.choices.values():
                yield from _actions(inner)


def _short(text: str | None) -> str | None:
    """Return the beginning of a help text, without what follows a semicolon or bracket."""
    if text is None or text == argparse.SUPPRESS:
        return text
    for end in ("; ", " (", ": ", ". "):
        text = text.partition(end)[0]
    return text.rstrip(".")
