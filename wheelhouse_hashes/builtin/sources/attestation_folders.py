"""The attestations in a local folder, which is verified or uploaded."""

from __future__ import annotations

import os
import pathlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin.sources.attestation_documents import (
    MAX_DOCUMENTS,
    Document,
    document,
    too_many,
)
from wheelhouse_hashes.errors import DiskError, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.attestation_names import attested_artifact, is_bundle_list
from wheelhouse_hashes.formats.attestations import MAX_BYTES, Attestation
from wheelhouse_hashes.options import VerifyOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run

#: Maximum number of files with attestations of any artifacts, and of bytes in all of them.
#: ``gh attestation download`` writes one file for each artifact.
MAX_LISTS, MAX_LIST_BYTES = 1024, 64 * 1024 * 1024


class LocalFolder:
    """The attestations in a folder.

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

    def own(self, artifact: str) -> list[Document]:
        """Return the documents that belong to an artifact."""
        names = self.names_of(artifact)
        found = [self._read(name) for name in names[:MAX_DOCUMENTS]]
        if len(names) > MAX_DOCUMENTS:
            found.append(too_many(printable(str(self.path / artifact)), len(names)))
        return found

    def shared(self, artifact: str) -> Sequence[Document]:
        """Return the attestations that say that they are of an artifact, in files about any.

        Their signatures have not been checked.
        """
        return self._shared.get(artifact, ())

    def _read(self, name: str) -> Document:
        path = self.path / name
        return document(name, printable(str(path)), self._run.read_file(path, MAX_BYTES))

    def _read_lists(self, names: Sequence[str]) -> Mapping[str, list[Document]]:
        """Read the files that can have attestations of any artifacts.

        An attestation of several artifacts is in the file of each of them, and counts once.
        """
        found: dict[str, list[Document]] = defaultdict(list)
        known: set[str] = set()
        left = MAX_LIST_BYTES
        for number, name in enumerate(names):
            if number == MAX_LISTS or left < 0:
                text = f"{len(names) - number} more files with attestations are ignored: too many"
                self._run.note_once("unread lists", text)
                break
            try:
                read = self._read(name)
            except DiskError as error:
                # It may be anything: a folder, or a file of another tool.
                read = Document("", printable(str(self.path / name)), problem=str(error))
            left -= len(read.content)
            if read.problem:
                self._run.note_once(f"unread {name}", f"{read.where}: ignored: {read.problem}")
            for attestation in read.attestations:
                if attestation.text not in known:
                    known.add(attestation.text)
                    self._add(found, read.where, attestation)
        return found

    @staticmethod
    def _add(found: dict[str, list[Document]], where: str, attestation: Attestation) -> None:
        for subject in attestation.unverified_subjects():
            found[subject].append(Document("", where, [attestation]))


def local_folder(run: Run[Options]) -> LocalFolder | None:
    """Return the folder that ``verify`` is about; None if there is none.

    :param run: the command in progress.
    """
    options = run.options
    if isinstance(options, VerifyOptions) and os.path.isdir(options.folder):  # noqa: PTH112 (Path("") is a folder)
        return LocalFolder(run, options.folder)
    return None
