"""``--help`` of each verb."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.command_lines import Line
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.cli import help as help_text
from wheelhouse_hashes.cli.commands import BUILT_IN_COMMANDS
from wheelhouse_hashes.cli.help import GROUP_TITLE, SECTIONS
from wheelhouse_hashes.options import PREFIX

#: The built-in verbs by name.
COMMANDS = {command.verb.name: command for command in BUILT_IN_COMMANDS}

VERBS = ("upload", "fetch", "index", "verify", "hash")

every_verb = pytest.mark.parametrize("verb", VERBS)

#: The verbs that the host itself has.
hosts_verb = pytest.mark.parametrize("verb", VERBS[:2])


@pytest.fixture
def pages(commandline: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb."""
    return {verb: Line(commandline).parser(verb, monkeypatch) for verb in VERBS}


def added_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        action
        for group in parser._action_groups
        if GROUP_TITLE in (group.title or "")
        for action in group._group_actions
    ]


@every_verb
def test_every_added_option_has_help_and_section(
    pages: dict[str, argparse.ArgumentParser], verb: str
) -> None:
    actions = added_options(pages[verb])
    assert actions
    for action in actions:
        assert action.help, action.dest
    (left,) = (g for g in pages[verb]._action_groups if g.title == GROUP_TITLE)
    assert left._group_actions == []  # this group is for options of other plugins


@every_verb
def test_every_option_is_shown_once(pages: dict[str, argparse.ArgumentParser], verb: str) -> None:
    parser = pages[verb]
    shown = [action for group in parser._action_groups for action in group._group_actions]
    assert sorted(map(id, shown)) == sorted(map(id, parser._actions))


_TIMES = ("wait", "timeout")
_CHECKS = (
    *("hash_algorithm", "expect", "require", "max_workers", "attested_by"),
    *("log", "log_key"),
)

#: The options that have an environment variable, by verb.  No other option has one; above
#: all, none that weakens a check, except ``--allow-empty``.
VARIABLES = {
    "upload": {"hashfile", "hash_algorithm", "driver_options", "allow_empty", "expect", *_TIMES},
    "fetch": {"verify", "against", "driver_options", *_CHECKS, *_TIMES},
    "hash": {"hash_algorithm"},
    "index": {"driver_options", *_TIMES},
    "verify": {"against", "driver_options", *_CHECKS, *_TIMES},
}


@every_verb
def test_each_option_has_its_environment_variable_or_none(commandline: Any, verb: str) -> None:
    line = Line(commandline)
    with pytest.MonkeyPatch.context() as patch:
        line.parse(patch=patch)
    options = line.verbs.options(verb)
    named = {o.action.dest: o.environment for o in options if o.environment is not None}
    assert named == {dest: PREFIX + dest.upper() for dest in VARIABLES[verb]}
    assert set(named.values()) <= set(OPTION_VARIABLES)
    weakening = {"missing_hash", "no_ssl_check", "resend"}
    assert weakening.isdisjoint(named)


def test_help_names_every_environment_variable(pages: dict[str, argparse.ArgumentParser]) -> None:
    named = set()
    for parser in pages.values():
        for action in added_options(parser):
            variable = PREFIX + action.dest.upper()
            if variable in OPTION_VARIABLES:
                assert variable in (action.help or "")
                named.add(variable)
    assert named == set(OPTION_VARIABLES)


def test_help_names_no_other_environment_variable(
    pages: dict[str, argparse.ArgumentParser],
) -> None:
    for parser in pages.values():
        for action in added_options(parser):
            for name in re.findall(rf"{PREFIX}\w+", action.help or ""):
                assert name == PREFIX + action.dest.upper()


@every_verb
def test_help_names_every_default(pages: dict[str, argparse.ArgumentParser], verb: str) -> None:
    for action in added_options(pages[verb]):
        if action.default not in (None, False):
            assert "default: %(default)" in (action.help or "")


@every_verb
def test_help_examples_parse_as_extended_commands(
    commandline: Any, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    text = help_text.epilog(COMMANDS[verb]).partition("\n\n")[0].replace("\\\n", " ")
    commands = [line for line in text.splitlines()[1:] if not line.startswith("  #")]
    assert len(commands) == len(text.splitlines()[1:]) / 2
    for command in commands:
        python, m, module, *argv = shlex.split(command)
        assert (python, m, module, argv[0]) == ("python", "-m", "wheelhouse_uploader", verb)
        line = Line(commandline)
        options = line.parse(*argv, patch=monkeypatch)
        assert line.verbs.owns(options)


@every_verb
def test_help_fits_into_80_columns(cli: Cli, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = cli(verb, "--help")
    assert (page.code, page.err) == (0, "")
    assert max(map(len, page.out.splitlines())) <= 80
    assert page.out.endswith(help_text.epilog(COMMANDS[verb]))


@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_help_lists_causes_by_exit_code(verb: str) -> None:
    epilog = re.sub(r"\n {7}(?=\S)", " ", help_text.epilog(COMMANDS[verb]))
    rows = dict(re.findall(r"^ +(\d+)  (.*)$", epilog, re.MULTILINE))
    assert {"0", "2", "130"} <= rows.keys()
    for cause in Cause:
        assert re.search(rf"\b{cause.value}\b", rows[str(cause.exit_code)])


@hosts_verb
def test_help_of_host_options_is_unchanged(
    commandline: Any,
    monkeypatch: pytest.MonkeyPatch,
    pages: dict[str, argparse.ArgumentParser],
    verb: str,
) -> None:
    bare = Line(commandline, extended=False).parser(verb, monkeypatch)
    corrected = {"build an index.html file": "write no index.html file"}
    for before, now in zip(bare._action_groups, pages[verb]._action_groups, strict=False):
        assert now.title == before.title
        assert [vars_of(a) for a in now._group_actions] == [
            vars_of(a, corrected) for a in before._group_actions
        ]


def vars_of(
    action: argparse.Action, corrected: Mapping[str, str] = MappingProxyType({})
) -> tuple[object, ...]:
    text = corrected.get(action.help or "", action.help)
    return type(action), action.option_strings, action.dest, text, action.metavar


def test_wrong_help_of_host_is_corrected(cli: Cli) -> None:
    page = cli("--help").out
    assert "Nuxeo" not in page
    assert "Upload the artifacts of a folder to a container." in page
    assert "Collect build artifacts from an HTML page." in page  # not wrong


def test_help_sections_list_each_option_once(
    pages: dict[str, argparse.ArgumentParser],
) -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert len(names) == len(set(names))
    assert set(names) == {
        action.dest for parser in pages.values() for action in added_options(parser)
    }


def test_plugin_option_stays_in_plugin_group(cli: Cli) -> None:
    parser = argparse.ArgumentParser()
    group = parser.add_argument_group(GROUP_TITLE)
    group.add_argument("--of-a-plugin")
    group.add_argument("--report")
    help_text.describe(COMMANDS["fetch"], parser)
    assert [action.dest for action in group._group_actions] == ["of_a_plugin"]


@pytest.mark.parametrize("argv", [("--help",), *((verb, "--help") for verb in VERBS)], ids=str)
def test_help_imports_no_slow_module(python: Cli, argv: tuple[str, ...]) -> None:
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['wheelhouse_uploader', *{argv!r}]\n"
        "try:\n    runpy.run_module('wheelhouse_hashes', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "slow = {'pycurl', 'rich', 'pkg_resources', 'libcloud', 'requests'}\n"
        "print('loaded:', *sorted(slow & set(sys.modules)))"
    )
    done = python("-c", code)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].strip() == "loaded:"
