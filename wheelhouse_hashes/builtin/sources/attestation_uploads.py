"""``upload --carry attestation``: which attestations are published, and which must not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Companion, Finding
from wheelhouse_hashes.builtin.sources.attestation_folders import LocalFolder
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.attestation_names import BUNDLES
from wheelhouse_hashes.formats.attestations import MAX_ATTESTATIONS, MAX_BYTES

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.run import Run

_ATTEST_AGAIN = "attest the file again, or remove the attestation"


class Carried:
    """The attestations in the folder that is uploaded.

    :param run: the command in progress.
    :param folder: the folder.
    """

    def __init__(self, run: Run[UploadOptions], folder: str) -> None:
        self._run = run
        self._folder = LocalFolder(run, folder)

    def companions(self, artifact: LocalArtifact) -> Sequence[Companion]:
        """Return the companions of an artifact; see ``wheelhouse_companions``.

        The attestations in files about any artifacts are published in one that is named after
        the artifact, because nothing else leads to them there.
        """
        names = self._folder.names_of(artifact.name)
        # Another run of the workflow signs the same bytes anew.
        found = [
            Companion(name, self._reader(self._folder.path / name), reproducible=False)
            for name in names
        ]
        lines = self._lines(artifact)
        name = artifact.name + BUNDLES
        if lines and name not in names:
            content = b"".join(lines)
            found.append(Companion(name, lambda: content, reproducible=False))
        if not found:
            text = f"{artifact.name}: no attestation beside it"
            self._run.note_once(f"unattested {artifact.name}", text)
        return found

    def _reader(self, path: pathlib.Path) -> Callable[[], bytes]:
        return lambda: self._run.read_file(path, MAX_BYTES)

    def _lines(self, artifact: LocalArtifact) -> Sequence[bytes]:
        """Return the attestations of these bytes, in files about any artifacts."""
        lines: list[bytes] = []
        left = MAX_BYTES
        for document in self._folder.shared(artifact.name):
            for each in document.attestations:
                line = f"{each.text}\n".encode()
                digest = each.unverified_subjects().get(artifact.name)
                if digest == artifact.digests["sha256"] and len(line) <= left:
                    left -= len(line)
                    lines.append(line)
        return lines[:MAX_ATTESTATIONS]

    def objections(self, name: str, digests: Mapping[str, str]) -> Sequence[Finding]:
        """Refuse attestations of another file or of another build.

        :param name: the artifact's name.
        :param digests: its digests.
        """
        findings = []
        for document in self._folder.own(name):
            if document.problem:
                text = f"{document.where}: {document.problem}"
                findings.append(Finding(Cause.UNREADABLE_HASH, text, next=_ATTEST_AGAIN))
            for attestation in document.attestations:
                subjects = attestation.unverified_subjects()
                signed = subjects.get(name) if subjects else attestation.message_digest
                if signed != digests["sha256"]:
                    text = f"{document.where}: attests another file, or another build of this one"
                    findings.append(Finding(Cause.CONFLICT, text, next=_ATTEST_AGAIN))
        return findings
