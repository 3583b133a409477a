"""Mutate wheels and sdists: ``python -m tests.slow.fuzz.archives SEED COUNT`` (seed, inputs).

The checks of contents must raise no other error than their own, in limited memory, and what they
accept must be read by :mod:`zipfile` in the same way.
"""

from __future__ import annotations

import gzip
import io
import random
import resource
import struct
import sys
import tarfile
import zipfile
from collections.abc import Iterator

from tests.support.artifacts import SDIST, A
from tests.support.faulty_archives import CODE, INFO, metadata, sdist, wheel, wheel_file, zipped
from wheelhouse_hashes.filenames import read_artifact_name
from wheelhouse_hashes.formats.archives import ArchiveFile, Contents, UnreadableArchive
from wheelhouse_hashes.formats.sdist_contents import check_sdist
from wheelhouse_hashes.formats.wheel_contents import check_wheel

#: Maximum address space of the process, in bytes.
MEMORY = 1024**3

#: Values that tend to be special in the fields of archives.
_SPECIAL = (0, 1, 7, 0x7F, 0x80, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def check_wheel_bytes(content: bytes, *, full: bool = True) -> Contents | None:
    """Check a wheel; return None if it cannot be read."""
    try:
        file = ArchiveFile(io.BytesIO(content), len(content), lambda: None)
        contents = check_wheel(file, read_artifact_name(A), full=full)
    except UnreadableArchive:
        return None
    if not contents.faults:
        same_in_zipfile(content)
    return contents


def same_in_zipfile(content: bytes) -> None:
    """Check that the standard library reads an accepted wheel without an error."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(set(names)) == len(names)
        assert all(info.orig_filename == info.filename for info in archive.infolist())
        archive.testzip()


def check_tar_bytes(tar: bytes) -> Contents | None:
    """Check an sdist with this content before compression; return None if it cannot be read."""
    return check_sdist_bytes(gzip.compress(tar, 1, mtime=0))


def check_sdist_bytes(content: bytes) -> Contents | None:
    """Check an sdist; return None if it cannot be read."""
    try:
        file = ArchiveFile(io.BytesIO(content), len(content), lambda: None)
        return check_sdist(file, read_artifact_name(SDIST), full=True)
    except UnreadableArchive:
        return None


def mutated(source: bytes, start: int, rng: random.Random) -> bytes:
    """Return bytes with a few changes, most of them from a position on."""
    content = bytearray(source)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(start if rng.random() < 0.8 else 0, len(content))
        match rng.randrange(5):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                width = rng.choice((1, 2, 4, 8))
                value = rng.choice(_SPECIAL) & ((1 << 8 * width) - 1)
                content[at : at + width] = value.to_bytes(width, "little")
            case 2:
                del content[at : at + rng.randint(1, 60)]
            case 3:
                other = rng.randrange(len(content))
                content[at:at] = content[other : other + rng.randint(1, 60)]
            case _:
                content[at : at + 1] = rng.randbytes(rng.randint(1, 4))
        if not content:
            break
    return bytes(content)


def mutated_tar(source: bytes, rng: random.Random) -> bytes:
    """Return a tar archive with changes in its headers, whose checksums are right."""
    content = bytearray(source)
    blocks = range(0, len(content) - 512, 512)
    for _ in range(rng.randint(1, 3)):
        block = rng.choice(blocks)
        at = block + rng.choice((rng.randrange(512), rng.randrange(124, 136), 156, 157))
        content[at : at + 1] = rng.choice((b"\0", b"\xff", b"7", b"x", b"g", b"L", b"S", b"/"))
        if rng.random() < 0.9:
            content[block + 148 : block + 156] = b" " * 8
            total = sum(content[block : block + 512])
            content[block + 148 : block + 156] = f"{total:06o}\0 ".encode()
    return bytes(content)


def _sources() -> tuple[list[bytes], list[bytes]]:
    """Return sound wheels and tar archives to change."""
    body = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel())) as old, zipfile.ZipFile(body, "w") as new:
        for info in old.infolist():
            with new.open(zipfile.ZipInfo(info.filename), "w", force_zip64=True) as member:
                member.write(old.read(info))
    links: list[tuple[str, bytes, dict[str, object]]] = [
        ("demo-1.0/a", b"", {"type": tarfile.SYMTYPE, "linkname": "PKG-INFO"}),
        (f"demo-1.0/{'long/' * 60}x", b"content", {}),
        ("demo-1.0/r\u00e9sum\u00e9", b"", {"pax_headers": {"comment": "x" * 600}}),
    ]
    tars = [gzip.decompress(sdist(members)) for members in ([], links, links[:1])]
    return [wheel(), wheel(deflate=False), body.getvalue()], tars


def _pax(kind: bytes, content: bytes) -> bytes:
    """Return an extended header of a tar archive."""
    info = tarfile.TarInfo("pax")
    info.type = kind
    info.size = len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def _row(text: str) -> bytes:
    return f"{len(text) + 8:07d} {text}\n".encode()


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield archives that could take much memory or time: wheels, and tar archives."""
    rows = {
        "rows": b"a,,\n" * 4_000_000,
        "columns": b"ab," * 5_000_000,
        "quotes": b'"a\n' * 5_000_000,
        "lines": b"\n" * 16_000_000,
    }
    for content in rows.values():
        files = [("METADATA", metadata()), ("WHEEL", wheel_file("py3-none-any"))]
        named = [(f"{INFO}/{path}", each) for path, each in [*files, ("RECORD", content)]]
        yield "wheel", zipped([CODE, *named])
    yield "wheel", wheel(meta=metadata() + b"Name: demo\n" * 1_400_000)
    yield "wheel", wheel(meta=b"Name: demo\n" * 1_400_000)
    yield "wheel", wheel(about=b"Tag: py3-none-any\n" * 900_000)
    yield "wheel", wheel(about=b"Tag: " + b"a." * 8_000_000)
    yield "wheel", zipped([(f"{number}/{'x' * 500}\x01", b"") for number in range(60_000)])
    member = tarfile.TarInfo("demo-1.0/x").tobuf(tarfile.USTAR_FORMAT)
    yield "tar", _pax(b"x", bytes(64_000_000)) + member
    yield "tar", _pax(b"L", b"a/" * 30_000_000) + member
    yield "tar", _pax(b"x", _row("comment=" + "1" * 900_000)) + member
    yield "tar", _pax(b"x", b"1" * 900_000) + member
    yield "tar", b"".join(_pax(b"g", _row(f"k{n}={'v' * 60_000}")) for n in range(1000)) + member
    yield "tar", _pax(b"x", b"") * 900 + member
    yield "tar", member * 150_000
    link = tarfile.TarInfo("demo-1.0/l")
    link.type = tarfile.SYMTYPE
    links = bytearray()
    for number in range(12_000):
        link.name, link.linkname = f"demo-1.0/l{number}", f"l{number + 1}/" * 10
        links += link.tobuf(tarfile.GNU_FORMAT)
    yield "tar", bytes(links)
    link.name, link.linkname = "demo-1.0/" + "a/" * 2000, "b/" * 2000
    yield "tar", link.tobuf(tarfile.GNU_FORMAT) * 2000
    sparse = bytearray(tarfile.TarInfo("demo-1.0/s").tobuf(tarfile.GNU_FORMAT))
    sparse[156:157] = b"S"
    sparse[482] = 1
    sparse[148:156] = b" " * 8
    sparse[148:156] = f"{sum(sparse):06o}\0 ".encode()
    yield "tar", bytes(sparse) + (b"0" * 504 + b"\1" * 8) * 100_000
    yield "wheel", b"PK\3\4" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 0xFFFFFFF0, 0, 0)


def run(seed: int, count: int) -> int:
    """Check *count* mutated archives; return how many were accepted or refused, not unreadable."""
    rng = random.Random(seed)
    wheels, tars = _sources()
    read = 0
    for number in range(count):
        if number % 2:
            source = rng.choice(wheels)
            start = source.find(b"PK\1\2")
            read += check_wheel_bytes(mutated(source, start, rng)) is not None
        else:
            read += check_tar_bytes(mutated_tar(rng.choice(tars), rng)) is not None
    return read


def main() -> None:
    """Run with limited memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number, (kind, content) in enumerate(hostile()):
        contents = (check_wheel_bytes if kind == "wheel" else check_tar_bytes)(content)
        found = (contents.faults or contents.notes)[:1] if contents else "unreadable"
        print(f"hostile {number}: {str(found)[:100]}", flush=True)
    seed, count = map(int, sys.argv[1:])
    print(f"{run(seed, count)} of {count} were read")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
