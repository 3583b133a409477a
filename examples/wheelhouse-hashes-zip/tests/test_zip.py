"""The installed plugin on the command line, with real zip files."""

from __future__ import annotations

import hashlib
import pathlib
import types
import zipfile
from collections.abc import Generator, Iterable, Iterator
from importlib.metadata import entry_points

import pytest
import wheelhouse_hashes_zip

from wheelhouse_hashes import hookimpl, testing
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.testing import FOREIGN, Result, make_sdist, make_wheel
from wheelhouse_hashes.transport import Opened, OpenRequest

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def dist() -> pathlib.Path:
    """A folder with a wheel, an sdist and their hash files."""
    folder = pathlib.Path("dist")
    for path in (make_wheel(folder, WHEEL, b"x" * 300_000), make_sdist(folder, SDIST)):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    return folder


def packed(folder: pathlib.Path, target: str = "dist.zip", inside: str = "") -> str:
    """Pack the files of a folder; return the URL of the zip file."""
    path = pathlib.Path(target).absolute()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, inside + file.name)
    return f"zip://{path}"


def fetch(url: str, *options: object) -> Result:
    return testing.run(
        *("fetch", "--verify", "--wait", 0, "--local-folder", "got", *options, "demo", url)
    )


def test_plugin_is_found_by_its_entry_point() -> None:
    (point,) = entry_points(group="wheelhouse_hashes", name="zip")
    assert point.load() is wheelhouse_hashes_zip


@pytest.mark.parametrize("inside", ["", "wheelhouse/linux x86!/"])
def test_fetch_reads_artifacts_and_hash_files(dist: pathlib.Path, inside: str) -> None:
    ended = fetch(packed(dist, "my dist.zip", inside))
    assert (ended.code, ended.err) == (0, "")
    assert "verified 2 of 2 artifacts (weakest tier: container)" in ended.out
    for name in (WHEEL, SDIST):
        assert pathlib.Path("got", name).read_bytes() == dist.joinpath(name).read_bytes()


def test_plugin_works_in_a_subprocess(dist: pathlib.Path) -> None:
    command = ("-m", "wheelhouse_uploader", "verify", "--wait", 0, "dist", "--against")
    assert testing.run_python(*command, packed(dist)).code == 0


def test_verify_refuses_other_bytes_than_those_of_the_zip_file(dist: pathlib.Path) -> None:
    url = packed(dist)
    assert testing.run("verify", "--wait", 0, "--against", url, dist).code == 0
    make_wheel(dist, WHEEL, b"y" * 300_000)
    ended = testing.run("verify", "--wait", 0, "--against", url, dist)
    assert ended.code == 1
    assert f"refused    {WHEEL}  mismatch" in ended.out


def test_artifact_without_hash_file_is_refused(dist: pathlib.Path) -> None:
    dist.joinpath(f"{WHEEL}.sha256").unlink()
    ended = fetch(packed(dist))
    assert ended.code == 3
    assert ended.line("refused").split()[1:3] == [WHEEL, "missing-hash:"]


def test_announced_artifact_that_is_not_in_the_zip_file_is_missing(dist: pathlib.Path) -> None:
    dist.joinpath(WHEEL).unlink()
    ended = fetch(packed(dist))
    assert ended.code == 4
    assert ended.line("refused").split()[1:3] == [WHEEL, "missing-artifact:"]


def test_only_different_members_with_one_name_are_refused(dist: pathlib.Path) -> None:
    url = packed(dist)
    with zipfile.ZipFile("dist.zip", "a") as archive:
        archive.write(dist / WHEEL, f"same/{WHEEL}")
    assert fetch(url).code == 0
    with zipfile.ZipFile("dist.zip", "a") as archive:
        archive.write(dist / SDIST, f"other/{WHEEL}")
        archive.writestr(f"other/{SDIST}.sha256", "0" * 64)
    ended = fetch(url, "--local-folder", "again")
    assert ended.code == 1
    text = f"refused    {WHEEL}  unsafe-name: the zip file has different files with this name"
    assert text in ended.out
    assert f"refused    {SDIST}            missing-hash: " in ended.out


