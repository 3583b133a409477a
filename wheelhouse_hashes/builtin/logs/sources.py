"""What to append: the hash files of a container, a digest list, or a folder of packages."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.builtin.logs.places import CONTAINER
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal, UsageError, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.tlog.entries import Entry, Kind
from wheelhouse_hashes.tlog.merkle import LogError

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

#: The algorithm of the digests in a log.
_ALGORITHM = "sha256"


def read_source(run: Run[Any], what: str) -> list[Entry]:
    """Return the entries that a source makes.

    :param run: the command in progress.
    :param what: ``container://NAME``, a digest list, or a folder of packages.
    :raises UsageError: if it is none of them.
    :raises Refusal: if it cannot be read.
    """
    if what.startswith(CONTAINER):
        return _in_container(run, what.removeprefix(CONTAINER))
    path = pathlib.Path(what)
    if "://" in what:
        raise UsageError(
            f"--from {run.shown(what)}: fetch the files, and give the folder or the list of "
            "digests (--sums)"
        )
    if path.is_dir():
        return _in_folder(run, path)
    return _in_list(run, path)


def _in_container(run: Run[Any], name: str) -> list[Entry]:
    """Read the hash files of a container, of all artifacts that it has."""
    container = run.store(name)
    objects = container.list()
    entries = []
    for object_name in sorted(objects):
        split = split_hash_file_name(object_name)
        if split is None or split[1] != _ALGORITHM or parse_artifact_name(split[0]) is None:
            continue
        artifact = objects.get(split[0])
        if artifact is None:
            text = "not appended: its hash file is in the container, but not the artifact"
            run.say(line("note", split[0], text))
            continue
        content = container.read(object_name, MAX_BYTES)
        if content is not None:
            digest = parse_hash_file(content, split[0], _ALGORITHM).digest
            entries.append(Entry(split[0], digest.hex, artifact.size))
    _note_others(
        run, [n for n in objects if parse_artifact_name(n) is not None], objects, container.name
    )
    return entries


def _note_others(
    run: Run[Any], artifacts: Iterable[str], objects: Iterable[str], where: str
) -> None:
    """Print a note about artifacts that have no hash file."""
    lacking = [n for n in artifacts if hash_file_name(n, _ALGORITHM) not in set(objects)]
    if lacking:
        text = f"not appended: {len(lacking)} artifacts without a hash file, such as {lacking[0]}"
        run.say(line("note", printable(where), text))


def _in_folder(run: Run[Any], folder: pathlib.Path) -> list[Entry]:
    """Hash the packages of a folder, which somebody else published."""
    with disk_errors(f"list the folder {folder}"):
        names = sorted(os.listdir(folder))
    paths = [folder / name for name in names if parse_artifact_name(name) is not None]
    if not paths:
        raise UsageError(f"--from {printable(str(folder))}: the folder has no artifacts")
    entries = []
    for hashed in run.hash_files(paths, (_ALGORITHM,)).values():
        if not isinstance(hashed, LocalArtifact):
            raise hashed
        digest = hashed.digests[_ALGORITHM]
        entries.append(Entry(hashed.name, digest, hashed.size, kind=Kind.OBSERVED))
    return entries


def _in_list(run: Run[Any], path: pathlib.Path) -> list[Entry]:
    """Read a digest list."""
    # Imported here because a run may have no list.
    from wheelhouse_hashes.formats.digest_list import parse_digest_list
    from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

    shown = printable(str(path))
    content = run.read_file(path, MAX_LIST_BYTES)
    try:
        read = parse_digest_list(content, path.name, (_ALGORITHM,))
        digests = {
            name: [digest.hex for digest in found if digest.algorithm == _ALGORITHM]
            for name, found in read.digests.items()
        }
        lacking = sorted(name for name, found in digests.items() if not found)
        if lacking:
            raise HashFileError(f"it has no SHA-256 digest of {printable(lacking[0])!r}")
        return [Entry(name, digest) for name, found in digests.items() for digest in found]
    except (HashFileError, LogError) as error:
        raise Refusal(Cause.UNREADABLE_HASH, f"{shown}: {error}", may_heal=False) from None


def merged(sources: Iterable[Iterable[Entry]]) -> list[Entry]:
    """Return the entries of several sources, one for each name and digest, sorted.

    If several entries have one name and digest, the first in the order of kinds (``file``,
    then ``observed``) is taken, and of these one with a size.
    """
    found: dict[tuple[str, str], Entry] = {}
    for entry in (entry for source in sources for entry in source):
        known = found.get((entry.name, entry.sha256))
        if known is None or _preference(entry) < _preference(known):
            found[entry.name, entry.sha256] = entry
    return [entry for _, entry in sorted(found.items())]


def _preference(entry: Entry) -> tuple[bool, bool, bytes]:
    return entry.kind is not Kind.FILE, entry.size is None, entry.encode()
