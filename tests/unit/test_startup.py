"""The start-up module, tested in this process."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Callable

import pytest

from wheelhouse_hashes import _startup
from wheelhouse_hashes._startup import DISABLE, HOST, OPTION_VARIABLES, THRESHOLD


def test_install_adds_one_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [finder for finder in sys.meta_path if finder is not _startup._Finder]
    monkeypatch.setattr(sys, "meta_path", list(others))
    _startup.install()
    _startup.install()
    assert [_startup._Finder, *others] == sys.meta_path


def test_finder_finds_nothing() -> None:
    assert [_startup._Finder.find_spec(name) for name in ("json", HOST, f"{HOST}.utils")] == [
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("value", [None, "", " ", "0", "false", "FALSE", " False "])
def test_is_on_with_off_values(value: str | None) -> None:
    assert not _startup.is_on(value)


@pytest.mark.parametrize("value", ["1", "true", "yes", "no", "00", "sha256"])
def test_is_on_with_other_values(value: str) -> None:
    assert _startup.is_on(value)


def test_variables_set_skips_variables_that_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTION_VARIABLES[0], "0")
    monkeypatch.setenv(OPTION_VARIABLES[1], "sha512")
    assert _startup.variables_set() == [OPTION_VARIABLES[1]]


def test_refuse_without_environment_variable_prints_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _startup.refuse("out of order")
    assert capsys.readouterr().err == "wheelhouse-hashes: out of order\n"


def test_refuse_with_environment_variable_exits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(OPTION_VARIABLES[0], "1")
    with pytest.raises(SystemExit) as end:
        _startup.refuse("out of order")
    assert end.value.code == 2
    assert OPTION_VARIABLES[0] in capsys.readouterr().err


def test_wake_with_disable_leaves_meta_path_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DISABLE, "1")
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = list(sys.meta_path)
    _startup.wake()
    assert sys.meta_path == before
    monkeypatch.setenv(OPTION_VARIABLES[0], "1")
    with pytest.raises(SystemExit) as end:
        _startup.wake()
    assert end.value.code == 2


@pytest.fixture
def at_exit(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """The functions to call at the end of the process, in a process that runs no command."""
    functions: list[Callable[[], object]] = []
    monkeypatch.setattr(atexit, "register", functions.append)
    monkeypatch.setattr(atexit, "unregister", functions.remove)
    return functions


def test_host_alone_collects_garbage_as_before(at_exit: list[Callable[[], object]]) -> None:
    before = gc.get_threshold()
    try:
        _startup.collect_rarely()
        assert gc.get_threshold() == (THRESHOLD, *before[1:])
        _startup.skip_last_collection()
        assert at_exit == [gc.freeze]
        _startup.leave_to_host()
        assert (gc.get_threshold(), at_exit) == (before, [])
    finally:
        gc.set_threshold(*before)


def test_other_process_keeps_its_last_collection(at_exit: list[Callable[[], object]]) -> None:
    _startup.skip_last_collection()
    assert at_exit == []
