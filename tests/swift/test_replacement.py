"""The replacement attack in a real Swift: the wheel, its hash file and its metadata agree."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.support.servers import serving
from tests.swift.cluster import Cluster
from tests.swift.containers import store_options
from tests.swift.shelf import Shelf

pytestmark = USES_LIBCLOUD


@pytest.mark.parametrize("days", [0, 2], ids=["young", "old"])
def test_replacement_by_own_upload_is_refused_by_a_page_elsewhere(
    cli: Cli, cluster: Cluster, public_container: str, dist: pathlib.Path, days: float
) -> None:
    shelf = Shelf(cluster, public_container, cli)
    original = make_wheel(dist, A, b"built by CI").read_bytes()
    shelf.put_hash_file(original, days=days and days + 1)
    shelf.put_artifact(original, days=days and days + 1)
    evil = make_wheel(dist, A, b"made by somebody").read_bytes()
    if days:  # the dates of an upload cannot be set, so its objects are put by hand
        shelf.put_hash_file(evil, days=days)
        shelf.put_artifact(evil, days=days)
    else:
        store = store_options(cluster, "OPENSTACK_SWIFT")
        done = cli("upload", "--hashfile", *store, public_container)
        assert done.line("replaced").split()[1] == A
    link = f'<a href="{shelf.url}{A}#sha256={sha256(original)}">{A}</a>'.encode()
    with serving({"/": link}) as page:
        options = ("--verify", "--wait", 60 if days else 1, "--local-folder", "got")
        result = cli("fetch", *options, "demo", page.url)
    assert result.code == 7
    assert "replaced: the container's own digests match" in result.line("refused")
    assert ("waiting" in result.out) is not bool(days)
    assert not pathlib.Path("got", A).exists()
    # The container alone agrees with itself.
    assert shelf.fetch().line("ok").endswith("hash file, header  container")
    assert pathlib.Path("got", A).read_bytes() == evil
