"""Uploads to a real Swift, through its own API and the S3 API, from the command line."""

from __future__ import annotations

import json
import pathlib
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, B, make_wheel, sha256
from tests.support.marks import USES_LIBCLOUD
from tests.support.uploaders import extended, host_alone, run_commands
from tests.support.waits import short_pauses
from tests.swift.cluster import Cluster
from tests.swift.containers import Counted, check_pairs, content, links, store_options

pytestmark = USES_LIBCLOUD


@pytest.fixture
def upload(cli: Cli, cluster: Cluster, api: str, container: str) -> Cli:
    """Run ``upload --hashfile`` into the new container."""
    store = store_options(cluster, api)
    return lambda *options: cli("upload", "--hashfile", *options, *store, container)


def test_upload_creates_hash_files_metadata_and_links(
    upload: Cli,
    cli: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
) -> None:
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in (A, B)}
    result = upload()
    assert (result.code, result.err) == (0, "")
    check_pairs(cluster, container, wheels)
    assert links(cluster, container) == {name: sha256(body) for name, body in wheels.items()}
    again = upload()
    assert again.out.count("already there") == 2


def test_store_without_cdn_has_plain_message(upload: Cli, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    out = upload().out
    assert "no CDN URL available" in out
    assert "Failed to enable CDN" not in out


@pytest.mark.parametrize(
    ("options", "index", "looks"),
    [((), True, 2), (("--no-update-index",), False, 2), (("--no-replace",), True, 3)],
    ids=["index", "no index", "no replace"],
)
@pytest.mark.parametrize("before", [0, 100])
def test_upload_request_counts(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    before: int,
    options: tuple[str, ...],
    index: bool,
    looks: int,
) -> None:
    for number in range(before):
        cluster.request("PUT", f"{container}/old-{number}.txt", body=b"x")
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(5)]
    for name in names:
        make_wheel(dist, name)
    counted = Counted(monkeypatch)
    assert upload("--no-enable-cdn", *options).code == 0
    of = counted.of_container(container)
    assert of["PUT"] == 2 * len(names) + index
    assert of["HEAD"] + of["GET"] <= looks * len(names) + index
    # One listing, and another one after the page was written; libcloud requests one extra, empty
    # page for each.
    assert of["listing"] <= 3 * (1 + index)
    assert of["look-up"] <= 1
    # Once for each of four workers, and once for the main thread.
    assert of["authentication"] <= 5

    counted.paths.clear()
    assert upload("--no-enable-cdn", *options).code == 0
    again = counted.of_container(container)
    assert again["PUT"] == 0
    # The page is unchanged, so its media type is looked at.
    assert again["HEAD"] + again["GET"] <= len(names) + 2 * index
    assert again["listing"] <= 3


@pytest.mark.parametrize(
    ("options", "index"), [((), 1), (("--no-update-index",), 0)], ids=["index", "no index"]
)
@pytest.mark.parametrize(("payload", "looks"), [(b"another size", 5), (b"new", 6)])
def test_request_counts_of_a_replacement(
    upload: Cli,
    api: str,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    index: int,
    payload: bytes,
    looks: int,
) -> None:
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(5)]
    for name in names:
        make_wheel(dist, name, b"old")
    assert upload("--no-enable-cdn", *options).code == 0
    for name in names:
        make_wheel(dist, name, payload)
    counted = Counted(monkeypatch)
    assert "replaced 5" in upload("--no-enable-cdn", *options).out
    of = counted.of_container(container)
    # The page loses the old digests, and gets the new ones.  The S3 API of Swift refuses the
    # first of these puts, because it has an If-Match, and the page is read once more.
    again = index if api == "S3" else 0
    assert of["PUT"] == 2 * len(names) + 2 * index + again
    # A look at an artifact of equal size; a look and a read; a read before the artifact
    # follows; two looks afterwards; and a read for the page.
    assert of["HEAD"] + of["GET"] <= (looks + index) * len(names) + 4 * index + again
    assert of["listing"] <= 3 * (1 + index)
    assert of["look-up"] <= 1
    assert of["authentication"] <= 5


