"""Argument parser: the host's verbs with additional options, and the new verbs."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NoReturn

from wheelhouse_hashes._startup import is_on
from wheelhouse_hashes.cli.environment import apply_environment
from wheelhouse_hashes.cli.help import GROUP_TITLE, describe
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.options import OF_VERB, PREFIX, SWITCHES, Options, make_options
from wheelhouse_hashes.plugins.session import Session

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.hooks import Plugins

#: Matches ``--option=KEY=VALUE`` or ``KEY=VALUE`` and everything after it, because a
#: value may contain spaces.
_KEY_AND_VALUE = r"(?s)((?:--?[\w-]+=)?(?<!\S)[A-Za-z]\w*|--?[\w-]+=\w+)=.*"


def warn(text: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(f"wheelhouse-hashes: {printable(text)}\n")


class Verbs:
    """The verbs of the command line: the host's, with additional options, and the new ones.

    :param plugins: the active plugins.
    :param environ: the environment; that of the process by default.
    """

    def __init__(self, plugins: Plugins, environ: Mapping[str, str] | None = None) -> None:
        self.plugins = plugins
        self.environ = os.environ if environ is None else environ
        #: Options added by plugins, by verb.
        self._ours: dict[str, list[argparse.Action]] = {}
        #: Environment variables whose option no plugin provides, by verb.
        self._unmet: dict[str, str] = {}
        #: Names of the added options on the command line, without those from the environment.
        self.given: list[str] = []
        self._defaults: dict[str, dict[argparse.Action, Any]] = {}
        self._region: str | None = None

    def extend(self, subparsers: argparse._SubParsersAction[Parser]) -> None:
        """Add options to the host's verbs, and add the new verbs.

        :param subparsers: the return value of ``add_subparsers`` of the host's parser.
        :raises WheelhouseHashesError: if a plugin fails or the value of an environment
            variable is invalid.
        """
        about = "Rebuild the index page of a container from its contents."
        index = subparsers.add_parser("index", help=about, description=about)
        index.set_defaults(command="index")
        _add_store_options(index)
        about = "Verify the artifacts in a local folder, without changing anything."
        verify = subparsers.add_parser("verify", help=about, description=about)
        verify.set_defaults(command="verify")
        verify.add_argument("folder", help="path to the folder to verify")
        verify.add_argument(
            "--against",
            metavar="SOURCE",
            help="source of the digests: a digest list (such as SHA256SUMS), a folder with hash "
            "files, or the URL of an index page or container (default: the folder itself)",
        )
        for verb in ("upload", "fetch", "index", "verify"):
            parser = subparsers.choices[verb]
            actions = parser._actions  # noqa: SLF001 (argparse has no public list)
            before = set(actions)
            self.plugins.add_options(verb, parser.add_argument_group(GROUP_TITLE))
            self._ours[verb] = [action for action in actions if action not in before]
            describe(verb, parser)
            apply_environment(self._ours[verb], self.environ)
            self._defaults[verb] = parser.withhold_defaults(
                action
                for action in actions
                if action in self._ours[verb] or action.dest == "region"
            )
            offered = {action.dest for action in self._ours[verb]}
            for switch in SWITCHES.get(verb, ()):
                variable = PREFIX + switch.upper()
                if is_on(self.environ.get(variable)) and switch not in offered:
                    self._unmet[verb] = variable

    def note_given(self, options: argparse.Namespace) -> None:
        """Record which options are on the command line, and set the others to their defaults.

        An option on the command line overrides its environment variable, even if the
        option is repeatable.

        :param options: the parsed options, without defaults.
        """
        verb = getattr(options, "command", "")
        for action in self._ours.get(verb, ()):
            if getattr(options, action.dest) is not None:
                self.given.append(action.dest)
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
        switches = SWITCHES.get(verb, ())
        if not switches or any(getattr(options, switch, False) for switch in switches):
            return True
        if verb == "fetch" and self.given:
            names = ", ".join("--" + dest.replace("_", "-") for dest in self.given)
            raise UsageError(f"{names}: no effect without --verify; add --verify")
        return bool(self.given)

    def run(self, options: argparse.Namespace) -> Session[Options]:
        """Return the run of a command that wheelhouse-hashes runs.

        :raises UsageError: if a plugin could not be loaded, because it might have
            refused an artifact.
        """
        if self.plugins.failures:
            raise UsageError(*self.plugins.failures)
        verb: str = options.command
        if verb == "upload":
            options.region = self._region
        kind = OF_VERB[verb]
        known = {each.name for each in fields(kind)}
        values = vars(options)
        ours = {action.dest for action in self._ours[verb]}
        extra = {name: values[name] for name in ours - known if name in values}
        return Session(verb, make_options(kind, values, extra), self.plugins)


def _converted(action: argparse.Action, default: object) -> object:
    """Convert a default as argparse does: text is parsed like text from the command line."""
    return action.type(default) if isinstance(default, str) and callable(action.type) else default


def _add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add the store options of the host's ``upload``."""
    parser.add_argument("container_name", help="name of the container")
    parser.add_argument("--username", help="account name for the cloud storage")
    parser.add_argument("--secret", help="secret API key for the cloud storage")
    parser.add_argument(
        "--provider-name", default="CLOUDFILES", help="Apache Libcloud cloud storage provider"
    )
    parser.add_argument("--region", help="Apache Libcloud cloud storage provider region")
    parser.add_argument(
        "--no-ssl-check",
        action="store_true",
        help="disable SSL certificate validation",
    )


