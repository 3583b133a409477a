"""Local folders and digest lists, which ``verify`` and ``fetch`` compare artifacts with.

A folder offers its artifacts, companions such as hash files, and digest lists.  A file that
the user names with ``--against`` is a digest list, a lock file, a requirements file, a report
or a hash file: its digests are pinned.  Those of a list found in a folder are not, because it
came with the artifacts.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.errors import disk_errors
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing


#: The name of digest lists on the lines about artifacts.
SOURCE = "list"


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``pinned`` for a file given with ``--against``."""
    return (Tier.PINNED,) if any(map(os.path.isfile, run.options.against)) else ()


@hookimpl
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Read a local folder or file: the operand of ``verify``, or a value of ``--against``."""
    path = pathlib.Path(url)
    if run.verb != "verify" and url not in (*run.options.against, _expected(run.options)):
        return None
    with disk_errors(f"access {url}"):
        if path.is_dir():
            return _in_folder(run, path)
        if path.is_file():
            return _read_list(run, path, printable(url), Tier.PINNED)
    return None


def _expected(options: CheckOptions) -> str | None:
    """Return the path or address of ``--expect-like``, None if it is not given."""
    if options.expect_like is None:
        return None
    from wheelhouse_hashes.formats.releases import parse_address

    return parse_address(options.expect_like).what


def _in_folder(run: Run[CheckOptions], path: pathlib.Path) -> Listing:
    """Return the listing of a folder, with the digest lists in it."""
    from wheelhouse_hashes.formats.digest_list import is_list_name
    from wheelhouse_hashes.transport import Entry, Listing

    with disk_errors(f"list the folder {path}"):
        names = sorted(os.listdir(path))
    here = path.resolve()
    entries = tuple(Entry(name, here.joinpath(name).as_uri()) for name in names)
    lists = tuple(
        _read_list(run, here / name, printable(name), Tier.CONTAINER)
        for name in names
        if is_list_name(name) and here.joinpath(name).is_file()
    )
    return Listing(printable(str(path)), entries, lists=lists)


def _read_list(run: Run[CheckOptions], path: pathlib.Path, shown: str, tier: Tier) -> Listing:
    """Read a file with digests.

    :param shown: its name in notes.
    :raises DiskError: if it cannot be read.
    :raises HashFileError: if it has no digests, or is in another format.
    """
    from wheelhouse_hashes.builtin.sources.digest_lists import listing_of, read_source
    from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

    content = run.read_file(path, MAX_LIST_BYTES)
    read = read_source(content, path.name, printable(str(path)), run)
    folder = path.resolve().parent
    listing = listing_of(
        read, printable(str(path)), lambda name: folder.joinpath(name).as_uri(), tier
    )
    notes = tuple(f"{shown}: {note}" for note in read.notes)
    # The hash files beside a digest list count as well.
    complete = read.source != SOURCE
    return replace(listing, url=shown, notes=notes, companions_listed=complete)
