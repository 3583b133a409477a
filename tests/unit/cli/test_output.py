from __future__ import annotations

import io
import pathlib
import sys

import pytest

from wheelhouse_hashes.cli.output import robust_output
from wheelhouse_hashes.runtime.screen import write_result


def test_result_for_a_stream_that_was_closed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    with robust_output(), pytest.raises(OSError, match="closed file"):
        write_result(b"a")


def test_result_after_lost_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pathlib.Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        with robust_output():
            print("a", flush=True)
            with pytest.raises(OSError, match="an error before"):
                write_result(b"b")
