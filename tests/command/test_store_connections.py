"""What reaches a store: through proxies, with session tokens, and with unusual names."""

from __future__ import annotations

import pathlib
import shlex
from collections.abc import Iterator

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A, make_wheel
from tests.support.commands import FETCH, GOT, UPLOAD
from tests.support.failing_store import failing_store
from tests.support.fake_store import FakeStore, Fault, fake_store
from tests.support.marks import USES_LIBCLOUD
from tests.support.servers import Handler, Server, serving

pytestmark = USES_LIBCLOUD


@pytest.fixture(params=["OPENSTACK_SWIFT", "S3"])
def store(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """An empty container, through one of the two APIs."""
    with fake_store(request.param) as store:
        yield store


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("without", ["no_proxy", "NO_PROXY", ""])
def test_proxy_variables_apply_to_stores(
    cli: Cli,
    store: FakeStore,
    dist: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    proxy: str,
    without: str,
) -> None:
    make_wheel(dist, A)
    with serving({}) as server:
        monkeypatch.setenv(proxy, server.url)
        if without:
            monkeypatch.setenv(without, "example.org,127.0.0.1")
        result = cli("upload", "--hashfile", "--wait", "0", *store.options)
    if without:
        assert (result.code, server.requests) == (0, []), result
    else:
        assert (result.code != 0, store.asked) == (True, []), result


def recorded(store: FakeStore) -> list[tuple[str, dict[str, str]]]:
    """Return a list that receives method and headers of all later requests."""
    requests: list[tuple[str, dict[str, str]]] = []

    def choose(handler: Handler, _: int) -> Fault | None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        requests.append((handler.command, headers))
        return None

    store.choose = choose
    return requests


@pytest.mark.parametrize("options", [(), ("--no-replace",)], ids=["", "no-replace"])
def test_s3_puts_have_no_newer_checksums(
    cli: Cli, dist: pathlib.Path, options: tuple[str, ...]
) -> None:
    """Many stores with the S3 API refuse the checksums that newer clients of Amazon add."""
    make_wheel(dist, A)
    with fake_store("S3") as store:
        requests = recorded(store)
        assert cli("upload", "--hashfile", *options, *store.options).code == 0
    puts = [headers for method, headers in requests if method == "PUT"]
    assert len(puts) == 3
    for headers in puts:
        assert {"content-md5", "content-length"} <= headers.keys()
        assert "transfer-encoding" not in headers
        newer = ("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer")
        assert not [name for name in headers if name.startswith(newer)]


@pytest.mark.parametrize("form", ["token={}", "token={}\n", "token={}\r\n", "token= {} "])
@pytest.mark.parametrize("given", ["option", "variable"])
def test_session_token_is_sent_and_signed(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, form: str, given: str
) -> None:
    """White space at the ends is removed, as a token in the secrets of a CI service has it."""
    make_wheel(dist, A)
    token = "FwoGZXIvYXdzEXAMPLE+/=="
    option = form.format(token)
    with fake_store("S3") as store:
        requests = recorded(store)
        options = [*store.options]
        if given == "option":
            options[:0] = ["--driver-option", option]
        else:
            # Options replace the variable.
            variable = shlex.join((*store.driver_options, option))
            monkeypatch.setenv("WHEELHOUSE_UPLOADER_DRIVER_OPTIONS", variable)
            options = [*options[:6], options[-1]]
        assert cli("upload", "--hashfile", *options).code == 0
    assert requests
    for _, headers in requests:
        assert headers["x-amz-security-token"] == token
        signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
        assert "x-amz-security-token" in signed.split(";")


@pytest.mark.parametrize("provider", ["OPENSTACK_SWIFT", "S3", "S3_RGW", "MINIO", "AZURE_BLOBS"])
def test_media_types_with_every_provider(cli: Cli, dist: pathlib.Path, provider: str) -> None:
    """The real stores are in ``tests/swift/test_media_types_and_etags.py``."""
    make_wheel(dist, A)
    with failing_store() as store:
        store.failing = ()
        # It keeps nothing, so the artifact is not confirmed; it is sent nevertheless.
        cli("upload", "--hashfile", "--wait", "0", *store.options(provider), "wheels")
    assert store.media_types == {
        A: "application/octet-stream",
        f"{A}.sha256": "text/plain; charset=utf-8",
        "index.html": "text/html; charset=utf-8",
    }


def test_repeated_hash_algorithm_is_sent_once(
    cli: Cli, store: FakeStore, dist: pathlib.Path
) -> None:
    make_wheel(dist, A)
    repeated = ("--hash-algorithm", "sha512", "--hash-algorithm", "sha512")
    algorithms = (*repeated, "--hash-algorithm", "sha256")
    assert cli("upload", "--hashfile", *algorithms, *store.options).code == 0
    names = (A, f"{A}.sha256", f"{A}.sha512", "index.html")
    assert [store.count("PUT", name) for name in names] == [1] * 4


NAMES = (
    "demo-1.0-cp313-cp313t-manylinux_2_28_x86_64.whl",
    "demo-1.0-cp315-abi3.abi3t-manylinux_2_28_x86_64.whl",
    "demo-1.0-pp311-pypy311_pp73-macosx_11_0_arm64.whl",
    "demo-1.0-2_test-py3-none-any.whl",
    "demo-1!2.0-py3-none-any.whl",
    "demo-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl",
    "demo-1.0-cp314-cp314-ios_13_0_arm64_iphoneos.whl",
    "demo-1.0-cp313-cp313-musllinux_1_2_riscv64.whl",
    "Demo-1.0.post1-py3-none-any.whl",
    "demo-1.0+ubuntu.22.04-py3-none-any.whl",
)


def test_unusual_names_are_uploaded_and_fetched(
    cli: Cli, dist: pathlib.Path, served: Server
) -> None:
    wheels = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in NAMES}
    result = cli(*UPLOAD)
    assert (result.code, f"sent {len(NAMES)}" in result.out) == (0, True), result
    assert cli(*FETCH, served.url).code == 0
    assert {name: (GOT / name).read_bytes() for name in NAMES} == wheels
