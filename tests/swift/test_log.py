"""Transparency logs in containers of Swift, S3 and Azure: appends, and crashes at every call."""

# ruff: noqa: F811 (fixtures of another module)

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from tests.conftest import Cli, Result
from tests.support.logs import KEY, VKEY, Calls, Watched, entries, wheel
from tests.swift.conftest import IN_PROCESS
from tests.swift.test_media_types_and_etags import (  # noqa: F401 (fixtures)
    Target,
    azurite_port,
    moto_port,
    on_s3,
    on_swift,
    readable,
)
from wheelhouse_hashes.builtin.logs import append_command
from wheelhouse_hashes.builtin.logs.places import open_writable

pytestmark = IN_PROCESS


@pytest.fixture(autouse=True)
def key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in ``log.key``, its public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)
    (tmp_path / "log.key").write_text(f"{KEY.encode()}\n")
    (tmp_path / "log.key").chmod(0o600)


def append(cli: Cli, target: Target, log: str, *numbers: int) -> Result:
    lines = [f"{each.sha256}  {each.name}\n" for each in entries(*numbers)]
    pathlib.Path("SHA256SUMS").write_text("".join(lines))
    where = f"container://{target.name}/{log}"
    return cli("log", "append", where, "--key", "log.key", "--from", "SHA256SUMS", *target.options)


def test_log_in_a_container(cli: Cli, readable: Target) -> None:
    where = f"container://{readable.name}/log"
    for numbers, text in (((1, 2), "appended 2"), ((1, 2), "there 2"), ((1, 2, 3), "appended 1")):
        done = append(cli, readable, "log", *numbers)
        assert (done.code, text in done.out) == (0, True), done
    audited = cli("log", "audit", where, *readable.options)
    assert (audited.code, "3 entries have the root" in audited.out) == (0, True), audited
    pathlib.Path("SHA256SUMS").write_text(f"{'0' * 64}  {wheel(1)}\n")
    done = cli(
        "log", "append", where, "--key", "log.key", "--from", "SHA256SUMS", *readable.options
    )
    assert (done.code, "logged-twice" in done.out) == (7, True), done


@pytest.mark.parametrize("store", ["on_swift", "on_s3"])
def test_kill_at_every_call(
    cli: Cli, store: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    target: Target = request.getfixturevalue(store)
    calls = Calls()

    def opened(run: Any, where: str) -> Any:
        return Watched(open_writable(run, where), calls)

    def attempt(log: str) -> Result:
        with monkeypatch.context() as patch:
            patch.setattr(append_command, "open_writable", opened)
            return append(cli, target, log, 1, 2, 3)

    def status(log: str) -> list[str]:
        where = f"container://{target.name}/{log}"
        done = cli("log", "status", where, *target.options)
        assert done.code == 0, done
        return done.out.splitlines()

    assert append(cli, target, "log", 1, 2).code == 0
    assert attempt("log").code == 0
    root = status("log")[4]
    for number in range(len(calls.made)):
        log = f"log-{number}"
        monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(pathlib.Path(log).absolute()))
        assert append(cli, target, log, 1, 2).code == 0
        calls = Calls(number, after=bool(number % 2))
        assert attempt(log).code == 1  # killed
        assert status(log)[3] in ("size        2", "size        3")
        assert append(cli, target, log, 1, 2, 3).code == 0
        assert status(log)[4] == root
