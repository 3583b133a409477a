"""The artifacts of the cases, in a folder with their hash files and pages.

A set is one folder: the artifacts, a hash file for each, ``index.html`` that lists both like a
store's listing, and ``links.html`` that lists the artifacts with fragments like the host's index
page. ``SHA256SUMS`` and lists of URLs are for the other tools.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import struct
import zlib
from dataclasses import dataclass

PROJECT = "demo"
BLOCK = 1 << 20


@dataclass(frozen=True)
class ArtifactSet:
    """A folder of artifacts; ``path`` is its name on the server."""

    folder: pathlib.Path
    digests: dict[str, str]

    @property
    def path(self) -> str:
        """The set's path on the server."""
        return f"/{self.folder.name}/"

    @property
    def sums(self) -> pathlib.Path:
        """The file for ``sha256sum -c``."""
        return self.folder / "SHA256SUMS"


def names(count: int, project: str = PROJECT, *, linked: bool = False) -> list[str]:
    """Return *count* names of artifacts of one project.

    :param linked: whether they are names of one file, which can differ in the build tag only.
    """
    version = "1.0-{}" if linked else "1.0.{}"
    return [f"{project}-{version.format(number)}-py3-none-any.whl" for number in range(count)]


def write_wheel(path: pathlib.Path, size: int) -> str:
    """Write an incompressible wheel of about *size* bytes; return its SHA-256.

    A zip archive with stored members (APPNOTE.TXT of the format), written in one pass: the
    payload repeats one random block, whose CRC-32 is computed before.  RECORD comes last.
    """
    project, version = path.name.split("-")[:2]
    info = f"{project}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n".encode()
    tags = "-".join(path.name.removesuffix(".whl").split("-")[-3:])
    wheel = f"Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: false\nTag: {tags}\n"
    digest = hashlib.sha256()
    record = ""
    central = b""
    count = offset = 0
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            nonlocal offset
            file.write(data)
            digest.update(data)
            offset += len(data)

        def member(name: str, length: int, crc: int) -> None:
            nonlocal central, count
            fields = (20, 0, 0, 0, 0x21, crc, length, length, len(name))
            entry = (0, 0, 0, 0, 0, offset)
            central += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, *fields, *entry)
            central += name.encode()
            count += 1
            write(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields, 0) + name.encode())

        def small(name: str, content: bytes) -> None:
            nonlocal record
            member(name, len(content), zlib.crc32(content))
            write(content)
            record += _row(name, hashlib.sha256(content).digest(), len(content))

        small(f"{info}/METADATA", metadata)
        small(f"{info}/WHEEL", wheel.encode())
        block = os.urandom(min(size, BLOCK))
        whole, rest = divmod(size, len(block))
        crc = 0
        for _ in range(whole):
            crc = zlib.crc32(block, crc)
        member(f"{project}/data.bin", size, zlib.crc32(block[:rest], crc))
        payload = hashlib.sha256()
        for piece in (*[block] * whole, block[:rest]):
            write(piece)
            payload.update(piece)
        record += _row(f"{project}/data.bin", payload.digest(), size)
        small(f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode())
        start = offset
        write(central)
        write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(central), start, 0))
    return digest.hexdigest()


def _row(path: str, digest: bytes, size: int) -> str:
    """Return a row of RECORD."""
    value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return f"{path},sha256={value},{size}\n"


def make_set(folder: pathlib.Path, count: int, size: int, *, linked: bool = False) -> ArtifactSet:
    """Create a set of artifacts.

    :param linked: whether they are hard links to one file, which takes less disk space.
    """
    folder.mkdir()
    digests: dict[str, str] = {}
    first: pathlib.Path | None = None
    for name in names(count, linked=linked):
        if first is not None and linked:
            os.link(first, folder / name)
            digests[name] = digests[first.name]
        else:
            first = folder / name
            digests[name] = write_wheel(first, size)
    for name, digest in digests.items():
        (folder / f"{name}.sha256").write_text(f"{digest}  {name}\n")
    made = ArtifactSet(folder, digests)
    write_pages(made, list(digests))
    sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    made.sums.write_text(sums)
    return made


def write_pages(of: ArtifactSet, listed: list[str], suffix: str = "", others: str = "") -> None:
    """Write the two pages of a set.

    :param listed: the artifacts on them.
    :param suffix: the part of the pages' names before ``.html``.
    :param others: further links.
    """
    pairs = [f'<a href="{n}">{n}</a>\n<a href="{n}.sha256">{n}.sha256</a>\n' for n in listed]
    links = [f'<a href="{n}#sha256={of.digests[n]}">{n}</a>\n' for n in listed]
    for page, lines in (("index", pairs), ("links", links)):
        text = f"<html><body>\n{''.join(lines)}{others}</body></html>\n"
        (of.folder / f"{page}{suffix}.html").write_text(text)


def flip_a_bit(of: ArtifactSet, name: str) -> None:
    """Damage one artifact of a set at a place that archive readers do not check."""
    with of.folder.joinpath(name).open("r+b") as file:
        file.seek(of.folder.joinpath(name).stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
