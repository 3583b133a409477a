"""Fixtures: one cluster per session, new containers, switches put back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.swift.cluster import Cluster

#: For modules that run uploads in this process: libcloud leaves connections to the garbage
#: collector, and signs with a function that is deprecated in Python 3.12 and later.
IN_PROCESS = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


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
