"""Publish one artifact: announce it with its companions, send it, then confirm both.

Companions are sent first, so readers who see the artifact also find its hash file,
and an announced artifact that never arrives is visibly missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Companion, Digest, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import LocalFile, disk_errors, hash_file
from wheelhouse_hashes.errors import AlreadyExists, Refusal, StoreError
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.report import UploadOutcome, UploadRecord
from wheelhouse_hashes.runtime.retry import Again, TryAgain, repeat
from wheelhouse_hashes.upload.companions import announced_digest, collect_companions, media_type
from wheelhouse_hashes.upload.index_page import index_algorithm

if TYPE_CHECKING:
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

#: Number of checks for this job's companions beside its artifact before different
#: companions count as another job's.
MAX_LOOKS = 4

_NOT_VISIBLE = "not visible in the store yet"

_PUBLISHED = "another job published this artifact with different content"
_ANNOUNCED = "another job announced different content for this artifact"


@dataclass
class _Confirmation:
    """The state of the checks that follow an upload."""

    sent: Stored
    before: Stored | None
    looks: int = 0
    late: bool = False


class ArtifactUpload:
    """The upload of one artifact.  Creating it reads the file once, to hash it.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: the container's listing at the start of the run.
    :param file: the open file; it must stay open during the upload.
    :raises DiskError: if the file cannot be read.
    """

    def __init__(
        self,
        run: Session[UploadOptions],
        store: Store,
        snapshot: ContainerSnapshot,
        file: LocalFile,
    ) -> None:
        self._run = run
        self._store = store
        self._snapshot = snapshot
        algorithms = tuple(dict.fromkeys((*run.algorithms, *store.algorithms)))
        self._file = file
        with disk_errors(f"read {file.path}"):
            version = file.identity
            seen = hash_file(file.rewound(), algorithms, run.stop, run.activity.begin("hashing"))
        self.artifact = LocalArtifact(file.path, seen.size, seen.digests, version)
        #: The objects published beside the artifact; set by :meth:`publish`.
        self.companions: list[Companion] = []
        self._created: dict[str, bytes] = {}

    def publish(self) -> UploadRecord:
        """Send the objects that the container lacks, and confirm them.

        :raises Refusal: if the container has different bytes that must be kept,
            or has different bytes after the upload.
        :raises StoreError: if an object cannot be sent.
        """
        run, artifact = self._run, self.artifact
        run.activity.begin("comparing")
        missing = self.companions = collect_companions(run, artifact)
        stored = self._snapshot.objects.get(artifact.name)
        same = stored is not None and self._is_ours(stored)
        complete = same and not run.options.resend
        if complete:
            missing = [c for c in self.companions if not self._is_there(c)]
            if not missing:
                return UploadRecord(artifact.name, UploadOutcome.THERE, "already there")
        replaced = ""
        if stored is not None and not same:
            replaced = self._prepare_replacement(stored)
        self._announce(missing)
        if complete and stored is not None:
            self._confirm(stored)
            return self._record(
                UploadOutcome.SENT, "artifact already there; sent its missing companions"
            )
        self._confirm(self._send())
        return self._record(UploadOutcome.REPLACED if replaced else UploadOutcome.SENT, replaced)

    def _is_new(self, name: str) -> bool:
        """Return whether an object must not exist yet.

        If listings are reliable, an object that exists now but was not listed at
        the start comes from another job; its objects must not mix with this job's.
        """
        if self._run.options.no_replace:
            return True
        return not self._store.eventually_consistent and name not in self._snapshot.objects

    def _prepare_replacement(self, stored: Stored) -> str:
        """Check that the artifact may be replaced, and delete companions that do not fit.

        :returns: a note on the replaced artifact.
        """
        if self._run.options.no_replace:
            raise self._refused(
                "--no-replace: the container already has this artifact with different content"
            )
        store = self._store
        if not store.eventually_consistent and store.stat(self.artifact.name) != stored:
            raise self._refused(_PUBLISHED)
        digest = self._announced()
        ours = {companion.name for companion in self.companions}
        for name in self._snapshot.companions.get(self.artifact.name, ()):
            if name not in ours:
                store.delete(name)
        return f"previously {digest or 'without a hash file'}"

    def _announce(self, companions: list[Companion]) -> None:
        """Send the companions."""
        self._run.activity.begin("announcing")
        for companion in companions:
            content = companion.content()
            create_only = self._is_new(companion.name)
            try:
                self._store.put_bytes(
                    companion.name, content, media_type(companion.name), create_only=create_only
                )
            except AlreadyExists:
                ours = not companion.reproducible or self._has(companion.name, content)
            else:
                if create_only:
                    self._created[companion.name] = content
                ours = not create_only or self._is_still_ours(companion)
            if not ours:
                raise self._give_way(_ANNOUNCED)

    def _is_still_ours(self, companion: Companion) -> bool:
        """Return whether no other job has replaced a companion that this job created.

        If two jobs can both create one object (Swift checks each replica separately),
        the later object remains and its job publishes.  The other job must find out
        before it sends its artifact: an upload that takes minutes could replace the
        right artifact after that was confirmed.
        """
        if not self._store.eventually_consistent or not companion.reproducible:
            return True
        content = companion.content()
        return self._store.read(companion.name, len(content) + 1) in (None, content)

    def _send(self) -> Stored:
        """Send the artifact, unless the container has different bytes that must be kept."""
        name = self.artifact.name
        try:
            return self._put(create_only=self._is_new(name))
        except AlreadyExists:
            stored = self._store.stat(name)
            if stored is not None and self._is_ours(stored):
                return stored
            if self._prevails(stored):
                return self._put()
            raise self._give_way(_PUBLISHED) from None

    def _give_way(self, why: str) -> Refusal:
        """Delete the companions that this job created; return the refusal to raise."""
        refused = self._refused(why)
        for created, content in self._created.items():
            # Another job may have replaced it.
            if self._has(created, content):
                self._store.delete(created)
        return refused

    def _put(self, *, create_only: bool = False) -> Stored:
        counter = self._run.activity.begin("sending", moves=True)
        return self._store.put(self.artifact, self._file, counter, create_only=create_only)

    def _prevails(self, stored: Stored | None) -> bool:
        """Return whether this job's announcement remains, and is older than the artifact there.

        The other job then announced as well and gives way: the remaining announcement
        decides.  Without this rule, each job would give way to the other.  An artifact
        without metadata comes from a job that announces nothing, and is kept.

        :param stored: the other job's artifact, None if it is already gone.
        """
        announced = [companion for companion in self.companions if companion.reproducible]
        if not (self._store.eventually_consistent and self._run.options.no_replace and announced):
            return False
        if not all(map(self._is_there, announced)):
            return False
        if stored is None:
            return True
        put = stored.modified
        if put is None or not stored.sha256:
            return False
        found = [self._store.stat(companion.name) for companion in announced]
        dates = [each.modified if each else None for each in found]
        return all(date is not None and date <= put for date in dates)

    def _record(self, outcome: UploadOutcome, text: str) -> UploadRecord:
        digest = self.artifact.digest(DEFAULT_ALGORITHM)
        name = self.artifact.name
        digests = f"{digest}{''.join(f' + {c.name.removeprefix(name)}' for c in self.companions)}"
        return UploadRecord(name, outcome, f"{digests}  ({text})" if text else digests)

    def _is_there(self, companion: Companion) -> bool:
        if companion.reproducible:
            return self._has(companion.name, companion.content())
        return (
            companion.name in self._snapshot.objects or self._store.stat(companion.name) is not None
        )

    def _has(self, name: str, content: bytes) -> bool:
        return self._store.read(name, len(content) + 1) == content

    def _confirm(self, sent: Stored) -> None:
        """Check that the container has the bytes that were sent.

        Without this, two jobs that upload different bytes under one name could
        leave one job's artifact beside the other's hash file, and both would
        report success.
        """
        self._run.activity.begin("confirming")
        confirmation = _Confirmation(sent, self._snapshot.objects.get(self.artifact.name))
        try:
            repeat(lambda: self._look(confirmation), self._run.budget)
        except TryAgain:
            if not confirmation.late:
                raise self._conflict() from None
            raise StoreError(f"sent, but {_NOT_VISIBLE}: run the upload again") from None

    def _look(self, confirmation: _Confirmation) -> None:
        """Look once; raise :exc:`TryAgain` if the store may not have caught up."""
        before = confirmation.before
        confirmation.looks += 1
        found = self._store.stat(self.artifact.name)
        ours = found is not None and (
            found == confirmation.sent or self._may_be_sent(found, before)
        )
        if ours and all(map(self._is_there, self.companions)):
            return
        # A store that has not caught up shows nothing or the previous version;
        # a third version comes from another job.
        late = found is None or (before is not None and found.etag == before.etag)
        confirmation.late = late
        if not late and not ours and confirmation.looks < MAX_LOOKS and self._prevails(found):
            confirmation.sent = self._put()
            raise TryAgain(Again(Cause.STALE, _NOT_VISIBLE, at_once=True))
        another = not late and (not ours or confirmation.looks == MAX_LOOKS)
        if another or not self._store.eventually_consistent:
            raise self._conflict()
        raise TryAgain(Again(Cause.STALE, _NOT_VISIBLE))

    def _conflict(self) -> Refusal:
        return Refusal(
            Cause.CONFLICT,
            f"after the upload, {self._content_there()}; another job is uploading a different file "
            "under the same name: find out which file is correct and upload that one again",
        )

    def _may_be_sent(self, found: Stored, before: Stored | None) -> bool:
        """Return whether an object can be the one that was sent, by the store's metadata.

        If the metadata are inconclusive, a changed etag is enough.
        """
        same = self._store.has_bytes_of(found, self.artifact)
        return (before is None or found.etag != before.etag) if same is None else same

    def _is_ours(self, stored: Stored) -> bool:
        """Return whether an object has the local bytes; read it if nothing else confirms it."""
        same = self._store.has_bytes_of(stored, self.artifact)
        if same is None:
            known = (read := self._announced()) and read == self.artifact.digest(read.algorithm)
            same = bool(known) or self._store.reads_as(stored, self.artifact)
        return same

    def _content_there(self) -> str:
        if digest := self._announced():
            return f"its hash file contains the digest {digest}"
        return "the artifact in the container has different content"

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
