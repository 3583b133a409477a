"""The number of requests for hash files of several algorithms, as ``docs/stores.rst`` says.

The other counts are in ``tests/swift``.
"""

from __future__ import annotations

import hashlib
import pathlib
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import make_wheel
from tests.support.fake_store import FakeStore, fake_store
from tests.support.marks import USES_LIBCLOUD

pytestmark = USES_LIBCLOUD

NAMES = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 4)]
ALGORITHMS = ("sha256", "sha512", "md5")


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def store(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """An empty container, through one of the two APIs."""
    with fake_store(request.param) as store:
        yield store


def requests_of_upload(cli: Cli, store: FakeStore, *options: str) -> Counter[str]:
    """Upload, and count the requests for artifacts, hash files and the page by their methods."""
    store.asked.clear()
    result = cli("upload", "--hashfile", *options, *store.options)
    assert (result.code, result.err) == (0, ""), result
    kinds: Counter[str] = Counter()
    for method, name in store.asked:
        kind = name.rpartition(".")[2]
        if kind in ("whl", "html", *ALGORITHMS):
            kinds[f"{method} {kind}"] += 1
    return kinds


def test_further_hash_files(cli: Cli, store: FakeStore, dist: pathlib.Path) -> None:
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in NAMES}
    options = [word for algorithm in ALGORITHMS for word in ("--hash-algorithm", algorithm)]
    count = len(NAMES)
    sent = requests_of_upload(cli, store, *options)
    puts = {key: value for key, value in sent.items() if key.startswith("PUT")}
    assert puts == {
        **{f"PUT {kind}": count for kind in ("whl", *ALGORITHMS)},
        "PUT html": 1,
    }
    looks = sum(sent.values()) - sum(puts.values())
    # One look at each of these objects, and one read of the page.
    assert looks <= count * (1 + len(ALGORITHMS)) + 1

    again = requests_of_upload(cli, store, *options)
    reads = {f"GET {algorithm}": count for algorithm in ALGORITHMS}
    assert again == {**reads, "GET html": 1, "HEAD html": 1}

    # The listing has the MD5 of hash files that this upload does not publish.
    default = requests_of_upload(cli, store)
    assert default == {"GET sha256": count, "GET html": 1, "HEAD html": 1}

    # The right digest in another tool's form has to be read.
    for name, wheel in wheels.items():
        content = hashlib.sha512(wheel).hexdigest().encode()
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        etag = f'"{etag}"' if store.provider == "S3" else etag
        store.objects[f"{name}.sha512"] = (content, {"ETag": etag})
    foreign = requests_of_upload(cli, store)
    assert foreign == {**default, "GET sha512": count}


def test_index_reads_hash_files_that_the_page_lacks(
    cli: Cli, store: FakeStore, dist: pathlib.Path
) -> None:
    for name in NAMES:
        make_wheel(dist, name, name.encode())
    requests_of_upload(cli, store)
    store.asked.clear()
    assert cli("index", *store.options).code == 0
    assert not [name for _, name in store.asked if name.endswith(".sha256")]
    del store.objects["index.html"]
    store.asked.clear()
    assert cli("index", *store.options).code == 0
    assert sum(name.endswith(".sha256") for _, name in store.asked) == len(NAMES)
