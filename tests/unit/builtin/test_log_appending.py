"""Appending to a log: the bytes, crashes at every call, and two appends at once."""

from __future__ import annotations

import itertools
import pathlib
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.logs import (
    KEY,
    Calls,
    Watched,
    append,
    entries,
    entry,
    files,
    folder_place,
    kill_points,
    make_log,
)
from tests.support.memory_store import FOLDER, SWIFT, MemoryStore, Objects, Turns
from wheelhouse_hashes.builtin.logs.places import ContainerPlace, WritablePlace
from wheelhouse_hashes.builtin.logs.reading import LogReader, parse_key
from wheelhouse_hashes.builtin.logs.staging import Batch
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, StoreError, WheelhouseHashesError
from wheelhouse_hashes.run import StateFolder
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.container import ObjectContainer
from wheelhouse_hashes.tlog.merkle import LogError, leaf_hash, root_of
from wheelhouse_hashes.tlog.note import Checkpoint, open_checkpoint, sign


def container_place(store: MemoryStore) -> ContainerPlace:
    stop = threading.Event()
    return ContainerPlace(ObjectContainer(store, WaitBudget(0, stop), stop), "container://log")


def state_in(folder: pathlib.Path) -> StateFolder:
    folder.mkdir(exist_ok=True)
    return StateFolder(folder)


def read_all(place: WritablePlace) -> list[bytes]:
    """Return the entries of a log as any client reads them, None if it has no checkpoint."""
    reader = LogReader(place, KEY.verifier)
    seen = reader.checkpoint()
    if seen is None:
        return []
    found = list(reader.entries(seen.size))
    assert root_of(map(leaf_hash, found)) == seen.root
    return found


def test_log_in_a_folder(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1, 2))
    assert sorted(files(log)) == [
        "append/0",
        "checkpoint",
        "tile/0/000.p/2",
        "tile/entries/000.p/2",
    ]
    make_log(log, entries(1, 2, 3))
    assert sorted(files(log)) == [
        *("append/2", "checkpoint", "tile/0/000.p/2", "tile/0/000.p/3"),
        *("tile/entries/000.p/2", "tile/entries/000.p/3"),
    ]
    assert read_all(folder_place(log)) == [each.encode() for each in entries(1, 2, 3)]
    before = files(log)
    make_log(log, entries(3, 2, 1))
    assert files(log) == before


def test_empty_log(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", [])
    assert list(files(log)) == ["checkpoint"]
    assert open_checkpoint(files(log)["checkpoint"], KEY.verifier).size == 0
    make_log(log, entries(1))
    assert len(read_all(folder_place(log))) == 1


def test_appends_in_any_order_of_machines_make_the_same_bytes(tmp_path: pathlib.Path) -> None:
    one = make_log(tmp_path / "one", entries(*range(300)))
    other = make_log(tmp_path / "other", entries(*reversed(range(300))))
    assert files(one) == files(other)


def test_new_machine_adopts_the_published_checkpoint(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1, 2))
    append(folder_place(log), state_in(tmp_path / "elsewhere"), entries(3))
    # The first machine has signed a smaller one, which is consistent.
    make_log(log, entries(4))
    assert len(read_all(folder_place(log))) == 4


@pytest.mark.parametrize("kind", ["folder", "container"])
@pytest.mark.parametrize(
    ("before", "after_it"), [(3, 5), pytest.param(250, 262, marks=pytest.mark.thorough)]
)
def test_kill_at_every_call(tmp_path: pathlib.Path, kind: str, before: int, after_it: int) -> None:
    numbers = itertools.count()
    first, second = entries(*range(before)), entries(*range(before, after_it))

    def place_in(folder: pathlib.Path, objects: Objects) -> WritablePlace:
        return (
            container_place(MemoryStore(objects)) if kind == "container" else folder_place(folder)
        )

    def contents(folder: pathlib.Path, objects: Objects) -> dict[str, bytes]:
        return dict(objects.contents) if kind == "container" else files(folder / "log")

    base = Objects(FOLDER)
    (tmp_path / "base").mkdir()
    append(place_in(tmp_path / "base/log", base), state_in(tmp_path / "base/state"), first)

    def make() -> tuple[pathlib.Path, Objects]:
        folder = tmp_path / str(next(numbers))
        shutil.copytree(tmp_path / "base", folder)
        return folder, Objects(FOLDER, dict(base.contents), dict(base.etags), dict(base.metadata))

    folder, objects = make()
    append(place_in(folder / "log", objects), state_in(folder / "state"), second)
    expected = contents(folder, objects)
    current: list[tuple[pathlib.Path, Objects]] = []

    def prepare(calls: Calls) -> Callable[[], object]:
        folder, objects = make()
        current[:] = [(folder, objects)]
        place: Any = Watched(place_in(folder / "log", objects), calls)
        state: Any = Watched(state_in(folder / "state"), calls)
        return lambda: append(place, state, second)

    killed = 0
    for number, after in kill_points(prepare):
        killed += 1
        ((folder, objects),) = current
        place = place_in(folder / "log", objects)
        # Readable at all times: the old log or the new one.
        assert len(read_all(place)) in (before, after_it), (number, after)
        append(place, state_in(folder / "state"), second)
        assert contents(folder, objects) == expected, (number, after)
    assert killed >= 15


def test_interrupted_append_is_completed_without_its_state(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(*range(3)))
    batch = Batch(3, [entry(7).encode(), entry(8).encode()])
    folder_place(log).create("append/3", batch.encode(KEY))
    append(folder_place(log), state_in(tmp_path / "other"), entries(8, 9))
    expected = [each.encode() for each in (*entries(0, 1, 2), entry(7), entry(8), entry(9))]
    assert read_all(folder_place(log)) == expected


