"""libcloud's other S3 providers, MINIO and S3_RGW, as documented in ``docs/stores.rst``."""

from __future__ import annotations

import pathlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, B, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.swift.cluster import Cluster
from tests.swift.containers import Counted, Store, check_pairs, store_options

pytestmark = USES_LIBCLOUD


@dataclass(frozen=True)
class Provider:
    """A provider, the options its users give besides the URL, and the region the store expects."""

    name: str
    options: tuple[str, ...] = ()
    location: str = "us-east-1"


PROVIDERS = {
    # A MinIO server expects no region unless configured, and libcloud's driver signs for none.
    "minio": Provider("MINIO", location=""),
    "ceph, signature 2": Provider("S3_RGW"),
    "ceph, signature 4": Provider(
        "S3_RGW", ("--region", "us-east-1", "--driver-option", "signature_version=4")
    ),
}


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Provider]:
    """One of these providers; the proxy's S3 API uses its region."""
    provider = PROVIDERS[request.param]
    conf = cluster.folder / "proxy.conf"
    good = conf.read_text()

    def restart(text: str) -> None:
        conf.write_text(text)
        cluster.stop_proxy()
        cluster.start_proxy()

    if provider.location != "us-east-1":
        given = f"egg:swift#s3api\nlocation = {provider.location}"
        restart(good.replace("egg:swift#s3api", given))
    yield provider
    if provider.location != "us-east-1":
        restart(good)


@pytest.fixture
def store(cluster: Cluster, provider: Provider) -> Callable[..., Store]:
    """Return the options for the cluster through the provider, for a user."""
    return lambda *login: (*store_options(cluster, provider.name, *login), *provider.options)


def puts(counted: Counted) -> list[str]:
    """Return the names of the sent objects."""
    return sorted(path.rpartition("/")[2] for method, path in counted.paths if method == "PUT")


def test_s3_provider_upload_and_fetch(
    cli: Cli,
    cluster: Cluster,
    public_container: str,
    store: Callable[..., Store],
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def upload(*options: str) -> Result:
        return cli("upload", "--hashfile", *options, *store(), public_container)

    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in (A, B)}
    first = upload()
    assert (first.code, first.err) == (0, "")
    check_pairs(cluster, public_container, wheels)

    counted = Counted(monkeypatch)
    again = upload("--no-update-index")
    assert (again.code, again.out.count("already there"), puts(counted)) == (0, 2, [])

    wheels[A] = make_wheel(dist, A, b"another").read_bytes()
    kept = upload("--no-update-index", "--no-replace")
    assert (kept.code, "--no-replace" in kept.line("refused"), puts(counted)) == (1, True, [])
    replaced = upload()
    assert replaced.code == 0
    assert sha256(wheels[A]) in replaced.line("replaced")
    # The API of Swift rejects the conditional put that removes the old digest from the page.
    assert puts(counted) == sorted([A, f"{A}.sha256", *["index.html"] * 3])
    check_pairs(cluster, public_container, wheels)

    for page in ("", "index.html"):
        url = f"{cluster.storage_url}/{public_container}/{page}"
        got = cli("fetch", "--verify", "--wait", 0, "--local-folder", f"got{page}", "demo", url)
        assert got.code == 0, got
        folder = pathlib.Path(f"got{page}")
        assert {path.name: path.read_bytes() for path in folder.glob("[!.]*")} == wheels
        assert got.out.count("hash file") == got.out.count("header") == 2


def test_s3_provider_errors_are_one_line(
    cli: Cli, container: str, store: Callable[..., Store], dist: pathlib.Path
) -> None:
    def refused(*words: str) -> str:
        result = cli(*words)
        assert (result.code, result.err.count("\n"), "wrong" in result.err) == (5, 1, False)
        return result.err

    make_wheel(dist, A)
    wrong = store("tester", "wrong")
    assert "check " in refused("upload", "--hashfile", *wrong, container)
    assert "check " in refused("index", *wrong, container)
    nowhere = f"nowhere-{uuid.uuid4().hex[:8]}"
    assert f"container '{nowhere}' does not exist" in refused("index", *store(), nowhere)
    guest = store("guest", "guesting")
    assert "permission denied: check " in refused("index", *guest, container)


def test_minio_error_for_store_with_region(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    minio = store_options(cluster, "MINIO")
    malformed = cli("upload", "--hashfile", *minio, container)
    assert (malformed.code, malformed.err.count("\n")) == (5, 1)
    assert "the store expects a different region: set --region (store: 400 " in malformed.err
    region = cli("upload", "--hashfile", "--region", "us-east-1", *minio, container)
    assert (region.code, region.err.count("\n")) == (2, 1)
    assert "--region: not supported by provider MINIO" in region.err
    s3 = store_options(cluster, "S3")
    assert cli("upload", "--hashfile", "--region", "us-east-1", *s3, container).code == 0
