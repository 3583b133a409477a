from __future__ import annotations

import io
import sys

import pytest

from wheelhouse_hashes.runtime.screen import Screen, write_result


def test_result_is_written_to_a_stream_without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    write_result(b"a\nb\n")
    assert stream.getvalue() == "a\nb\n"


def test_result_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither line feeds nor characters are translated, unlike those of messages."""
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding="utf-16", newline="\r\n")
    monkeypatch.setattr(sys, "stdout", stream)
    write_result(b"a\n")
    assert content.getvalue() == b"a\n"


def test_lines_go_to_standard_error_beside_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.use_standard_error()
    screen.print("a")
    shown: list[str] = []
    screen.show_by(shown.append)
    screen.print("b")
    screen.show_by(None)
    screen.print("c")
    assert (capsys.readouterr(), shown) == (("", "a\nc\n"), ["b"])
