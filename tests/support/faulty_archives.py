"""Wheels and sdists with one fault each, for the checks of contents."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.artifacts import SDIST, A

#: The files of a wheel, in their order: paths and contents.
Files = list[tuple[str, bytes]]

CODE = ("demo/__init__.py", b"x = 1\n" * 40)
INFO = "demo-1.0.dist-info"


def digest(content: bytes, algorithm: str = "sha256") -> str:
    """Return a digest as RECORD has it."""
    value = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest())
    return f"{algorithm}={value.decode().rstrip('=')}"


def metadata(project: str = "demo", version: str = "1.0") -> bytes:
    """Return the content of METADATA or PKG-INFO."""
    return f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n\nText\n".encode()


def wheel_file(*tags: str, build: str = "") -> bytes:
    """Return the content of WHEEL."""
    lines = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", *(f"Tag: {tag}" for tag in tags)]
    return "".join(
        f"{line}\n" for line in [*lines, *([f"Build: {build}"] if build else [])]
    ).encode()


def zipped(files: Sequence[tuple[str | zipfile.ZipInfo, bytes]], *, deflate: bool = True) -> bytes:
    """Return a zip archive."""
    body = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(body, "w", method) as archive:
        warnings.simplefilter("ignore")  # duplicate names are on purpose
        for path, content in files:
            if isinstance(path, str):
                info = zipfile.ZipInfo(path)
                info.compress_type = method
                archive.writestr(info, content)
            else:
                archive.writestr(path, content)
    return body.getvalue()


def wheel(
    *,
    info: str = INFO,
    meta: bytes | None = None,
    about: bytes | None = None,
    extra: Sequence[tuple[str, bytes]] = (),
    unlisted: Sequence[tuple[str | zipfile.ZipInfo, bytes]] = (),
    edit: Callable[[str], str | None] = str,
    deflate: bool = True,
) -> bytes:
    """Return a wheel, sound by default.

    :param info: its .dist-info folder.
    :param meta: the content of METADATA.
    :param about: the content of WHEEL.
    :param extra: further files, which are in RECORD.
    :param unlisted: further files, which are not in RECORD.
    :param edit: changes RECORD; returns None to leave it out.
    :param deflate: whether to compress the files.
    """
    files: Files = [
        CODE,
        *extra,
        (f"{info}/METADATA", metadata() if meta is None else meta),
        (f"{info}/WHEEL", wheel_file("py3-none-any") if about is None else about),
    ]
    rows = "".join(f"{path},{digest(content)},{len(content)}\n" for path, content in files)
    record = edit(f"{rows}{info}/RECORD,,\n")
    last = [] if record is None else [(f"{info}/RECORD", record.encode())]
    return zipped([*files, *unlisted, *last], deflate=deflate)


@dataclass(frozen=True)
class Faulty:
    """An artifact with a fault."""

    name: str
    content: bytes
    #: Words of the message.
    words: str
    #: Whether only the full check finds it.
    full: bool = False
    #: Whether it is a fault of RECORD.
    record: bool = False


def _patched(old: bytes, new: bytes, *, last: bool = False, content: bytes | None = None) -> bytes:
    """Return a wheel in which one occurrence of some bytes is replaced."""
    content = wheel() if content is None else content
    at = content.rfind(old) if last else content.find(old)
    assert at >= 0
    return content[:at] + new + content[at + len(old) :]


def _in_first_entry(offset: int, value: bytes, *, local: bool = False) -> bytes:
    """Return a wheel in which a field of the first entry of the central directory is replaced.

    :param offset: the offset of the field.
    :param value: its new value.
    :param local: whether to change the first local header instead.
    """
    content = wheel()
    at = (0 if local else content.find(b"PK\x01\x02")) + offset
    return content[:at] + value + content[at + len(value) :]


def _with_gap() -> bytes:
    """Return a wheel with three bytes between the last member and the central directory."""
    content = wheel()
    start = struct.unpack_from("<L", content, len(content) - 6)[0]
    end = content[:-6] + struct.pack("<LH", start + 3, 0)
    return end[:start] + b"gap" + end[start:]


def _overlapping() -> bytes:
    """Return a wheel whose second member has the data of the first."""
    content = bytearray(wheel(extra=[("demo/__main__.py", CODE[1])]))
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def _link(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path)
    info.external_attr = 0o120777 << 16
    return info


def _edit(old: str, new: str) -> Callable[[str], str]:
    return lambda record: record.replace(old, new, 1)


def _flipped() -> bytes:
    content = bytearray(wheel())
    content[content.find(CODE[0].encode()) + len(CODE[0]) + 2] ^= 0xFF
    return bytes(content)


_CODE_ROW = f"{CODE[0]},{digest(CODE[1])},{len(CODE[1])}\n"
_RENAMED = "demo-1.1-py3-none-any.whl"
_ABI = "demo-1.0-cp312-cp312-win_amd64.whl"


def faulty_wheels() -> Mapping[str, Faulty]:
    """Return wheels with one fault each, by what it is."""
    return {
        "renamed to another project": Faulty(
            "numpy-1.0-py3-none-any.whl", wheel(), "of project 'demo'"
        ),
        "renamed to another version": Faulty(_RENAMED, wheel(), "have version 1.0"),
        "renamed to other tags": Faulty(_ABI, wheel(), "tags are not those"),
        "renamed to another platform": Faulty(
            _ABI, wheel(about=wheel_file("cp312-cp312-win32")), "tags are not those"
        ),
        "renamed to another Python": Faulty(
            _ABI, wheel(about=wheel_file("cp311-abi3-win_amd64")), "tags are not those"
        ),
        "renamed to another ABI": Faulty(
            _ABI, wheel(about=wheel_file("cp312-cp312t-win_amd64")), "tags are not those"
        ),
        "METADATA of another version": Faulty(
            A, wheel(meta=metadata(version="1.0.post1")), "1.0.post1"
        ),
        "METADATA of another project": Faulty(A, wheel(meta=metadata("other")), "'other'"),
        "METADATA with two names": Faulty(
            A, wheel(meta=b"Name: demo\rName: other\nVersion: 1.0\n"), "'other'"
        ),
        "METADATA without a version": Faulty(A, wheel(meta=b"Name: demo\n"), "no version"),
        "folder of another version": Faulty(
            A, wheel(info="demo-1.1.dist-info"), "demo-1.1.dist-info"
        ),
        "two .dist-info folders": Faulty(
            A, wheel(extra=[("other-2.0.dist-info/METADATA", metadata())]), "one .dist-info folder"
        ),
        "no .dist-info folder": Faulty(A, zipped([CODE]), "one .dist-info folder"),
        "no METADATA": Faulty(A, _without("METADATA"), "no demo-1.0.dist-info/METADATA"),
        "no WHEEL": Faulty(A, _without("WHEEL"), "no demo-1.0.dist-info/WHEEL"),
        **_unsafe_members(),
        **_two_readings(),
        **_faulty_records(),
    }


def _without(file: str) -> bytes:
    files = {
        "METADATA": metadata(),
        "WHEEL": wheel_file("py3-none-any"),
        "RECORD": f"{_CODE_ROW}{INFO}/RECORD,,\n".encode(),
    }
    del files[file]
    return zipped([CODE, *((f"{INFO}/{path}", content) for path, content in files.items())])


def _unsafe_members() -> Mapping[str, Faulty]:
    def member(path: str) -> bytes:
        return wheel(extra=[(path, b"")])

    return {
        "duplicate member": Faulty(A, wheel(unlisted=[(CODE[0], b"evil")]), "twice"),
        "..": Faulty(A, member("../evil.py"), "not safe"),
        ".. in the middle": Faulty(A, member("demo/../../evil.py"), "not safe"),
        "absolute path": Faulty(A, member("/etc/evil.py"), "not safe"),
        "drive": Faulty(A, member("C:evil.py"), "not safe"),
        "backslash": Faulty(A, _patched_name("demo/x_evil.py", "demo\\x_evil.py"), "not safe"),
        "control character": Faulty(A, member("demo/\x1b[2J.py"), "not safe"),
        "newline": Faulty(A, member("demo/a\nb.py"), "not safe"),
        "symbolic link": Faulty(A, wheel(unlisted=[(_link("demo/x"), b"/etc")]), "symbolic link"),
        "encrypted member": Faulty(A, _in_first_entry(8, b"\x01\x00"), "encrypted"),
        "bzip2": Faulty(A, _in_first_entry(10, b"\x0c\x00"), "method 12"),
        "folder with content": Faulty(
            A, wheel(unlisted=[("demo/data/", b"hidden")]), "has content"
        ),
    }


def _patched_name(name: str, other: str) -> bytes:
    """Return a wheel with a member's name replaced in all places."""
    return wheel(extra=[(name, b"")]).replace(name.encode(), other.encode())


