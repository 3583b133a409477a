"""Fixtures: one cluster per session, new containers, switches put back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.swift.cluster import Cluster
from tests.swift.containers import Target, store_options
from tests.swift.stores import azurite, create_public_bucket, moto, s3_options


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster, shared by all tests."""
    with Cluster(tmp_path_factory.mktemp("swift")) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def switches_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that uses the cluster: all servers alive, none preferred, no lag."""
    yield
    if "cluster" in request.fixturenames:
        request.getfixturevalue("cluster").reset()


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def api(request: pytest.FixtureRequest) -> str:
    """One of the two APIs."""
    return str(request.param)


@pytest.fixture
def container(cluster: Cluster) -> str:
    """The name of a new container that only its owner may read."""
    return cluster.create(f"wheels-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def public_container(cluster: Cluster) -> str:
    """The name of a new container that anyone may read and list as a web page."""
    return cluster.create(f"public-{uuid.uuid4().hex[:12]}", public=True)


@pytest.fixture(scope="session")
def moto_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an S3 server."""
    with moto(tmp_path_factory.mktemp("moto")) as port:
        yield port


@pytest.fixture(scope="session")
def azurite_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an Azure blob server."""
    with azurite(tmp_path_factory.mktemp("azurite")) as port:
        yield port


@pytest.fixture
def on_s3(moto_port: int) -> Target:
    """A new moto bucket."""
    bucket = f"wheels-{uuid.uuid4().hex[:12]}"
    create_public_bucket(moto_port, bucket)
    return Target(s3_options(moto_port), bucket, f"http://127.0.0.1:{moto_port}/{bucket}/")


@pytest.fixture
def on_swift(cluster: Cluster, public_container: str) -> Target:
    """A new container of the cluster."""
    url = f"{cluster.storage_url}/{public_container}/"
    return Target(store_options(cluster, "OPENSTACK_SWIFT"), public_container, url)


@pytest.fixture(params=["on_s3", "on_swift"])
def readable(request: pytest.FixtureRequest) -> Target:
    """A container that anyone can read."""
    target: Target = request.getfixturevalue(request.param)
    return target
