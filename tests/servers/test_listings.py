"""Fetch from real servers: every artifact is verified, or the message names what was given."""

from __future__ import annotations

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import boto3
import pytest

from tests.conftest import Cli, Result
from tests.servers.starting import apache, devpi, moto, nginx, pypiserver
from tests.support.artifacts import publish
from tests.support.commands import FETCH, got

#: A wheel for every platform of a release, local versions, and the sdist.
NAMES = (
    *("demo-1.0-py3-none-any.whl", "demo-1.0-1-py3-none-any.whl", "demo-1.0.tar.gz"),
    "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    *(f"demo-1.0+cu118-{tag}-none-any.whl" for tag in ("py3", "cp311", "cp312")),
)

ALL = f"verified {len(NAMES)} of {len(NAMES)} artifacts"


@pytest.fixture(scope="module")
def folder() -> Iterator[pathlib.Path]:
    """A folder that the users of servers can read."""
    with tempfile.TemporaryDirectory(prefix="servers-") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="module")
def served(folder: pathlib.Path) -> pathlib.Path:
    """A folder with the artifacts and their hash files."""
    wheels = folder / "wheels"
    wheels.mkdir()
    for name in NAMES:
        publish(wheels, name, name.encode())
    return wheels


def assert_all(result: Result) -> None:
    """Check that every artifact was verified and kept."""
    assert (result.code, got()) == (0, sorted(NAMES)), result
    assert ALL in result.out


# Web servers.


@pytest.fixture(scope="module")
def nginx_url(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """The URL of nginx."""
    with nginx(folder, served) as url:
        yield url


@pytest.mark.parametrize("form", ["html", "json", "xml", "jsonp"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_nginx(cli: Cli, nginx_url: str, form: str, slash: str) -> None:
    assert_all(cli(*FETCH, f"{nginx_url}{form}{slash}"))


def test_nginx_with_callback_is_called_by_its_name(cli: Cli, nginx_url: str) -> None:
    result = cli(*FETCH, f"{nginx_url}jsonp/?callback=f")
    assert (result.code, "JSONP" in result.err) == (3, True), result


@pytest.mark.parametrize(
    "options",
    [
        "",
        "IndexOptions FancyIndexing",
        "IndexOptions FancyIndexing HTMLTable NameWidth=9",
        "IndexIgnore *.sha256",
        "IndexOptions FancyIndexing\nAddEncoding x-gzip .gz",
    ],
    ids=["plain", "fancy", "table", "ignore", "encoding"],
)
def test_apache(cli: Cli, folder: pathlib.Path, served: pathlib.Path, options: str) -> None:
    with apache(folder, served, options) as url:
        assert_all(cli(*FETCH, f"{url}wheels/"))


# Package indexes.


@pytest.fixture(scope="module")
def pypiserver_url(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """The URL of pypiserver."""
    with pypiserver(folder, served) as url:
        yield url


@pytest.mark.parametrize("path", ["simple/demo/", "simple/demo", "packages/"])
def test_pypiserver(cli: Cli, pypiserver_url: str, path: str) -> None:
    assert_all(cli(*FETCH, pypiserver_url + path))


def test_pypiserver_root_is_called_by_its_name(cli: Cli, pypiserver_url: str) -> None:
    result = cli(*FETCH, f"{pypiserver_url}simple/")
    assert result.code == 4
    assert f"give {pypiserver_url}simple/demo/" in result.line("note")


@pytest.fixture(scope="module")
def devpi_url(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """The URL of devpi."""
    with devpi(folder, served) as url:
        yield url


@pytest.mark.parametrize("slash", ["/", ""])
def test_devpi(cli: Cli, devpi_url: str, slash: str) -> None:
    assert_all(cli(*FETCH, f"{devpi_url}rel/x/+simple/demo{slash}"))


def test_verify_against_devpi(cli: Cli, devpi_url: str, served: pathlib.Path) -> None:
    result = cli("verify", str(served), "--against", f"{devpi_url}rel/x/+simple/demo/")
    assert (result.code, ALL in result.out) == (0, True), result


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("rel/x/+simple/", "rel/x/+simple/demo/"),
        ("rel/x/+simple", "rel/x/+simple/demo/"),
        ("rel/x/", "rel/x/+simple/demo/"),
        ("rel/x", "rel/x/+simple/demo/"),
        ("rel", "/+simple/demo/"),
        ("", "/+simple/demo/"),
    ],
)
def test_other_page_of_devpi_is_called_by_its_name(
    cli: Cli, devpi_url: str, path: str, instead: str
) -> None:
    result = cli(*FETCH, devpi_url + path)
    given = devpi_url + instead if instead.startswith("rel") else instead
    assert (result.code, given in result.err.partition("; give")[2].replace("%2B", "+")) == (
        3,
        True,
    ), result


# A store with the S3 API.


@pytest.fixture(scope="module")
def moto_url(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """The URL of moto, with the artifacts in a bucket and in a folder of another."""
    with moto(folder) as url:
        login = {"aws_access_key_id": "user", "aws_secret_access_key": "secret-key"}
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)
        with contextlib.closing(client):
            for bucket in ("wheels", "folders", "bare"):
                client.create_bucket(Bucket=bucket, ACL="public-read")
            for path in served.iterdir():
                body = path.read_bytes()
                client.put_object(Bucket="wheels", Key=path.name, Body=body, ACL="public-read")
                key = f"rel/1.0/{path.name}"
                client.put_object(Bucket="folders", Key=key, Body=body, ACL="public-read")
                if path.suffix != ".sha256":
                    client.put_object(Bucket="bare", Key=path.name, Body=body, ACL="public-read")
            client.put_object(Bucket="folders", Key="README", Body=b"x", ACL="public-read")
        yield url


@pytest.mark.parametrize(
    "address",
    [
        "wheels",
        "wheels/",
        "wheels?list-type=2",
        "wheels?max-keys=3",
        "wheels?list-type=2&max-keys=3",
        "wheels?list-type=2&max-keys=3&encoding-type=url",
        "bare?max-keys=2",
        "folders?prefix=rel/1.0/",
        "folders?list-type=2&prefix=rel/1.0/&delimiter=/&max-keys=4",
    ],
)
def test_bucket(cli: Cli, moto_url: str, address: str) -> None:
    assert urlsplit(moto_url).hostname == "127.0.0.1"
    assert_all(cli(*FETCH, moto_url + address))


def test_folder_of_bucket_is_named(cli: Cli, moto_url: str) -> None:
    result = cli(*FETCH, f"{moto_url}folders")
    assert (result.code, "rel/1.0/; to read one" in result.line("note")) == (4, True), result


def test_list_of_buckets_is_called_by_its_name(cli: Cli, moto_url: str) -> None:
    result = cli(*FETCH, moto_url)
    assert result.code in (3, 5), result