def _two_readings() -> Mapping[str, Faulty]:
    """Return wheels of which different readers see different files."""
    local_name = _patched(CODE[0].encode(), b"demo/__evil__.py")
    many = bytearray(wheel())
    many[-14:-10] = b"\xff\xfe\xff\xfe"  # more members than there are
    return {
        "data behind the end": Faulty(A, wheel() + b"trailing", "behind its end"),
        "comment": Faulty(A, wheel()[:-2] + b"\x04\x00evil", "comment"),
        "data before the start": Faulty(A, _prefixed(), "before its first member"),
        "shifted by a prefix": Faulty(A, b"PK\x03\x04" + wheel(), "belong to no member"),
        "gap before the directory": Faulty(A, _with_gap(), "that no member has"),
        "overlapping members": Faulty(A, _overlapping(), "overlap"),
        "other name in the local header": Faulty(A, local_name, "another name"),
        "other size in the local header": Faulty(
            A, _in_first_entry(22, b"\x01\x00\x00\x00", local=True), "other properties"
        ),
        "other method in the local header": Faulty(
            A, _in_first_entry(8, b"\x00\x00", local=True), "other properties"
        ),
        "no local header": Faulty(A, _in_first_entry(0, b"PK\x03\x05", local=True), "first bytes"),
        "directory cut": Faulty(A, wheel()[:-30] + wheel()[-22:], "cannot be read"),
        "more members than there are": Faulty(A, bytes(many), "cannot be read"),
        "no end": Faulty(A, wheel()[:-22], "cannot be read"),
        "flipped byte": Faulty(A, _flipped(), "damaged", full=True),
        "flipped byte in METADATA": Faulty(
            A, _patched(b"Name: demo", b"Name: dEmo", content=wheel(deflate=False)), "CRC-32"
        ),
    }