def test_encrypted_member_is_refused(dist: pathlib.Path) -> None:
    url = packed(dist)
    content = bytearray(pathlib.Path("dist.zip").read_bytes())
    header = content.rindex(b"PK\x01\x02", 0, content.rindex(f"{WHEEL}.sha256".encode()))
    header = content.rindex(b"PK\x01\x02", 0, header)
    content[header + 8] |= 1  # the flags in the central directory
    pathlib.Path("dist.zip").write_bytes(content)
    ended = fetch(url)
    assert ended.code == 5
    assert "is encrypted" in ended.line("refused")
    assert "next      unpack the zip file with another program" in ended.out


def cut_off(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def other_file(path: pathlib.Path) -> None:
    path.write_text("<html>please log in</html>")


@pytest.mark.parametrize("damage", [cut_off, other_file])
def test_bad_zip_file_is_one_line(dist: pathlib.Path, damage: types.FunctionType) -> None:
    url = packed(dist)
    damage(pathlib.Path("dist.zip"))
    ended = fetch(url)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "dist.zip: not a zip file, or not all of it; download the zip file again" in ended.err


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("zip:///gone/dist.zip", "cannot read /gone/dist.zip: No such file or directory"),
        ("zip://dist.zip", "zip://dist.zip: use an absolute path: zip:///folder/dist.zip"),
        ("zip:///", "cannot read /: Is a directory"),
        ("zip://[", "zip://[: use an absolute path: zip:///folder/dist.zip"),
    ],
)
def test_unusable_address_is_one_line(url: str, text: str) -> None:
    ended = fetch(url)
    assert (ended.code, ended.err) == (2, f"wheelhouse-hashes: error: {text}\n")


def test_damaged_member_is_refused(dist: pathlib.Path) -> None:
    url = packed(dist)
    path = pathlib.Path("dist.zip")
    content = path.read_bytes()
    start = content.index(WHEEL.encode()) + len(WHEEL)
    path.write_bytes(content[: start + 40] + bytes(20) + content[start + 60 :])
    ended = fetch(url)
    assert ended.code == 1
    assert f"{WHEEL} is damaged in dist.zip" in ended.line("refused")
    assert sorted(file.name for file in pathlib.Path("got").glob("demo*")) == [SDIST]


def test_download_is_resumed_after_a_cut(dist: pathlib.Path) -> None:
    requests: list[OpenRequest] = []

    def cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
        yield next(iter(pieces))
        raise TransferError(Cause.TRUNCATED, "cut")

    class Cutting:
        @hookimpl(wrapper=True)
        def wheelhouse_open(
            self, url: str, request: OpenRequest
        ) -> Generator[None, Opened, Opened]:
            opened = yield
            if url.endswith(WHEEL):
                requests.append(request)
                if len(requests) == 1:
                    return Opened(opened.headers, cut(opened.pieces), secure=True)
            return opened

    url = packed(dist)
    with testing.installed(zip=wheelhouse_hashes_zip, cutting=Cutting()):
        ended = fetch(url, "--wait", 10)
    assert ended.code == 0
    assert [request.offset for request in requests] == [0, wheelhouse_hashes_zip.PIECE]
    assert pathlib.Path("got", WHEEL).read_bytes() == dist.joinpath(WHEEL).read_bytes()


def test_another_version_is_read_from_its_beginning(dist: pathlib.Path) -> None:
    url = f"{packed(dist)}!/{WHEEL}"
    first = wheelhouse_hashes_zip.wheelhouse_open(url, OpenRequest())
    assert first is not None
    request = OpenRequest(5, first.headers["ETag"])
    resumed = wheelhouse_hashes_zip.wheelhouse_open(url, request)
    assert resumed is not None
    assert (resumed.offset, b"".join(resumed.pieces)) == (5, b"".join(first.pieces)[5:])
    make_wheel(dist, WHEEL, b"other bytes")
    packed(dist)
    other = wheelhouse_hashes_zip.wheelhouse_open(url, request)
    assert other is not None
    assert (other.offset, b"".join(other.pieces)) == (0, dist.joinpath(WHEEL).read_bytes())
