"""The parsers of the command line: the host's own, and the extended ones."""

from __future__ import annotations

import argparse
import sys
import types
from typing import Any

import pytest

from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli.parser import Parser, Verbs
from wheelhouse_hashes.plugins.hooks import Plugins


class Line:
    """The host's command line with its own parser, extended or plain."""

    def __init__(self, module: Any, *, extended: bool = True) -> None:
        self._module = module
        self._extended = extended
        #: The verbs, set after parsing.
        self.verbs = Verbs(Plugins.load(BUILT_IN, {}), {})
        self._made: list[argparse.ArgumentParser] = []

    def parse(self, *argv: str, patch: pytest.MonkeyPatch) -> argparse.Namespace:
        base = Parser.of(self.verbs) if self._extended else argparse.ArgumentParser

        def make(**options: Any) -> argparse.ArgumentParser:
            self._made.append(base(**options))
            return self._made[-1]

        with patch.context() as patched:
            patched.setattr(self._module, "argparse", types.SimpleNamespace(ArgumentParser=make))
            patched.setattr(sys, "argv", ["wheelhouse_uploader", *argv])
            parsed: argparse.Namespace = self._module.parse_args()
        return parsed

    def parser(self, verb: str, patch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
        """Return the parser of a verb of one or two words, with its options in groups."""
        self.parse(patch=patch)
        parser = self._made[0]
        for word in verb.split():
            parser = verbs_of(parser)[word]
        parser.format_help()  # arranges the groups
        return parser

    def general(self, patch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
        """Return the parser of the whole command."""
        self.parse(patch=patch)
        return self._made[0]


def verbs_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the verbs of a parser, by the last word of their names."""
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    found: dict[str, argparse.ArgumentParser] = action.choices
    return found
