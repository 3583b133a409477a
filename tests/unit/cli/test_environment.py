"""Environment variables set the defaults of options."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from tests.support.params import quick
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli import environment
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.option_registry import OptionRegistry
from wheelhouse_hashes.verbs import OptionGroup

PREFIX = "WHEELHOUSE_UPLOADER_"


class Line:
    """A parser with the built-in options that have environment variables."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser()
        self._registry = OptionRegistry("fetch")
        group = OptionGroup(self.parser, self._registry.owner(None, "tests"))
        self.add = group.add_argument

    @classmethod
    def with_all_options(cls) -> Line:
        line = cls()
        plugins = Plugins.load(BUILT_IN, {})
        for verb in ("fetch", "upload"):
            registry = OptionRegistry(verb)
            plugins.add_options(argparse.ArgumentParser(), registry)
            added = {option.environment for option in line._registry.options}
            line._registry.options += [
                option
                for option in registry.options
                if option.environment is not None and option.environment not in added
            ]
        for option in line._registry.options:
            line.parser._add_action(option.action)
        return line

    def parse(self, *words: str, **environ: str) -> dict[str, object]:
        environment.apply_environment(self._registry.options, environ)
        return vars(self.parser.parse_args(words))


def with_all_options(**environ: str) -> dict[str, object]:
    return Line.with_all_options().parse(**environ)


GOOD = {
    "HASHFILE": ("1", True),
    "VERIFY": ("yes", True),
    "HASH_ALGORITHM": ("md5  blake2b", ["md5", "blake2b"]),
    "REQUIRE": ("pinned  elsewhere", [Tier.PINNED, Tier.ELSEWHERE]),
    "DRIVER_OPTIONS": ("host=h 'proxy_url=http://p/ q'", ["host=h", "proxy_url=http://p/ q"]),
    "ALLOW_EMPTY": ("1", True),
    "WAIT": ("0.25", 0.25),
    "TIMEOUT": ("0.5", 0.5),
    "MAX_WORKERS": ("9", 9),
    "EXPECT": ("39", 39),
    "AGAINST": ("'my sums' b", ["my sums", "b"]),
    "ATTESTED_BY": ("github:o/r gitlab:a/b", ["github:o/r", "gitlab:a/b"]),
    "LOG": ("https://log.example.org/", "https://log.example.org/"),
    "LOG_KEY": ("example.org/log+00000000+key", "example.org/log+00000000+key"),
}


def test_every_environment_variable_is_tested() -> None:
    assert {PREFIX + name for name in GOOD} == set(OPTION_VARIABLES)


@pytest.mark.parametrize("name", GOOD)
def test_environment_variable_sets_default_of_its_option(name: str) -> None:
    before = with_all_options()
    text, value = GOOD[name]
    assert with_all_options(**{PREFIX + name: text}) == {**before, name.lower(): value}


def test_environment_variable_wait_can_be_zero() -> None:
    assert with_all_options(WHEELHOUSE_UPLOADER_WAIT="0")["wait"] == 0


@pytest.mark.parametrize("text", quick(["", "  ", "0", "false", "FALSE"], "0"))
@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"WAIT"}))
def test_environment_variable_that_is_off_is_ignored(name: str, text: str) -> None:
    assert with_all_options(**{PREFIX + name: text}) == with_all_options()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HASH_ALGORITHM", "sha256 sha1"),
        ("WAIT", "a while"),
        ("TIMEOUT", "-1"),
        ("MAX_WORKERS", "1.5"),
        ("EXPECT", "all"),
    ],
)
def test_environment_variable_with_bad_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        with_all_options(**{PREFIX + name: text})
    assert f"{PREFIX}{name}={text!r}" in str(refusal.value)
    assert "--" + name.lower().replace("_", "-") in str(refusal.value)
    assert refusal.value.exit_code == 2


#: Arguments of ``add_argument``, a value of the variable, and that of the option.
PARSED: list[tuple[dict[str, Any], str, object]] = [
    ({}, " as it is ", " as it is "),
    ({"type": int}, "7", 7),
    ({"type": int}, "0", 0),
    ({"type": int}, "false", None),
    ({}, "0", None),
    ({"choices": ("a", "b")}, "b", "b"),
    ({"action": "store_true"}, "yes", True),
    ({"action": "store_true"}, "0", False),
    ({"action": "store_const", "const": "c"}, "1", "c"),
    ({"action": argparse.BooleanOptionalAction}, "1", True),
    ({"action": "append"}, "a 'b c'", ["a", "b c"]),
    ({"action": "append", "type": int}, "1 2", [1, 2]),
    ({"action": "extend", "nargs": "+"}, "a b", ["a", "b"]),
    ({"nargs": "*"}, "a#b 'c", UsageError),
    ({"nargs": "*"}, "a#b c", ["a#b", "c"]),
    ({"required": True}, "given", "given"),
    ({"type": int}, "seven", UsageError),
    ({"choices": ("a", "b")}, "c", UsageError),
]


@pytest.mark.parametrize(("arguments", "text", "value"), PARSED, ids=str)
def test_environment_variable_is_parsed_like_its_option(
    arguments: dict[str, Any], text: str, value: object
) -> None:
    line = Line()
    line.add("--mine", environment="MY_OPTION", **arguments)
    if value is UsageError:
        with pytest.raises(UsageError, match=r"^MY_OPTION=.*--mine") as refusal:
            line.parse(MY_OPTION=text)
        assert refusal.value.__cause__ is None
    else:
        assert line.parse(MY_OPTION=text)["mine"] == value


@pytest.mark.parametrize(
    "arguments", [{"type": int}, {"choices": ("a", "b")}, {"action": "append", "type": int}]
)
def test_bad_value_of_secret_is_not_shown(arguments: dict[str, Any]) -> None:
    line = Line()
    line.add("--token", secret=True, environment="MY_TOKEN", **arguments)
    with pytest.raises(UsageError, match=r"^MY_TOKEN: --token invalid value") as refusal:
        line.parse(MY_TOKEN="hunter2")
    assert "hunter2" not in str(refusal.value)
