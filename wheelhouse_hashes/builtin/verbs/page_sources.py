"""What ``page make`` reads: a folder, a digest list, or the hash files of a container."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError, Refusal, UsageError, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.formats.hash_file import (
    MAX_BYTES,
    hash_file_name,
    parse_hash_file,
    split_hash_file_name,
)
from wheelhouse_hashes.formats.urls import scheme_of, shown

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run

#: The digests that a source has, by artifact, and objections to the others.
Digests = tuple[Mapping[str, str], Sequence[Finding]]

_CONTAINER = "container"


class PageSource(Protocol):
    """Artifacts with their SHA-256."""

    #: Its path or address, for messages.
    where: str

    @property
    def names(self) -> Collection[str]:
        """The names of the artifacts."""

    def digests(self, names: Sequence[str]) -> Digests:
        """Return the SHA-256 of some artifacts, and objections to those that have none.

        :param names: the artifacts of the page.
        """


def open_source(run: Run[Any], source: str) -> PageSource:
    """Open a source.

    :param run: the command in progress.
    :param source: the path or address that the user gave.
    :raises UsageError: if there is no such folder or file, and it is not a container.
    :raises WheelhouseHashesError: if it cannot be read.
    """
    if os.path.isdir(source):  # noqa: PTH112 (Path.is_dir can raise)
        return FolderSource(run, pathlib.Path(source))
    if os.path.isfile(source):  # noqa: PTH113
        return ListSource(run, pathlib.Path(source))
    if scheme_of(source) == _CONTAINER:
        return ContainerSource(run, source)
    if "://" in source:
        raise UsageError(f"{shown(source)}: expected a digest list, a folder or container://NAME")
    raise UsageError(f"{printable(source)}: no such folder or digest list")


class FolderSource:
    """The artifacts in a folder, which are hashed.

    :param run: the command in progress.
    :param folder: the folder.
    :raises DiskError: if it cannot be listed.
    """

    def __init__(self, run: Run[Any], folder: pathlib.Path) -> None:
        self._run = run
        self._folder = folder
        self.where = printable(str(folder))
        with disk_errors(f"list the folder {folder}"):
            self.names = [each for each in os.listdir(folder) if parse_artifact_name(each)]

    def digests(self, names: Sequence[str]) -> Digests:
        """Hash the files; see :class:`PageSource`."""
        hashed = self._run.hash_files([self._folder / name for name in names], [DEFAULT_ALGORITHM])
        found: dict[str, str] = {}
        findings: list[Finding] = []
        for path, result in hashed.items():
            if isinstance(result, Refusal):
                findings.append(Finding(result.cause, f"{path.name}: {result}", next=_REGULAR))
            else:
                found[path.name] = result.digests[DEFAULT_ALGORITHM]
        return found, findings


class ListSource:
    """A digest list, lock file or report.

    :param run: the command in progress.
    :param path: the file.
    :raises Refusal: if it cannot be read.
    """

    def __init__(self, run: Run[Any], path: pathlib.Path) -> None:
        from wheelhouse_hashes.builtin.sources.digest_lists import read_source
        from wheelhouse_hashes.formats.digest_text import MAX_LIST_BYTES

        self.where = printable(str(path))
        read = read_source(run.read_file(path, MAX_LIST_BYTES), path.name, self.where, run)
        self._digests = {
            each.name: {digest.algorithm: digest.hex for digest in each.digests}
            for each in read.artifacts
        }
        self.names = [name for name in self._digests if parse_artifact_name(name)]

    def digests(self, names: Sequence[str]) -> Digests:
        """Return what the list has; see :class:`PageSource`."""
        found = {
            name: self._digests[name][DEFAULT_ALGORITHM]
            for name in names
            if DEFAULT_ALGORITHM in self._digests[name]
        }
        without = [name for name in names if name not in found]
        advice = "add its SHA-256 to the list, or make the page from the folder"
        return found, [_missing(name, f"in {self.where}", advice) for name in without]


class ContainerSource:
    """A container, of which only the hash files are read.

    :param run: the command in progress.
    :param address: ``container://NAME`` or ``container://NAME/PREFIX``.
    :raises UsageError: if the address or a store option is not valid.
    :raises StoreError: if it cannot be listed.
    """

    def __init__(self, run: Run[Any], address: str) -> None:
        name = address.partition("://")[2].removesuffix("/")
        if not name or set(name) & set("?#@"):
            raise UsageError(f"{shown(address)}: expected container://NAME or {_PREFIXED}")
        self.where = shown(address)
        self._container = run.store(unquote(name))
        # Objects with a slash are in further prefixes, which are containers of their own.
        objects = [each for each in self._container.list() if "/" not in each]
        self._artifacts = {each for each in objects if parse_artifact_name(each)}
        owners = (split_hash_file_name(each) for each in objects)
        self._announced = {owner[0] for owner in owners if owner and owner[1] == DEFAULT_ALGORITHM}
        #: Whether each artifact is there or only announced, its release is one of the container.
        self.names = [
            *self._artifacts,
            *(each for each in self._announced - self._artifacts if parse_artifact_name(each)),
        ]

    def digests(self, names: Sequence[str]) -> Digests:
        """Read the hash files; see :class:`PageSource`."""
        found: dict[str, str] = {}
        findings: list[Finding] = []
        for name in names:
            if name not in self._artifacts:
                text = f"{name}: announced by its hash file, but not in {self.where}"
                findings.append(Finding(Cause.MISSING_ARTIFACT, text, next=_UPLOAD))
                continue
            try:
                digest = self._read(name)
            except HashFileError as error:
                text = f"{hash_file_name(name, DEFAULT_ALGORITHM)}: {printable(str(error))}"
                findings.append(Finding(error.cause, text, next=error.next or _WITH_HASH_FILE))
                continue
            if digest is None:
                findings.append(_missing(name, f"file in {self.where}", _WITH_HASH_FILE))
            else:
                found[name] = digest
        return found, findings

    def _read(self, name: str) -> str | None:
        if name not in self._announced:
            return None
        content = self._container.read(hash_file_name(name, DEFAULT_ALGORITHM), MAX_BYTES)
        if content is None:
            return None
        return parse_hash_file(content, name, DEFAULT_ALGORITHM).digest.hex


_PREFIXED = "container://NAME/PREFIX"
_REGULAR = "put the artifact itself in the folder, as a regular file that can be read"
_UPLOAD = "upload it again, or delete its hash file"
_WITH_HASH_FILE = "upload it again with --hashfile"


def _missing(name: str, where: str, advice: str) -> Finding:
    return Finding(Cause.MISSING_HASH, f"{name}: no SHA-256 {where}", next=advice)
