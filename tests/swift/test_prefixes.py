"""Prefixes of containers, on each kind of store."""

from __future__ import annotations

import contextlib
import pathlib
import re
import urllib.request

import boto3
import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, B, hash_file, make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import Cluster
from tests.swift.containers import Counted, Target
from tests.swift.stores import azure_options, blob_types

pytestmark = USES_LIBCLOUD

PREFIX = "nightly/räder+1"
URL = "nightly/r%C3%A4der%2B1/"


def run(cli: Cli, target: Target, verb: str, name: str, *options: str) -> Result:
    """Upload the folder ``dist``, or write the index."""
    given = ("--hashfile",) if verb == "upload" else ()
    return cli(verb, *given, *options, *target.options, name)


def get(url: str) -> bytes:
    """Return the content of an object."""
    with urllib.request.urlopen(url, timeout=300) as answer:
        content: bytes = answer.read()
    return content


def test_prefix_is_a_container_of_its_own(cli: Cli, readable: Target, dist: pathlib.Path) -> None:
    below = f"{readable.name}/{PREFIX}"
    outer = make_wheel(dist, B, b"outer").read_bytes()
    make_wheel(dist, A, b"outer")
    assert run(cli, readable, "upload", readable.name).code == 0
    (dist / B).unlink()
    inner = make_wheel(dist, A, b"inner").read_bytes()
    first = run(cli, readable, "upload", below, "--no-replace")
    assert (first.code, f"container {below}: sent 1" in first.out) == (0, True), first
    assert "already there" in run(cli, readable, "upload", below).out
    make_wheel(dist, A, b"rebuilt")
    replaced = run(cli, readable, "upload", below)
    assert replaced.line("replaced")
    make_wheel(dist, A, b"inner")
    assert run(cli, readable, "upload", below).line("replaced")
    assert run(cli, readable, "index", below).out.startswith(
        f"container {below}: index page written, 1 link"
    )
    assert get(f"{readable.url}{URL}{A}") == inner
    assert get(f"{readable.url}{URL}{A}.sha256") == hash_file(inner, A)
    for folder, wanted in ((URL, {A}), ("", {A, B})):
        page = get(f"{readable.url}{folder}index.html").decode()
        assert set(re.findall(r">([^<\n]+)</a>", page)) == wanted
        got = pathlib.Path(f"got{len(wanted)}")
        options = ("--wait", 0, "--local-folder", got)
        address = f"{readable.url}{folder}index.html"
        assert cli("fetch", "--verify", *options, "demo", address).code == 0
        assert {path.name for path in got.glob("[!.]*")} == wanted
    assert pathlib.Path("got1", A).read_bytes() == inner
    assert pathlib.Path("got2", B).read_bytes() == outer
    assert pathlib.Path("got2", A).read_bytes() != inner
    assert run(cli, readable, "index", f"{readable.name}/nightly").code == 5


def test_dev_builds_are_pruned_below_the_prefix_only(
    cli: Cli, readable: Target, dist: pathlib.Path
) -> None:
    old = [f"demo-1.1.dev0+2020010100000{n}-py3-none-any.whl" for n in range(3)]
    for name in old:
        make_wheel(dist, name)
    for where in (readable.name, f"{readable.name}/{PREFIX}"):
        assert run(cli, readable, "upload", where, "--no-update-index").code == 0
    for path in dist.iterdir():
        path.unlink()
    make_wheel(dist, "demo-1.1.dev0-py3-none-any.whl")
    options = ("--keep-dev-builds", "1")
    pruned = run(cli, readable, "upload", f"{readable.name}/{PREFIX}", *options)
    assert (pruned.code, pruned.out.count("pruned    ")) == (0, 6)
    again = run(cli, readable, "index", readable.name)
    assert "index page written, 3 links" in again.out


def test_listing_is_limited_to_the_prefix(
    cli: Cli, on_s3: Target, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of the listing has up to 1000 objects."""
    url = on_s3.url.removesuffix(f"/{on_s3.name}/")
    login = {"aws_access_key_id": "user", "aws_secret_access_key": "secret-key"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)
    with contextlib.closing(client):
        for name in ("nightly/", *(f"nightly-2/{n}.txt" for n in range(1001))):
            client.put_object(Bucket=on_s3.name, Key=name, Body=b"")
    make_wheel(dist, A)
    counted = Counted(monkeypatch)
    result = run(cli, on_s3, "upload", f"{on_s3.name}/nightly", "--no-update-index")
    assert result.code == 0, result
    assert counted.of_container(on_s3.name)["listing"] == 1
    counted.paths.clear()
    assert run(cli, on_s3, "upload", on_s3.name, "--no-update-index").code == 0
    assert counted.of_container(on_s3.name)["listing"] == 2


def test_foreign_page_below_the_prefix_is_kept(
    cli: Cli, on_swift: Target, cluster: Cluster, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    path = f"{on_swift.name}/nightly/index.html"
    cluster.request("PUT", path, {"Content-Type": "text/html"}, b"<h1>mine</h1>")
    result = run(cli, on_swift, "upload", f"{on_swift.name}/nightly")
    assert result.code == 4
    assert f"problem: {on_swift.name}/nightly/index.html was not written by" in result.out
    assert cluster.request("GET", path).body == b"<h1>mine</h1>"
    assert cluster.request("HEAD", f"{on_swift.name}/nightly/{A}").status == 200


def test_prefix_on_azure(cli: Cli, azurite_port: int, dist: pathlib.Path) -> None:
    target = Target(azure_options(azurite_port), "wheels")
    make_wheel(dist, A)
    assert run(cli, target, "upload", "wheels").code == 0
    result = run(cli, target, "upload", "wheels/nightly")
    assert (result.code, "sent 1" in result.out) == (0, True)
    assert "already there" in run(cli, target, "upload", "wheels/nightly").out
    page = {A, f"{A}.sha256", "index.html"}
    assert set(blob_types(azurite_port, "wheels")) == {*page, *(f"nightly/{n}" for n in page)}
