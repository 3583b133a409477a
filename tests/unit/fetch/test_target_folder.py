"""The target folder: where refused files go, and how many of them are kept."""

from __future__ import annotations

import os
import pathlib

import pytest

from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.fetch.target_folder import MAX_REJECTED, Rejected, TargetFolder


@pytest.fixture
def got(tmp_path: pathlib.Path) -> pathlib.Path:
    """The path of the target folder, which does not exist yet."""
    return tmp_path / "got"


def receive(target: TargetFolder, name: str, size: int) -> None:
    """Put a received file of a size into the private folder; it takes no space on disk."""
    number = target.receiving.create(name)
    os.truncate(number, size)
    os.close(number)


def test_rejected_files_have_a_limit_for_each_run(got: pathlib.Path) -> None:
    for run in range(2):
        with TargetFolder(got) as target:
            done = []
            for name, size in {"a": MAX_REJECTED - 10, "b": 11, "c": 10, "d": 1}.items():
                receive(target, f"{run}{name}", size)
                done.append(target.reject(f"{run}{name}", received=True))
                assert not target.receiving.has(f"{run}{name}")
        assert done == [Rejected.MOVED, Rejected.FULL, Rejected.MOVED, Rejected.FULL]
    assert sorted(os.listdir(got / ".rejected")) == [
        f"{run}{name}.rejected" for run in range(2) for name in "ac"
    ]


def test_bad_copy_in_the_folder_counts_towards_the_limit(got: pathlib.Path) -> None:
    with TargetFolder(got) as target:
        receive(target, "a", MAX_REJECTED)
        target.publish("a")
        assert target.reject("a", received=False) is Rejected.MOVED
        receive(target, "b", 1)
        assert target.reject("b", received=True) is Rejected.FULL
    assert os.listdir(got) == [".rejected"]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o707])
def test_rejected_folder_that_others_can_write_is_not_used(got: pathlib.Path, mode: int) -> None:
    got.mkdir()
    got.chmod(0o777)
    (got / ".rejected").mkdir()
    (got / ".rejected").chmod(mode)
    with TargetFolder(got) as target:
        receive(target, "a", 1)
        assert target.reject("a", received=True) is Rejected.REMOVED
    assert os.listdir(got / ".rejected") == []


@pytest.mark.parametrize("final", ["link", "pipe", "dangling"])
def test_published_file_replaces_what_another_user_put_there(
    tmp_path: pathlib.Path, got: pathlib.Path, final: str
) -> None:
    with TargetFolder(got) as target:
        receive(target, "a", 1)
        if final == "pipe":
            os.mkfifo(got / "a")
        else:
            (tmp_path / "precious").write_text("precious")
            (got / "a").symlink_to(tmp_path / ("precious" if final == "link" else "new"))
        target.publish("a")
    assert (got / "a").read_bytes() == b"\0"
    if final != "pipe":
        assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("shared", [False, True])
def test_run_stays_in_its_folder_if_that_is_moved(
    tmp_path: pathlib.Path, got: pathlib.Path, shared: bool
) -> None:
    got.mkdir()
    got.chmod(0o777 if shared else 0o755)
    (tmp_path / "other").mkdir()
    with TargetFolder(got) as target:
        got.rename(tmp_path / "moved")
        got.symlink_to(tmp_path / "other")
        receive(target, "a", 1)
        # Plugins find the file even there, if others could move the folder.
        assert (target.private / "a").exists() == shared
        receive(target, "b", 1)
        target.publish("a")
        target.reject("b", received=True)
        assert target.unjudged(set()) == []
    assert os.listdir(tmp_path / "other") == []
    assert sorted(os.listdir(tmp_path / "moved")) == [".rejected", "a"]


def test_folder_is_found_through_links_of_this_user(tmp_path: pathlib.Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "again").symlink_to(tmp_path / "link")
    with Folder.reached(tmp_path / "again" / ".." / "link" / "new" / "sub", create=True) as folder:
        folder.make_folder("inner", 0o700)
    assert (tmp_path / "real" / "new" / "sub" / "inner").is_dir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        Folder.reached(tmp_path / "loop" / "x")
    (tmp_path / "dangling").symlink_to("nothing")
    with pytest.raises(FileNotFoundError):
        Folder.reached(tmp_path / "dangling")
