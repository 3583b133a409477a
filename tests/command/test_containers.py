"""Private containers, as addresses of ``fetch`` and ``verify``: ``container://NAME``."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import (
    HASH_FILE,
    A,
    hash_file,
    make_wheel,
    publish,
    sha256,
    wheel_bytes,
)
from tests.support.commands import FETCH, FETCH_AND_WAIT, got
from tests.support.fake_store import CONTAINER, FakeStore, Fault, Place, carry_out
from tests.support.marks import USES_LIBCLOUD
from tests.support.plugins import install
from tests.support.private_containers import ADDRESS, SECRET, Private, private_container
from tests.support.servers import Handler, respond, serving, serving_folder, to
from tests.support.signaled import SOON, begin, signal_and_wait
from tests.support.waits import short_pauses
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim
from wheelhouse_hashes.options import PREFIX
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transport import Entry, Listing

pytestmark = USES_LIBCLOUD


@pytest.fixture(params=["LOCAL", "OPENSTACK_SWIFT", "S3"])
def private(request: pytest.FixtureRequest) -> Iterator[Private]:
    """A private container of each kind."""
    with private_container(request.param) as made:
        yield made


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def remote(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """A private container with wheel A and its hash file, behind HTTP."""
    with private_container(request.param) as made:
        made.publish(A, wheel_bytes(os.urandom(200_000)))
        assert made.store is not None
        yield made.store


def fetch_from(cli: Cli, store: FakeStore, *options: object, address: str = ADDRESS) -> Result:
    """Fetch from a store, and wait."""
    return cli(*FETCH_AND_WAIT, address, *store.options[:-1], *options)


def test_hundred_artifacts(cli: Cli, private: Private) -> None:
    wheels = {f"demo-1.0-{n}-py3-none-any.whl": wheel_bytes(b"%d" % n) for n in range(1, 101)}
    for name, content in wheels.items():
        private.publish(name, content)
    private.put("other-1.0-py3-none-any.whl", b"other")
    private.put("index.html", b"a page")
    result = cli(*FETCH, ADDRESS, *private.options, "--report", "report.json")
    assert (result.code, result.err) == (0, "")
    assert {name: pathlib.Path("got", name).read_bytes() for name in wheels} == wheels
    server = f"over plain HTTP, from {private.origin}"
    way = f", {server if private.origin else 'from a local folder'}"
    closing = f"verified 100 of 100 artifacts (weakest tier: container{way})"
    assert result.out.splitlines()[-1] == closing
    report = json.loads(pathlib.Path("report.json").read_text())
    assert report["listing"]["url"] == ADDRESS
    assert report["listing"]["secure"] is not bool(private.origin)
    (source,) = {claim["source"] for a in report["artifacts"] for claim in a["claims"]} - {"header"}
    assert source == "hash file"
    # The secret, and the token of Swift.
    shown = result.out + result.err + pathlib.Path("report.json").read_text()
    assert SECRET not in shown
    assert "token" not in shown
    if private.store is not None:
        # One connection a worker, not one an object.
        tokens = private.store.count("GET", "v1.0")
        assert tokens <= (5 if private.store.provider == "OPENSTACK_SWIFT" else 0)


@pytest.mark.thorough
def test_folder_takes_little_more_time_than_http(container: pathlib.Path, python: Cli) -> None:
    """A container of LOCAL takes at most 1.5 times the processor time of plain HTTP."""
    container.mkdir()
    for number in range(1, 101):
        publish(container, f"demo-1.0-{number}-py3-none-any.whl", os.urandom(200_000))

    def seconds(address: str, *options: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        target = tempfile.mkdtemp(dir=".")
        fetch = ("-m", "wheelhouse_hashes", "fetch", "--verify", "--local-folder", target)
        assert python(*fetch, *options, "demo", address).code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    with serving_folder(container) as server:
        plain, private = zip(
            *((seconds(server.url), seconds(ADDRESS, *LOCAL)) for _ in range(5)), strict=True
        )
    assert min(private) <= 1.5 * min(plain)


def test_verify_against_container(cli: Cli, private: Private, dist: pathlib.Path) -> None:
    good = make_wheel(dist, A).read_bytes()
    private.publish(A, good)
    verify = ("verify", "dist", "--wait", 0, "--against", ADDRESS, *private.options)
    result = cli(*verify)
    assert (result.code, result.err) == (0, "")
    assert "hash file" in result.line("ok")
    private.publish(A, wheel_bytes(b"other"))
    assert cli(*verify).code == 1


def test_account_is_that_of_the_environment(
    cli: Cli, private: Private, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    private.publish(A, wheel)
    given = dict(zip(private.options[::2], private.options[1::2], strict=True))
    monkeypatch.setenv(f"{PREFIX}USERNAME", given["--username"])
    monkeypatch.setenv(f"{PREFIX}SECRET", given["--secret"])
    options = " ".join(value for value in private.options if "=" in value)
    monkeypatch.setenv(f"{PREFIX}DRIVER_OPTIONS", options)

    class Chatty:
        @hookimpl
        def wheelhouse_run_finished(self, run: Run) -> None:
            run.say(f"the secret is {SECRET}")

    install(monkeypatch, chatty=Chatty())
    result = cli(*FETCH, ADDRESS, "--provider-name", given["--provider-name"])
    assert result.code == 0, result
    assert "the secret is ***" in result.out


@pytest.mark.parametrize("prefix", ["nightly", "a b/é+c%41"])
def test_prefix_is_a_container_of_its_own(
    cli: Cli, private: Private, wheel: bytes, prefix: str
) -> None:
    plus = "demo-1.0+local-py3-none-any.whl"
    content = wheel_bytes(b"plus", plus)
    private.put(f"{prefix}/{plus}", content)
    private.put(f"{prefix}/{plus}.sha256", hash_file(content, plus))
    private.put(f"{prefix}/below/{A}", b"below")
    private.put(A, b"outside")
    result = cli(*FETCH, f"{ADDRESS}/{quote(prefix)}/", *private.options)
    assert result.code == 0, result
    assert got() == [plus]


def test_replaced_by_a_writer_of_the_container_is_not_seen(cli: Cli, private: Private) -> None:
    private.publish(A, wheel_bytes(b"other bytes, hash file and metadata"))
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 0, result
    assert result.line("ok").split()[-1] == "container"


def test_wrong_bytes_are_refused(cli: Cli, private: Private, wheel: bytes) -> None:
    private.publish(A, wheel)
    private.put(A, wheel_bytes(b"other"), sha256(wheel))
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 1
    assert re.search("mismatch|corrupt", result.line("refused"))
    assert got() == [".rejected"]


def test_artifact_that_comes_is_waited_for(
    cli: Cli, private: Private, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    private.put(HASH_FILE, hash_file(wheel), old=False)
    tries: list[bool] = []

    class Late:
        @hookimpl
        def wheelhouse_claims(self, run: Run) -> list[Claim]:
            tries.append(run.fresh)
            if len(tries) == 4:
                private.put(A, wheel)
            return []

    install(monkeypatch, late=Late())
    result = cli(*FETCH_AND_WAIT, ADDRESS, *private.options)
    assert result.code == 0, result
    assert len(tries) == 4
    assert "artifact not published yet" in result.line("waiting")


def test_artifact_that_never_comes_is_missing(
    cli: Cli, private: Private, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    private.put(HASH_FILE, hash_file(wheel))
    result = cli(*FETCH_AND_WAIT, "--wait", 1, ADDRESS, *private.options)
    assert result.code == 4, result
    assert "missing-artifact" in result.line("refused")


def test_extra_file_in_the_folder_is_noted(cli: Cli, private: Private, wheel: bytes) -> None:
    private.publish(A, wheel)
    make_wheel(pathlib.Path("got"), "demo-0.9-py3-none-any.whl")
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 0, result
    assert "in the folder but not checked by this run:" in result.out


def test_hash_file_that_is_not_there_is_missing(cli: Cli, private: Private, wheel: bytes) -> None:
    if private.store is None:
        private.put(A, wheel)
    else:
        private.store.objects[A] = (wheel, {"ETag": '"x-1"'})
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 3
    assert "missing-hash" in result.line("refused")


def test_md5_in_the_listing_confirms(cli: Cli, remote: FakeStore) -> None:
    del remote.objects[HASH_FILE]
    content, _ = remote.objects[A]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    remote.objects[A] = content, {"ETag": f'"{md5}"' if remote.provider == "S3" else md5}
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    assert "md5 only: 1" in result.out
    remote.objects[A] = content, {"ETag": f'"{"0" * 32}"' if remote.provider == "S3" else "0" * 32}
    pathlib.Path("got", A).unlink()
    assert fetch_from(cli, remote, "--wait", 0).code == 3


def cut_in_half(handler: Handler) -> None:
    """Send half of an artifact, as if all of it followed."""
    store: FakeStore = handler.store  # type: ignore[attr-defined]
    content, headers = store.objects[A]
    handler.send_response(200)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def test_cut_body_is_resumed(cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    short_pauses(monkeypatch)
    ranges: list[str | None] = []

    def faulty(handler: Handler, _number: int) -> Fault | None:
        if not Place("GET", f"/{A}").covers(handler):
            return None
        ranges.append(handler.headers.get("Range"))
        assert handler.headers["Accept-Encoding"] == "identity"
        assert handler.headers["X-As-Stored"] is None
        return cut_in_half if len(ranges) == 1 else None

    remote.choose = faulty
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    half = len(remote.objects[A][0]) // 2
    assert ranges == [None, f"bytes={half}-"]


def test_rest_of_other_version_is_not_appended(
    cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    new = wheel_bytes(os.urandom(200_000))
    other = Private((), remote)

    def cut_and_replace(handler: Handler) -> None:
        cut_in_half(handler)
        other.publish(A, new)

    remote.fail(Place("GET", f"/{A}"), cut_and_replace)
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    assert pathlib.Path("got", A).read_bytes() == new


@pytest.mark.parametrize("place", [f"/{CONTAINER}", f"/{A}", f"/{HASH_FILE}"])
@pytest.mark.parametrize("status", [503, 500, 429])
def test_store_that_fails_for_a_while_is_waited_for(
    cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch, place: str, status: int
) -> None:
    short_pauses(monkeypatch)
    remote.fail(Place("GET", place), lambda h: respond(h, status, b"busy", Retry_After="0"), 2)
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    assert "unreachable" in result.line("waiting")
    # libcloud asks Swift for another page of the listing.
    assert remote.hits in (3, 4)


def test_store_that_stays_down(
    cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    remote.fail(Place("GET", f"/{A}"), lambda h: respond(h, 503, b"busy"), float("inf"))
    result = fetch_from(cli, remote)
    assert result.code == 5
    assert "unreachable: cannot read demo" in result.line("refused")
    assert "(503)" in result.line("refused")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_account(cli: Cli, remote: FakeStore, status: int) -> None:
    remote.fail(Place("GET", f"/{A}"), lambda h: respond(h, status, b"no"), float("inf"))
    result = fetch_from(cli, remote)
    assert result.code == 5, result
    assert "forbidden" in result.line("refused")
    assert SECRET not in result.out


def test_listing_that_lags_lacks_the_artifact(
    cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    held = remote.objects.pop(A)

    def late(handler: Handler) -> None:
        carry_out(handler)
        remote.objects[A] = held

    remote.fail(Place("GET", f"/{CONTAINER}"), late)
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    assert got() == [A]


def test_old_hash_file_is_stale(
    cli: Cli, remote: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    good = remote.objects[HASH_FILE]
    remote.objects[HASH_FILE] = hash_file(b"old"), good[1]

    def heal(handler: Handler) -> None:
        carry_out(handler)
        if remote.count("GET", A) == 2:
            remote.objects[HASH_FILE] = good

    remote.fail(Place("GET", f"/{A}"), heal, float("inf"))
    result = fetch_from(cli, remote)
    assert result.code == 0, result
    assert "stale" in result.line("waiting")


def test_compressed_body_is_not_decoded(cli: Cli, remote: FakeStore) -> None:
    content, headers = remote.objects[A]
    body = gzip.compress(content)
    sent = {**headers, "Content_Encoding": "gzip", "Content_Length": str(len(body))}
    remote.fail(Place("GET", f"/{A}"), lambda h: respond(h, 200, body, **sent), float("inf"))
    result = fetch_from(cli, remote, "--wait", 0)
    assert result.code in (1, 5)
    assert "Content-Encoding" in result.out or "compressed" in result.out, result


def test_token_that_expires_is_renewed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with private_container("OPENSTACK_SWIFT") as made:
        for number in range(1, 21):
            name = f"demo-1.0-{number}-py3-none-any.whl"
            made.publish(name, wheel_bytes(b"%d" % number))
        store = made.store
        assert store is not None
        good = {"": 0}

        def expiring(handler: Handler, _number: int) -> Fault | None:
            if handler.path.endswith("/v1.0"):
                number = store.count("GET", "v1.0")
                good[f"token {number}"] = 4
                token = f"token {number}"
                return lambda h: respond(h, 204, b"", X_Auth_Token=token)
            token = handler.headers.get("X-Auth-Token", "")
            if not good.get(token):
                return lambda h: respond(h, 401, b"the token has expired")
            good[token] -= 1
            return None

        store.choose = expiring
        result = cli(*FETCH, ADDRESS, *made.options)
    assert (result.code, result.err) == (0, ""), result
    assert store.count("GET", "v1.0") > 10
    assert "token" not in result.out


def test_redirect_to_another_server_gets_no_secret(cli: Cli, remote: FakeStore) -> None:
    content, headers = remote.objects[A]

    def there(handler: Handler) -> None:
        respond(handler, 200, content, **headers)

    with serving({"/there": there}) as other:
        options = (*remote.options[:-1], "--driver-option", "token=t0ken-of-session")
        options = options if remote.provider == "S3" else remote.options[:-1]
        remote.fail(Place("GET", f"/{A}"), to(f"{other.url}there"), float("inf"))
        result = cli(*FETCH, ADDRESS, *options)
        assert result.code == 0, result
        (asked,) = other.requests
    sent = {name.lower() for name, _ in asked[2].items()}
    assert sent.isdisjoint({"authorization", "x-auth-token", "x-amz-security-token"}), sent
    assert other.url.removesuffix("/") in result.out


@pytest.mark.parametrize("name", ["", A, HASH_FILE])
def test_interruption_ends_a_request(remote: FakeStore, name: str) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(handler: Handler) -> None:
        asked.set()
        over.wait(600)
        handler.close_connection = True

    remote.fail(Place("GET", f"/{name or CONTAINER}"), silent)
    args = [str(each) for each in (*FETCH_AND_WAIT, ADDRESS, *remote.options[:-1])]
    out, err, took = signal_and_wait(begin(asked.is_set, *args), signal.SIGINT)
    over.set()
    assert out.splitlines()[-1].startswith("interrupted"), (out, err)
    assert "Traceback" not in out + err
    assert took < SOON, took


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("container://", "the name of the container is empty"),
        ("container:wheels", "expected container://NAME"),
        ("container://user:hunter2@wheels", "expected container://NAME"),
        ("container://wheels?prefix=x", "expected container://NAME"),
        ("container://wheels//x", "a part of the prefix is empty"),
        ("container://wheels/../x", "cannot be a part of a prefix"),
        ("container://..", "it refers to a folder"),
        ("container://..%2Fother", "it refers to a folder"),
    ],
)
def test_address_that_is_no_container(cli: Cli, address: str, text: str) -> None:
    with private_container("LOCAL") as made:
        result = cli(*FETCH, address, *made.options)
    assert result.code == 2
    assert text in result.err
    assert "hunter2" not in result.err
    assert result.err.count("\n") == 1


def test_account_that_is_missing_or_wrong(cli: Cli) -> None:
    result = cli(*FETCH, ADDRESS)
    assert result.code == 2
    assert "no username" in result.err
    assert "no secret" in result.err
    unknown = ("--driver-option", "nonsense=1", "--username", "x", "--secret", SECRET)
    assert "unknown key" in cli(*FETCH, ADDRESS, *unknown).err
    against = cli("verify", ".", "--against", ADDRESS, "--provider-name", "NOBODY")
    assert against.code == 2
    assert "NOBODY" in against.err


def test_container_that_does_not_exist(cli: Cli, private: Private) -> None:
    if private.store is None:
        private.folder.rmdir()
    else:
        place = Place("HEAD", f"/{CONTAINER}")
        private.store.fail(place, lambda h: respond(h, 404, b""), float("inf"))
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 5
    assert f"container '{CONTAINER}' does not exist" in result.err


def test_no_artifact_matches(cli: Cli, private: Private) -> None:
    private.put("index.html", b"")
    result = cli(*FETCH, ADDRESS, *private.options)
    assert result.code == 4
    assert f"nothing matches demo at {ADDRESS}" in result.out


def test_missing_libcloud_is_a_usage_error(python: Cli) -> None:
    code = """
