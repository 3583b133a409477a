"""Private containers of a real Swift, of its S3 API, of moto and of Azurite."""

from __future__ import annotations

import json
import pathlib
import time
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, hash_file, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.support.plugins import install
from tests.swift.cluster import USERS, Cluster
from tests.swift.containers import store_options
from tests.swift.stores import azure_options, moto, put_parts, s3_options
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, ListedArtifact

pytestmark = USES_LIBCLOUD

#: Life of a token in seconds.
LIFE = 4

TEMPAUTH = "use = egg:swift#tempauth\n"


def fetch(cli: Cli, address: str, *options: object) -> Result:
    """Fetch the project ``demo`` from a private container into ``got``."""
    common = ("--verify", "--local-folder", "got", "--report", "report.json")
    return cli("fetch", *common, *options, "demo", address)


def check_all(result: Result, wheels: dict[str, bytes], *secrets: str) -> None:
    """Check that all wheels are there, and that no secret is in any output."""
    assert (result.code, result.err) == (0, ""), result
    assert {name: pathlib.Path("got", name).read_bytes() for name in wheels} == wheels
    assert f"verified {len(wheels)} of {len(wheels)} artifacts" in result.out
    shown = result.out + pathlib.Path("report.json").read_text()
    for secret in secrets:
        assert secret not in shown


def make_wheels(folder: pathlib.Path, count: int, version: str = "1.0") -> dict[str, bytes]:
    """Return the wheels of a release, which are written to a folder."""
    names = [f"demo-{version}-{n}-py3-none-any.whl" for n in range(1, count + 1)]
    return {name: make_wheel(folder, name, name.encode()).read_bytes() for name in names}


@pytest.mark.parametrize("prefix", ["", "night ly/é+"])
def test_fetch_and_verify(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path, prefix: str
) -> None:
    wheels = make_wheels(dist, 10, "1.0+local")
    name = f"{container}/{prefix}" if prefix else container
    store = store_options(cluster, api)
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, name).code == 0
    address = f"container://{quote(name)}"
    result = fetch(cli, address, *store)
    check_all(result, wheels, USERS["tester"], cluster.token())
    assert "hash file, header" in result.out
    assert f"over plain HTTP, from http://127.0.0.1:{cluster.s3_port}" in result.out
    assert json.loads(pathlib.Path("report.json").read_text())["plain_http"] is True
    verified = cli("verify", "dist", "--against", address, *store)
    assert verified.code == 0, verified
    # Nobody else can read it.
    assert cluster.request("GET", container, user=None).status == 401
    wrong = fetch(cli, address, *store[:-1], "--secret", "hunter2-wrong", "--wait", 0)
    assert wrong.code != 0
    assert "hunter2-wrong" not in wrong.out + wrong.err


def test_downloads_page_is_that_of_the_folder(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    make_wheels(dist, 3, "1.0+local")
    name = f"{container}/night ly/é+"
    store = store_options(cluster, api)
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, name).code == 0
    make = ("page", "make", "--base-url", "https://example.org/wheels")
    of_container = cli(*make, f"container://{quote(name)}", *store)
    assert (of_container.code, of_container.err) == (0, "")
    page = pathlib.Path("demo-1.0+local-downloads.html").read_bytes()
    of_folder = cli(*make, "dist")
    assert of_folder.out == of_container.out
    assert pathlib.Path("demo-1.0+local-downloads.html").read_bytes() == page


def test_token_that_expires_is_renewed(
    cli: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheels = make_wheels(dist, 4)
    store = store_options(cluster, "OPENSTACK_SWIFT")
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, container).code == 0

    class Slow:
        @hookimpl(tryfirst=True)
        def wheelhouse_claims(self, artifact: ListedArtifact) -> list[Claim]:
            time.sleep(LIFE * 0.6)
            return []

    install(monkeypatch, slow=Slow())
    conf = cluster.folder / "proxy.conf"
    good = conf.read_text()
    try:
        conf.write_text(good.replace(TEMPAUTH, f"{TEMPAUTH}token_life = {LIFE}\n"))
        cluster.stop_proxy()
        cluster.start_proxy()
        result = fetch(cli, f"container://{container}", *store, "--max-workers", 1)
    finally:
        conf.write_text(good)
        cluster.stop_proxy()
        cluster.start_proxy()
    check_all(result, wheels, USERS["tester"])
    assert "waiting" not in result.out