def test_no_hash_is_lost_with_lagging_listing(
    cli: Cli, cluster: Cluster, api: str, tmp_path: pathlib.Path
) -> None:
    def two_jobs(kind: Callable[[], Callable[[], None]], options: list[str], name: str) -> None:
        cluster.create(name)
        cluster.lag(True)
        for number in (0, 1):
            command = ["upload", "--local-folder", f"dist-{number}", *options, name]
            assert run_commands(kind, tmp_path, [command]) == [0]
        cluster.lag(False)
        cluster.run_once("object-updater")

    wheels = {
        name: make_wheel(tmp_path / f"dist-{number}", name, name.encode()).read_bytes()
        # The host does not support build tags.
        for number, name in enumerate((A, "demo-1.1-py3-none-any.whl"))
    }
    store = store_options(cluster, api)
    digests = {name: sha256(body) for name, body in wheels.items()}
    for index in ([], ["--no-update-index"]):
        name = f"ours-{uuid.uuid4().hex[:8]}"
        two_jobs(extended, ["--hashfile", *index, *store], name)
        check_pairs(cluster, name, wheels)
        # A run that sends nothing completes the page again, and so does the verb index.
        again = cli("upload", "--hashfile", "--local-folder", "dist-0", *store, name)
        assert again.line("there")
        assert links(cluster, name) == digests
        cluster.request("DELETE", f"{name}/index.html")
        assert cli("index", *store, name).code == 0
        assert links(cluster, name) == digests

    if api == "OPENSTACK_SWIFT":
        # The same with the host alone and the one driver option that it needs.
        alone = f"host-{uuid.uuid4().hex[:8]}"
        two_jobs(HostAlone(cluster), list(store[:6]), alone)
        assert set(wheels) <= set(cluster.names(alone))
        metadata = json.loads(content(cluster, f"{alone}/metadata.json"))
        assert len(metadata) < len(wheels)
        assert "" in links(cluster, alone).values() or len(links(cluster, alone)) < len(wheels)


class HostAlone:
    """The host alone, with the cluster's URLs, for which it has no option."""

    def __init__(self, cluster: Cluster) -> None:
        self._urls = {"auth": cluster.auth_url, "base": cluster.storage_url}

    def __call__(self) -> Callable[[], None]:
        command = host_alone()
        from wheelhouse_uploader.upload import Uploader  # type: ignore[import-untyped]

        from wheelhouse_hashes.stores.driver import Account

        urls = (
            f"ex_force_auth_url={self._urls['auth']}",
            f"ex_force_base_url={self._urls['base']}",
        )
        Uploader.make_driver = lambda self: Account(
            self.provider_name, self.username, self.secret, None, urls
        ).make_driver()
        return command


def test_interrupted_upload_is_continued(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"demo-1.0-{number:02}-py3-none-any.whl" for number in range(20)]
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in names}
    from libcloud.http import LibcloudConnection

    original: Any = LibcloudConnection.prepared_request
    lock = threading.Lock()
    sent: set[str] = set()

    def dying(connection: object, method: str, url: str, *args: object, **kw: object) -> object:
        name = url.partition("?")[0].rpartition("/")[2]
        if method == "PUT" and name.endswith(".whl"):
            with lock:
                if len(sent) >= 11:
                    raise ConnectionError("the connection died")
                sent.add(name)
        return original(connection, method, url, *args, **kw)

    with monkeypatch.context() as patch:
        patch.setattr(LibcloudConnection, "prepared_request", dying)
        short_pauses(patch)
        assert upload("--no-update-index").code == 5
    assert len(sent) == 11
    counted = Counted(monkeypatch)
    assert upload("--no-update-index").code == 0
    puts = {path.rpartition("/")[2] for method, path in counted.paths if method == "PUT"}
    assert {name for name in puts if name.endswith(".whl")} == set(names) - sent
    check_pairs(cluster, container, wheels)


