"""Transparency logs in containers of Swift, S3 and Azure: appends, and crashes at every call."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import Cli, Result
from tests.support.logs import KEY, VKEY, Calls, Watched, entries, kill_points, wheel
from tests.support.logs import append as append_to
from tests.support.marks import USES_LIBCLOUD
from tests.swift.containers import Target
from wheelhouse_hashes.builtin.logs.places import open_writable
from wheelhouse_hashes.builtin.logs.reading import LogReader
from wheelhouse_hashes.errors import WheelhouseHashesError
from wheelhouse_hashes.options import AccountOptions
from wheelhouse_hashes.run import Run, StateFolder
from wheelhouse_hashes.testing import local_options
from wheelhouse_hashes.tlog.merkle import leaf_hash, root_of

pytestmark = USES_LIBCLOUD


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


def store_run(target: Target) -> Run[AccountOptions]:
    """Return a run with the options of a container."""
    given: dict[str, list[str]] = {}
    for name, value in zip(target.options[::2], target.options[1::2], strict=True):
        given.setdefault(name, []).append(value)
    options = AccountOptions(
        provider_name=given["--provider-name"][0],
        username=given["--username"][0],
        secret=given["--secret"][0],
        driver_options=tuple(given.get("--driver-option", ())),
        wait=20,
        quiet=True,
    )
    return Run("log append", options)


@pytest.fixture
def on_local(tmp_path: pathlib.Path) -> Target:
    """A new container of the LOCAL provider."""
    (tmp_path / "store/wheels").mkdir(parents=True)
    return Target(local_options(tmp_path / "store"), "wheels")


@pytest.mark.parametrize("store", ["on_local", "on_swift", "on_s3"])
def test_kill_at_every_call(
    store: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path
) -> None:
    """The log can be read at all times; a rerun ends with the bytes of an undisturbed one."""
    target: Target = request.getfixturevalue(store)
    run = store_run(target)
    numbers = itertools.count()

    def place_in(log: str) -> Any:
        return open_writable(run, f"container://{target.name}/{log}")

    def state_in(log: str) -> StateFolder:
        folder = tmp_path / "states" / log
        folder.mkdir(parents=True, exist_ok=True)
        return StateFolder(folder)

    def contents(log: str) -> dict[str, bytes | None]:
        container = run.store(f"{target.name}/{log}")
        return {name: container.read(name) for name in container.list()}

    def size(log: str) -> int:
        reader = LogReader(place_in(log), KEY.verifier)
        seen = reader.checkpoint()
        assert seen is not None
        found = list(reader.checked_entries(seen))
        assert root_of(map(leaf_hash, found)) == seen.root
        return seen.size

    def prepare(calls: Calls) -> Callable[[], object]:
        log = f"log-{next(numbers)}"
        current[:] = [log]
        append_to(place_in(log), state_in(log), entries(1, 2), run)
        place: Any = Watched(place_in(log), calls)
        state: Any = Watched(state_in(log), calls)
        return lambda: append_to(place, state, entries(1, 2, 3), run)

    current: list[str] = []
    prepare(Calls())()
    expected = contents(current[0])
    assert size(current[0]) == 3
    killed = 0
    for _ in kill_points(prepare):
        killed += 1
        (log,) = current
        assert size(log) in (2, 3)
        append_to(place_in(log), state_in(log), entries(1, 2, 3), run)
        assert contents(log) == expected
    assert killed >= 15


@pytest.mark.parametrize("store", ["on_local", "on_swift", "on_s3"])
@pytest.mark.parametrize("same", [True, False])
def test_two_appends_at_once(
    store: str, same: bool, request: pytest.FixtureRequest, tmp_path: pathlib.Path
) -> None:
    target: Target = request.getfixturevalue(store)
    wanted = [entries(*range(5)), entries(*(range(5) if same else range(3, 9)))]

    def run_one(job: int) -> object:
        run = store_run(target)
        folder = tmp_path / f"state-{job}"
        folder.mkdir(exist_ok=True)
        place = open_writable(run, f"container://{target.name}/log")
        try:
            return append_to(place, StateFolder(folder), wanted[job], run)
        except WheelhouseHashesError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run_one, range(2)))
    failed = [each for each in results if isinstance(each, Exception)]
    assert len(failed) <= (0 if same else 1), failed
    # The one that stopped has signed nothing, and appends the rest when it is repeated.
    for job, result in enumerate(results):
        if isinstance(result, Exception):
            assert not isinstance(run_one(job), Exception)
    reader = LogReader(
        open_writable(store_run(target), f"container://{target.name}/log"), KEY.verifier
    )
    seen = reader.checkpoint()
    assert seen is not None
    found = sorted(reader.checked_entries(seen))
    assert found == sorted(each.encode() for each in entries(*range(5 if same else 9)))
