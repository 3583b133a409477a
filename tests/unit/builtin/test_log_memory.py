"""The remembered checkpoint of a log, when several runs remember one at the same time."""

from __future__ import annotations

import pathlib

import pytest

from tests.support.logs import KEY, entries, folder_place, make_log
from wheelhouse_hashes.builtin.logs.memory import Watch
from wheelhouse_hashes.builtin.logs.reading import LogReader
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.options import Options
from wheelhouse_hashes.run import Run


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))


def watch(log: pathlib.Path) -> Watch:
    """Return the watch of a new run."""
    run: Run = Run("log status", Options(wait=0, quiet=True))
    return Watch(run, LogReader(folder_place(log), KEY.verifier), None)


def test_fork_that_another_run_has_remembered_meanwhile(tmp_path: pathlib.Path) -> None:
    one, other = (
        watch(make_log(tmp_path / "one", entries(1, 2))),
        watch(make_log(tmp_path / "other", entries(3, 4, 5))),
    )
    first, second = one.current(), other.current()
    one.remember(first)
    with pytest.raises(Refusal, match="contradicts the remembered checkpoint") as error:
        other.remember(second)
    assert error.value.cause is Cause.FORKED
    assert watch(tmp_path / "one").memory.latest() == first
    (evidence,) = (tmp_path / "state").glob("log-*/evidence-*")
    assert second.note in evidence.read_bytes()


def test_checkpoint_that_another_run_has_remembered_meanwhile(tmp_path: pathlib.Path) -> None:
    log = make_log(tmp_path / "log", entries(1, 2))
    slow = watch(log)
    old = slow.current()
    make_log(log, entries(1, 2, 3))
    quick = watch(log)
    new = quick.current()
    quick.remember(new)
    slow.remember(old)
    assert watch(log).memory.latest() == new
    watch(log).remember(new)
