"""The parser decides whether a command is extended, and refuses bad values."""

from __future__ import annotations

import argparse

import pytest

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli.parser import Parser, Verbs
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.plugins.hooks import Plugins


def parse(*argv: str, plugins: Plugins | None = None) -> tuple[Verbs, argparse.Namespace]:
    """Parse a command line with a parser like the host's."""
    verbs = Verbs(plugins or Plugins.load(BUILT_IN, {}), {})
    parser = Parser.of(verbs)()
    subparsers = parser.add_subparsers()
    for verb in ("upload", "fetch", "other"):
        subparsers.add_parser(verb).set_defaults(command=verb)
    return verbs, parser.parse_args(argv)


@pytest.mark.parametrize(
    ("argv", "extended"),
    [
        (("upload",), False),
        (("upload", "--hashfile"), True),
        (("upload", "--no-replace"), True),
        (("upload", "--resend"), True),
        (("upload", "--hash-algorithm", "md5"), True),
        (("fetch",), False),
        (("fetch", "--verify"), True),
        (("fetch", "--verify", "--wait", "1"), True),
        (("index", "wheels"), True),
        (("other",), False),
        ((), False),
    ],
    ids=str,
)
def test_command_is_extended_or_plain(argv: tuple[str, ...], extended: bool) -> None:
    verbs, parsed = parse(*argv)
    assert verbs.owns(parsed) is extended


def test_options_without_effect_are_named() -> None:
    verbs, parsed = parse("fetch", "--missing-hash", "accept", "--wait", "1")
    with pytest.raises(UsageError) as refusal:
        verbs.owns(parsed)
    assert "--missing-hash" in str(refusal.value)
    assert "--wait" in str(refusal.value)
    assert "--verify" in str(refusal.value)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--missing-hash", "perhaps"),
        ("--wait", "-1"),
        ("--wait", "nan"),
        ("--timeout", "0"),
        ("--timeout", "-1"),
        ("--timeout", "inf"),
        ("--max-workers", "0"),
        ("--hash-algorithm", "sha1"),
    ],
)
def test_option_with_bad_value_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    with pytest.raises(SystemExit) as end:
        parse("fetch", "--verify", option, text)
    assert end.value.code == 2
    assert option in capsys.readouterr().err


class Failing:
    """A plugin whose options cannot be added."""

    @hookimpl
    def wheelhouse_add_options(self, verb: str) -> None:
        raise RuntimeError("out of order")


def test_plugin_failing_to_add_options_is_named() -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.register(Failing(), "failing", "failing-dist 1.0")
    verbs, parsed = parse("upload", plugins=plugins)
    assert not verbs.owns(parsed)  # plain host commands still work
    (failure,) = plugins.failures
    assert "'failing' (failing-dist 1.0)" in failure


def test_unloaded_plugin_refuses_extended_command() -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.failures.append("plugin 'broken' (broken-dist 1.0) cannot be loaded")
    verbs, parsed = parse("fetch", "--verify", plugins=plugins)
    with pytest.raises(UsageError, match="broken-dist"):
        verbs.run(parsed)


def test_unloaded_plugin_is_named_with_unknown_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.failures.append("plugin 'broken' (broken-dist 1.0) cannot be loaded")
    with pytest.raises(SystemExit) as end:
        parse("fetch", "--of-a-plugin", plugins=plugins)
    assert end.value.code == 2
    assert "warning: plugin 'broken' (broken-dist 1.0)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("--report", "report", "--"),
        ("--sums", "sums", "--"),
        ("--against", "against", ["--"]),
    ],
)
def test_two_hyphens_are_the_value_of_an_option(option: str, name: str, value: object) -> None:
    """``--sums=--`` is an odd name, and not the end of the options."""
    _, options = parse("fetch", f"{option}=--")
    assert getattr(options, name) == value


def test_two_hyphens_are_not_every_options_value(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("fetch", "--missing-hash=--")
    assert "invalid choice: '--'" in capsys.readouterr().err
