"""Uploads: files that must not be published, and secrets that must not be printed."""

from __future__ import annotations

import os
import pathlib
import shlex
import socket
import stat
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, flip_a_bit, make_wheel
from tests.support.commands import UPLOAD
from tests.support.servers import serving
from wheelhouse_hashes.disk import files, hashing
from wheelhouse_hashes.upload import scan

DEV = "demo-1.1.dev0-py3-none-any.whl"

# libcloud signs S3 requests with a function that is deprecated in Python 3.12 and later.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def _link(path: pathlib.Path) -> None:
    path.symlink_to("/proc/self/environ")


def _link_beside(path: pathlib.Path) -> None:
    path.symlink_to(make_wheel(path.parent.parent / "build", A))


def _dangling(path: pathlib.Path) -> None:
    path.symlink_to("gone")


def _to_a_folder(path: pathlib.Path) -> None:
    path.symlink_to(path.parent)


def _socket(path: pathlib.Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


@pytest.mark.parametrize("name", [SDIST, A, DEV])
@pytest.mark.parametrize(
    "make",
    [_link, _link_beside, _dangling, _to_a_folder, os.mkfifo, _socket],
    ids=["environ", "wheel", "dangling", "folder", "fifo", "socket"],
)
def test_links_and_special_files_are_refused_by_name(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, make: object, name: str
) -> None:
    make_wheel(dist, B)
    make(dist / name)  # type: ignore[operator]
    result = cli(*UPLOAD)
    kind = "a symbolic link" if (dist / name).is_symlink() else "a special file"
    assert result.code == 1
    assert result.line("refused").split()[1] == name
    assert f"not-a-distribution: it is {kind}" in result.line("refused")
    assert sorted(p.name for p in container.glob("*demo*")) == [B, f"{B}.sha256"]


def test_unrelated_links_and_folders_are_skipped(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    (dist / "latest").symlink_to(A)
    (dist / "folder").mkdir()
    result = cli(*UPLOAD)
    assert result.code == 0
    assert "sent 1, skipped 2" in result.out


def _replaced_by_a_link(path: pathlib.Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/environ")


def _changed_in_place(path: pathlib.Path) -> None:
    before = path.stat()
    flip_a_bit(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("how", [_replaced_by_a_link, _changed_in_place])
def test_file_swapped_after_hashing_is_not_published(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    how: Callable[[pathlib.Path], None],
) -> None:
    wheel = make_wheel(dist, A)
    original = files.hash_file

    def hash_then_swap(*args: object) -> object:
        seen = original(*args)  # type: ignore[arg-type]
        how(wheel)
        return seen

    monkeypatch.setattr(hashing, "hash_file", hash_then_swap)
    result = cli(*UPLOAD)
    assert result.code == 6
    assert "changed while it was read" in result.line("failed")
    assert not (container / A).exists()


def test_link_swapped_in_before_open_is_refused(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = make_wheel(dist, A)
    monkeypatch.setattr(files, "check_regular", lambda path: None)
    monkeypatch.setattr(scan, "check_regular", lambda path: None)
    wheel.unlink()
    wheel.symlink_to("/proc/self/environ")
    result = cli(*UPLOAD)
    assert result.code == 6
    assert result.line("failed").split()[1] == A
    assert not (container / A).exists()


SECRET = "hunter2-SECRET"
SWIFT = (
    *("--provider-name", "OPENSTACK_SWIFT", "--username", "someone"),
    *("--driver-option", "ex_force_auth_version=1.0"),
)
S3 = ("--provider-name", "S3", "--username", "someone", "--driver-option", "secure=false")


def _swift(url: str) -> tuple[str, ...]:
    return (*SWIFT, "--driver-option", f"ex_force_auth_url={url}")


@pytest.mark.parametrize("verb", ["upload", "index"])
@pytest.mark.parametrize("ends", ["{}\n", "{}\r\n", "  {}", "\t{} \r"])
def test_secret_is_stripped_of_white_space(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, ends: str, verb: str
) -> None:
    make_wheel(dist, A)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", ends.format(SECRET))
    with serving({}) as server:
        result = cli(verb, *_swift(server.url), "wheels")
    assert {headers["x-auth-key"] for _, _, headers in server.requests} == {SECRET}
    assert result.code == 5
    assert SECRET not in result.out + result.err


@pytest.mark.parametrize("secret", ["hunter2\nSECRET", "hunter2\rSECRET", "hunter2-SECRÄT€"])
def test_unsendable_secret_is_not_printed(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    make_wheel(dist, A)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", secret)
    with serving({}) as server:
        result = cli("upload", "--hashfile", *_swift(server.url), "wheels")
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "contains a character that is not allowed in an HTTP header" in result.err
    assert "hunter2" not in result.out + result.err
    assert "SECR" not in result.out + result.err


@pytest.mark.parametrize(
    "options",
    [
        f"proxy_url=http://u:{SECRET}@proxy:3128 timeout",
        f"proxy_url=http://u:{SECRET}@proxy:3128 'timeout=1",
        SECRET,
        f"proxy_url=ftp://u:{SECRET}@proxy:3128",
        f"timeout={SECRET}",
        f"{SECRET}==",
        f"{SECRET}=x",
        f"ex_tenant_name=abc {SECRET}=",
        shlex.quote(f"token=FwoG{SECRET}\nTOKEN"),
    ],
)
@pytest.mark.parametrize("given", ["environment", "option"])
def test_malformed_driver_options_are_not_printed(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, options: str, given: str
) -> None:
    make_wheel(dist, A)
    arguments = [*S3, "--secret", "s", "--driver-option", "host=127.0.0.1"]
    if given == "environment":
        monkeypatch.setenv("WHEELHOUSE_UPLOADER_DRIVER_OPTIONS", f"host=127.0.0.1 {options}")
        del arguments[-2:]
    else:
        arguments += ["--driver-option", options]
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    if given == "option":
        arguments += ["--driver-option", f"port={port}"]
    result = cli("upload", "--hashfile", "--wait", "0", *arguments, "wheels")
    assert result.code in (2, 5)
    assert "hunter2" not in result.out + result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://user:hun'{SECRET}@proxy:port",
        f"ftp://user:{SECRET}'@127.0.0.1:9",
        f"http://us er:'{SECRET}@@:1",
        f"http://user:x/{SECRET}@127.0.0.1:9",
        f"http://user:{SECRET}",
        f"http://u:{SECRET}:3128",
        f"http://u:{SECRET}\n@127.0.0.1:9",
        f"http://{SECRET}/x@127.0.0.1:9",
    ],
)
@pytest.mark.parametrize("verb", ["fetch", "upload"])
def test_proxy_password_is_not_printed(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch, proxy: str, verb: str
) -> None:
    make_wheel(dist, A)
    monkeypatch.setenv("http_proxy", proxy)
    commands = {
        "fetch": ("fetch", "--verify", "--wait", "0", "demo", "http://127.0.0.1:9/"),
        "upload": (
            *("upload", "--hashfile", "--wait", "0", *S3, "--secret", "s"),
            *("--driver-option", "host=127.0.0.1", "--driver-option", "port=9", "wheels"),
        ),
    }
    result = cli(*commands[verb])
    assert (result.code, result.err.count("\n")) == (5, 1)
    assert "hunter2" not in result.err
    assert "hun'" not in result.err
