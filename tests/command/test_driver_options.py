"""``--driver-option`` and ``--region`` are passed to libcloud."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import LOCAL, Cli


def test_region_option_is_passed_to_driver(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    # The host's own default region belongs to another provider; S3 would refuse it.
    s3 = ("--provider-name", "S3", "--username", "u", "--secret", "s", "wheels")
    down = ("--driver-option", "host=127.0.0.1", "--driver-option", "port=9")
    given = cli("upload", "--hashfile", "--region", "ord", *down, *s3)
    assert (given.code, "region: ord" in given.err) == (2, True)


def test_local_provider_takes_driver_options(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    assert (
        cli("upload", "--allow-empty", "--driver-option", "timeout=5", *LOCAL, "wheels").code == 0
    )
    refused = cli("upload", "--driver-option", "timeuot=5", *LOCAL, "wheels")
    assert (refused.code, "provider LOCAL accepts" in refused.err) == (2, True)
    malformed = cli("upload", "--driver-option", "timeout", *LOCAL, "wheels")
    assert malformed.code == 2


def test_driver_options_variable_extends_plain_upload(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_DRIVER_OPTIONS", "timeuot=5")
    assert "--driver-option timeuot" in cli("upload", *LOCAL, "wheels").err
