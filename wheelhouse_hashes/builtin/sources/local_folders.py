"""Local folders and digest lists, which ``verify`` compares a folder with.

A folder offers its artifacts, and companions such as hash files.  A digest list
(``SHA256SUMS``, as ``sha256sum *`` writes it) claims a digest for each of its names.
The digests of a list that the user names with ``--against`` are pinned.  Those of a list
found in the folder are not, because it came with the artifacts.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Tier
from wheelhouse_hashes.errors import HashFileError, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.options import CheckOptions, VerifyOptions

# The reader of digest lists is imported where it is needed: most runs have none.
if TYPE_CHECKING:
    from wheelhouse_hashes.formats.digest_list import DigestList
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Entry, Listing

SOURCE = "list"


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``pinned`` for a digest list given with ``--against``."""
    options = run.options
    if not isinstance(options, VerifyOptions):
        return ()
    is_list = options.against is not None and os.path.isfile(options.against)  # noqa: PTH113 (Path.is_file can raise)
    return (Tier.PINNED,) if is_list else (Tier.CONTAINER,)


@hookimpl
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Read a local folder or digest list, for ``verify`` only."""
    path = pathlib.Path(url)
    if run.verb != "verify":
        return None
    # Imported here because only ``verify`` reads folders.
    from wheelhouse_hashes.transport import Listing

    with disk_errors(f"access {url}"):
        if path.is_dir():
            return _in_folder(run, path)
        if path.is_file():
            read = _read_list(run, path)
            notes = tuple(f"{printable(url)}: {note}" for note in read.notes)
            return Listing(printable(url), _entries(path, read, Tier.PINNED), notes=notes)
    return None


def _in_folder(run: Run[CheckOptions], path: pathlib.Path) -> Listing:
    """Return the listing of a folder, with the claims of the digest lists in it."""
    from wheelhouse_hashes.formats.digest_list import is_list_name
    from wheelhouse_hashes.transport import Entry, Listing

    with disk_errors(f"list the folder {path}"):
        names = sorted(os.listdir(path))
    here = path.resolve()
    entries = [Entry(name, here.joinpath(name).as_uri()) for name in names]
    notes: list[str] = []
    for name in names:
        if is_list_name(name) and here.joinpath(name).is_file():
            read = _read_list(run, here / name)
            entries += _entries(here / name, read, Tier.CONTAINER)
            notes += [f"{printable(name)}: {note}" for note in read.notes]
    return Listing(printable(str(path)), tuple(entries), notes=tuple(notes))


def _read_list(run: Run[CheckOptions], path: pathlib.Path) -> DigestList:
    """Read a digest list.

    :raises DiskError: if it cannot be read.
    :raises HashFileError: if it is not a digest list.
    """
    from wheelhouse_hashes.formats.digest_list import parse_digest_list
    from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

    content = run.read_file(path, MAX_LIST_BYTES)
    try:
        return parse_digest_list(content, path.name, run.options.hash_algorithm)
    except HashFileError as error:
        cure = error.next or "correct the digest list"
        raise HashFileError(f"{printable(str(path))}: {error}", next=cure) from None


def _entries(path: pathlib.Path, read: DigestList, tier: Tier) -> tuple[Entry, ...]:
    """Return the entries of a digest list, with their claims."""
    from wheelhouse_hashes.transport import Entry

    where = printable(str(path))
    folder = path.resolve().parent
    return tuple(
        Entry(
            name,
            folder.joinpath(name).as_uri(),
            claims=tuple(Claim(digest, SOURCE, where, tier) for digest in digests),
        )
        for name, digests in read.digests.items()
    )