class Parser(argparse.ArgumentParser):
    """The host's argument parser; adds options and verbs before it parses."""

    verbs: Verbs

    @classmethod
    def of(cls, verbs: Verbs) -> type[Parser]:
        """Return a subclass bound to *verbs*, because the host creates its parsers itself."""
        return type(cls.__name__, (cls,), {"verbs": verbs})

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as argparse has them)
        super().__init__(*args, **kwargs)
        self._subparsers_action: argparse._SubParsersAction[Parser]
        #: The option strings of the host; None before it has parsed.
        self.host_options: frozenset[str] | None = None
        self._withheld: dict[argparse.Action, Any] = {}

    def withhold_defaults(self, actions: Iterable[argparse.Action]) -> dict[argparse.Action, Any]:
        """Set defaults to None, so that options that were not given can be recognized.

        The help still shows the original defaults.

        :returns: the original defaults.
        """
        self._withheld = {action: action.default for action in actions}
        for action in self._withheld:
            action.default = None
        return self._withheld

    def format_help(self) -> str:
        """Return the help of a verb, with the original defaults."""
        for action, default in self._withheld.items():
            action.default = default
        try:
            return super().format_help()
        finally:
            for action in self._withheld:
                action.default = None

    def add_subparsers(  # type: ignore[override]
        self,
        **kwargs: Any,  # noqa: ANN401 (as argparse has them)
    ) -> argparse._SubParsersAction[Parser]:
        """Keep a reference to the action that holds the verbs."""
        self._subparsers_action = super().add_subparsers(**kwargs)
        return self._subparsers_action

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Add options and verbs, then parse."""
        for parser in self._subparsers_action.choices.values():
            parser.host_options = frozenset(parser._option_string_actions)  # noqa: SLF001 (argparse)
        self.verbs.extend(self._subparsers_action)
        try:
            options = super().parse_args(args, namespace)
        except SystemExit as end:
            # An unrecognized option may belong to a plugin that failed to load.
            if end.code:
                for failure in self.verbs.plugins.failures:
                    warn(f"warning: {failure}")
            raise
        self.verbs.note_given(options)
        return options

    def error(self, message: str) -> NoReturn:
        """Exit with a usage error; mask the value of a misspelled ``--driver-option``."""
        known, unknown, words = message.partition("unrecognized arguments: ")
        super().error(known + unknown + re.sub(_KEY_AND_VALUE, r"\1=***", words))

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """Prefer the host's options for abbreviations: ``fetch --ver`` means ``--version``."""
        matches: list[Any] = super()._get_option_tuples(option_string)
        hosts = [match for match in matches if match[1] in (self.host_options or ())]
        return hosts or matches
