"""What to append: the hash files of a container, a digest list, or a folder of packages."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.builtin.logs.documents import ALGORITHM, at_address, in_file
from wheelhouse_hashes.builtin.logs.places import CONTAINER
from wheelhouse_hashes.errors import UsageError, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.tlog.entries import Entry, Kind

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run


def read_source(run: Run[Any], what: str) -> list[Entry]:
    """Return the entries that a source makes.

    :param run: the command in progress.
    :param what: ``container://NAME``, another address, a file with digests, or a folder of
        packages.
    :raises Refusal: if it cannot be read.
    """
    if what.startswith(CONTAINER):
        return _in_container(run, what.removeprefix(CONTAINER))
    path = pathlib.Path(what)
    if path.is_dir():
        return _in_folder(run, path)
    if "://" in what and not path.exists():
        return at_address(run, what)
    return in_file(run, path)


def _in_container(run: Run[Any], name: str) -> list[Entry]:
    """Read the hash files of a container, of all artifacts that it has.

    The listing may lag behind the container, so what it lacks is asked for by name.
    """
    container = run.store(name)
    objects = container.list()
    hash_files = {
        split[0]
        for each in objects
        if (split := split_hash_file_name(each)) is not None and split[1] == ALGORITHM
    }
    entries, lacking = [], []
    for artifact in sorted({*hash_files, *objects}):
        if parse_artifact_name(artifact) is None:
            continue
        there = objects.get(artifact) or container.stat(artifact)
        if there is None:
            text = "not appended: its hash file is in the container, but not the artifact"
            run.say(line("note", artifact, text))
            continue
        content = container.read(hash_file_name(artifact, ALGORITHM), MAX_BYTES)
        if content is None:
            lacking.append(artifact)
        else:
            digest = parse_hash_file(content, artifact, ALGORITHM).digest
            entries.append(Entry(artifact, digest.hex, there.size))
    note_lacking(run, lacking, container.name)
    return entries


def note_lacking(run: Run[Any], artifacts: Sequence[str], where: str) -> None:
    """Print a note about artifacts that have no digest, if there are any."""
    if artifacts:
        text = f"not appended: {len(artifacts)} artifacts without a hash file, such as "
        run.say(line("note", printable(where), text + artifacts[0]))


def _in_folder(run: Run[Any], folder: pathlib.Path) -> list[Entry]:
    """Hash the packages of a folder, which somebody else published."""
    with disk_errors(f"list the folder {folder}"):
        names = sorted(os.listdir(folder))
    paths = [folder / name for name in names if parse_artifact_name(name) is not None]
    if not paths:
        raise UsageError(f"--from {printable(str(folder))}: the folder has no artifacts")
    entries = []
    for hashed in run.hash_files(paths, (ALGORITHM,)).values():
        if not isinstance(hashed, LocalArtifact):
            raise hashed
        digest = hashed.digests[ALGORITHM]
        entries.append(Entry(hashed.name, digest, hashed.size, kind=Kind.OBSERVED))
    return entries


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
