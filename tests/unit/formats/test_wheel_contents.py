"""The checks of contents: faulty wheels and sdists are refused, sound ones are not."""

from __future__ import annotations

import io
import pathlib
import struct
import tarfile
import zipfile
from collections.abc import Iterator, Mapping

import pytest

from tests.support.artifacts import SDIST, A, B, C, make_sdist, make_wheel
from tests.support.faulty_archives import (
    CODE,
    INFO,
    Faulty,
    bomb,
    faulty_sdists,
    faulty_wheels,
    metadata,
    sdist,
    wheel,
    wheel_file,
    zipped,
)
from wheelhouse_hashes.filenames import read_artifact_name
from wheelhouse_hashes.formats import wheel_record
from wheelhouse_hashes.formats.archives import (
    ArchiveFile,
    Contents,
    UnreadableArchive,
    max_unpacked,
)
from wheelhouse_hashes.formats.kinds import other_kind
from wheelhouse_hashes.formats.sdist_contents import check_sdist
from wheelhouse_hashes.formats.wheel_contents import check_wheel
from wheelhouse_hashes.formats.zip_directory import Member

WHEELS, SDISTS = faulty_wheels(), faulty_sdists()


def check(name: str, content: bytes, *, full: bool = False) -> Contents:
    """Check an artifact as the plugin does."""
    if kind := other_kind(name, content[:512]):
        return Contents([f"the first bytes: {kind}"])
    file = ArchiveFile(io.BytesIO(content), len(content), lambda: None)
    check_one = check_wheel if name.endswith(".whl") else check_sdist
    try:
        return check_one(file, read_artifact_name(name), full=full)
    except UnreadableArchive as error:
        return Contents([f"cannot be read: {error}"])


@pytest.mark.parametrize("full", [False, True], ids=["quick", "full"])
@pytest.mark.parametrize(
    "faulty",
    [
        pytest.param(v, id=f"{w}: {k}")
        for w in ("WHEELS", "SDISTS")
        for k, v in globals()[w].items()
    ],
)
def test_faulty_artifact_is_refused(faulty: Faulty, *, full: bool) -> None:
    contents = check(faulty.name, faulty.content, full=full)
    if faulty.full and not full:
        assert contents == Contents()
        return
    found = contents.record_faults if faulty.record else contents.faults
    assert any(faulty.words in text for text in found), contents
    if faulty.record:
        assert contents.faults == []


SOUND: Mapping[str, tuple[str, bytes]] = {
    "deflated": (A, wheel()),
    "stored": (A, wheel(deflate=False)),
    "other spelling": ("Demo-1.0.0-py3-none-any.whl", wheel()),
    "folder with other spelling": (A, wheel(info="Demo-1.0.dist-info")),
    "dev build": (
        "demo-1.0.dev1+20261126000000-py3-none-any.whl",
        wheel(info="demo-1.0.dev1.dist-info", meta=metadata(version="1.0.dev1")),
    ),
    "sdist": (SDIST, sdist([])),
    "sdist with dot": (SDIST, sdist([], top="./demo-1.0")),
    "sdist with other spelling": (
        "De_mo-1.0.tar.gz",
        sdist([], top="de.mo-1.0.0", meta=metadata("de-mo")),
    ),
    "zip": ("demo-1.0.zip", zipped([("demo-1.0/PKG-INFO", metadata())])),
    "inner links": (
        SDIST,
        sdist(
            [
                ("demo-1.0/a/b", b"", {"type": tarfile.SYMTYPE, "linkname": "../PKG-INFO"}),
                ("demo-1.0/a/c", b"", {"type": tarfile.SYMTYPE, "linkname": "c"}),
                ("demo-1.0/h", b"", {"type": tarfile.LNKTYPE, "linkname": "demo-1.0/PKG-INFO"}),
            ]
        ),
    ),
}


@pytest.mark.parametrize(("name", "content"), SOUND.values(), ids=SOUND)
def test_sound_artifact_has_no_findings(name: str, content: bytes) -> None:
    assert check(name, content) == Contents()
    assert check(name, content, full=True) == Contents()


@pytest.mark.parametrize("name", [A, B, C, SDIST])
def test_artifacts_of_the_testing_module_are_sound(tmp_path: pathlib.Path, name: str) -> None:
    make = make_sdist if name == SDIST else make_wheel
    assert check(name, make(tmp_path, name).read_bytes(), full=True) == Contents()


