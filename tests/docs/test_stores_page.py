"""Each recipe of ``docs/stores.rst`` and the README connects to the host it names, with libcloud's
own driver."""

from __future__ import annotations

import pathlib
import re
import shlex
import socket

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.docpages import PAGES, commands

PAGE = ROOT.joinpath("docs", "stores.rst").read_text()
BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n)+)", re.MULTILINE)
UPLOAD = "wheelhouse-hashes upload"
README = [
    command.typed.replace(UPLOAD, "$ python -m wheelhouse_uploader upload")
    for command in commands(PAGES["README.rst"])
    if command.typed.startswith(UPLOAD)
]
RECIPES = [*(block.replace("\\\n", "").strip() for block in BLOCK.findall(PAGE)), *README]

#: What the recipes of each provider connect to first, in page order, those of the README last.
#: In capitals, because the placeholders are in capitals.
ADDRESSES = {
    "LOCAL": [],
    "OPENSTACK_SWIFT": [("HOST", 443), ("HOST", 5000), ("HOST", 5000), ("HOST", 5000)],
    "S3": [
        ("S3-EU-WEST-1.AMAZONAWS.COM", 443),
        ("S3-EU-WEST-1.AMAZONAWS.COM", 443),
        ("ACCOUNT.R2.CLOUDFLARESTORAGE.COM", 443),
        ("S3-EU-WEST-1.AMAZONAWS.COM", 443),
        ("S3-EU-WEST-1.AMAZONAWS.COM", 443),
    ],
    "MINIO": [("HOST", 9000)],
    "S3_RGW": [("S3.MX-CENTRAL-1.AMAZONAWS.COM", 443), ("HOST", 7480)],
    "GOOGLE_STORAGE": [("STORAGE.GOOGLEAPIS.COM", 443)],
    "AZURE_BLOBS": [
        ("ACCOUNT.BLOB.CORE.WINDOWS.NET", 443),
        ("LOGIN.MICROSOFTONLINE.COM", 443),
    ],
}


def provider_of(recipe: str) -> str:
    """Return the provider that a recipe names."""
    words = shlex.split(recipe)
    return words[words.index("--provider-name") + 1]


def test_each_provider_has_recipes() -> None:
    providers = [provider_of(recipe) for recipe in RECIPES]
    assert {name: providers.count(name) for name in ADDRESSES} == {
        name: max(1, len(addresses)) for name, addresses in ADDRESSES.items()
    }
    assert set(providers) == set(ADDRESSES)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("number", range(len(RECIPES)))
def test_recipe_connects_to_named_host(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    program, *words = shlex.split(RECIPES[number].removeprefix("$ python -m "))
    assert program == "wheelhouse_uploader"
    asked: list[tuple[str, int]] = []

    def nowhere(host: str, port: int, *args: object, **kwargs: object) -> None:
        asked.append((host, port))
        raise socket.gaierror(socket.EAI_NONAME, "no network in this test")

    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_WAIT", "0")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_USERNAME", "user")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", "c2VjcmV0")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_ALLOW_EMPTY", "1")
    pathlib.Path("FOLDER").mkdir()
    result = cli(*words)
    provider = provider_of(RECIPES[number])
    if provider == "LOCAL":
        assert (result.code, asked) == (0, []), result
        assert pathlib.Path("FOLDER", "CONTAINER").is_dir()
        return
    assert (result.code, "no connection to the store" in result.err) == (5, True), result
    before = [provider_of(recipe) for recipe in RECIPES[:number]].count(provider)
    assert {(host.upper(), port) for host, port in asked} == {ADDRESSES[provider][before]}
