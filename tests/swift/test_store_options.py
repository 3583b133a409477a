"""Regions, headers of objects, limits and permissions on real stores."""

from __future__ import annotations

import contextlib
import pathlib
import re
import urllib.request
import uuid

import boto3
import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, hash_file, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import Cluster
from tests.swift.containers import Target, check_pairs, store_options
from tests.swift.stores import (
    azure_options,
    blob_headers,
    create_public_bucket,
    moto,
    put_objects,
    s3_options,
)
from wheelhouse_hashes.stores import families

pytestmark = USES_LIBCLOUD


@pytest.fixture
def bucket(on_s3: Target) -> str:
    """The name of a new bucket."""
    return on_s3.name


def test_bucket_with_several_pages_in_its_listing(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, dist: pathlib.Path
) -> None:
    """S3 lists at most 1,000 objects at a time, and here fewer, so that the test is fast."""
    wheel = make_wheel(dist, A).read_bytes()
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 111)]
    hash_files = {f"{name}.sha256": hash_file(wheel, name) for name in names}
    with moto(tmp_path_factory.mktemp("moto"), page=100) as port:
        create_public_bucket(port, "wheels")
        put_objects(port, "wheels", {**dict.fromkeys(names, wheel), **hash_files})
        for verb, expected in ((("index",), names), (("upload", "--hashfile"), [*names, A])):
            result = cli(*verb, *s3_options(port), "wheels")
            assert (result.code, result.err) == (0, ""), result
            url = f"http://127.0.0.1:{port}/wheels/index.html"
            with urllib.request.urlopen(url, timeout=300) as answer:
                page = answer.read().decode()
            links = re.findall('href="([^"#]+)#sha256=([0-9a-f]{64})"', page)
            assert sorted(links) == sorted((name, sha256(wheel)) for name in expected)


def given(*options: str) -> tuple[str, ...]:
    """Return driver options."""
    return tuple(word for option in options for word in ("--driver-option", option))


@pytest.mark.parametrize(
    "region", ["mx-central-1", "ap-southeast-5", "eu-central-2", "us-west-004", "fr-par"]
)
def test_region_that_libcloud_does_not_know(
    cli: Cli, moto_port: int, bucket: str, dist: pathlib.Path, region: str
) -> None:
    make_wheel(dist, A)
    options = ("--region", region, *s3_options(moto_port))
    refused = cli("upload", "--hashfile", *options, bucket)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert (
        f"use --provider-name S3_RGW --region {region} --driver-option signature_version=4 "
        f"--driver-option host=s3.{region}.amazonaws.com"
    ) in refused.err
    recipe = ["S3_RGW" if word == "S3" else word for word in options]
    sent = cli("upload", "--hashfile", *recipe, *given("signature_version=4"), bucket)
    assert (sent.code, sent.err, "sent 1" in sent.out) == (0, "", True)


def test_session_token_of_s3(cli: Cli, moto_port: int, bucket: str, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    options = (*s3_options(moto_port), *given("token=FwoGZXIvYXdzEXAMPLE+/=="))
    assert cli("upload", "--hashfile", *options, bucket).code == 0


def test_headers_of_s3_objects(cli: Cli, moto_port: int, bucket: str, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    headers = given(
        "object_header=x-amz-acl: public-read",
        "object_header=x-amz-server-side-encryption: AES256",
        "object_header=Cache-Control: max-age=31536000, immutable",
        "page_header=Cache-Control: no-cache",
    )
    options = (*s3_options(moto_port), *headers)
    assert cli("upload", "--hashfile", *options, bucket).code == 0
    login = {"aws_access_key_id": "user", "aws_secret_access_key": "secret-key"}
    url = f"http://127.0.0.1:{moto_port}"
    with contextlib.closing(
        boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)
    ) as client:
        caching = {}
        for name in (A, f"{A}.sha256", "index.html"):
            head = client.head_object(Bucket=bucket, Key=name)
            caching[name] = head["CacheControl"]
            assert head["ServerSideEncryption"] == "AES256"
            grants = client.get_object_acl(Bucket=bucket, Key=name)["Grants"]
            assert any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants)
    immutable = "max-age=31536000, immutable"
    assert caching == {A: immutable, f"{A}.sha256": immutable, "index.html": "no-cache"}
    assert "there 1" in cli("upload", "--hashfile", "--no-replace", *options, bucket).out


def test_headers_of_swift_objects(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    wheels = {A: make_wheel(dist, A).read_bytes()}
    header = given("object_header=X-Delete-After: 86400")
    options = (*store_options(cluster, "OPENSTACK_SWIFT"), *header)
    assert cli("upload", "--hashfile", "--no-update-index", *options, container).code == 0
    check_pairs(cluster, container, wheels)
    assert "x-delete-at" in cluster.request("HEAD", f"{container}/{A}").headers


def test_headers_of_azure_blobs(cli: Cli, azurite_port: int, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    name = f"wheels{uuid.uuid4().hex[:12]}"
    header = given("page_header=x-ms-blob-cache-control: no-cache")
    options = (*azure_options(azurite_port), *header)
    assert cli("upload", "--hashfile", *options, name).code == 0
    assert blob_headers(azurite_port, name, "index.html")["cache-control"] == "no-cache"
    assert "cache-control" not in blob_headers(azurite_port, name, A)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("object_header=x-amz-acl", "must be NAME: VALUE"),
        ("object_header=x-amz-acl: a\nb", "must be NAME: VALUE"),
        ("page_header=Cache-Control: nö", "must be NAME: VALUE"),
        ("page_header=Content-Type: text/plain", "Content-Type cannot be set"),
        ("object_header=X-Amz-Meta-SHA256: 0", "X-Amz-Meta-SHA256 cannot be set"),
        ("object_heder=a: b", "unknown key"),
    ],
)
def test_invalid_header_is_refused(
    cli: Cli, bucket: str, moto_port: int, dist: pathlib.Path, option: str, words: str
) -> None:
    result = cli("upload", "--hashfile", *s3_options(moto_port), *given(option), bucket)
    assert (result.code, result.err.count("\n"), words in result.err) == (2, 1, True), result


def test_limit_of_swift_is_respected_before_anything_is_sent(
    cli: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(families, "ASK_ABOVE", 1000)
    conf = cluster.folder / "swift.conf"
    good = conf.read_text()
    conf.write_text(f"{good}[swift-constraints]\nmax_file_size = 4000\n")
    cluster.stop_proxy()
    cluster.start_proxy()
    try:
        make_wheel(dist, A, b"x" * 5000)
        options = store_options(cluster, "OPENSTACK_SWIFT")
        result = cli("upload", "--hashfile", "--no-update-index", *options, container)
    finally:
        conf.write_text(good)
        cluster.stop_proxy()
        cluster.start_proxy()
    assert result.code == 5
    assert "the store accepts at most 4000 in one request" in result.line("failed")
    assert cluster.names(container) == []


def test_user_of_swift_who_may_only_write(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    wheels = {A: make_wheel(dist, A).read_bytes()}
    cluster.request("POST", container, {"X-Container-Write": "test:guest"})
    guest = store_options(cluster, "OPENSTACK_SWIFT", "guest", "guesting")
    result = cli("upload", "--hashfile", "--no-update-index", *guest, container)
    assert (result.code, result.err, "sent 1" in result.out) == (0, "", True), result
    assert "not checked: which of them were there" in result.line("note")
    check_pairs(cluster, container, wheels)