def _prefixed() -> bytes:
    """Return a wheel with bytes before its first member; all positions are right."""
    prefix = b"PK\x03\x04 and more"
    content = bytearray(wheel())
    start = struct.unpack_from("<L", content, len(content) - 6)[0]
    struct.pack_into("<L", content, len(content) - 6, start + len(prefix))
    at = start
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        offset = struct.unpack_from("<L", content, at + 42)[0]
        struct.pack_into("<L", content, at + 42, offset + len(prefix))
        at += 46
    return prefix + bytes(content)


def _faulty_records() -> Mapping[str, Faulty]:
    name, content = CODE
    row = digest(content)
    md5 = digest(content, "md5")
    ghost = "demo/ghost.py,sha256=abc,3\n"

    def edited(edit: Callable[[str], str | None], words: str, *, full: bool = False) -> Faulty:
        return Faulty(A, wheel(edit=edit), words, full=full, record=True)

    return {
        "no RECORD": edited(lambda _: None, "no demo-1.0.dist-info/RECORD"),
        "RECORD is not UTF-8": Faulty(A, _binary_record(), "cannot be read", record=True),
        "file not in RECORD": Faulty(
            A, wheel(unlisted=[("demo/evil.py", b"evil")]), "is not in its RECORD", record=True
        ),
        "file only in RECORD": edited(lambda record: record + ghost, "not in the wheel"),
        "absolute paths in RECORD": edited(_edit("demo/", "/demo/"), "not in its RECORD"),
        "wrong size": edited(_edit(f",{len(content)}\n", ",7\n"), "its RECORD says 7"),
        "digest of a wrong length": edited(_edit("sha256=", "sha256=A"), "malformed digest"),
        "MD5": edited(_edit(row, md5), "by md5"),
        "no digest": edited(_edit(row, ""), f"no digest of {name}"),
        "row twice": edited(lambda record: _CODE_ROW + record, "twice"),
        "row of two columns": edited(lambda record: f"{record}demo/x,\n", "3 columns"),
        "wrong digest": edited(_edit(row, digest(b"other")), "does not match", full=True),
    }


