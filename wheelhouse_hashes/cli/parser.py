"""Argument parser: the host's verbs with additional options, and the new verbs."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.cli.argument_parser import ArgumentParser
from wheelhouse_hashes.cli.commands import Command, collect_commands
from wheelhouse_hashes.cli.environment import apply_environment
from wheelhouse_hashes.cli.help import GROUP_TITLE, correct, describe
from wheelhouse_hashes.cli.option_checks import check_not_empty, check_output_files
from wheelhouse_hashes.cli.verb_parsers import (
    VerbParsers,
    add_general_options,
    add_store_options,
    secrets_in,
)
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import harmless
from wheelhouse_hashes.masking import MASK
from wheelhouse_hashes.options import PREFIX, CheckOptions, Options, make_options
from wheelhouse_hashes.plugins.option_registry import OWN_NAME, OptionRegistry
from wheelhouse_hashes.runtime.screen import complain
from wheelhouse_hashes.verbs import OptionGroup

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.transport import Listing
    from wheelhouse_hashes.verbs import AddedOption


def warn(text: str) -> None:
    """Print one line to standard error."""
    complain(printable(text))


class Verbs:
    """The verbs of the command line: the host's, with additional options, and the new ones.

    :param plugins: the active plugins.
    :param environ: the environment; that of the process by default.
    """

    def __init__(self, plugins: Plugins, environ: Mapping[str, str] | None = None) -> None:
        self.plugins = plugins
        self.environ = os.environ if environ is None else environ
        #: The verbs by name, and their parsers; empty before the parser is built.
        self.commands: dict[str, Command] = {}
        self.parsers: dict[str, Parser] = {}
        #: The options that wheelhouse-hashes and its plugins add, by verb.
        self._ours: dict[str, list[AddedOption]] = {}
        #: Environment variables whose option no plugin provides, by verb.
        self._unmet: dict[str, str] = {}
        #: Names of the added options on the command line, without those from the environment.
        self.given: list[str] = []
        self._defaults: dict[str, dict[argparse.Action, Any]] = {}
        self._region: str | None = None
        #: The command line.
        self.argv: Sequence[str] = ()
        #: Prints the help of the whole command, or of a group of verbs; set by the parser.
        self.print_help: Callable[[Any], None] = lambda _stream: None

    def extend(self, subparsers: argparse._SubParsersAction[Parser]) -> None:
        """Add options to the host's verbs, and add the new verbs.

        :param subparsers: the return value of ``add_subparsers`` of the host's parser.
        :raises WheelhouseHashesError: if the value of an environment variable is invalid.
        """
        self.commands = collect_commands(self.plugins, subparsers.choices)
        parsers = VerbParsers(subparsers, self.commands.values())
        needed = self._needed()
        for command in self.commands.values():
            self.parsers[command.verb.name] = parser = parsers.parser(command)
            if needed is not None and command.verb.name not in needed:
                continue
            self._add_options(command, parser)
            parser.describe = partial(describe, command, parser)
            self._apply_environment(command, parser)

    def _needed(self) -> set[str] | None:
        """Return the verbs that the command line can name; None if all are needed.

        Adding those of all is slow, but shows plugins and environment variables with errors.
        """
        hooks = ("wheelhouse_add_options", "wheelhouse_verbs")
        has_values = any(name.startswith(PREFIX) for name in self.environ)
        if has_values or not self.argv or self.plugins.installed_with(*hooks):
            return None
        if self.argv[0] in ("-h", "--help"):
            return set()
        return {name for name in self.commands if name.partition(" ")[0] == self.argv[0]} or None

    def _add_options(self, command: Command, parser: Parser) -> None:
        verb = command.verb
        own_names = {each.name for each in fields(command.options)}
        registry = OptionRegistry(verb.name, own_names)
        registry.note_existing(parser)
        group = parser.add_argument_group(GROUP_TITLE)
        if not command.hosted:
            builtin = registry.owner(None, OWN_NAME)
            if verb.store:
                add_store_options(OptionGroup(parser, builtin), OptionGroup(group, builtin))
            if command.plugin is None:
                verb.configure(OptionGroup(parser, builtin))
            else:
                owner = self.plugins.owner(command.plugin, registry)
                self.plugins.configure(command.plugin, verb, OptionGroup(parser, owner))
        self.plugins.add_options(group, registry)
        self._ours[verb.name] = registry.options

    def _apply_environment(self, command: Command, parser: Parser) -> None:
        name, ours = command.verb.name, self._ours[command.verb.name]
        apply_environment(ours, self.environ)
        parser.secrets = [option.action for option in ours if option.secret]
        # The value of an argument that may be left out and repeated is never None.
        actions = [option.action for option in ours if option.action.nargs != "*"]
        regions = [action for action in parser._actions if action.dest == "region"]  # noqa: SLF001
        self._defaults[name] = parser.withhold_defaults([*actions, *regions])
        offered = {option.action.dest for option in ours}
        for switch in command.switches:
            variable = PREFIX + switch.upper()
            if is_on(self.environ.get(variable)) and switch not in offered:
                self._unmet[name] = variable

    def options(self, verb: str) -> Sequence[AddedOption]:
        """Return the options that wheelhouse-hashes and its plugins add to a verb."""
        return self._ours[verb]

    def all_options(self) -> Iterator[AddedOption]:
        """Yield the options and arguments that wheelhouse-hashes and its plugins add."""
        for added in self._ours.values():
            yield from added

    def secret_flags(self) -> list[str]:
        """Return the option strings of all secret options of plugins."""
        secret = [option.action for ours in self._ours.values() for option in ours if option.secret]
        return [flag for action in secret for flag in action.option_strings]

    def note_given(self, options: argparse.Namespace) -> None:
        """Record which options are on the command line, and set the others to their defaults.

        An option on the command line overrides its environment variable, even if the
        option is repeatable.

        :param options: the parsed options, without defaults.
        """
        verb = getattr(options, "command", "")
        for option in self._ours.get(verb, ()):
            if getattr(options, option.action.dest, None) is not None:
                self.given.append(option.action.dest)
        # The host's default region exists at one provider only: do not pass it to others.
        self._region = getattr(options, "region", None)
        for action, default in self._defaults.get(verb, {}).items():
            if getattr(options, action.dest) is not None:
                continue
            if default is argparse.SUPPRESS:
                delattr(options, action.dest)
            else:
                setattr(options, action.dest, _converted(action, default))

    def owns(self, options: argparse.Namespace) -> bool:
        """Return whether wheelhouse-hashes runs a command; if not, the host runs it alone.

        :raises UsageError: if an option of wheelhouse-hashes would have no effect.
        """
        verb = getattr(options, "command", None)
        if verb not in self._ours:
            return False
        if verb in self._unmet:
            raise UsageError(
                f"{self._unmet[verb]} is set, but the plugin that provides its option is not active"
            )
        command = self.commands[verb]
        switches = command.switches
        if not command.hosted or any(getattr(options, switch, False) for switch in switches):
            return True
        if verb == "fetch" and self.given:
            names = ", ".join("--" + dest.replace("_", "-") for dest in self.given)
            raise UsageError(f"{names}: no effect without --verify; add --verify")
        return bool(self.given)

    def run(self, options: argparse.Namespace) -> Session[Options]:
        """Return the run of a command that wheelhouse-hashes runs.

        :raises UsageError: if a plugin could not be loaded, because it might have
            refused an artifact, or if a file to write is used otherwise.
        """
        if self.plugins.failures:
            raise UsageError(*self.plugins.failures)
        # Imported here because the help and the host alone need no run.
        from wheelhouse_hashes.plugins.session import Session

        verb: str = options.command
        if verb == "upload":
            options.region = self._region
        command = self.commands[verb]
        kind = command.options
        known = {each.name for each in fields(kind)}
        values = vars(options)
        ours = {option.action.dest for option in self._ours[verb]}
        extra = {name: values[name] for name in ours - known if name in values}
        check_not_empty(self._ours[verb], values, known)
        check_output_files(self._ours[verb], values)
        run = Session(verb, make_options(kind, values, extra), self.plugins)
        if isinstance(run.options, CheckOptions):
            run.read_listing = partial(_read_listing, cast("Session[CheckOptions]", run))
        if command.verb.prints_result:
            run.reserve_output()
        return run


def _read_listing(run: Session[CheckOptions], address: str) -> Listing:
    # Imported here because few runs need a listing before the verb's module is imported.
    from wheelhouse_hashes.listing.locate import read_listing

    return read_listing(run, address)


def _converted(action: argparse.Action, default: object) -> object:
    """Convert a default as argparse does: text is parsed like text from the command line."""
    return action.type(default) if isinstance(default, str) and callable(action.type) else default


class Parser(ArgumentParser):
    """The host's argument parser; adds options and verbs before it parses."""

    verbs: Verbs

    @classmethod
    def of(cls, verbs: Verbs) -> type[Parser]:
        """Return a subclass bound to *verbs*, because the host creates its parsers itself."""
        return type(cls.__name__, (cls,), {"verbs": verbs})

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Add options and verbs, then parse."""
        for parser in self._subparsers_action.choices.values():
            parser.host_options = frozenset(parser._option_string_actions)  # noqa: SLF001 (argparse)
        correct(self._subparsers_action)
        self.verbs.argv = sys.argv[1:] if args is None else args
        self.verbs.extend(self._subparsers_action)
        add_general_options(self, self.verbs.all_options)
        try:
            options, unknown = self.parse_known_args(args, namespace)
            if unknown:
                # Imported here because only mistakes need it.
                from wheelhouse_hashes.cli.mistakes import unrecognized

                verb = getattr(options, "command", "")
                self.error(unrecognized(unknown, verb, self.verbs.parsers.get(verb, self), MASK))
        except SystemExit as end:
            # An unrecognized option may belong to a plugin that failed to load.
            if end.code:
                for failure in self.verbs.plugins.failures:
                    warn(f"warning: {failure}")
            raise
        self.verbs.print_help = getattr(options, "_group", self).print_help
        self.verbs.note_given(options)
        return options

    def error(self, message: str) -> NoReturn:
        """Exit with a usage error; mask the values of secret options."""
        for secret in secrets_in(self.verbs.argv, self.verbs.secret_flags()):
            message = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, message)
        super().error(harmless(message))
