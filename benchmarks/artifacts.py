"""The artifacts of the cases, in a folder with their hash files and pages.

A set is one folder: the artifacts, a hash file for each, ``index.html`` that lists both like a
store's listing, and ``links.html`` that lists the artifacts with fragments like the host's index
page. ``SHA256SUMS`` and lists of URLs are for the other tools.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
from dataclasses import dataclass

from wheelhouse_hashes.testing import make_wheel

PROJECT = "demo"
BLOCK = 1 << 20

#: The subfolder of a set without hash files.
SUBFOLDER = "listed"


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
    """Write a sound wheel with an incompressible file of *size* bytes; return its SHA-256.

    The file repeats one random block.
    """
    block = os.urandom(min(size, BLOCK))
    whole, rest = divmod(size, len(block))
    make_wheel(path.parent, path.name, block * whole + block[:rest])
    return sha256_of(path)


def sha256_of(path: pathlib.Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_set(folder: pathlib.Path, count: int, size: int, *, linked: bool = False) -> ArtifactSet:
    """Create a set of artifacts.

    :param linked: whether they are hard links to one file, which takes less disk space.
    """
    folder.mkdir()
    wanted = names(count, linked=linked)
    if linked:
        # Its WHEEL file names no build, so that it is sound under all of the names.
        first = folder / f"{PROJECT}-1.0-py3-none-any.whl"
        digests = dict.fromkeys(wanted, write_wheel(first, size))
        for name in wanted:
            os.link(first, folder / name)
        first.unlink()
    else:
        digests = {name: write_wheel(folder / name, size) for name in wanted}
    for name, digest in digests.items():
        (folder / f"{name}.sha256").write_text(f"{digest}  {name}\n")
    made = ArtifactSet(folder, digests)
    write_pages(made, list(digests))
    sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    made.sums.write_text(sums)
    return made


def without_hash_files(of: ArtifactSet) -> None:
    """Create a subfolder with the same artifacts, whose page lists nothing but their names.

    They are hard links.
    """
    folder = of.folder / SUBFOLDER
    folder.mkdir()
    for name in of.digests:
        os.link(of.folder / name, folder / name)
    lines = "".join(f'<a href="{name}">{name}</a>\n' for name in of.digests)
    (folder / "index.html").write_text(f"<html><body>\n{lines}</body></html>\n")


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