def test_five_dev_builds_are_kept_with_hash_files(
    upload: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    builds = [f"demo-1.1.dev0+202601010000{number:02}-py3-none-any.whl" for number in range(9)]
    cluster.lag(True)
    for name in builds[:8]:
        path = make_wheel(dist, name)
        assert upload("--no-update-index").code == 0
        path.unlink()
    cluster.lag(False)
    cluster.run_once("object-updater")
    make_wheel(dist, builds[8])
    assert upload("--no-update-index").code == 0
    kept = builds[4:]
    assert cluster.names(container) == sorted([*kept, *(f"{name}.sha256" for name in kept)])


@pytest.fixture(scope="module")
def large_container(cluster: Cluster) -> str:
    """The name of a container with 2,000 objects."""
    container = cluster.create(f"large-{uuid.uuid4().hex[:8]}")

    def fill(start: int) -> None:
        for number in range(start, 2000, 4):
            cluster.request("PUT", f"{container}/other-{number}.txt", body=b"x")

    threads = [threading.Thread(target=fill, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return container


def test_many_dev_wheels_list_large_container_once(
    cli: Cli,
    cluster: Cluster,
    api: str,
    large_container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(100):
        make_wheel(dist, f"demo-1.1.dev0+20260101{number:06}-{number}-py3-none-any.whl")
    counted = Counted(monkeypatch)
    options = ("--hashfile", "--no-update-index", "--no-enable-cdn", *store_options(cluster, api))
    assert cli("upload", *options, large_container).code == 0
    assert counted.of_container(large_container)["listing"] <= 4  # pages of one listing


def test_wrong_secret_is_one_line_error(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    options = store_options(cluster, api, "tester", "wrong")
    result = cli("upload", "--hashfile", *options, container)
    assert (result.code, result.err.count("\n"), "wrong" in result.err) == (5, 1, False)
    assert "check " in result.err


def test_user_without_rights_is_refused_per_artifact(
    cli: Cli, cluster: Cluster, api: str, container: str, dist: pathlib.Path
) -> None:
    """A user who may not list the container may still write."""
    make_wheel(dist, A)
    options = store_options(cluster, api, "guest", "guesting")
    result = cli("upload", "--hashfile", "--no-update-index", *options, container)
    assert (result.code, result.err) == (5, "")
    assert "the container cannot be listed (permission denied)" in result.line("note")
    assert "permission denied: check " in result.line("failed")


def test_missing_container_and_dead_store_are_one_line_errors(
    cli: Cli, cluster: Cluster, api: str, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    store = store_options(cluster, api)
    missing = cli("index", *store, f"nowhere-{uuid.uuid4().hex[:8]}")
    assert (missing.code, "does not exist" in missing.err) == (5, True)
    cluster.stop_proxy()
    down = cli("upload", "--hashfile", *store, "wheels")
    assert (down.code, "no connection to the store" in down.err) == (5, True)
    assert down.err.count("\n") == 1


def test_unavailable_store_is_reported_per_artifact(
    upload: Cli,
    cluster: Cluster,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short_pauses(monkeypatch)
    make_wheel(dist, A)
    cluster.kill(1, "object")
    cluster.kill(2, "object")
    result = upload()
    assert result.code == 5
    assert "not available (503)" in result.line("failed")


def test_damaged_body_is_not_published(
    upload: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from libcloud.http import LibcloudConnection

    make_wheel(dist, A, b"x" * 5000)
    original: Any = LibcloudConnection.prepared_request

    def damaging(connection: object, method: str, url: str, body: Any = None, **kw: Any) -> object:
        if method == "PUT" and url.partition("?")[0].endswith(".whl"):
            body = body.read().replace(b"xxxx", b"xxxy")
        return original(connection, method, url, body=body, **kw)

    short_pauses(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(LibcloudConnection, "prepared_request", damaging)
        result = upload("--no-update-index")
    assert result.code == 5
    assert "the data that the store received differs from the data sent" in result.line("failed")
    assert cluster.request("HEAD", f"{container}/{A}").status == 404


def test_file_is_opened_at_most_twice(
    upload: Cli,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(dist, A)
    opened: list[str] = []
    import builtins

    real_open = builtins.open

    def counting(file: object, *args: object, **kwargs: object) -> object:
        if str(file).endswith(A):
            opened.append(str(file))
        return real_open(file, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(builtins, "open", counting)
    assert upload("--no-update-index").code == 0
    # libcloud would open the file again to compute an MD5; it is given the MD5 instead.
    assert len(opened) <= 2


def test_wrong_clock_is_reported(
    cli: Cli,
    cluster: Cluster,
    container: str,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import libcloud.common.aws

    class Late(datetime):
        @classmethod
        def utcnow(cls) -> Any:
            return datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)

    monkeypatch.setattr(libcloud.common.aws, "datetime", Late)
    make_wheel(dist, A)
    result = cli("upload", "--hashfile", *store_options(cluster, "S3"), container)
    assert result.code == 5
    assert "the clock of this machine differs from the store's" in result.err
