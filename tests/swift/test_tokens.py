"""Tokens that expire or are revoked during an upload are renewed once."""

from __future__ import annotations

import pathlib
import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, B, make_wheel
from tests.support.marks import USES_LIBCLOUD
from tests.support.waits import short_pauses
from tests.swift.cluster import Cluster
from tests.swift.containers import Counted, check_pairs, store_options
from tests.swift.interposing import around_puts
from tests.swift.keystone import CREDENTIAL, USER, Keystone, keystone

pytestmark = USES_LIBCLOUD

#: Life of a token in seconds, and a pause after which it is over.  A token must live until it is
#: used, on a busy machine too.
LIFE, PAUSE = 4, 4.2
C = "demo-1.0-cp311-cp311-linux_x86_64.whl"

Configure = Callable[[dict[str, str]], None]


@pytest.fixture
def configure(cluster: Cluster) -> Iterator[Configure]:
    """Restart the proxy with changes of its configuration; the change is undone at the end."""
    conf = cluster.folder / "proxy.conf"
    good = conf.read_text()

    def restart(text: str) -> None:
        conf.write_text(text)
        cluster.stop_proxy()
        cluster.start_proxy()

    def change(changes: dict[str, str]) -> None:
        text = good
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        restart(text)

    yield change
    restart(good)


TEMPAUTH = "use = egg:swift#tempauth\n"
SHORT = {TEMPAUTH: f"{TEMPAUTH}token_life = {LIFE}\n"}
CACHED = {
    "s3api tempauth": "cache s3api tempauth",
    "active_fernet_key_id = 1\n": "[filter:cache]\npaste.filter_factory = launch:cache\n",
    **SHORT,
}


@pytest.fixture(params=["new tokens", "cached tokens", "keystone"])
def options(
    request: pytest.FixtureRequest, cluster: Cluster, configure: Configure
) -> Iterator[tuple[str, ...]]:
    """The options for a store whose tokens expire soon."""
    configure(CACHED if request.param == "cached tokens" else SHORT)
    if request.param != "keystone":
        yield store_options(cluster, "OPENSTACK_SWIFT")
        return
    with keystone(cluster) as server:
        yield keystone_options(server)


def keystone_options(server: Keystone) -> tuple[str, ...]:
    """Return the options of a user of a Keystone, as documented."""
    given = ("ex_force_auth_version=3.x_password", "ex_tenant_name=demo", "ex_domain_name=Default")
    login = ("--username", USER[0], "--secret", USER[1], "--region", "RegionOne")
    return (
        *("--provider-name", "OPENSTACK_SWIFT", *login),
        *("--driver-option", f"ex_force_auth_url={server.url}"),
        *(word for option in given for word in ("--driver-option", option)),
    )


def pause() -> None:
    time.sleep(PAUSE)


def test_token_that_expires_is_renewed(
    cli: Cli,
    cluster: Cluster,
    container: str,
    configure: Configure,
    options: tuple[str, ...],
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in (A, B, C)}
    # Before a hash file and an artifact, and after one.
    around_puts(monkeypatch, [f"{A}.sha256", B], before=pause)
    around_puts(monkeypatch, [C], after=pause)
    upload = cli("upload", "--hashfile", "--max-workers", 1, *options, container)
    assert (upload.code, upload.err, "sent 3" in upload.out) == (0, "", True), upload
    configure({})
    check_pairs(cluster, container, wheels)
    assert cluster.request("GET", f"{container}/index.html").body.count(b"<a ") == 3


