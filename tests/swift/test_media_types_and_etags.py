"""Media types that pip and browsers can use, and non-MD5 etags, on each kind of store."""

from __future__ import annotations

import hashlib
import http.client
import json
import pathlib
import random
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import SDIST, A, B, hash_file, make_sdist, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import Cluster
from tests.swift.containers import Counted, Target
from tests.swift.stores import (
    azure_options,
    blob_types,
    encrypt,
    keep_versions,
    other_etags,
    put_blocks,
    put_object,
    put_parts,
    s3_options,
    without_conditions,
)

pytestmark = USES_LIBCLOUD


def media_type(url: str) -> str:
    """Return the media type of an object."""
    netloc, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(netloc, timeout=300)
    connection.request("GET", "/" + path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, url
    return answer.getheader("Content-Type", "")


def upload(cli: Cli, target: Target, *options: str, verb: str = "upload") -> Result:
    """Upload the folder ``dist``, or write the index."""
    given = ("--hashfile",) if verb == "upload" else ()
    return cli(verb, *given, *options, *target.options, target.name)


def test_media_types_of_pages_and_hash_files(
    cli: Cli, readable: Target, dist: pathlib.Path
) -> None:
    wheel = make_wheel(dist, A)
    make_sdist(dist, SDIST)
    for verb in ("upload", "index"):
        assert upload(cli, readable, verb=verb).code == 0
        assert media_type(readable.url + "index.html") == "text/html; charset=utf-8"
        assert media_type(f"{readable.url}{A}.sha256") == "text/plain; charset=utf-8"
        assert media_type(readable.url + A) == "application/octet-stream"
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-index", "--dest", "pip"),
        *("--find-links", readable.url + "index.html", "demo"),
    ]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran
    assert pathlib.Path("pip", A).read_bytes() == wheel.read_bytes()


def test_page_with_wrong_media_type_is_written_again(
    cli: Cli, cluster: Cluster, on_swift: Target, dist: pathlib.Path
) -> None:
    """Another tool copied the page, or an early version of this package wrote it."""
    make_wheel(dist, A)
    assert upload(cli, on_swift).code == 0
    path = f"{on_swift.name}/index.html"
    page = cluster.request("GET", path).body
    cluster.request("PUT", path, {"Content-Type": "application/octet-stream"}, page)
    assert upload(cli, on_swift, verb="index").code == 0
    assert media_type(on_swift.url + "index.html") == "text/html; charset=utf-8"
    assert cluster.request("GET", path).body == page


