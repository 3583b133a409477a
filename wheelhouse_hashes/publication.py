"""Publish one artifact: announce it by its companions, then send it, then look.

The companions go first: who sees the artifact finds its hash file, and an
artifact that was announced and never came can be seen to be missing.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Companion, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import AlreadyExists, DiskError, HashFileError, Refusal
from wheelhouse_hashes.folder import hash_file_on_disk
from wheelhouse_hashes.hashfile import MAX_BYTES, hash_file_name, parse_hash_file
from wheelhouse_hashes.report import Sent, UploadRecord
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.store import Store, Stored
from wheelhouse_hashes.waiting import backoff


class Publication:
    """The way of one artifact into the container.  The file is read here, once.

    :param run: the command in progress.
    :param store: the container.
    :param listing: what it listed at the start of the run.
    :param path: the file.
    :raises DiskError: if the file cannot be read.
    """

    def __init__(
        self, run: Run, store: Store, listing: Mapping[str, Stored], path: pathlib.Path
    ) -> None:
        self._run = run
        self._store = store
        self._listing = listing
        algorithms = tuple(dict.fromkeys((*run.algorithms, *store.algorithms)))
        try:
            seen = hash_file_on_disk(path, algorithms, follow=True)
        except OSError as error:
            raise DiskError(f"cannot read {path}: {error.strerror}") from None
        self.artifact = LocalArtifact(path, seen.size, seen.digests)
        #: What is published beside it; known after :meth:`publish`.
        self.companions: list[Companion] = []

    def publish(self) -> UploadRecord:
        """Send what is not there yet, and confirm it.

        :raises Refusal: if the container has other bytes and must keep them,
            or if other bytes are there in the end.
        :raises StoreError: if it cannot be sent.
        """
        run, store, artifact = self._run, self._store, self.artifact
        missing = self.companions = self._ask_for_companions()
        stored = self._listing.get(artifact.name)
        same = stored is not None and store.has_bytes_of(stored, artifact)
        complete = same and not run.options.resend
        if complete:
            missing = [c for c in self.companions if not self._is_there(c)]
            if not missing:
                return UploadRecord(artifact.name, Sent.THERE, "already there")
        replaced = stored is not None and not same
        create_only = run.options.no_replace
        if replaced and create_only:
            raise self._replacement_refused()
        before = self._announced_digest() if replaced else ""
        for companion in missing:
            self._announce(companion, create_only)
        if complete:
            return self._record(Sent.SENT, "the artifact was there, its companions were not")
        try:
            sent = store.put(artifact, create_only=create_only)
        except AlreadyExists:
            stored = store.stat(artifact.name)
            if stored is None or not store.has_bytes_of(stored, artifact):
                raise self._replacement_refused() from None
            sent = stored
        self._confirm(sent)
        if replaced:
            return self._record(Sent.REPLACED, f"it was {before or 'there without a hash file'}")
        return self._record(Sent.SENT, "")

    def _record(self, outcome: Sent, text: str) -> UploadRecord:
        digest = self.artifact.digest(DEFAULT_ALGORITHM)
        name = self.artifact.name
        said = f"{digest}{''.join(f' + {c.name.removeprefix(name)}' for c in self.companions)}"
        return UploadRecord(name, outcome, f"{said}  ({text})" if text else said)

    def _ask_for_companions(self) -> list[Companion]:
        """Ask for the companions, and check that they can be told for what they are."""
        companions = self._run.plugins.companions(self.artifact, self._run)
        for companion in companions:
            if self._run.plugins.companion_of(companion.name) != self.artifact.name:
                raise Refusal(
                    Cause.PLUGIN,
                    f"a plugin made the companion {companion.name!r}, but no plugin's "
                    f"wheelhouse_companion_of knows that it belongs to {self.artifact.name}",
                )
        return companions

    def _is_there(self, companion: Companion) -> bool:
        if not companion.reproducible:
            return companion.name in self._listing
        content = companion.content()
        return self._store.read(companion.name, len(content) + 1) == content

    def _announce(self, companion: Companion, create_only: bool) -> None:
        """Put a companion where it is not there yet."""
        content = companion.content()
        try:
            self._store.put_bytes(companion.name, content, create_only=create_only)
        except AlreadyExists:
            if not companion.reproducible:
                return
            if self._store.read(companion.name, len(content) + 1) != content:
                raise self._replacement_refused() from None

    def _confirm(self, sent: Stored) -> None:
        """Look whether what was sent is what is there.

        Two jobs that send different bytes under one name would else leave one
        job's artifact beside the other job's hash file, and both be content.
        """
        for pause in backoff():
            found = self._store.stat(self.artifact.name)
            ours = found is not None and (
                found == sent or self._store.has_bytes_of(found, self.artifact)
            )
            if ours and all(self._is_there(c) for c in self.companions if c.reproducible):
                return
            if not self._store.eventually_consistent or not self._run.budget.pause(pause):
                break
        raise Refusal(
            Cause.CONFLICT,
            f"after sending it, {self._bytes_there()}; another job sends other bytes under "
            "this name: find out which are right, then upload those again",
        )

    def _bytes_there(self) -> str:
        digest = self._announced_digest()
        return f"its hash file says {digest}" if digest else "other bytes are there"

    def _replacement_refused(self) -> Refusal:
        digest = self._announced_digest() or "unknown, it has no hash file"
        ours = self.artifact.digest(DEFAULT_ALGORITHM)
        return Refusal(
            Cause.CONFLICT,
            f"--no-replace: other bytes are there (theirs: {digest}; ours: {ours})",
        )

    def _announced_digest(self) -> str:
        """Return the digest of what is there, as its hash file has it."""
        name = self.artifact.name
        for algorithm in self._run.algorithms:
            content = self._store.read(hash_file_name(name, algorithm), MAX_BYTES + 1)
            if content is not None:
                try:
                    return str(parse_hash_file(content, name, algorithm).digest)
                except HashFileError:
                    continue
        return ""
