"""Find the documents with the attestations of an artifact."""

from __future__ import annotations

import os
import pathlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import ABSENT_STATUSES, TransferError, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.attestation_names import (
    PROVENANCE,
    SUFFIXES,
    attested_artifact,
    is_bundle_list,
)
from wheelhouse_hashes.formats.attestations import (
    MAX_BYTES,
    Attestation,
    UnreadableAttestation,
    read_attestations,
)
from wheelhouse_hashes.formats.urls import is_http, shown
from wheelhouse_hashes.options import VerifyOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import ListedArtifact
    from wheelhouse_hashes.options import CheckOptions, Options
    from wheelhouse_hashes.run import Run

#: How many of the usual suffixes are requested if the listing names no attestation.
_UNLISTED = 4

#: Maximum number of files with attestations of any artifacts that are read.
_MAX_LISTS = 64


@dataclass(frozen=True)
class Document:
    """A document that was found, or why it could not be read."""

    #: The name under which it belongs beside the artifact; empty if it is about several.
    name: str
    #: Its path or URL, for messages.
    where: str
    #: The attestations in it.
    attestations: Sequence[Attestation] = ()
    #: Its content.
    content: bytes = b""
    #: Why it could not be read; empty if it could.
    problem: str = ""
    #: Whether nothing is there, although the listing names it.
    absent: bool = False


class LocalFolder:
    """The attestations in the folder that is verified or uploaded.

    :param run: the command in progress.
    :param folder: the folder.
    """

    def __init__(self, run: Run[Options], folder: str) -> None:
        self._run = run
        self.path = pathlib.Path(folder)
        with disk_errors(f"list the folder {folder}"):
            names = sorted(os.listdir(folder))
        self._names: dict[str, list[str]] = defaultdict(list)
        for name in names:
            owner = attested_artifact(name)
            if owner is not None:
                self._names[owner].append(name)
        #: The URL of the folder, to recognize its files.
        self.url = self.path.resolve().as_uri()
        self._shared = self._read_lists([name for name in names if is_bundle_list(name)])

    def names_of(self, artifact: str) -> Sequence[str]:
        """Return the names of the documents that belong to an artifact."""
        return self._names.get(artifact, ())

    def of(self, artifact: str) -> list[Document]:
        """Return the documents that belong to an artifact, or have an attestation of it."""
        own = [self._read(name) for name in self.names_of(artifact)]
        return [*own, *self._shared.get(artifact, ())]

    def _read(self, name: str) -> Document:
        path = self.path / name
        return document(name, printable(str(path)), self._run.read_file(path, MAX_BYTES))

    def _read_lists(self, names: Sequence[str]) -> Mapping[str, list[Document]]:
        """Read the files that can have attestations of any artifacts."""
        found: dict[str, list[Document]] = defaultdict(list)
        for name in names[:_MAX_LISTS]:
            read = self._read(name)
            if read.problem:
                self._run.note_once(f"unread {name}", f"{read.where}: ignored: {read.problem}")
            for attestation in read.attestations:
                for subject in attestation.unverified_subjects():
                    found[subject].append(Document("", read.where, [attestation]))
        return found


def local_folder(run: Run[Options]) -> LocalFolder | None:
    """Return the folder that ``verify`` is about; None if there is none.

    :param run: the command in progress.
    """
    options = run.options
    if isinstance(options, VerifyOptions) and os.path.isdir(options.folder):  # noqa: PTH112 (Path("") is a folder)
        return LocalFolder(run, options.folder)
    return None


def document(name: str, where: str, content: bytes) -> Document:
    """Return a document, read as far as it can be.

    :param name: the name under which it belongs beside the artifact.
    :param where: its path or URL, for messages.
    :param content: its content.
    """
    try:
        return Document(name, where, read_attestations(content), content)
    except UnreadableAttestation as error:
        return Document(name, where, content=content, problem=f"not an attestation: {error}")


def listed_documents(
    artifact: ListedArtifact, run: Run[CheckOptions], folder: LocalFolder | None
) -> list[Document]:
    """Return the documents that the listing names, and those of the folder that is verified.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param folder: the folder that is verified, if any.
    :raises TransferError: if a request fails in a way that a retry may resolve.
    """
    found = folder.of(artifact.name) if folder is not None else []
    for name, url in sorted(artifact.companions.items()):
        if attested_artifact(name) != artifact.name:
            continue
        if folder is not None and url.rpartition("/")[0] == folder.url:
            continue  # read already
        found.append(_companion(artifact, run, name, url))
    if artifact.provenance is not None:
        found.append(_provenance(artifact.name, artifact.provenance, run))
    return found


def _companion(artifact: ListedArtifact, run: Run[CheckOptions], name: str, url: str) -> Document:
    suffix = name.removeprefix(artifact.name)
    try:
        content = run.companion(artifact, suffix, max_bytes=MAX_BYTES)
    except TransferError as error:
        return _too_large(error, name, url)
    if content is None:
        return Document(name, shown(url), problem="listed, but not there", absent=True)
    return document(name, shown(url), content)


def _provenance(name: str, url: str, run: Run[CheckOptions]) -> Document:
    """Read the attestations that the index keeps (:pep:`740`)."""
    try:
        content = run.client.get(url, max_bytes=MAX_BYTES, headers={}).body
    except TransferError as error:
        if error.status in ABSENT_STATUSES:
            problem = "the page names it, but it is not there"
            return Document(name + PROVENANCE, shown(url), problem=problem, absent=True)
        return _too_large(error, name + PROVENANCE, url)
    return document(name + PROVENANCE, shown(url), content)


def _too_large(error: TransferError, name: str, url: str) -> Document:
    """Return the document that is too large to be read; raise any other error."""
    if error.cause is not Cause.TOO_LARGE:
        raise error
    return Document(name, shown(url), problem=str(error))


def unlisted_documents(artifact: ListedArtifact, run: Run[CheckOptions]) -> Iterator[Document]:
    """Request the usual documents that no listing names, one after the other.

    An answer that is no attestation counts as none, since a server may answer anything.

    :param artifact: the artifact.
    :param run: the command in progress.
    :raises TransferError: if a request fails in a way that a retry may resolve.
    """
    if not is_http(artifact.url):
        return
    for suffix in SUFFIXES[:_UNLISTED]:
        url = run.companion_url(artifact, suffix)
        if url is None:
            continue
        try:
            content = run.companion(artifact, suffix, max_bytes=MAX_BYTES)
        except TransferError as error:
            if error.status == 0 or error.transient:
                raise
            continue
        read = document(artifact.name + suffix, shown(url), content or b"")
        if not read.problem:
            yield read
