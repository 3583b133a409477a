"""The parsers of the verbs, and the store options that some of them have."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from wheelhouse_hashes.builtin.options import add_driver_option
from wheelhouse_hashes.runtime.screen import write

if TYPE_CHECKING:
    from wheelhouse_hashes.cli.commands import Command
    from wheelhouse_hashes.verbs import AddedOption, OptionGroup

#: The shells of ``--print-completion``.
SHELLS = ("bash", "zsh", "fish", "tcsh")

P = TypeVar("P", bound=argparse.ArgumentParser)


class VerbParsers(Generic[P]):
    """Makes the parsers of the verbs that are not the host's.

    :param subparsers: the return value of ``add_subparsers`` of the host's parser.
    :param commands: all verbs.
    """

    def __init__(
        self, subparsers: argparse._SubParsersAction[P], commands: Iterable[Command]
    ) -> None:
        self._subparsers = subparsers
        self._groups: dict[str, argparse._SubParsersAction[P]] = {}
        self._members: dict[str, list[str]] = {}
        for command in commands:
            group, _, last = command.verb.name.rpartition(" ")
            self._members.setdefault(group, []).append(last)

    def parser(self, command: Command) -> P:
        """Return the parser of a verb; that of the host, if it is the host's verb."""
        name, about = command.verb.name, command.verb.help
        if command.hosted:
            return self._subparsers.choices[name]
        group, _, last = name.rpartition(" ")
        subparsers = self._group(group) if group else self._subparsers
        parser = subparsers.add_parser(last, help=about.replace("%", "%%"), description=about)
        parser.set_defaults(command=name)
        return parser

    def _group(self, name: str) -> argparse._SubParsersAction[P]:
        """Return the subparsers of a verb that consists of subcommands."""
        if name not in self._groups:
            about = f"Subcommands: {', '.join(self._members[name])}."
            parser = self._subparsers.add_parser(name, help=about, description=about)
            # Without one of its subcommands, its help is printed.
            parser.set_defaults(_group=parser)
            self._groups[name] = parser.add_subparsers(title="Commands", metavar="COMMAND")
        return self._groups[name]


class _PrintCompletion(argparse.Action):
    """Prints the script for a shell, and ends the command.

    :param added: returns the options and arguments that wheelhouse-hashes and its plugins add.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (as argparse has them)
        added: Callable[[], Iterable[AddedOption]],
        **kwargs: Any,  # noqa: ANN401 (as above)
    ) -> None:
        super().__init__(*args, **kwargs)
        self._added = added

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 (argparse passes it)
        values: Any,  # noqa: ANN401 (as argparse has it)
        option_string: str | None = None,  # noqa: ARG002 (as above)
    ) -> None:
        from wheelhouse_hashes.cli.completion import print_completion

        print_completion(parser, values, self._added())
        parser.exit()


class _PrintVersion(argparse.Action):
    """Prints the versions of this package, of the host and of their libraries, and exits."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 (argparse passes it)
        values: Any,  # noqa: ANN401, ARG002 (as argparse has it)
        option_string: str | None = None,  # noqa: ARG002 (as above)
    ) -> None:
        # Imported here because it is slow to import.
        from importlib.metadata import version

        names = ("wheelhouse-hashes", "wheelhouse-uploader", "apache-libcloud")
        versions = [*(f"{name} {version(name)}" for name in names), _libcurl()]
        write(sys.stdout, ", ".join(versions) + "\n")
        parser.exit()


def _libcurl() -> str:
    """Return the version of libcurl, which comes with pycurl."""
    try:
        import pycurl
    except ImportError:
        return "libcurl not installed (extra fetch)"
    return f"libcurl {pycurl.version_info()[1]}"


def add_general_options(
    parser: argparse.ArgumentParser, added: Callable[[], Iterable[AddedOption]]
) -> None:
    """Add ``--version`` and ``--print-completion``, which need no verb.

    :param parser: the parser of the command line.
    :param added: returns the options and arguments that wheelhouse-hashes and its plugins add.
    """
    parser.add_argument(
        "--version",
        action=_PrintVersion,
        nargs=0,
        default=argparse.SUPPRESS,
        help="print the versions of wheelhouse-hashes, wheelhouse-uploader, Apache Libcloud and "
        "libcurl, and exit",
    )
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        added=added,
        choices=SHELLS,
        metavar="SHELL",
        default=argparse.SUPPRESS,
        help="print a script that completes the command wheelhouse-hashes in a shell "
        f"({', '.join(SHELLS)}), and exit",
    )


def add_store_options(options: OptionGroup, group: OptionGroup) -> None:
    """Add the store options of the host's ``upload``.

    :param options: the parser of the verb.
    :param group: the group for options that the host does not have.
    """
    options.add_argument("--username", help="account name for the cloud storage")
    options.add_argument("--secret", secret=True, help="secret API key for the cloud storage")
    options.add_argument(
        "--provider-name", default="CLOUDFILES", help="Apache Libcloud cloud storage provider"
    )
    options.add_argument("--region", help="Apache Libcloud cloud storage provider region")
    add_driver_option(group)


#: Options of the host and of this package whose values are never shown in messages.
_SECRET_FLAGS = ("--secret", "--driver-option")


def secrets_in(words: Sequence[str], flags: Iterable[str]) -> list[str]:
    """Return the values of secret options on a command line, longest first.

    :param words: the command line.
    :param flags: the option strings of secret options of plugins.
    """
    secret = (*_SECRET_FLAGS, *flags)
    found = []
    expected = False
    for word in words:
        if expected or not word.startswith("-"):
            found += [word] if expected else []
            expected = False
            continue
        name, equals, value = word.partition("=")
        # An abbreviation may be ambiguous, but its value is still a secret.
        if name not in ("-", "--") and any(flag.startswith(name) for flag in secret):
            expected = not equals
            found.append(value)
        found += [word[2:] for flag in secret if not flag.startswith("--") and word[:2] == flag]
    return sorted(filter(None, found), key=len, reverse=True)
