"""Values of secret options are found on the command line and left out of messages."""

from __future__ import annotations

import argparse

import pytest

from wheelhouse_hashes.cli.mistakes import unrecognized
from wheelhouse_hashes.cli.verb_parsers import secrets_in


@pytest.mark.parametrize(
    ("words", "secrets"),
    [
        ("upload --secret s3cret wheels", ["s3cret"]),
        ("upload --sec=s3cret wheels", ["s3cret"]),
        ("upload --driver-option key=value wheels", ["key=value"]),
        ("upload --token a --token bb", ["bb", "a"]),
        ("upload -ts3cret -t other", ["s3cret", "other"]),
        ("upload --token -dashed wheels", ["-dashed"]),
        ("upload --token=", []),
        ("upload --token", []),
        ("fetch -- demo - --quiet url --username me", []),
    ],
)
def test_values_of_secret_options_are_found(words: str, secrets: list[str]) -> None:
    assert secrets_in(words.split(), ["--token", "-t"]) == secrets


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("more", "more"),
        ("more --howl", "more --howl"),
        ("--howl loud louder --quiet more", "--howl *** *** --quiet ***"),
        ("--howl=loud more", "--howl=*** more"),
        ("-hloud -h loud", "-h*** -h ***"),
        ("key=value - --", "key=*** - --"),
    ],
)
def test_unrecognized_arguments_are_shown_without_values(words: str, shown: str) -> None:
    message = unrecognized(words.split(), "", argparse.ArgumentParser(), "***")
    assert message == f"unrecognized arguments: {shown}"
