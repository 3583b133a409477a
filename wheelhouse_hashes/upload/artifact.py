"""Publish one artifact: announce it by its companions, then send it, then look.

The companions go first: who sees the artifact finds its hash file, and an
artifact that was announced and never came can be seen to be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Companion, Digest, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import LocalFile, disk_errors, hash_file
from wheelhouse_hashes.errors import AlreadyExists, Refusal, StoreError
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.report import UploadOutcome, UploadRecord
from wheelhouse_hashes.runtime.waiting import backoff
from wheelhouse_hashes.upload.companions import announced_digest, collect_companions, media_type
from wheelhouse_hashes.upload.index_page import index_algorithm

if TYPE_CHECKING:
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot

#: How often to look for our companions beside our artifact, before those that
#: are there instead count as another job's.
MAX_LOOKS = 4


class ArtifactUpload:
    """The way of one artifact into the container.  The file is read here, once.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: what it held at the start of the run.
    :param file: the file, which stays open.
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
        #: What is published beside it; known after :meth:`publish`.
        self.companions: list[Companion] = []
        self._created: dict[str, bytes] = {}

    def publish(self) -> UploadRecord:
        """Send what is not there yet, and confirm it.

        :raises Refusal: if the container has other bytes and must keep them,
            or if other bytes are there in the end.
        :raises StoreError: if it cannot be sent.
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
                UploadOutcome.SENT, "the artifact was there, its companions were not"
            )
        self._confirm(self._send())
        return self._record(UploadOutcome.REPLACED if replaced else UploadOutcome.SENT, replaced)

    def _is_new(self, name: str) -> bool:
        """Tell whether an object must not be there yet.

        Where a listing is the truth, what it did not show at the start and is
        there now comes from another job, with which we must not mix.
        """
        if self._run.options.no_replace:
            return True
        return not self._store.eventually_consistent and name not in self._snapshot.objects

    def _prepare_replacement(self, stored: Stored) -> str:
        """Check that the artifact may be replaced, and remove what would contradict it.

        :returns: what the artifact was.
        """
        if self._run.options.no_replace:
            raise self._refused("--no-replace: other bytes are there")
        store = self._store
        if not store.eventually_consistent and store.stat(self.artifact.name) != stored:
            raise self._refused("another job published other bytes")
        digest = self._announced()
        ours = {companion.name for companion in self.companions}
        for name in self._snapshot.companions.get(self.artifact.name, ()):
            if name not in ours:
                store.delete(name)
        return f"it was {digest or 'there without a hash file'}"

    def _announce(self, companions: list[Companion]) -> None:
        """Put the companions."""
        self._run.activity.begin("announcing")
        for companion in companions:
            content = companion.content()
            create_only = self._is_new(companion.name)
            try:
                self._store.put_bytes(
                    companion.name, content, media_type(companion.name), create_only=create_only
                )
            except AlreadyExists:
                stands = not companion.reproducible or self._has(companion.name, content)
            else:
                if create_only:
                    self._created[companion.name] = content
                stands = not create_only or self._stands(companion)
            if not stands:
                raise self._give_way("another job announced other bytes")

    def _stands(self, companion: Companion) -> bool:
        """Tell whether an announcement that we created is not another job's by now.

        Where two can create one object (Swift asks each replica by itself) the
        later one is left, and its job publishes.  The other must know before it
        sends: an artifact that is on its way for minutes could replace the right
        one after that was confirmed.
        """
        if not self._store.eventually_consistent or not companion.reproducible:
            return True
        content = companion.content()
        return self._store.read(companion.name, len(content) + 1) in (None, content)

    def _send(self) -> Stored:
        """Put the artifact, unless other bytes are there that must stay."""
        name = self.artifact.name
        try:
            return self._put(create_only=self._is_new(name))
        except AlreadyExists:
            stored = self._store.stat(name)
            if stored is not None and self._is_ours(stored):
                return stored
            if self._prevails(stored):
                return self._put()
            raise self._give_way("another job published other bytes") from None

    def _give_way(self, why: str) -> Refusal:
        """Take back what we announced, and return the refusal to raise."""
        refused = self._refused(why)
        for created, ours in self._created.items():
            # It can be another job's now.
            if self._has(created, ours):
                self._store.delete(created)
        return refused

    def _put(self, *, create_only: bool = False) -> Stored:
        counter = self._run.activity.begin("sending", moves=True)
        return self._store.put(self.artifact, self._file, counter, create_only=create_only)

    def _prevails(self, stored: Stored | None) -> bool:
        """Tell whether our announcement, which still stands, came before a job's artifact.

        That job announced as well then, and gives way: the announcement that is
        left decides, else each would give way to the other.  An artifact without
        metadata is of a job that announces nothing, and stays.

        :param stored: the other job's artifact, None if it is gone by now.
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
        """Look whether what was sent is what is there.

        Without this, two jobs that upload different bytes under one name could
        leave one job's artifact beside the other's hash file, and both would
        report success.
        """
        self._run.activity.begin("confirming")
        before = self._snapshot.objects.get(self.artifact.name)
        for looks, pause in enumerate(backoff(), 1):
            found = self._store.stat(self.artifact.name)
            ours = found is not None and (found == sent or self._may_be_sent(found, before))
            if ours and all(map(self._is_there, self.companions)):
                return
            # Nothing, or what was there before, is what a store shows that has
            # not caught up yet; a third version is another job's.
            late = found is None or (before is not None and found.etag == before.etag)
            if not late and not ours and looks < MAX_LOOKS and self._prevails(found):
                sent = self._put()
                continue
            if not late and (not ours or looks == MAX_LOOKS):
                break
            if not self._store.eventually_consistent:
                break
            if not self._run.budget.pause(pause):
                if late:
                    raise StoreError(
                        "it was sent, and the store does not show it yet: run the upload again"
                    )
                break
        raise Refusal(
            Cause.CONFLICT,
            f"after sending it, {self._bytes_there()}; another job sends other bytes under "
            "this name: find out which are right, then upload those again",
        )

    def _may_be_sent(self, found: Stored, before: Stored | None) -> bool:
        """Tell whether an object can be what was sent, by all that the store says of it.

        Where it cannot tell, that it changed is enough.
        """
        same = self._store.has_bytes_of(found, self.artifact)
        return (before is None or found.etag != before.etag) if same is None else same

    def _is_ours(self, stored: Stored) -> bool:
        """Tell whether an object has our bytes; where the store cannot, its hash file does."""
        same = self._store.has_bytes_of(stored, self.artifact)
        if same is None:
            announced = self._announced()
            same = announced is not None and announced == self.artifact.digest(announced.algorithm)
        return same

    def _bytes_there(self) -> str:
        digest = self._announced()
        return f"its hash file says {digest}" if digest else "other bytes are there"

    def _refused(self, why: str) -> Refusal:
        theirs = self._announced()
        ours = self.artifact.digest(DEFAULT_ALGORITHM)
        if theirs is not None and theirs == self.artifact.digest(theirs.algorithm):
            said = f"their hash file has our digest, {theirs}, and is wrong about them"
        else:
            said = f"theirs: {theirs or 'unknown, it has no hash file'}; ours: {ours}"
        return Refusal(Cause.CONFLICT, f"{why} ({said})")

    @property
    def index_digest(self) -> Digest:
        """The digest that an index page has of it: that of a hash file, if there is one."""
        splits = map(split_hash_file_name, (companion.name for companion in self.companions))
        algorithms = [split[1] for split in splits if split is not None]
        return self.artifact.digest(index_algorithm(algorithms or [DEFAULT_ALGORITHM]))

    def _announced(self) -> Digest | None:
        return announced_digest(self._run, self._store, self.artifact.name)
