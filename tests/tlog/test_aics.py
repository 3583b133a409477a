"""The command ``aics-tlog`` accepts logs of this package, and the reverse.

It needs Python 3.12, so this package does not use it; the environment ``tlog`` of tox has it.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.conftest import Cli
from tests.support.logs import KEY, VKEY, append, folder_place
from wheelhouse_hashes.run import StateFolder
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.merkle import leaf_hash, root_of
from wheelhouse_hashes.tlog.note import Checkpoint, sign
from wheelhouse_hashes.tlog.tiles import edge_tiles

COMMAND = shutil.which("aics-tlog", path=str(pathlib.Path(sys.executable).parent))


def aics(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run ``aics-tlog``."""
    assert COMMAND, "install it: python3.12 -m pip install aics-tlog"
    command = [COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("size", [1, 3, 255, 256, 257, 5_000, 65_537])
def test_aics_accepts_the_log(tmp_path: pathlib.Path, size: int) -> None:
    entries = [Entry(f"demo-1.{n}-py3-none-any.whl", f"{n:064x}", n) for n in range(size)]
    (tmp_path / "appending").mkdir()
    append(folder_place(tmp_path / "log"), StateFolder(tmp_path / "appending"), entries)
    options = ("--log-key", VKEY, "--origin", KEY.name, "--tiles", "log")
    done = aics("verify-checkpoint", *options)
    assert done.returncode == 0, done.stderr
    pathlib.Path("leaf").write_bytes(entries[size // 2].encode())
    done = aics("verify-inclusion", *options, "--leaf", "leaf", "--index", size // 2)
    assert done.returncode == 0, done.stderr
    pathlib.Path("leaf").write_bytes(entries[size // 2].encode().replace(b"demo", b"dem0"))
    done = aics("verify-inclusion", *options, "--leaf", "leaf", "--index", size // 2)
    assert done.returncode != 0
    # Without a leaf it reads the partial tiles only.
    tile = pathlib.Path("log", edge_tiles(size)[0].path)
    tile.write_bytes(bytes(tile.stat().st_size))
    assert aics("verify-checkpoint", *options).returncode != 0


@pytest.mark.parametrize("size", [1, 3, 255, 256, 257, 5_000])
def test_tiles_that_aics_wrote_are_read(
    cli: Cli, size: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    lines = [f"line {number}" for number in range(size)]
    pathlib.Path("lines").write_text("".join(f"{line}\n" for line in lines))
    done = aics("build-tiles", "--leaves", "lines", "--out", "log")
    assert done.returncode == 0, done.stderr
    root = root_of(leaf_hash(line.encode()) for line in lines)
    note = sign(Checkpoint(KEY.name, size, root).encode(), KEY)
    pathlib.Path("log/checkpoint").write_bytes(note)
    audited = cli("log", "audit", "log", "--log-key", VKEY)
    assert (audited.code, audited.err) == (0, "")
    assert f"warning: {size} entries, the first at index 0" in audited.out