def test_token_that_expires_before_a_large_body_is_renewed(
    cli: Cli,
    cluster: Cluster,
    container: str,
    configure: Configure,
    options: tuple[str, ...],
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server may refuse the token and close the connection while the body is on its way."""
    short_pauses(monkeypatch)
    large = random.Random(0).randbytes(30_000_000)
    wheels = {A: make_wheel(dist, A, large).read_bytes()}
    around_puts(monkeypatch, [A], before=pause)
    upload = cli("upload", "--hashfile", "--no-update-index", *options, container)
    assert (upload.code, upload.err) == (0, ""), upload
    configure({})
    check_pairs(cluster, container, wheels)


def test_secret_that_is_changed_during_the_run_is_reported(
    cli: Cli,
    cluster: Cluster,
    container: str,
    configure: Configure,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(dist, A)
    changed = {**SHORT, "user_test_tester = testing": "user_test_tester = other"}

    def change() -> None:
        configure(changed)
        pause()

    configure(SHORT)
    around_puts(monkeypatch, [A], before=change)
    counted = Counted(monkeypatch)
    options = store_options(cluster, "OPENSTACK_SWIFT")
    upload = cli("upload", "--hashfile", "--no-update-index", *options, container)
    failed = upload.line("failed")
    assert (upload.code, upload.err) == (5, "")
    assert f"{A}: the user or secret is not accepted: check --username" in failed
    # One for the run, one for the worker, and one renewal that is refused; more only for looks
    # at what the failed put has left.
    assert 3 <= counted.of_container(container)["authentication"] <= 5


def test_secret_that_is_changed_before_a_look_is_reported(
    cli: Cli,
    cluster: Cluster,
    container: str,
    configure: Configure,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first request after the artifact is a look at it."""
    make_wheel(dist, A)

    def change() -> None:
        configure({**SHORT, "user_test_tester = testing": "user_test_tester = other"})
        pause()

    configure(SHORT)
    around_puts(monkeypatch, [A], after=change)
    options = store_options(cluster, "OPENSTACK_SWIFT")
    upload = cli("upload", "--hashfile", "--no-update-index", *options, container)
    assert (upload.code, upload.err) == (5, "")
    assert "the user or secret is not accepted: check --username" in upload.line("failed")


def test_own_token_that_expired_is_named(
    cli: Cli, cluster: Cluster, container: str, configure: Configure, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    options = (
        *store_options(cluster, "OPENSTACK_SWIFT"),
        *("--driver-option", f"ex_force_auth_token={cluster.token()}"),
    )
    assert cli("upload", "--hashfile", "--no-update-index", *options, container).code == 0
    configure(SHORT)
    time.sleep(PAUSE)
    refused = cli("upload", "--hashfile", *options, container)
    assert (refused.code, refused.err.count("\n")) == (5, 1)
    assert "--driver-option ex_force_auth_token is not accepted: get a new one" in refused.err
    assert cluster.token() not in refused.err


def test_documented_application_credential(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    wheels = {A: make_wheel(dist, A).read_bytes()}
    with keystone(cluster) as server:
        options = (
            *("--provider-name", "OPENSTACK_SWIFT", "--region", "RegionOne"),
            *("--username", CREDENTIAL[0], "--secret", CREDENTIAL[1]),
            *("--driver-option", f"ex_force_auth_url={server.url}"),
            *("--driver-option", "ex_force_auth_version=3.x_appcred"),
        )
        assert cli("upload", "--hashfile", *options, container).code == 0
        check_pairs(cluster, container, wheels)
        wrong = list(options)
        wrong[wrong.index(CREDENTIAL[1])] = "wrong€"
        refused = cli("upload", "--hashfile", *wrong, container)
    assert (refused.code, refused.err.count("\n")) == (5, 1)
    assert "the user or secret is not accepted" in refused.err
    assert "wrong" not in refused.err


def test_user_of_another_domain_of_keystone(
    cli: Cli, cluster: Cluster, container: str, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    with keystone(cluster) as server:
        options = (*keystone_options(server), "--driver-option", "ex_tenant_domain_id=0123abc")
        assert cli("upload", "--hashfile", *options, container).code == 0
    scope = server.received[0]["auth"]["scope"]["project"]
    assert scope == {"name": "demo", "domain": {"id": "0123abc"}}
