"""argparse's parser with the behavior that all verbs share: help, defaults, mistakes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any

from wheelhouse_hashes.cli.help import program
from wheelhouse_hashes.masking import MASK
from wheelhouse_hashes.runtime.screen import write


class ArgumentParser(argparse.ArgumentParser):
    """The parser of the command line or of a verb."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (as argparse has them)
        kwargs.setdefault("prog", program())
        super().__init__(*args, **kwargs)
        self._subparsers_action: argparse._SubParsersAction[Any]
        #: The option strings of the host; None before it has parsed.
        self.host_options: frozenset[str] | None = None
        #: The secret options of the verb.
        self.secrets: list[argparse.Action] = []
        #: Arranges the help.  It is called when the help is shown, to save time.
        self.describe: Callable[[], None] | None = None
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
        if self.describe is not None:
            self.describe()
            self.describe = None
        for action, default in self._withheld.items():
            action.default = MASK if default and action in self.secrets else default
        try:
            return super().format_help()
        finally:
            for action in self._withheld:
                action.default = None

    def add_subparsers(self, **kwargs: Any) -> argparse._SubParsersAction[Any]:  # noqa: ANN401
        """Keep a reference to the action that holds the verbs."""
        self._subparsers_action = super().add_subparsers(**kwargs)
        return self._subparsers_action

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Check a verb or a value; suggest a valid one that it resembles."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError:
            from wheelhouse_hashes.cli.mistakes import refuse_choice

            refuse_choice(action, value)

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401 (as argparse has it)
        """Print the help or an error, whatever the state and the encoding of the stream."""
        # argparse itself may color them.
        write(sys.stderr if file is None else file, message, trusted=True)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:  # noqa: ANN401 (as argparse has it)
        """Keep the value of ``--option=--``, which Python before 3.13 drops."""
        if action.option_strings and action.nargs is None and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """Prefer the host's options for abbreviations: ``fetch --ver`` means ``--version``."""
        matches: list[Any] = super()._get_option_tuples(option_string)
        hosts = [match for match in matches if match[1] in (self.host_options or ())]
        return hosts or matches