def _binary_record() -> bytes:
    rows = f"{_CODE_ROW}r\u00e9sum\u00e9,,\n".encode("latin-1")
    files = [("METADATA", metadata()), ("WHEEL", wheel_file("py3-none-any")), ("RECORD", rows)]
    return zipped([CODE, *((f"{INFO}/{path}", content) for path, content in files)])


Members = Sequence[tuple[str, bytes, Mapping[str, object]]]


def sdist(members: Members, *, top: str = "demo-1.0", meta: bytes | None = None) -> bytes:
    """Return an sdist, sound by default.

    :param members: further members: path, content, and other values of the header.
    :param top: the folder of PKG-INFO.
    :param meta: the content of PKG-INFO; empty to leave it out.
    """
    body = io.BytesIO()
    pkg_info = metadata() if meta is None else meta
    first: Members = [(f"{top}/PKG-INFO", pkg_info, {})]
    with tarfile.open(fileobj=body, mode="w") as archive:
        for path, content, values in [*(first if pkg_info else []), *members]:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            for key, value in values.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(body.getvalue(), mtime=0)


def _symlink(path: str, target: str) -> tuple[str, bytes, Mapping[str, object]]:
    return path, b"", {"type": tarfile.SYMTYPE, "linkname": target}


def faulty_sdists() -> Mapping[str, Faulty]:
    """Return sdists with one fault each, by what it is."""
    hard = {"type": tarfile.LNKTYPE, "linkname": "other/x"}
    chain = [
        _symlink("demo-1.0/b", "."),
        _symlink("demo-1.0/a", "b/b/b/../../../etc"),
    ]
    damaged = bytearray(gzip.decompress(sdist([("demo-1.0/x", b"x", {})])))
    damaged[1024] ^= 1
    zip_of = zipped([("demo-0.9/PKG-INFO", metadata(version="0.9"))])
    return {
        "renamed to another version": Faulty("demo-1.1.tar.gz", sdist([]), "have version 1.0"),
        "renamed to another project": Faulty("other-1.0.tar.gz", sdist([]), "project 'demo'"),
        "PKG-INFO of another version": Faulty(
            SDIST, sdist([], meta=metadata(version="1.0.post1")), "1.0.post1"
        ),
        "folder of another version": Faulty(
            SDIST, sdist([], top="demo-1.0.post1"), "demo-1.0.post1"
        ),
        "..": Faulty(SDIST, sdist([("../x", b"", {})]), "leads out"),
        "absolute path": Faulty(SDIST, sdist([("/x", b"", {})]), "leads out"),
        "link that leads out": Faulty(
            SDIST, sdist([_symlink("demo-1.0/l", "/etc/passwd")]), "link"
        ),
        "link that leads up": Faulty(SDIST, sdist([_symlink("demo-1.0/l", "../x")]), "link"),
        "chain of links that leads out": Faulty(SDIST, sdist(chain), "demo-1.0/a is a link"),
        "hard link that leads out": Faulty(SDIST, sdist([("demo-1.0/l", b"", hard)]), "one folder"),
        "link that changes": Faulty(
            SDIST,
            sdist([_symlink("demo-1.0/l", "x"), _symlink("demo-1.0/l", "y")]),
            "different links",
        ),
        "no folder": Faulty(SDIST, sdist([("setup.py", b"", {})], top="."), "one folder"),
        "two folders": Faulty(SDIST, sdist([("other/x", b"", {})]), "one folder"),
        "device": Faulty(SDIST, sdist([("demo-1.0/d", b"", {"type": tarfile.CHRTYPE})]), "device"),
        "named pipe": Faulty(
            SDIST, sdist([("demo-1.0/d", b"", {"type": tarfile.FIFOTYPE})]), "pipe"
        ),
        "damaged header": Faulty(SDIST, gzip.compress(bytes(damaged)), "damaged header"),
        "cut off": Faulty(SDIST, sdist([])[:-9], "cannot be read"),
        "data behind the end": Faulty(SDIST, sdist([]) + b"x", "cannot be read"),
        "zip of another version": Faulty("demo-1.0.zip", zip_of, "0.9"),
    }


def bomb() -> bytes:
    """Return a small wheel with a file of 200 MB, which is in RECORD."""
    return wheel(extra=[("demo/zeros.bin", bytes(200_000_000))])