def test_stale_replica_and_lagging_listing(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    old, new = (make_wheel(dist, A, text).read_bytes() for text in (b"old", b"new"))
    cluster.request("PUT", f"{container}/{A}", {"X-Object-Meta-Sha256": sha256(old)}, old)
    cluster.request("PUT", f"{container}/{A}.sha256", body=hash_file(old))
    cluster.prefer(1)
    cluster.kill(1, "object")
    cluster.request("PUT", f"{container}/{A}", {"X-Object-Meta-Sha256": sha256(new)}, new)
    cluster.request("PUT", f"{container}/{A}.sha256", body=hash_file(new))
    cluster.revive(1, "object")
    cluster.lag(on=True)
    late = "demo-1.0-2-py3-none-any.whl"
    content = make_wheel(dist, late).read_bytes()
    cluster.lag(on=False)
    cluster.request("PUT", f"{container}/{late}.sha256", body=hash_file(content, late))
    cluster.lag(on=True)
    cluster.request("PUT", f"{container}/{late}", body=content)
    assert late not in cluster.names(container)
    assert cluster.request("GET", f"{container}/{A}").body == old
    store = store_options(cluster, "OPENSTACK_SWIFT")
    result = fetch(cli, f"container://{container}", *store)
    check_all(result, {A: new, late: content})


def test_store_that_is_down_for_a_while(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    wheels = make_wheels(dist, 2)
    store = store_options(cluster, "OPENSTACK_SWIFT")
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, container).code == 0
    for node in (1, 2, 3):
        cluster.kill(node, "container")
    down = fetch(cli, f"container://{container}", *store, "--wait", 1)
    assert down.code == 5
    assert "(503)" in down.err
    for node in (1, 2, 3):
        cluster.revive(node, "container")
    check_all(fetch(cli, f"container://{container}", *store), wheels)


@pytest.fixture(scope="module")
def moto_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an S3 server that lists ten objects a page."""
    with moto(tmp_path_factory.mktemp("moto"), page=10) as port:
        yield port


@pytest.mark.parametrize("signature", ["2", "4"])
def test_moto_with_object_in_parts(
    cli: Cli, moto_port: int, dist: pathlib.Path, signature: str
) -> None:
    wheels = make_wheels(dist, 100, "1.0+local")
    bucket = f"wheels-{uuid.uuid4().hex[:12]}"
    given = ("--driver-option", f"signature_version={signature}")
    store = (*s3_options(moto_port), *given)
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, bucket).code == 0
    parts = make_wheel(dist, A, bytes(6_000_000)).read_bytes()
    put_parts(moto_port, bucket, A, [parts[:5_500_000], parts[5_500_000:]])
    (dist / A).write_bytes(parts)
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, bucket).code == 0
    result = fetch(cli, f"container://{bucket}", *store, "--expect", 101)
    check_all(result, {**wheels, A: parts}, "secret-key")
    assert f"from http://127.0.0.1:{moto_port}" in result.out
    verified = cli("verify", "dist", "--against", f"container://{bucket}", *store)
    assert verified.code == 0, verified


def test_provider_with_libcloud_alone(cli: Cli, azurite_port: int, dist: pathlib.Path) -> None:
    wheels = make_wheels(dist, 10)
    name = f"wheels{uuid.uuid4().hex[:12]}"
    store = azure_options(azurite_port)
    assert cli("upload", "--hashfile", "--no-enable-cdn", *store, name).code == 0
    result = fetch(cli, f"container://{name}", *store)
    check_all(result, wheels, store[store.index("--secret") + 1])
    assert f"from http://127.0.0.1:{azurite_port}" in result.out
