"""Zip files as addresses: ``zip:///folder/dist.zip``.

CI services offer the files of a job as one zip file.  ``fetch --verify PROJECT zip:///...``
and ``verify FOLDER --against zip:///...`` read its artifacts and hash files without
unpacking it.  A plugin for wheelhouse-hashes.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, unquote

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, TransferError, UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.transport import Entry, Listing, Opened, OpenRequest

#: The scheme of the URLs.
SCHEME = "zip://"

#: Separates the path of the zip file from the name of a member.  :func:`quote` encodes
#: exclamation marks, so neither of the two parts can contain it.
SEPARATOR = "!/"

#: Number of bytes to read at once.
PIECE = 1 << 16

# Addresses.


@hookimpl
def wheelhouse_locate(url: str) -> Listing | None:
    """List the members of a zip file."""
    if not url.lower().startswith(SCHEME):
        return None
    path = Path(unquote(url[len(SCHEME) :].partition("#")[0]))
    if not path.is_absolute():
        raise UsageError(f"{printable(url)}: use an absolute path: zip:///folder/dist.zip")
    address = SCHEME + quote(str(path))
    with _opened(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        modified = path.stat().st_mtime
    entries = tuple(_entries(members, address))
    return Listing(address, entries, modified, secure=True, companions_listed=True)


def _entries(members: Sequence[zipfile.ZipInfo], address: str) -> Iterator[Entry]:
    """Yield an entry for each file name; some CI services keep the folders of the files."""
    named = defaultdict(list)
    for member in members:
        named[member.filename.rpartition("/")[2]].append(member)
    for name, same in named.items():
        location = address + SEPARATOR + quote(same[0].filename)
        if len({(member.CRC, member.file_size) for member in same}) == 1:
            yield Entry(name, location, same[0].file_size)
        elif parse_artifact_name(name):
            text = "the zip file has different files with this name"
            finding = Finding(Cause.UNSAFE_NAME, text, "keep only one of them in the zip file")
            yield Entry(name, location, claims=(finding,))
        # A hash file that is there twice counts as missing.


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file.

    :raises UsageError: if it cannot be read.
    :raises Refusal: if it is not a zip file.
    """
    shown = printable(str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        # A ValueError is raised for paths with NUL and for names that cannot be decoded.
        raise Refusal(
            Cause.NOT_A_DISTRIBUTION,
            f"{shown}: not a zip file, or not all of it",
            may_heal=False,
            next="download the zip file again",
        ) from None


# Members.


@hookimpl
def wheelhouse_open(url: str, request: OpenRequest) -> Opened | None:
    """Open a member of a zip file."""
    if not url.lower().startswith(SCHEME):
        return None
    location, _, quoted = url[len(SCHEME) :].partition(SEPARATOR)
    path, name = Path(unquote(location)), unquote(quoted)
    try:
        with _opened(path) as archive:
            member = archive.getinfo(name)
        changed = path.stat()
    except KeyError:
        text = f"{printable(path.name)} has no {printable(name)!r}"
        raise TransferError(Cause.MISSING_ARTIFACT, text, 404) from None
    except (OSError, UsageError) as error:
        raise TransferError(Cause.UNREACHABLE, str(error), final=True) from None
    # Neither a checksum nor a time identifies a version alone: CRC-32 values collide, and
    # a zip file may be replaced within the resolution of the clock.
    etag = f'"{changed.st_mtime_ns:x}-{changed.st_ino:x}-{member.CRC:08x}-{member.file_size:x}"'
    offset = request.offset if request.validator == etag else 0
    headers = {
        "Content-Length": str(member.file_size),
        "ETag": etag,
        "Last-Modified": formatdate(changed.st_mtime, usegmt=True),
    }
    return Opened(headers, _pieces(path, name, offset), secure=True, offset=offset)


def _pieces(path: Path, name: str, offset: int) -> Iterator[bytes]:
    """Read a member from an offset.

    :raises TransferError: if its data are damaged or cannot be decompressed.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            file.seek(offset)
            while piece := file.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        text = f"{printable(name)} is damaged in {printable(path.name)}: {error or 'it is cut off'}"
        failure = TransferError(Cause.CORRUPT, text, final=True)
        failure.next = "download the zip file again"
        raise failure from None
    except (NotImplementedError, RuntimeError) as error:
        # It is encrypted, or compressed by a method that Python does not support.
        text = f"{printable(name)} cannot be read from {printable(path.name)}: {error}"
        failure = TransferError(Cause.UNREACHABLE, text, final=True)
        failure.next = "unpack the zip file with another program"
        raise failure from None
