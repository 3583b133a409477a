"""The values that options take, their environment variables, and whose a command is."""

from __future__ import annotations

import argparse

import pytest

from wheelhouse_hashes import _settings
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.artifacts import ALGORITHMS
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli import environment
from wheelhouse_hashes.cli.parser import Parser, Verbs
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.plugins.manager import Plugins

PREFIX = "WHEELHOUSE_UPLOADER_"


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("90", 90.0), ("0.5", 0.5), ("1e3", 1e3)])
def test_seconds_are_numbers_from_zero_on(text: str, value: float) -> None:
    assert _settings.seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-1", "-0.1", "nan", "inf", "-inf", "1e999"])
def test_seconds_are_nothing_else(text: str) -> None:
    with pytest.raises(ValueError):
        _settings.seconds(text)


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "inf", "nan", "soon"])
def test_some_seconds_are_more_than_none(text: str) -> None:
    with pytest.raises(ValueError):
        _settings.some_seconds(text)
    assert _settings.some_seconds("0.5") == 0.5


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("64", 64), (" 8 ", 8)])
def test_count_is_a_whole_number_from_one_on(text: str, value: int) -> None:
    assert _settings.count(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many"])
def test_count_is_nothing_else(text: str) -> None:
    with pytest.raises(ValueError):
        _settings.count(text)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_is_one_that_is_known(name: str) -> None:
    assert _settings.algorithm(name) == name


@pytest.mark.parametrize("name", ["", "sha1", "SHA256", "sha-256", "crc32"])
def test_algorithm_is_no_other(name: str) -> None:
    with pytest.raises(ValueError):
        _settings.algorithm(name)


def with_all_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    for option in ("--hashfile", "--verify"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--hash-algorithm", action="append")
    parser.add_argument("--driver-option", dest="driver_options", action="append")
    parser.add_argument("--wait", type=_settings.seconds, default=_settings.DEFAULT_WAIT)
    parser.add_argument("--timeout", type=_settings.some_seconds, default=_settings.DEFAULT_TIMEOUT)
    parser.add_argument(
        "--max-workers", type=_settings.count, default=_settings.DEFAULT_MAX_WORKERS
    )
    return parser


GOOD = {
    "HASHFILE": ("1", True),
    "VERIFY": ("yes", True),
    "HASH_ALGORITHM": ("md5  blake2b", ["md5", "blake2b"]),
    "DRIVER_OPTIONS": ("host=h 'proxy_url=http://p/ q'", ["host=h", "proxy_url=http://p/ q"]),
    "WAIT": ("0.25", 0.25),
    "TIMEOUT": ("0.5", 0.5),
    "MAX_WORKERS": ("9", 9),
}


def test_every_twin_is_tested_here() -> None:
    assert {PREFIX + name for name in GOOD} == set(OPTION_VARIABLES)


@pytest.mark.parametrize("name", GOOD)
def test_twin_becomes_the_default_of_its_option_alone(name: str) -> None:
    parser = with_all_options()
    before = vars(parser.parse_args([]))
    text, value = GOOD[name]
    environment.apply_environment(parser._actions, {PREFIX + name: text})
    assert vars(parser.parse_args([])) == {**before, name.lower(): value}


def test_a_wait_of_zero_is_a_wait() -> None:
    parser = with_all_options()
    environment.apply_environment(parser._actions, {PREFIX + "WAIT": "0"})
    assert parser.parse_args([]).wait == 0


@pytest.mark.parametrize("text", ["", "  ", "0", "false", "FALSE"])
@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"WAIT"}))
def test_twin_that_is_off_changes_nothing(name: str, text: str) -> None:
    parser = with_all_options()
    before = vars(parser.parse_args([]))
    environment.apply_environment(parser._actions, {PREFIX + name: text})
    assert vars(parser.parse_args([])) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HASH_ALGORITHM", "sha256 sha1"),
        ("WAIT", "a while"),
        ("TIMEOUT", "-1"),
        ("MAX_WORKERS", "1.5"),
    ],
)
def test_twin_with_a_bad_value_is_refused_with_its_option(name: str, text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        environment.apply_environment(with_all_options()._actions, {PREFIX + name: text})
    assert f"{PREFIX}{name}={text!r}" in str(refusal.value)
    assert "--" + name.lower().replace("_", "-") in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_options_that_weaken_have_no_twin() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--missing-hash", default=_settings.REFUSE)
    parser.add_argument("--no-ssl-check", action="store_true")
    environ = {f"{PREFIX}MISSING_HASH": _settings.ACCEPT, f"{PREFIX}NO_SSL_CHECK": "1"}
    environment.apply_environment(parser._actions, environ)
    assert parser.parse_args([]).missing_hash == _settings.REFUSE
    assert parser.parse_args([]).no_ssl_check is False


def parse(*argv: str, plugins: Plugins | None = None) -> tuple[Verbs, argparse.Namespace]:
    """Parse a command line with a parser like the host's."""
    verbs = Verbs(plugins or Plugins.load(BUILT_IN, {}), {})
    parser = Parser.of(verbs)()
    subparsers = parser.add_subparsers()
    for verb in ("upload", "fetch", "other"):
        subparsers.add_parser(verb).set_defaults(command=verb)
    return verbs, parser.parse_args(argv)


@pytest.mark.parametrize(
    ("argv", "ours"),
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
def test_command_is_ours_or_the_hosts(argv: tuple[str, ...], ours: bool) -> None:
    verbs, parsed = parse(*argv)
    assert verbs.owns(parsed) is ours


def test_options_without_effect_are_named_as_they_are_typed() -> None:
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
def test_option_with_a_bad_value_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    with pytest.raises(SystemExit) as end:
        parse("fetch", "--verify", option, text)
    assert end.value.code == 2
    assert option in capsys.readouterr().err


class Failing:
    """A plugin whose options cannot be added."""

    from wheelhouse_hashes import hookimpl

    @hookimpl
    def wheelhouse_add_options(self, verb: str) -> None:
        raise RuntimeError("out of order")


def test_plugin_that_fails_to_add_options_is_named() -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.register(Failing(), "failing", "failing-dist 1.0")
    verbs, parsed = parse("upload", plugins=plugins)
    assert not verbs.owns(parsed)  # the host's own commands go on
    (failure,) = plugins.failures
    assert "'failing' (failing-dist 1.0)" in failure


def test_plugin_that_was_not_loaded_refuses_a_command_of_ours() -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.failures.append("plugin 'broken' of broken-dist 1.0 cannot be loaded")
    verbs, parsed = parse("fetch", "--verify", plugins=plugins)
    with pytest.raises(UsageError, match="broken-dist"):
        verbs.run(parsed)


def test_plugin_not_loaded_is_named_when_an_option_is_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plugins = Plugins.load(BUILT_IN, {})
    plugins.failures.append("plugin 'broken' of broken-dist 1.0 cannot be loaded")
    with pytest.raises(SystemExit) as end:
        parse("fetch", "--of-a-plugin", plugins=plugins)
    assert end.value.code == 2
    assert "warning: plugin 'broken' of broken-dist 1.0" in capsys.readouterr().err
