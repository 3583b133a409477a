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
from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Claim, Tier
from wheelhouse_hashes.errors import HashFileError, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.hash_file import MAX_LIST_BYTES, list_algorithm, parse_list
from wheelhouse_hashes.options import CheckOptions, VerifyOptions
from wheelhouse_hashes.transport import Entry, Listing

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

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
    with disk_errors(f"access {url}"):
        if path.is_dir():
            return Listing(printable(url), _in_folder(run, path))
        if path.is_file():
            return Listing(printable(url), _in_list(run, path, Tier.PINNED))
    return None


def _in_folder(run: Run[CheckOptions], path: pathlib.Path) -> tuple[Entry, ...]:
    """Return the entries of a folder, with the claims of the digest lists in it."""
    with disk_errors(f"list the folder {path}"):
        names = sorted(os.listdir(path))
    here = path.resolve()
    entries = [Entry(name, here.joinpath(name).as_uri()) for name in names]
    for name in names:
        if list_algorithm(name) is not None and here.joinpath(name).is_file():
            entries += _in_list(run, here / name, Tier.CONTAINER)
    return tuple(entries)


def _in_list(run: Run[CheckOptions], path: pathlib.Path, tier: Tier) -> tuple[Entry, ...]:
    """Return the entries of a digest list, with their claims.

    :raises DiskError: if the list cannot be read.
    :raises HashFileError: if it is not a digest list.
    """
    content = run.read_file(path, MAX_LIST_BYTES)
    where = printable(str(path))
    try:
        digests = parse_list(content, list_algorithm(path.name) or DEFAULT_ALGORITHM)
    except HashFileError as error:
        raise HashFileError(f"{where}: {error}") from None
    folder = path.resolve().parent
    return tuple(
        Entry(
            name,
            folder.joinpath(name).as_uri(),
            claims=(Claim(digest, SOURCE, where, tier),),
        )
        for name, digest in digests.items()
    )