import sys
sys.modules["libcloud.storage"] = None
from wheelhouse_hashes.__main__ import main
sys.argv[1:] = ["verify", ".", "--against", "container://x", "--username", "u", "--secret", "s"]
main()
"""
    result = python("-c", code)
    assert result.code == 2, result
    assert re.fullmatch(
        r"wheelhouse-hashes: error: containers need libcloud: install .*\n", result.err
    )


def test_options_need_verify(cli: Cli) -> None:
    result = cli("fetch", "--provider-name", "LOCAL", "demo", "http://127.0.0.1:9/")
    assert result.code == 2
    assert "--provider-name: no effect without --verify" in result.err


def test_plugin_reads_an_object_of_a_container(
    cli: Cli, private: Private, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    private.publish(A, wheel)
    private.put("SHA256SUMS", b"list")
    read: list[bytes] = []

    class Reader:
        @hookimpl
        def wheelhouse_prepare(self, run: Run) -> None:
            read.append(run.client.get(f"{ADDRESS}/SHA256SUMS", max_bytes=10).body)
            read.append(b"".join(run.store(CONTAINER).open("SHA256SUMS").pieces))

    install(monkeypatch, reader=Reader())
    assert cli(*FETCH, ADDRESS, *private.options).code == 0
    assert read == [b"list"] * 2


def test_plugin_may_authorize_requests_to_the_endpoint_of_the_account(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint is known once the store has answered; others get no token over plain HTTP."""
    base = "http://swift.example/v1/account"
    seen: dict[str, str | None] = {}

    class Swift:
        @hookimpl
        def wheelhouse_locate(self, url: str, run: Run) -> Listing:
            found = run.store(CONTAINER).list()
            entries = [Entry(name, f"{base}/{CONTAINER}/{name}") for name in found]
            entries.append(Entry("demo-2.0-py3-none-any.whl", "http://other.example/demo-2.0.whl"))
            return Listing(url, tuple(entries))

        @hookimpl
        def wheelhouse_authorize(self) -> dict[str, str]:
            return {"X-Auth-Token": "from the plugin"}

    def watch(handler: Handler, _number: int) -> Fault | None:
        seen[handler.path.partition("?")[0]] = handler.headers.get("X-Auth-Token")
        return None

    with private_container("OPENSTACK_SWIFT") as made:
        made.publish(A, wheel_bytes())
        assert made.store is not None
        made.store.choose = watch
        install(monkeypatch, swift=Swift())
        monkeypatch.setenv("http_proxy", made.origin)
        options = ("ex_force_auth_url=http://swift.example/auth", f"ex_force_base_url={base}")
        given = [word for each in options for word in ("--driver-option", each)]
        login = ("--provider-name", "OPENSTACK_SWIFT", "--username", "user", "--secret", SECRET)
        result = cli(*FETCH, "swift:wheels", *login, *given)
    assert A in result.line("ok")
    assert seen[f"{base}/{CONTAINER}/{A}"] == "from the plugin"
    assert seen["http://other.example/demo-2.0.whl"] is None
    assert "http://other.example: the authorization of a plugin is not sent" in result.out


def test_local_folder_is_named_only_if_a_container_of_it_was_read(
    cli: Cli, container: pathlib.Path, dist: pathlib.Path
) -> None:
    """Also by ``verify``; not if the account is given and the address is another one."""
    container.mkdir()
    publish(container, A)
    shutil.copy(container / A, dist)
    verified = cli("verify", "dist", "--against", ADDRESS, *LOCAL)
    assert verified.out.endswith("(weakest tier: container, from a local folder)\n")
    with serving_folder(container) as server:
        fetched = cli(*FETCH, server.url, *LOCAL)
    assert fetched.out.endswith("(weakest tier: container, over plain HTTP)\n")
