"""Environment variables set the defaults of options."""

from __future__ import annotations

import argparse

import pytest

from wheelhouse_hashes import options
from wheelhouse_hashes._startup import OPTION_VARIABLES
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.cli import environment
from wheelhouse_hashes.errors import UsageError

PREFIX = "WHEELHOUSE_UPLOADER_"


def with_all_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    for option in ("--hashfile", "--verify"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--hash-algorithm", action="append")
    parser.add_argument("--require", action="append", type=options.tier)
    parser.add_argument("--driver-option", dest="driver_options", action="append")
    parser.add_argument("--wait", type=options.seconds, default=options.DEFAULT_WAIT)
    parser.add_argument("--timeout", type=options.some_seconds, default=options.DEFAULT_TIMEOUT)
    parser.add_argument("--max-workers", type=options.count, default=options.DEFAULT_MAX_WORKERS)
    return parser


GOOD = {
    "HASHFILE": ("1", True),
    "VERIFY": ("yes", True),
    "HASH_ALGORITHM": ("md5  blake2b", ["md5", "blake2b"]),
    "REQUIRE": ("pinned  elsewhere", [Tier.PINNED, Tier.ELSEWHERE]),
    "DRIVER_OPTIONS": ("host=h 'proxy_url=http://p/ q'", ["host=h", "proxy_url=http://p/ q"]),
    "WAIT": ("0.25", 0.25),
    "TIMEOUT": ("0.5", 0.5),
    "MAX_WORKERS": ("9", 9),
}


def test_every_environment_variable_is_tested() -> None:
    assert {PREFIX + name for name in GOOD} == set(OPTION_VARIABLES)


@pytest.mark.parametrize("name", GOOD)
def test_environment_variable_sets_default_of_its_option(name: str) -> None:
    parser = with_all_options()
    before = vars(parser.parse_args([]))
    text, value = GOOD[name]
    environment.apply_environment(parser._actions, {PREFIX + name: text})
    assert vars(parser.parse_args([])) == {**before, name.lower(): value}


def test_environment_variable_wait_can_be_zero() -> None:
    parser = with_all_options()
    environment.apply_environment(parser._actions, {PREFIX + "WAIT": "0"})
    assert parser.parse_args([]).wait == 0


@pytest.mark.parametrize("text", ["", "  ", "0", "false", "FALSE"])
@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"WAIT"}))
def test_environment_variable_that_is_off_is_ignored(name: str, text: str) -> None:
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
def test_environment_variable_with_bad_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        environment.apply_environment(with_all_options()._actions, {PREFIX + name: text})
    assert f"{PREFIX}{name}={text!r}" in str(refusal.value)
    assert "--" + name.lower().replace("_", "-") in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_weakening_options_have_no_environment_variable() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--missing-hash", default=options.REFUSE)
    parser.add_argument("--no-ssl-check", action="store_true")
    environ = {f"{PREFIX}MISSING_HASH": options.ACCEPT, f"{PREFIX}NO_SSL_CHECK": "1"}
    environment.apply_environment(parser._actions, environ)
    assert parser.parse_args([]).missing_hash == options.REFUSE
    assert parser.parse_args([]).no_ssl_check is False
