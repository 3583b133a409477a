"""Appending to a log in a store that lags, refuses or loses answers."""

from __future__ import annotations

import pathlib
import threading
from collections import Counter

import pytest

from tests.support.logs import KEY, append, entries, files, make_log
from tests.support.memory_store import FOLDER, SWIFT, MemoryStore, Objects
from tests.support.waits import short_pauses
from wheelhouse_hashes.builtin.logs.places import ContainerPlace
from wheelhouse_hashes.errors import AlreadyExists, Refusal, StoreError
from wheelhouse_hashes.run import StateFolder
from wheelhouse_hashes.runtime.waiting import WaitBudget
from wheelhouse_hashes.stores.base import BINARY
from wheelhouse_hashes.stores.container import ObjectContainer
from wheelhouse_hashes.stores.stored import Stored


class Lagging(MemoryStore):
    """Returns the earlier content of an object some times after it was put.

    :param objects: the objects.
    :param lag: how many times.
    """

    def __init__(self, objects: Objects, lag: int) -> None:
        super().__init__(objects)
        self._lag = lag
        self._left: Counter[str] = Counter()
        self._before: dict[str, bytes | None] = {}

    def put_bytes(
        self, name: str, content: bytes, media_type: str = BINARY, *, create_only: bool = False
    ) -> Stored:
        """Store an object."""
        before = self._objects.contents.get(name)
        done = super().put_bytes(name, content, media_type, create_only=create_only)
        self._before[name], self._left[name] = before, self._lag
        return done

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the content, or the earlier one."""
        found = super().read(name, max_bytes)
        if self._left[name] > 0:
            self._left[name] -= 1
            return self._before[name]
        return found


class LosingAnswers(MemoryStore):
    """Refuses each new object with 412, but has stored it: the first answer was lost."""

    def put_bytes(
        self, name: str, content: bytes, media_type: str = BINARY, *, create_only: bool = False
    ) -> Stored:
        """Store an object."""
        done = super().put_bytes(name, content, media_type, create_only=create_only)
        if create_only:
            raise AlreadyExists(name)
        return done


class Refusing(MemoryStore):
    """Refuses the n-th put, as a busy store does with 503."""

    def __init__(self, objects: Objects, number: int) -> None:
        super().__init__(objects)
        self.left = number

    def put_bytes(
        self, name: str, content: bytes, media_type: str = BINARY, *, create_only: bool = False
    ) -> Stored:
        """Store an object, or refuse it."""
        self.left -= 1
        if self.left == 0:
            raise StoreError(f"cannot put {name}: 503")
        return super().put_bytes(name, content, media_type, create_only=create_only)


def place(store: MemoryStore, wait: float = 5) -> ContainerPlace:
    stop = threading.Event()
    return ContainerPlace(ObjectContainer(store, WaitBudget(wait, stop), stop), "container://log")


def append_twice(store: MemoryStore, state: StateFolder) -> None:
    """Make the log of :func:`expected`."""
    for numbers in ((1, 2), (1, 2, 3)):
        append(place(store), state, entries(*numbers))


@pytest.fixture
def state(tmp_path: pathlib.Path) -> StateFolder:
    """The state folder of an appender."""
    (tmp_path / "state").mkdir()
    return StateFolder(tmp_path / "state")


@pytest.fixture
def expected(tmp_path: pathlib.Path) -> dict[str, bytes]:
    """The objects of a log after two appends."""
    make_log(tmp_path / "expected", entries(1, 2))
    return files(make_log(tmp_path / "expected", entries(1, 2, 3)))


def test_store_that_lags_is_waited_for(
    state: StateFolder, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pauses(monkeypatch)
    objects = Objects(SWIFT)
    for numbers in ((1, 2), (1, 2, 3)):
        append(place(Lagging(objects, 2)), state, entries(*numbers))
    assert objects.contents == expected


def test_store_that_lags_for_too_long_is_not_signed_for(
    state: StateFolder, expected: dict[str, bytes]
) -> None:
    objects = Objects(SWIFT)
    append(place(MemoryStore(objects)), state, entries(1, 2))
    signed = state.read("signed", 1000)
    with pytest.raises(StoreError, match="other content"):
        append(place(Lagging(objects, 10**6), wait=0), state, entries(1, 2, 3))
    assert state.read("signed", 1000) == signed
    append(place(MemoryStore(objects)), state, entries(1, 2, 3))
    assert objects.contents == expected


def test_old_checkpoint_from_a_stale_replica(
    state: StateFolder, expected: dict[str, bytes]
) -> None:
    """The append goes on from the checkpoint that it signed, and publishes that again."""
    objects = Objects(FOLDER)
    append(place(MemoryStore(objects)), state, entries(1, 2))
    old = objects.contents["checkpoint"]
    append(place(MemoryStore(objects)), state, entries(1, 2, 3))
    objects.contents["checkpoint"] = old
    append(place(MemoryStore(objects)), state, entries(1, 2, 3))
    assert objects.contents == expected


def test_412_for_what_was_stored_already(state: StateFolder, expected: dict[str, bytes]) -> None:
    objects = Objects(FOLDER)
    for numbers in ((1, 2), (1, 2, 3)):
        append(place(LosingAnswers(objects)), state, entries(*numbers))
    assert objects.contents == expected


@pytest.mark.parametrize("number", range(1, 9))
def test_store_that_refuses_one_put(
    state: StateFolder, expected: dict[str, bytes], number: int
) -> None:
    objects = Objects(FOLDER)
    store = Refusing(objects, number)
    with pytest.raises(StoreError, match="503"):
        append_twice(store, state)
    assert store.left == 0
    append_twice(store, state)
    assert objects.contents == expected


def test_key_of_another_log_is_refused(tmp_path: pathlib.Path, state: StateFolder) -> None:
    objects = Objects(FOLDER)
    append(place(MemoryStore(objects)), state, entries(1))
    objects.contents["checkpoint"] = objects.contents["checkpoint"].replace(
        KEY.name.encode(), b"example.org/other"
    )
    before = dict(objects.contents)
    with pytest.raises(Refusal, match="not signed by"):
        append(place(MemoryStore(objects)), state, entries(1, 2))
    assert objects.contents == before
