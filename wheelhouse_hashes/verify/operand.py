"""What ``verify`` compares with the sources: the files of a folder, or the digests of a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from wheelhouse_hashes.artifacts import Claim, Digest, Finding, ListedArtifact, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import hash_file_on_disk, size_on_disk
from wheelhouse_hashes.disk.folder import Folder
from wheelhouse_hashes.errors import DiskError, HashFileError, Refusal, disk_errors
from wheelhouse_hashes.filenames import parse_artifact_name
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.lines import line, others_write
from wheelhouse_hashes.listing.locate import locate
from wheelhouse_hashes.verdict.conclude import judge_file
from wheelhouse_hashes.verdict.rules import algorithms_of

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.options import VerifyOptions
    from wheelhouse_hashes.plugins.session import Session


class Operand(Protocol):
    """The artifacts to verify."""

    @property
    def names(self) -> Collection[str]:
        """Their names."""

    def sizes(self) -> Mapping[str, int | None]:
        """Return the sizes of those that are read, by name."""

    def judge(self, artifact: ListedArtifact, heard: Sequence[Claim | Finding]) -> Verdict:
        """Compare an artifact with claims; worker thread.

        :param artifact: the artifact, perhaps one that is not there.
        :param heard: the claims and findings of the sources.
        :raises Refusal: if it is not there, or cannot be read.
        """


class Files:
    """The artifacts in a folder.

    :param folder: the folder.
    :param run: the command in progress.
    :raises DiskError: if it cannot be listed, or if others can write and it must be strict.
    """

    def __init__(self, folder: pathlib.Path, run: Session[VerifyOptions]) -> None:
        self._run = run
        #: The names of all files in the folder.
        self.all_names = _names_in(folder, run)
        self._paths = {
            name: folder / name for name in self.all_names if parse_artifact_name(name) is not None
        }

    @property
    def names(self) -> Collection[str]:
        """The names of the artifacts."""
        return self._paths.keys()

    def sizes(self) -> Mapping[str, int | None]:
        """Return the sizes of the artifacts by name."""
        return {name: size_on_disk(path) for name, path in self._paths.items()}

    def judge(self, artifact: ListedArtifact, heard: Sequence[Claim | Finding]) -> Verdict:
        """Hash a file in place and compare it; see :class:`Operand`."""
        run, path = self._run, self._paths.get(artifact.name)
        if path is None:
            raise Refusal(Cause.MISSING_ARTIFACT, "announced, but not in the folder")
        with disk_errors(f"read {path}"):
            if not path.is_file():
                raise DiskError(f"{path} is not a file")
            counter = run.activity.begin("hashing", moves=True)
            algorithms = algorithms_of(heard)
            seen = hash_file_on_disk(path, algorithms, run.stop, follow=True, counter=counter)
        run.activity.begin("judging")
        return judge_file(run, artifact, heard, seen, path)


class DigestsOfList:
    """The artifacts of a digest list, of which no bytes are read.

    :param path: the list.
    :param run: the command in progress.
    :raises HashFileError: if it cannot be read, or names no artifacts.
    """

    def __init__(self, path: pathlib.Path, run: Session[VerifyOptions]) -> None:
        self._run = run
        self._path = path
        listing = locate(run, str(path))
        self._digests: dict[str, dict[str, str]] = {}
        for entry in listing.entries:
            if parse_artifact_name(entry.name) is not None:
                known = self._digests.setdefault(entry.name, {})
                known.update(_by_algorithm(entry.claims))
        if not self._digests:
            raise HashFileError(
                f"{path}: has no digests of artifacts by name",
                next="give a digest list or a lock file, and this one with --against",
            )

    @property
    def names(self) -> Collection[str]:
        """The names of the artifacts."""
        return self._digests.keys()

    def sizes(self) -> Mapping[str, int | None]:
        """Return nothing: no artifact is read."""
        return {}

    def judge(self, artifact: ListedArtifact, heard: Sequence[Claim | Finding]) -> Verdict:
        """Compare the digests of an artifact; see :class:`Operand`."""
        digests = self._digests.get(artifact.name)
        if digests is None:
            raise Refusal(Cause.MISSING_ARTIFACT, f"announced, but not in {self._path}")
        seen = Seen(0, digests, b"", b"", unread=True)
        return judge_file(self._run, artifact, heard, seen, None)


def _by_algorithm(claims: Sequence[Claim | Finding]) -> dict[str, str]:
    digests: list[Digest] = [claim.digest for claim in claims if isinstance(claim, Claim)]
    return {digest.algorithm: digest.hex for digest in digests}


def _names_in(folder: pathlib.Path, run: Session[VerifyOptions]) -> list[str]:
    """Return the names in a folder; check that other users cannot write to it."""
    with disk_errors(f"list the folder {folder}"), Folder(folder) as opened:
        names, others = opened.names(), opened.other_writers
    if others and run.options.strict_folder:
        error = DiskError(f"{folder}: {others_write(others)}")
        error.next = "run chmod go-w on it, or copy the files to a folder of your own"
        raise error
    if others:
        run.note(line("note", str(folder), others_write(others)))
    return names
