"""Dev builds: names that clash, and builds that are kept."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.command.test_upload import dev, links
from tests.conftest import Cli
from tests.support.artifacts import A, B, C, make_wheel
from tests.support.commands import UPLOAD, names
from wheelhouse_hashes.disk.atomic_write import rename_new


@pytest.mark.parametrize("runs", [1, 2], ids=["sent", "already there"])
@pytest.mark.parametrize("old", ["demo-1.0.1.dev0", "demo-1.1.dev0", "demo-1.0a1.dev9"])
def test_uploaded_dev_build_is_never_pruned(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, old: str, runs: int
) -> None:
    """Builds of a maintenance branch, of an older commit, and of a pre-release."""
    for minute in range(20, 25):
        make_wheel(dist, dev(minute))
    assert cli(*UPLOAD).code == 0
    for path in dist.iterdir():
        path.unlink()
    name = f"{old}+20260101000000-py3-none-any.whl"
    make_wheel(dist, name)
    for _ in range(runs):
        result = cli(*UPLOAD)
        assert (result.code, "pruned" in result.out) == (0, False), result
    assert name in names(container)
    assert f"{name}.sha256" in names(container)
    assert name in links(container)


@pytest.mark.parametrize("keep", [1, 2, 7])
def test_keep_dev_builds(cli: Cli, dist: pathlib.Path, container: pathlib.Path, keep: int) -> None:
    for minute in range(9):
        make_wheel(dist, dev(minute))
        assert cli(*UPLOAD, "--keep-dev-builds", str(keep)).code == 0
        (dist / dev(minute)).unlink()
    assert [name for name in names(container) if name.endswith(".whl")] == [
        dev(minute) for minute in range(9 - keep, 9)
    ]


@pytest.mark.parametrize("value", ["0", "-1", "all"])
def test_keep_dev_builds_must_be_positive(cli: Cli, dist: pathlib.Path, value: str) -> None:
    result = cli(*UPLOAD, f"--keep-dev-builds={value}")
    assert result.code == 2
    assert "--keep-dev-builds: must be a whole number, at least 1" in result.err


@pytest.mark.parametrize(
    "spellings",
    [
        ("demo-1.1.dev0-py3-none-any.whl", "demo-1.1dev0-py3-none-any.whl"),
        ("demo-1.1.dev0-py3-none-any.whl", "demo-01.1.dev0-py3-none-any.whl"),
        ("demo-1.1.dev0+abc.1-py3-none-any.whl", "demo-1.1.dev0+abc_1-py3-none-any.whl"),
        ("demo-1.1.dev0-py3-none-any.whl", "demo-1.1.dev-py3-none-any.whl"),
        (
            "demo-1.1.dev0-py3-none-any.whl",
            "demo-1.1dev0-py3-none-any.whl",
            "demo-v1.1.dev0-py3-none-any.whl",
        ),
    ],
)
def test_two_spellings_of_one_dev_build_are_refused(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, spellings: tuple[str, ...]
) -> None:
    """Both would get one name, and the renamed file would replace the other one."""
    bodies = {name: make_wheel(dist, name, name.encode()).read_bytes() for name in spellings}
    make_wheel(dist, A)
    result = cli(*UPLOAD)
    assert result.code == 1
    assert {path.name: path.read_bytes() for path in dist.iterdir() if path.name != A} == bodies
    assert [name for name in names(container) if name.endswith(".whl")] == [A]
    refused = [line for line in result.out.splitlines() if line.startswith("refused")]
    assert len(refused) == len(spellings)
    for line, name in zip(refused, sorted(spellings), strict=True):
        assert f" {name} " in line
        for other in {*spellings} - {name}:
            assert other in line
    # The advice works.
    for name in spellings[1:]:
        (dist / name).unlink()
    again = cli(*UPLOAD)
    assert again.code == 0
    assert again.line("sent")


def test_dev_build_never_replaces_a_file_that_appears(
    dist: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Another job made a file with the new name after the folder was listed."""
    path = make_wheel(dist, A, b"ours")
    appeared = make_wheel(dist, B, b"appeared")
    before = appeared.read_bytes()
    with pytest.raises(FileExistsError):
        rename_new(path, appeared)
    assert path.exists()
    assert appeared.read_bytes() == before
    rename_new(path, dist / C)
    assert sorted(os.listdir(dist)) == sorted([B, C])
