"""Verbs, and the options that plugins add to them.

A plugin returns its verbs from ``wheelhouse_verbs``; the built-in verbs are described by
the same class.  :class:`OptionGroup` is what a plugin adds options and arguments to.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.options import Secret

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

#: What the value of an option may name.
PathKind = Literal["file", "folder"]

#: One or two words: ``mirror``, ``log append``.
_VERB_NAME = lazily(r"[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)?")

_VARIABLE_NAME = lazily(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, repr=False, eq=False)
class Verb:
    """A verb of the command line.

    The options of every verb are there, too: ``--quiet``, ``--wait``, ``--timeout``,
    ``--no-ssl-check`` and ``--report``.

    :raises ValueError: if the name is not valid.
    """

    #: The name: lower-case letters, digits and hyphens.  Two words separated by a space
    #: make a subcommand: ``log append`` and ``log audit`` are two verbs.
    name: str
    #: One sentence for the help.
    help: str
    #: Adds the verb's own arguments and options.  Called in every command, so it must be
    #: fast and must not import anything that is slow to import.
    configure: Callable[[OptionGroup], None]
    #: Does the work and returns a report, an exit code from 0 to 7, or None for success.
    #: Its slow imports belong inside the function.
    run: Callable[[Run[Any]], Report | int | None]
    #: Whether to add the options of a store: ``--username``, ``--secret``,
    #: ``--provider-name``, ``--region`` and ``--driver-option``.
    store: bool = False
    #: Whether the verb reads listings with :meth:`.Run.listing`.
    listings: bool = False
    #: Whether standard output is the verb's result, which :meth:`~.run.Run.print_result`
    #: writes.  All messages then go to standard error.
    prints_result: bool = False
    #: Examples for the help: the purpose, and the command from the verb on.
    examples: Sequence[tuple[str, str]] = ()
    #: The meaning of the exit codes, added to those that every verb has.
    exit_codes: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not _VERB_NAME.fullmatch(self.name):
            raise ValueError(
                f"verb {self.name!r}: must be one or two words of lower-case letters, digits "
                "and hyphens"
            )

    def __repr__(self) -> str:
        return f"<Verb {self.name}>"


class AddedOption:
    """An option or argument of a verb, with what argparse does not know about it.

    :param action: the action that argparse made.
    :param secret: whether its value must never be shown.
    :param environment: the environment variable that sets it, None if there is none.
    :param writes: whether its value is a file that the command writes.
    :param path: ``file`` or ``folder`` if its value may be one, else None.
    """

    def __init__(
        self,
        action: argparse.Action,
        *,
        secret: bool,
        environment: str | None,
        writes: bool = False,
        path: PathKind | None = None,
    ) -> None:
        self.action = action
        self.writes = writes
        self.path = path
        self.secret = secret
        self.environment = environment


class Register(Protocol):
    """Checks and records the options of one plugin and verb."""

    def check_flags(self, flags: Sequence[str]) -> None:
        """Check the option strings before argparse sees them.

        :raises ValueError: if one is taken or reserved.
        """

    def record(self, option: AddedOption) -> None:
        """Record an option.

        :raises ValueError: if its destination is taken or reserved.
        """


class OptionGroup:
    """A group of options, like that of argparse, with secrets and environment variables.

    :param container: the argparse parser or group to add to.
    :param register: checks and records each option.
    """

    def __init__(self, container: argparse._ActionsContainer, register: Register) -> None:
        self._container = container
        self._register = register

    def add_argument(
        self,
        *flags: str,
        secret: bool = False,
        environment: str | None = None,
        writes: bool = False,
        path: PathKind | None = None,
        **arguments: Any,  # noqa: ANN401 (as argparse has them)
    ) -> argparse.Action:
        """Add an option or argument.

        The value is in ``run.options.extra``, under the option's name with underscores.

        :param flags: the option strings, or the name of an argument.
        :param secret: whether the value must never be shown: it is masked in messages,
            traces and reports.  A text becomes a
            :class:`~wheelhouse_hashes.options.Secret`.
        :param environment: the full name of the environment variable that sets the option
            if it is not on the command line.  Its value is parsed like that of the
            option; several values of a repeatable option are separated by spaces and
            quoted as in a shell.  An empty value, ``0`` and ``false`` count as not set,
            except that 0 is a valid number.  The help shows the name.
        :param writes: whether the value is a file that the command writes.  It must not have
            the name of an artifact, and no other option may name it (exit code 2).
        :param path: what a shell offers to complete the value: ``folder`` for names of
            folders, ``file`` for those of files as well; ``file`` if *writes* is true.
        :param arguments: all other arguments of ``argparse``'s ``add_argument``.
        :raises ValueError: if the name is taken or reserved, *environment* is not a valid
            name, or the help cannot be formatted.
        """
        if environment is not None:
            if not _VARIABLE_NAME.fullmatch(environment):
                raise ValueError(f"environment={environment!r}: not a valid variable name")
            arguments["help"] = _naming(environment, arguments.get("help"))
        if secret:
            choices = arguments.pop("choices", None)
            arguments["type"] = _secret(arguments.get("type"), choices)
        self._register.check_flags([flag for flag in flags if flag.startswith("-")])
        action = self._container.add_argument(*flags, **arguments)
        _check_help(action)
        added = AddedOption(
            action,
            secret=secret,
            environment=environment,
            writes=writes,
            path=path or ("file" if writes else None),
        )
        self._register.record(added)
        return action

    def add_argument_group(self, title: str, description: str | None = None) -> OptionGroup:
        """Add a group with its own title in the help.

        Only the arguments of a verb can be grouped; groups cannot be nested.

        :raises TypeError: if this is a group already.
        """
        if not isinstance(self._container, argparse.ArgumentParser):
            raise TypeError("groups of options cannot be nested")
        group = self._container.add_argument_group(title, description)
        return OptionGroup(group, self._register)

    def add_mutually_exclusive_group(self, *, required: bool = False) -> OptionGroup:
        """Add a group of options of which at most one may be given.

        :param required: whether one of them must be given.
        """
        group = self._container.add_mutually_exclusive_group(required=required)
        return OptionGroup(group, self._register)


def _naming(variable: str, text: str | None) -> str:
    """Return an option's help with the name of its environment variable."""
    if text is None:
        return f"environment: {variable}"
    if variable in text or text == argparse.SUPPRESS:
        return text
    if text.endswith(")"):
        return f"{text[:-1]}; environment: {variable})"
    return f"{text} (environment: {variable})"


def _check_help(action: argparse.Action) -> None:
    """Check that argparse can format the help, before ``--help`` fails for every verb."""
    try:
        (action.help or "") % {**vars(action), "prog": ""}
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"help of {action.dest}: {error}; write a percent sign as %%") from None


def _secret(
    convert: Callable[[str], Any] | None, choices: Sequence[Any] | None
) -> Callable[[str], Any]:
    """Return a ``type`` for argparse whose errors do not show the value."""

    def secret(text: str) -> Any:  # noqa: ANN401 (whatever the option's type makes)
        try:
            value = convert(text) if convert is not None else text
            if choices is not None and value not in choices:
                raise ValueError
        except (argparse.ArgumentTypeError, TypeError, ValueError):
            raise argparse.ArgumentTypeError("invalid value (secret, not shown)") from None
        return Secret(value) if isinstance(value, str) else value

    return secret