def test_planted_batch_is_refused(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1))
    good = Batch(1, [entry(5).encode()]).encode(KEY)
    for planted in (
        good.replace(b"demo-1.5", b"demo-1.6"),
        Batch(0, [entry(5).encode()]).encode(KEY),
        b"",
        sign(Checkpoint(KEY.name, 1, bytes(32)).encode(), KEY),
    ):
        (log / "append/1").write_bytes(planted)
        with pytest.raises(Refusal, match="append/1") as error:
            make_log(log, entries(2))
        assert error.value.cause is Cause.FORKED
        assert len(read_all(folder_place(log))) == 1


def test_batch_is_written_back() -> None:
    batch = Batch(7, [b"one", b"", b"three\n"])
    assert Batch.parse(batch.encode(KEY), 7, KEY.verifier) == batch
    with pytest.raises(LogError):
        Batch.parse(batch.encode(KEY), 8, KEY.verifier)


def test_two_appends_with_the_same_entries(tmp_path: pathlib.Path) -> None:
    expected = files(make_log(tmp_path / "log", entries(*range(5))))
    for order in ([0, 1] * 40, [0] * 9 + [1] * 40, [0] * 3 + [1] * 12 + [0] * 40):
        objects, turns = Objects(SWIFT), Turns(order, 2)
        results = run_two(tmp_path / str(len(order)), objects, turns, [range(5), range(5)])
        assert [type(each).__name__ for each in results] == ["Appender", "Appender"]
        assert objects.contents == expected


def test_two_appends_with_different_entries(tmp_path: pathlib.Path) -> None:
    outcomes = set()
    for delay in range(14):
        objects, turns = Objects(SWIFT), Turns([0] * delay + [1, 0] * 40, 2)
        wanted = [range(5), range(3, 10)]
        results = run_two(tmp_path / str(delay), objects, turns, wanted)
        failed = [each for each in results if isinstance(each, Exception)]
        outcomes.add(len(failed))
        assert all(isinstance(each, StoreError) for each in failed)
        # Nothing is signed twice: no two notes of one size or of two histories.
        found = read_all(container_place(MemoryStore(objects)))
        signed = [
            open_checkpoint(note, KEY.verifier)
            for folder in (tmp_path / str(delay)).iterdir()
            if (note := StateFolder(folder).read("signed", 1000)) is not None
        ]
        for checkpoint in signed:
            root = root_of(map(leaf_hash, found[: checkpoint.size]))
            assert root == checkpoint.root
        # Nothing is lost without a word: the one that failed appends the rest when it is repeated.
        for job, each in enumerate(results):
            if isinstance(each, Exception):
                place = container_place(MemoryStore(objects))
                state = state_in(tmp_path / str(delay) / str(job))
                append(place, state, entries(*wanted[job]))
        found = read_all(container_place(MemoryStore(objects)))
        assert sorted(found) == sorted(each.encode() for each in entries(*range(10)))
    assert 1 in outcomes
    assert 2 not in outcomes


def run_two(
    folder: pathlib.Path, objects: Objects, turns: Turns, wanted: list[range]
) -> list[object]:
    """Run two appends at once; return what each returned or raised."""
    folder.mkdir()

    def run(job: int) -> object:
        place = container_place(MemoryStore(objects, job=job, turns=turns))
        try:
            return append(place, state_in(folder / str(job)), entries(*wanted[job]))
        except WheelhouseHashesError as error:
            return error
        finally:
            turns.end(job)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def test_wiped_log_is_not_started_again(tmp_path: pathlib.Path) -> None:
    make_log(tmp_path / "log", entries(1, 2))
    (tmp_path / "other-state").mkdir()
    state = StateFolder(tmp_path / "log-state")
    with pytest.raises(Refusal, match="does not have the entries") as error:
        append(folder_place(tmp_path / "other"), state, entries(3))
    assert error.value.cause is Cause.FORKED


def test_replaced_log_is_not_continued(tmp_path: pathlib.Path) -> None:
    make_log(tmp_path / "log", entries(1, 2))
    other = make_log(tmp_path / "other", entries(3, 4))
    with pytest.raises(Refusal, match="contradicts") as error:
        append(folder_place(other), StateFolder(tmp_path / "log-state"), entries(5))
    assert error.value.cause is Cause.FORKED


def test_changed_entry_is_not_signed(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1, 2))
    bundle = log / "tile/entries/000.p/2"
    bundle.write_bytes(bundle.read_bytes().replace(b"demo-1.1", b"demo-1.7"))
    before = files(log)
    with pytest.raises(Refusal, match="do not have the root") as error:
        make_log(log, entries(3))
    assert error.value.cause is Cause.FORKED
    assert files(log) == before


def test_tile_of_another_program_is_kept(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1, 2))
    (log / "tile/0/000.p/3").write_bytes(b"something else")
    with pytest.raises(StoreError, match="exists with other content"):
        make_log(log, entries(3))
    assert len(read_all(folder_place(log))) == 2


def test_large_append_is_made_of_batches(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wheelhouse_hashes.builtin.logs.appending.MAX_ENTRIES", 100)
    log = make_log(tmp_path / "log", entries(*range(250)))
    assert "append/200" in files(log)
    assert len(read_all(folder_place(log))) == 250


def test_key_of_a_log() -> None:
    assert parse_key(str(KEY.verifier)) == KEY.verifier
    for text in (None, "", "x", str(KEY.verifier)[:-1]):
        with pytest.raises(WheelhouseHashesError, match="--log-key"):
            parse_key(text)
