"""Files are opened without waiting: named pipes, devices and links in their place."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import FileIO

import pytest

from wheelhouse_hashes.disk.atomic_write import write_file
from wheelhouse_hashes.disk.files import hash_file_on_disk, open_regular, read_small_file
from wheelhouse_hashes.errors import DiskError

STOP = threading.Event()


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """End the process if a file is waited for."""
    signal.alarm(30)
    yield
    signal.alarm(0)


@pytest.fixture(params=["pipe", "link to a pipe", "/dev/zero", "/dev/null"])
def special(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> pathlib.Path:
    """A path that is not that of a regular file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link to a pipe").symlink_to("pipe")
    return tmp_path.joinpath(request.param)


def test_special_file_is_not_read(special: pathlib.Path) -> None:
    with pytest.raises(DiskError, match="it is not a regular file"):
        read_small_file(special, 10)
    with pytest.raises(OSError, match="it is not a regular file"):
        hash_file_on_disk(special, ("sha256",), STOP, follow=True)


def test_link_is_followed_only_if_asked_for(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_small_file(tmp_path / "link", 3) == b"cont"
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        open_regular(tmp_path / "link", follow=False)


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_pipe_that_the_user_passed_is_read_to_its_end(folder: str) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with FileIO(writing, "wb") as file:
            file.writelines([b"part"] * 3)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert read_small_file(f"{folder}/{reading}", 100) == b"partpartpart"
    finally:
        writer.join()
        os.close(reading)


def test_pipe_that_the_user_passed_has_a_maximum_size() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"0123456789")
    assert read_small_file(f"/dev/fd/{reading}", 4) == b"01234"
    os.close(reading)
    os.close(writing)


def test_standard_input_is_read() -> None:
    code = "from wheelhouse_hashes.disk.files import *; print(read_small_file('/dev/stdin', 99))"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, input=b"names", capture_output=True, check=True, timeout=300)
    assert done.stdout == b"b'names'\n"


def test_named_pipe_without_reader_is_not_written(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DiskError, match="No such device or address"):
        write_file(str(tmp_path / "pipe"), "report")


def test_named_pipe_with_reader_is_written(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with FileIO(os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)) as reader:
        write_file(str(tmp_path / "pipe"), "report")
        assert reader.read() == b"report"
    write_file("/dev/null", "report")


def test_link_of_this_user_is_kept_and_its_target_replaced(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("old", "new"):
        (tmp_path / f"link-{name}").symlink_to(f"folder/{name}")
    (folder / "old").write_text("old")
    inode = (folder / "old").stat().st_ino
    for name in ("old", "new"):
        write_file(str(tmp_path / f"link-{name}"), "report")
        assert (folder / name).read_text() == "report"
        assert (tmp_path / f"link-{name}").is_symlink()
    assert (folder / "old").stat().st_ino != inode
    assert sorted(os.listdir(folder)) == ["new", "old"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_mode_follows_the_umask(tmp_path: pathlib.Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_file(str(tmp_path / "report"), "report")
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == mode
