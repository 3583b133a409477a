"""The checksums that S3 keeps: of whole objects they are digests, of objects in parts not."""

from __future__ import annotations

import pathlib
import random
import urllib.request

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, hash_file, make_wheel
from tests.support.commands import fetch, got
from tests.support.marks import USES_LIBCLOUD
from tests.support.pages import page
from tests.swift.containers import Target
from tests.swift.stores import (
    put_object,
    put_parts_with_checksums,
    put_with_checksum,
)

pytestmark = USES_LIBCLOUD


@pytest.fixture
def bucket(on_s3: Target, moto_port: int) -> str:
    """The name of a new bucket that has an index page."""
    put_object(moto_port, on_s3.name, "index.html", page(A))
    return on_s3.name


@pytest.fixture
def large(dist: pathlib.Path) -> bytes:
    """The bytes of a wheel in ``dist``, enough for two parts."""
    return make_wheel(dist, A, random.Random(0).randbytes(6_000_000)).read_bytes()


def put_in_parts(port: int, bucket: str, content: bytes) -> None:
    put_parts_with_checksums(port, bucket, A, [content[:5_300_000], content[5_300_000:]])


def checksum(url: str, method: str) -> str:
    """Return the checksum in a response of the server."""
    asked = urllib.request.Request(url, headers={"x-amz-checksum-mode": "ENABLED"}, method=method)
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return str(answer.headers["x-amz-checksum-sha256"])


@pytest.mark.parametrize("address", ["/index.html", "/", "?list-type=2"])
def test_checksum_of_whole_object_is_a_source(
    cli: Cli, moto_port: int, bucket: str, large: bytes, address: str
) -> None:
    put_with_checksum(moto_port, bucket, A, large)
    url = f"http://127.0.0.1:{moto_port}/{bucket}{address}"
    result = fetch(cli, url, "--explain", A)
    assert (result.code, got(), result.err) == (0, [A], ""), result
    assert "sha256" in result.line("ok").split()[2]
    assert "x-amz-checksum-sha256 of " in result.out
    verified = cli("verify", "dist", "--wait", 0, "--against", url, "--explain", A)
    assert (verified.code, "x-amz-checksum-sha256 of " in verified.out) == (0, True), verified


@pytest.mark.parametrize("address", ["/index.html", "/"])
def test_checksum_of_object_in_parts_is_none_of_its_bytes(
    cli: Cli, moto_port: int, bucket: str, large: bytes, address: str
) -> None:
    put_in_parts(moto_port, bucket, large)
    url = f"http://127.0.0.1:{moto_port}/{bucket}{address}"
    result = fetch(cli, url)
    assert (result.code, "missing-hash: " in result.line("refused")) == (3, True), result
    assert "ignored: it is the digest of the parts' digests" in result.out
    verified = cli("verify", "dist", "--wait", 0, "--against", url)
    assert (verified.code, "missing-hash: " in verified.line("refused")) == (3, True), verified

    put_object(moto_port, bucket, HASH_FILE, hash_file(large))
    result = fetch(cli, url)
    assert (result.code, result.line("ok").split()[3:5]) == (0, ["hash", "file"]), result
    assert cli("verify", "dist", "--wait", 0, "--against", url).code == 0


def test_server_marks_the_digest_of_parts_only_with_the_bytes(
    moto_port: int, bucket: str, large: bytes
) -> None:
    """Without its suffix it looks like the digest of the object."""
    put_in_parts(moto_port, bucket, large)
    url = f"http://127.0.0.1:{moto_port}/{bucket}/{A}"
    assert checksum(url, "GET").endswith("-2")
    assert "-" not in checksum(url, "HEAD")


def test_object_without_sha256_has_no_digest_in_its_headers(
    cli: Cli, moto_port: int, bucket: str, large: bytes
) -> None:
    """The usual checksum of S3 is a CRC."""
    put_object(moto_port, bucket, A, large)
    result = fetch(cli, f"http://127.0.0.1:{moto_port}/{bucket}/index.html")
    assert (result.code, "missing-hash: " in result.line("refused")) == (3, True), result