def test_page_of_host_alone_is_replaced_by_html(
    cli: Cli, readable: Target, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    assert cli("upload", *readable.options, readable.name).code == 0
    assert media_type(readable.url + "index.html").startswith("text/html")
    assert upload(cli, readable).code == 0
    assert media_type(readable.url + "index.html") == "text/html; charset=utf-8"


def test_local_version_is_fetched_from_page(cli: Cli, readable: Target, dist: pathlib.Path) -> None:
    name = "demo-1.0+cu118-py3-none-any.whl"
    wheel = make_wheel(dist, name)
    assert upload(cli, readable).code == 0
    with urllib.request.urlopen(readable.url + "index.html", timeout=300) as answer:
        page = answer.read()
    assert (b"demo-1.0%2Bcu118-" in page) is ("S3" in readable.options)
    assert upload(cli, readable, verb="index").code == 0
    url = readable.url + "index.html"
    result = cli("fetch", "--verify", "--wait", 5, "--local-folder", "got", "demo", url)
    assert (result.code, pathlib.Path("got", name).read_bytes()) == (0, wheel.read_bytes())


@pytest.fixture
def kms(on_s3: Target, moto_port: int) -> Iterator[Target]:
    """A bucket encrypted with KMS, whose etags are 32 hex digits but not MD5.

    The etags of moto remain MD5, so a proxy changes them.
    """
    encrypt(moto_port, on_s3.name)
    with other_etags(moto_port, {}) as port:
        yield Target(s3_options(port), on_s3.name)


@pytest.fixture
def opaque(on_s3: Target, moto_port: int) -> Iterator[Target]:
    """The same for a store that does not announce the encryption."""
    with other_etags(moto_port, {}) as port:
        yield Target(s3_options(port), on_s3.name)


@pytest.fixture
def forgetful(on_s3: Target, moto_port: int) -> Iterator[Target]:
    """The same for a store that does not keep metadata either."""
    with other_etags(moto_port, {}, drop="x-amz-meta-") as port:
        yield Target(s3_options(port), on_s3.name)


@pytest.fixture
def azure(azurite_port: int) -> Target:
    """A container of Azure."""
    return Target(azure_options(azurite_port), f"wheels{uuid.uuid4().hex[:12]}")


@pytest.fixture(params=["kms", "opaque", "forgetful", "azure"])
def without_md5(request: pytest.FixtureRequest) -> Target:
    """A container whose etags are not MD5."""
    target: Target = request.getfixturevalue(request.param)
    return target


def test_etag_other_than_md5_does_not_mean_other_bytes(
    cli: Cli, without_md5: Target, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    first = upload(cli, without_md5)
    assert (first.code, first.err) == (0, ""), first
    assert "sent 1" in first.out
    for options in ((), ("--no-replace",)):
        again = upload(cli, without_md5, *options)
        assert again.code == 0, again
        assert "there 1" in again.out
    make_wheel(dist, A, b"other")
    refused = upload(cli, without_md5, "--no-replace")
    assert refused.code == 1
    theirs, ours = refused.line("refused").partition("(container: ")[2].split("; local: ")
    assert theirs != ours.rstrip(")")
    replaced = upload(cli, without_md5)
    assert (replaced.code, "replaced 1" in replaced.out) == (0, True)


@pytest.mark.parametrize(
    ("target", "looks"), [("on_s3", 1), ("kms", 2), ("opaque", 2), ("forgetful", 3), ("azure", 2)]
)
def test_request_counts_of_a_rerun(
    cli: Cli,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    target: str,
    looks: int,
) -> None:
    container: Target = request.getfixturevalue(target)
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(5)]
    for name in names:
        make_wheel(dist, name)
    options = ("--no-enable-cdn", "--no-update-index")
    assert upload(cli, container, *options).code == 0
    counted = Counted(monkeypatch)
    assert "there 5" in upload(cli, container, *options).out
    of = counted.of_container(container.name)
    assert of["PUT"] == 0
    assert of["HEAD"] + of["GET"] <= looks * len(names), of


def test_other_bytes_of_equal_size_are_detected(
    cli: Cli, without_md5: Target, dist: pathlib.Path
) -> None:
    for payload in (b"one", b"two"):
        made = make_wheel(dist, A, payload)
    size = made.stat().st_size
    make_wheel(dist, A, b"one")
    assert (dist / A).stat().st_size == size
    assert upload(cli, without_md5).code == 0
    make_wheel(dist, A, b"two")
    assert upload(cli, without_md5, "--no-replace").code == 1
    replaced = upload(cli, without_md5)
    assert (replaced.code, "replaced 1" in replaced.out) == (0, True)
    assert "there 1" in upload(cli, without_md5).out


@pytest.mark.parametrize("target", ["kms", "opaque", "forgetful"])
@pytest.mark.parametrize("beside", ["nothing", "wrong hash file"])
def test_equal_bytes_of_another_tool_are_never_refused(
    cli: Cli,
    moto_port: int,
    dist: pathlib.Path,
    request: pytest.FixtureRequest,
    target: str,
    beside: str,
) -> None:
    bucket: Target = request.getfixturevalue(target)
    content = make_wheel(dist, A).read_bytes()
    put_object(moto_port, bucket.name, A, content)
    if beside != "nothing":
        put_object(moto_port, bucket.name, f"{A}.sha256", hash_file(b"other"))
    first = upload(cli, bucket, *(("--no-replace",) if beside == "nothing" else ()))
    assert (first.code, first.err) == (0, ""), first
    assert "artifact already there; sent its missing companions" in first.line("sent")
    again = upload(cli, bucket, "--no-replace")
    assert (again.code, "there 1" in again.out) == (0, True), again


def test_multipart_object_of_another_tool_is_recognized(
    cli: Cli, on_s3: Target, moto_port: int, dist: pathlib.Path
) -> None:
    """The etag of an object in parts is not its MD5, and has no metadata of this package."""
    content = make_wheel(dist, A, random.Random(0).randbytes(6_000_000)).read_bytes()
    put_parts(moto_port, on_s3.name, A, [content[:5_300_000], content[5_300_000:]])
    first = upload(cli, on_s3, "--no-replace")
    assert (first.code, first.err) == (0, ""), first
    assert "artifact already there; sent its missing companions" in first.line("sent")
    assert "there 1" in upload(cli, on_s3).out
    make_wheel(dist, A, random.Random(1).randbytes(6_000_000))
    assert upload(cli, on_s3, "--no-replace").code == 1
    assert "replaced 1" in upload(cli, on_s3).out


def test_bucket_with_versions(cli: Cli, on_s3: Target, moto_port: int, dist: pathlib.Path) -> None:
    """A delete leaves a marker, and a replacement the version before it."""
    keep_versions(moto_port, on_s3.name)
    builds = [f"demo-1.1.dev0+2026010100000{n}-py3-none-any.whl" for n in range(7)]
    for build in builds:
        path = make_wheel(dist, build)
        assert upload(cli, on_s3).code == 0
        path.unlink()
    make_wheel(dist, A, b"old")
    assert upload(cli, on_s3).code == 0
    wheel = make_wheel(dist, A, b"rebuilt").read_bytes()
    assert "replaced 1" in upload(cli, on_s3).out
    assert "there 1" in upload(cli, on_s3, "--no-replace").out
    result = cli(
        *("fetch", "--verify", "--wait", 5, "--local-folder", "got", "demo"),
        on_s3.url + "index.html",
    )
    assert result.code == 0, result
    assert sorted(path.name for path in pathlib.Path("got").glob("*.whl")) == sorted(
        [A, *builds[2:]]
    )
    assert pathlib.Path("got", A).read_bytes() == wheel


def test_equal_blob_without_md5_is_never_refused(
    cli: Cli, azurite_port: int, dist: pathlib.Path
) -> None:
    """Other clients send large blobs in blocks, for which Azure computes no MD5."""
    target = Target(azure_options(azurite_port), f"wheels{uuid.uuid4().hex[:12]}")
    wheel = make_wheel(dist, A, random.Random(0).randbytes(6_000_000))
    put_blocks(azurite_port, target.name, A, wheel)
    first = upload(cli, target, "--no-replace")
    assert (first.code, first.err) == (0, ""), first
    assert "artifact already there; sent its missing companions" in first.line("sent")
    assert "there 1" in upload(cli, target, "--no-replace").out
    make_wheel(dist, A, random.Random(1).randbytes(6_000_000))
    assert upload(cli, target, "--no-replace").code == 1


def test_media_types_on_azure(cli: Cli, azurite_port: int, dist: pathlib.Path) -> None:
    target = Target(azure_options(azurite_port), f"wheels{uuid.uuid4().hex[:12]}")
    make_wheel(dist, A)
    for verb in ("upload", "index"):
        assert upload(cli, target, verb=verb).code == 0
        assert blob_types(azurite_port, target.name) == {
            A: "application/octet-stream",
            f"{A}.sha256": "text/plain; charset=utf-8",
            "index.html": "text/html; charset=utf-8",
        }


@pytest.mark.parametrize(
    ("status", "code"),
    [(501, "NotImplemented"), (400, "InvalidArgument"), (405, "MethodNotAllowed"), (0, "")],
)
def test_no_replace_on_store_without_conditional_puts(
    cli: Cli, on_s3: Target, moto_port: int, dist: pathlib.Path, status: int, code: str
) -> None:
    make_wheel(dist, A)
    make_wheel(dist, B)
    with without_conditions(moto_port, status, code) as port:
        target = Target(s3_options(port), on_s3.name)
        first = upload(cli, target, "--no-replace")
        assert (first.code, first.err, "sent 2" in first.out) == (0, "", True), first
        # A store that ignores the header cannot be told from one that follows it.
        assert first.out.count("--no-replace is best effort") == (1 if status else 0)
        again = upload(cli, target, "--no-replace")
        assert (again.code, "there 2" in again.out) == (0, True)
        make_wheel(dist, A, b"other")
        refused = upload(cli, target, "--no-replace")
        assert refused.code == 1
        assert "--no-replace: the container already has" in refused.line("refused")


def test_no_replace_on_azure_is_best_effort(
    cli: Cli, azurite_port: int, dist: pathlib.Path
) -> None:
    target = Target(azure_options(azurite_port), f"wheels{uuid.uuid4().hex[:12]}")
    make_wheel(dist, A)
    assert "--no-replace is best effort" in upload(cli, target, "--no-replace").out
    assert "best effort" not in upload(cli, target).out


def test_swift_large_object_is_recognized(
    cli: Cli, cluster: Cluster, on_swift: Target, dist: pathlib.Path
) -> None:
    content = make_wheel(dist, A, bytes(range(256)) * 20).read_bytes()
    parts = [content[:1000], content[1000:]]
    manifest = []
    for number, part in enumerate(parts):
        path = f"{on_swift.name}/part{number}"
        assert cluster.request("PUT", path, body=part).status == 201
        etag = hashlib.md5(part, usedforsecurity=False).hexdigest()
        manifest.append({"path": f"/{path}", "etag": etag, "size_bytes": len(part)})
    path = f"{on_swift.name}/{A}"
    put = cluster.request(
        "PUT", f"{path}?multipart-manifest=put", body=json.dumps(manifest).encode()
    )
    assert put.status == 201, put
    assert cluster.request("PUT", f"{path}.sha256", body=hash_file(content)).status == 201
    for options in ((), ("--no-replace",)):
        result = upload(cli, on_swift, *options)
        assert (result.code, "there 1" in result.out) == (0, True), result
    made = cluster.request("HEAD", path)
    assert made.headers["x-static-large-object"].lower() == "true"
    assert sha256(cluster.request("GET", path).body) == sha256(content)


def test_swift_md5_etag_overrides_stale_hash_file(
    cli: Cli, cluster: Cluster, on_swift: Target, dist: pathlib.Path
) -> None:
    """The host alone replaced the artifact with as many other bytes; the hash file stayed."""
    content = make_wheel(dist, A).read_bytes()
    assert upload(cli, on_swift).code == 0
    other = bytes([*content[:-1], content[-1] ^ 1])
    assert cluster.request("PUT", f"{on_swift.name}/{A}", body=other).status == 201
    refused = upload(cli, on_swift, "--no-replace")
    assert refused.code == 1
    assert "the published hash file matches the local file" in refused.line("refused")
    assert "replaced 1" in upload(cli, on_swift).out
    assert cluster.request("GET", f"{on_swift.name}/{A}").body == content


def test_bytes_without_metadata_are_replaced_on_s3(
    cli: Cli, on_s3: Target, moto_port: int, dist: pathlib.Path
) -> None:
    """Another job rebuilt the wheel and sent it without a hash file; its time stamps differ."""
    content = make_wheel(dist, A).read_bytes()
    assert upload(cli, on_s3).code == 0
    put_object(moto_port, on_s3.name, A, bytes([*content[:-1], content[-1] ^ 1]))
    assert upload(cli, on_s3, "--no-replace").code == 1
    assert "replaced 1" in upload(cli, on_s3).out
    assert "there 1" in upload(cli, on_s3).out
