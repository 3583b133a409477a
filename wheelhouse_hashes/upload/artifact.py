"""Publish one artifact: announce it with its companions, send it, then confirm both.

Companions are sent first, so readers who see the artifact also find its hash file,
and an announced artifact that never arrives is visibly missing.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Companion, Digest
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.hashing import hash_artifact
from wheelhouse_hashes.errors import (
    AlreadyExists,
    DiskError,
    Interrupted,
    Refusal,
    StoreError,
    WheelhouseHashesError,
)
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.report import UploadOutcome, UploadRecord
from wheelhouse_hashes.upload.announcement import Announcement, AnotherAnnouncement
from wheelhouse_hashes.upload.companions import announced_digest, collect_companions
from wheelhouse_hashes.upload.confirmation import Confirmation
from wheelhouse_hashes.upload.index_page import index_algorithm
from wheelhouse_hashes.upload.stray_hash_files import correct_stray_hash_files, listed_algorithms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_hashes.disk.files import LocalFile
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot
    from wheelhouse_hashes.upload.outdated_links import OutdatedLinks

_PUBLISHED = "another job published this artifact with different content"
_ANNOUNCED = "another job announced different content for this artifact"


class ArtifactUpload:
    """The upload of one artifact.  Creating it reads the file once, to hash it.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: the container's listing at the start of the run.
    :param file: the open file; it must stay open during the upload.
    :param links: the links on the index page; None if the page is left alone.
    :raises DiskError: if the file cannot be read.
    """

    def __init__(
        self,
        run: Session[UploadOptions],
        store: Store,
        snapshot: ContainerSnapshot,
        file: LocalFile,
        links: OutdatedLinks | None = None,
    ) -> None:
        self._run = run
        self._store = store
        self._snapshot = snapshot
        self._links = links
        listed = listed_algorithms(snapshot, file.path.name)
        algorithms = tuple(dict.fromkeys((*run.algorithms, *store.algorithms, *listed)))
        self._file = file
        self.artifact = hash_artifact(file, algorithms, run.stop, run.activity)
        #: The objects published beside the artifact; set by :meth:`publish`.
        self.companions: list[Companion] = []
        #: Hash files of other tools in the container that contradict the artifact.
        self.problems: list[Refusal] = []

    def publish(self) -> UploadRecord:
        """Send the objects that the container lacks, and confirm them.

        If that fails for good, the container keeps the pair that it had before.

        :raises Refusal: if the container has different bytes that must be kept,
            or has different bytes after the upload.
        :raises StoreError: if an object cannot be sent.
        """
        run, artifact, store = self._run, self.artifact, self._store
        run.activity.begin("comparing")
        missing = self.companions = collect_companions(run, artifact)
        announcement = Announcement(run, store, self._snapshot, artifact, missing)
        stored = self._snapshot.objects.get(artifact.name)
        same = stored is not None and self._is_ours(stored)
        there = stored if same and not run.options.resend else None
        if there is not None:
            missing = [c for c in self.companions if not announcement.is_there(c)]
            if not missing:
                self._correct_hash_files()
                return UploadRecord(artifact.name, UploadOutcome.THERE, "already there")
        replaced = None if same else stored
        note = self._announce(announcement, missing, replaced)
        sent = self._send(announcement) if there is None else there
        announcement.pair.sent = True
        confirmation = Confirmation(run, store, announcement, stored, self._put)
        with self._taken_back(announcement):
            confirmation.confirm(sent, new=there is None)
        if replaced is None:
            self._correct_hash_files()
        for name in sorted(announcement.pair.deleted):
            run.note(line("note", name, "deleted: it belonged to the previous artifact"))
        if there is not None:
            note = "artifact already there; sent its missing companions"
        return self._record(UploadOutcome.REPLACED if replaced else UploadOutcome.SENT, note)

    def plan(self) -> UploadRecord:
        """Return what :meth:`publish` would do, and send nothing.

        :raises Refusal: if the container has different bytes that must be kept.
        :raises StoreError: if an object cannot be looked up.
        """
        run, artifact, store = self._run, self.artifact, self._store
        run.activity.begin("comparing")
        self.companions = collect_companions(run, artifact)
        announcement = Announcement(run, store, self._snapshot, artifact, self.companions)
        stored = self._snapshot.objects.get(artifact.name)
        if stored is None:
            return self._record(UploadOutcome.PLANNED, "would be sent")
        if not self._is_ours(stored):
            self._check_replacement(stored)
            return self._record(UploadOutcome.PLANNED, "would replace different content")
        if run.options.resend:
            return self._record(UploadOutcome.PLANNED, "already there; would be sent again")
        if not all(map(announcement.is_there, self.companions)):
            text = "artifact already there; its missing companions would be sent"
            return self._record(UploadOutcome.PLANNED, text)
        return UploadRecord(artifact.name, UploadOutcome.THERE, "already there")

    def _correct_hash_files(self) -> None:
        self.problems += correct_stray_hash_files(
            self._run, self._store, self._snapshot, self.artifact, self.companions
        )

    def _announce(
        self, announcement: Announcement, missing: list[Companion], replaced: Stored | None
    ) -> str:
        """Send the companions; return a note on the artifact that will be replaced."""
        note = ""
        if replaced is not None:
            self._check_replacement(replaced)
        with self._taken_back(announcement):
            if replaced is not None:
                digest = announcement.prepare_replacement(replaced)
                note = f"previously {digest or 'without a hash file'}"
                if digest and digest == self.artifact.digest(digest.algorithm):
                    note = "previously different content, beside a hash file with this digest"
                if self._links is not None:
                    self._links.remove_digests()
            self._run.activity.begin("announcing")
            try:
                announcement.send(missing)
                if replaced is not None:
                    announcement.check_remains()
            except AnotherAnnouncement:
                raise self._give_way(announcement, _ANNOUNCED) from None
        return note

    def _check_replacement(self, stored: Stored) -> None:
        """Check that the artifact may be replaced."""
        if self._run.options.no_replace:
            raise self._refused(
                "--no-replace: the container already has this artifact with different content"
            )
        store = self._store
        if not store.eventually_consistent and store.stat(self.artifact.name) != stored:
            raise self._refused(_PUBLISHED)

    def _send(self, announcement: Announcement) -> Stored:
        """Send the artifact, unless the container has different bytes that must be kept."""
        name = self.artifact.name
        with self._taken_back(announcement):
            try:
                return self._put(create_only=announcement.is_new(name))
            except AlreadyExists:
                stored = self._store.stat(name)
                if stored is not None and self._is_ours(stored):
                    return stored
                if announcement.prevails(stored):
                    return self._put()
                raise self._give_way(announcement, _PUBLISHED) from None
            except StoreError:
                # The store may have taken it although the answer was lost.
                stored = self._store.stat(name)
                if stored is not None and announcement.pair.is_sent(stored):
                    return stored
                raise

    def _give_way(self, announcement: Announcement, why: str) -> Refusal:
        """Take the companions of this job back; return the refusal to raise."""
        refused = self._refused(why)
        announcement.pair.take_back(without_artifact=True)
        return refused

    @contextlib.contextmanager
    def _taken_back(self, announcement: Announcement) -> Iterator[None]:
        """Take the announcement back on an error, and report what the container has."""
        pair = announcement.pair
        try:
            yield
        except Interrupted:
            raise
        except WheelhouseHashesError as error:
            conflict = isinstance(error, Refusal) and error.cause is Cause.CONFLICT
            if conflict and self._run.options.no_replace:
                raise  # the announcement that remains decides
            try:
                pair.take_back()
                state = "" if conflict else pair.state
            except (StoreError, DiskError):
                state = pair.repair
            if state:
                error.args = (f"{error}; {state}",)
            raise

    def _put(self, *, create_only: bool = False) -> Stored:
        counter = self._run.activity.begin("sending", moves=True)
        return self._store.put(self.artifact, self._file, counter, create_only=create_only)

    def _record(self, outcome: UploadOutcome, text: str) -> UploadRecord:
        digest = self.artifact.digest(DEFAULT_ALGORITHM)
        name = self.artifact.name
        digests = f"{digest}{''.join(f' + {c.name.removeprefix(name)}' for c in self.companions)}"
        return UploadRecord(name, outcome, f"{digests}  ({text})" if text else digests)

    def _is_ours(self, stored: Stored) -> bool:
        """Return whether an object has the local bytes; read it if nothing else confirms it."""
        same = self._store.has_bytes_of(stored, self.artifact)
        if same is None:
            known = (read := self._announced()) and read == self.artifact.digest(read.algorithm)
            same = bool(known) or self._store.reads_as(stored, self.artifact)
        return same

    def _refused(self, why: str) -> Refusal:
        published = self._announced()
        local = self.artifact.digest(DEFAULT_ALGORITHM)
        if published is not None and published == self.artifact.digest(published.algorithm):
            text = (
                f"the published hash file matches the local file ({published}), "
                "but the published artifact does not"
            )
        else:
            text = f"container: {published or 'unknown, no valid hash file'}; local: {local}"
        return Refusal(Cause.CONFLICT, f"{why} ({text})")

    @property
    def index_digest(self) -> Digest:
        """The artifact's digest for the index page, in the algorithm of a hash file if any."""
        splits = map(split_hash_file_name, (companion.name for companion in self.companions))
        algorithms = [split[1] for split in splits if split is not None]
        return self.artifact.digest(index_algorithm(algorithms or [DEFAULT_ALGORITHM]))

    def _announced(self) -> Digest | None:
        return announced_digest(self._run, self._store, self.artifact.name)
