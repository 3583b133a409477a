"""The values of options are read or refused."""

from __future__ import annotations

import pytest

from wheelhouse_hashes import _settings
from wheelhouse_hashes.artifacts import ALGORITHMS


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
