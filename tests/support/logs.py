"""Transparency logs for tests: keys, entries, and places that fail on demand."""

from __future__ import annotations

import hashlib
import itertools
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tests.support.memory_store import Killed
from wheelhouse_hashes.builtin.logs.appending import Appender
from wheelhouse_hashes.builtin.logs.folder_place import FolderPlace
from wheelhouse_hashes.builtin.logs.places import WritablePlace
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.run import Run, StateFolder
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey

T = TypeVar("T")

#: The key of most logs in tests.
KEY = SigningKey("example.org/log", bytes(range(32)))

#: Its public key, as on a command line.
VKEY = str(KEY.verifier)

#: The key of another log, of what others publish.
OBSERVER = SigningKey("example.org/observed", bytes(range(32, 64)))


def wheel(number: int) -> str:
    """Return the name of a wheel."""
    return f"demo-1.{number}-py3-none-any.whl"


def entry(number: int, content: str = "") -> Entry:
    """Return the entry of a wheel."""
    return Entry(wheel(number), hashlib.sha256(f"{content}{number}".encode()).hexdigest(), 7)


def entries(*numbers: int) -> list[Entry]:
    """Return the entries of wheels, sorted."""
    return sorted(map(entry, numbers), key=lambda each: each.name)


def files(folder: pathlib.Path) -> dict[str, bytes]:
    """Return the files of a log, by their paths."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def append(
    place: WritablePlace, state: StateFolder, added: Sequence[Entry], run: Run | None = None
) -> Appender:
    """Append those of some entries that are not in a log yet."""
    run = run or Run("log append", Options(wait=0, quiet=True))
    appender = Appender(run, place, KEY, state)
    appender.open(each.name for each in added)
    appender.append([each for each in added if each.sha256 not in appender.known[each.name]])
    return appender


def make_log(folder: pathlib.Path, added: Sequence[Entry]) -> pathlib.Path:
    """Append entries to a log in a folder; return the folder."""
    state = folder.parent / f"{folder.name}-state"
    state.mkdir(exist_ok=True)
    append(folder_place(folder), StateFolder(state), added)
    return folder


def folder_place(folder: pathlib.Path) -> FolderPlace:
    """Return a folder for a log."""
    return FolderPlace(Run("log append", Options(wait=0)), folder)


class Calls:
    """Counts calls, and kills the program at one of them.

    :param at: the number of the call, None for none.
    :param after: whether it is killed after the call.
    """

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self._at = at
        self._after = after
        self._numbers = itertools.count()
        #: What was called.
        self.made: list[str] = []

    def __call__(self, name: str, call: Callable[[], T]) -> T:
        """Make a call."""
        number = next(self._numbers)
        self.made.append(name)
        if number == self._at and not self._after:
            raise Killed
        result = call()
        if number == self._at:
            raise Killed
        return result


class Watched:
    """A place or a state folder whose calls are counted.

    :param inner: the place or state folder.
    :param calls: counts the calls.
    """

    def __init__(self, inner: Any, calls: Calls) -> None:
        self._inner = inner
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        """Return an attribute; a method is counted."""
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            return self._calls(f"{name} {args[0] if args else ''}", lambda: found(*args, **options))

        return call


def kill_points(prepare: Callable[[Calls], Callable[[], object]]) -> Iterator[tuple[int, bool]]:
    """Kill a program before each of its calls, and after the last one; yield each.

    After a call is the same as before the next one: between them nothing leaves the program.

    :param prepare: makes a fresh program that uses the calls.
    """
    calls = Calls()
    prepare(calls)()
    last = len(calls.made) - 1
    for number, after in (*((each, False) for each in range(last + 1)), (last, True)):
        program = prepare(Calls(number, after=after))
        try:
            program()
        except Killed:
            yield number, after
        else:
            raise AssertionError(f"call {number} was not made")