NOTED: Mapping[str, tuple[str, bytes, str]] = {
    "build tag renamed": ("demo-1.0-1-py3-none-any.whl", wheel(), "build tag"),
    "fewer tags": ("demo-1.0-py2.py3-none-any.whl", wheel(), "tags"),
    "ABI left out of the name": (
        "demo-1.0-cp27-none-win32.whl",
        wheel(about=wheel_file("cp27-cp27m-win32")),
        "tags",
    ),
    "no tag": (A, wheel(about=wheel_file()), "tags"),
    "malformed tag": (A, wheel(about=wheel_file("py3.any")), "tags"),
    "too many tags": (A, wheel(about=wheel_file(f"{'.p' * 99}-{'.a' * 99}-{'.x' * 99}")), "tags"),
    "names differ in case": (A, wheel(extra=[("demo/a", b""), ("demo/A", b"")]), "case"),
    "folder in RECORD": (A, wheel(edit=lambda record: f"{record}demo/,,\n"), "the folder demo/"),
    "no PKG-INFO": (SDIST, sdist([("demo-1.0/setup.py", b"", {})], meta=b""), "PKG-INFO"),
}


@pytest.mark.parametrize(("name", "content", "words"), NOTED.values(), ids=NOTED)
def test_small_difference_is_only_noted(name: str, content: bytes, words: str) -> None:
    contents = check(name, content)
    assert contents.faults == contents.record_faults == []
    (note,) = contents.notes
    assert words in note


def test_compressed_tags_are_expanded() -> None:
    """Some versions of maturin wrote compressed tag sets to WHEEL."""
    name = "demo-1.0-py2.py3-none-any.whl"
    assert check(name, wheel(about=wheel_file("py2.py3-none-any"))) == Contents()


def test_bomb_is_read_to_its_bound_only(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bomb()
    assert len(content) < 300_000
    assert check(A, content) == Contents()
    unpacked = 0
    pieces = wheel_record._pieces

    def counted(member: Member, file: ArchiveFile) -> Iterator[bytes]:
        nonlocal unpacked
        for piece in pieces(member, file):
            unpacked += len(piece)
            yield piece

    monkeypatch.setattr(wheel_record, "_pieces", counted)
    contents = check(A, content, full=True)
    (note,) = contents.notes
    assert "not read to its end: with demo/zeros.bin" in note
    assert unpacked < max_unpacked(len(content))
    assert contents.faults == contents.record_faults == []


@pytest.mark.thorough
def test_files_beside_a_bomb_are_checked() -> None:
    evil = wheel(
        extra=[("demo/zeros.bin", bytes(200_000_000)), ("demo/z.py", b"good")],
        edit=lambda record: record.replace("demo/z.py,sha256=", "demo/z.py,sha256=A")[:-1],
    )
    assert check(A, evil, full=True).record_faults


def test_lying_size_of_bomb_is_found() -> None:
    content = bytearray(wheel(extra=[("demo/zeros.bin", bytes(1_000_000))]))
    at = -1
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.find(b"demo/zeros.bin", at + 1)
        at = content.rfind(signature, 0, at) + offset
        content[at : at + 4] = (5).to_bytes(4, "little")
        at += 60
    contents = check(A, bytes(content), full=True)
    assert any("another size" in text for text in contents.faults), contents


def test_streamed_wheel_with_data_descriptors_is_sound() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.content += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(io.BytesIO(wheel())) as source, zipfile.ZipFile(pipe, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    assert check(A, pipe.content, full=True) == Contents()


def test_member_with_zip64_sizes_is_sound() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel())) as source, zipfile.ZipFile(body, "w") as target:
        for info in source.infolist():
            with target.open(zipfile.ZipInfo(info.filename), "w", force_zip64=True) as member:
                member.write(source.read(info))
    assert check(A, body.getvalue(), full=True) == Contents()


@pytest.mark.thorough
def test_archive_of_70000_members_is_sound() -> None:
    """It has a ZIP64 end."""
    names = [(f"demo/{number}", b"") for number in range(70_000)]
    assert check(A, wheel(extra=names)) == Contents()


def test_archive_of_too_many_members_is_not_read() -> None:
    count, size = 100_001, 46 * 100_001
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, 4)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 4 + size, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, 4, 0)
    content = b"PK\3\4" + bytes(size) + wide + locator + end
    assert check(A, content).faults == ["it has more than 100,000 members"]
    contradictory = content[:-14] + struct.pack("<2H", 4, 4) + content[-10:]
    assert "contradict" in check(A, contradictory).faults[0]


def test_signatures_of_record_need_no_row() -> None:
    unlisted = [(f"{INFO}/RECORD.jws", b"x"), (f"{INFO}/RECORD.p7s", b"x")]
    assert check(A, wheel(unlisted=unlisted), full=True) == Contents()
    assert CODE[0] in wheel().decode("latin-1")
