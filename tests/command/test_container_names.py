"""Names that no container can have are a usage error, with every provider."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel

OPTIONS = {
    "LOCAL": ("--username", "store", "--secret", "none"),
    "OPENSTACK_SWIFT": ("--username", "u", "--secret", "s"),
    "S3": ("--username", "u", "--secret", "s"),
    "AZURE_BLOBS": ("--username", "u", "--secret", "czNjcmV0"),
}

NAMES = {
    "": "the name of the container is empty: check the variable it comes from",
    "  ": "the name of the container is empty: check the variable it comes from",
    "..": "'..' is not the name of a container: it refers to a folder",
    ".": "'.' is not the name of a container: it refers to a folder",
    "/": "the name of the container is empty: check the variable it comes from",
    "/nightly": "the name of the container is empty: check the variable it comes from",
    "wheels/": "'wheels/': the prefix is empty: check the variable it comes from",
    "wheels/ ": "'wheels/ ': the prefix is empty: check the variable it comes from",
    "wheels/nightly/": "'wheels/nightly/': a part of the prefix is empty: remove the extra slash",
    "wheels//nightly": "'wheels//nightly': a part of the prefix is empty: remove the extra slash",
    "wheels/..": "'wheels/..': '..' cannot be a part of a prefix: the name is empty or refers to",
    "a/../../b": "'a/../../b': '..' cannot be a part of a prefix",
    "wheels/.hash": "'.hash' cannot be a part of a prefix: the name starts with a dash or a dot",
    "wheels/a\\b": "cannot be a part of a prefix: the name contains a path separator",
    "wheels/a\nb": "cannot be a part of a prefix: the name contains a control character",
    "wheels/a\udcffb": "cannot be a part of a prefix: the name contains",
    "wheels/con": "'con' cannot be a part of a prefix: the name is reserved for a device",
    f"wheels/{'a' * 256}": "cannot be a part of a prefix: the name is longer than 255 bytes",
    f"wheels/{'/'.join(['a' * 100] * 6)}": "the prefix is longer than 512 bytes",
    "a\nb": "is not the name of a container: it contains a control character",
    "a" * 257: "is not the name of a container: it is longer than 256 bytes",
}


@pytest.mark.parametrize("verb", ["upload", "index"])
@pytest.mark.parametrize(
    "provider",
    [pytest.param(p, marks=() if p == "LOCAL" else pytest.mark.thorough) for p in OPTIONS],
)
def test_impossible_container_name_is_a_usage_error(
    cli: Cli, dist: pathlib.Path, provider: str, verb: str
) -> None:
    make_wheel(dist, A)
    pathlib.Path("store").mkdir()
    options = ("--hashfile",) if verb == "upload" else ()
    for name, text in NAMES.items():
        result = cli(verb, *options, "--provider-name", provider, *OPTIONS[provider], name)
        assert (result.code, text in result.err) == (2, True), (name, result)
        assert len(result.err.splitlines()) == 1
    assert os.listdir("store") == []
    assert sorted(os.listdir()) == ["dist", "store"]
