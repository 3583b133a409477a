"""Announce one artifact: publish its companions before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import AlreadyExists
from wheelhouse_hashes.formats.hash_file import hash_file_name
from wheelhouse_hashes.upload.published_pair import PublishedPair, digest_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelhouse_hashes.artifacts import Companion, Digest, LocalArtifact
    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored
    from wheelhouse_hashes.upload.container_snapshot import ContainerSnapshot


class AnotherAnnouncement(Exception):
    """Another job has announced different content for the artifact."""


class Announcement:
    """The companions that a job publishes beside one artifact.

    :param run: the command in progress.
    :param store: the container.
    :param snapshot: the container's listing at the start of the run.
    :param artifact: the artifact.
    :param companions: the objects to publish beside it.
    """

    def __init__(
        self,
        run: Session[UploadOptions],
        store: Store,
        snapshot: ContainerSnapshot,
        artifact: LocalArtifact,
        companions: Sequence[Companion],
    ) -> None:
        self._run = run
        self._store = store
        self._snapshot = snapshot
        self._companions = companions
        #: The artifact.
        self.artifact = artifact
        #: The pair in the container.
        self.pair = PublishedPair(store, artifact)

    def prepare_replacement(self, replaced: Stored) -> Digest | None:
        """Keep the published companions, and delete those that would not fit any more.

        :param replaced: the artifact that is to be replaced.
        :returns: the digest in its hash file, None without a valid one.
        """
        name, pair = self.artifact.name, self.pair
        ours = {companion.name for companion in self._companions}
        listed = self._snapshot.companions.get(name, ())
        hash_files = {hash_file_name(name, algorithm) for algorithm in self._run.algorithms}
        pair.keep(replaced, {*ours, *listed, *hash_files})
        digest = self._previous_digest()
        for companion in listed:
            if companion not in ours:
                pair.delete(companion)
        return digest

    def _previous_digest(self) -> Digest | None:
        name = self.artifact.name
        for algorithm in self._run.algorithms:
            content = self.pair.previous.get(hash_file_name(name, algorithm))
            if content and (digest := digest_in(content, name, algorithm)):
                return digest
        return None

    def is_new(self, name: str) -> bool:
        """Return whether an object must not exist yet.

        If listings are reliable, an object that exists now but was not listed at
        the start comes from another job; its objects must not mix with this job's.
        """
        if self._run.options.no_replace:
            return True
        return not self._store.eventually_consistent and name not in self._snapshot.objects

    def send(self, companions: Sequence[Companion]) -> None:
        """Send companions.

        :raises AnotherAnnouncement: if another job has announced something else.
        """
        for companion in companions:
            content = companion.content()
            create_only = self.is_new(companion.name)
            try:
                self.pair.put(companion.name, content, create_only=create_only)
            except AlreadyExists:
                ours = not companion.reproducible or self._has(companion.name, content)
            else:
                ours = not create_only or self._is_still_ours(companion)
            if not ours:
                raise AnotherAnnouncement

    def send_again(self) -> None:
        """Send the companions over those of another job, whose artifact is not there."""
        for companion in self._companions:
            self.pair.put_over(companion.name, companion.content())

    def check_remains(self) -> None:
        """Check that no other job has replaced a companion since it was sent.

        Without this, an upload that takes minutes could replace an artifact that
        another job has published in the meantime.

        :raises AnotherAnnouncement: if one has.
        """
        if not all(map(self._is_still_ours, self._companions)):
            raise AnotherAnnouncement

    def _is_still_ours(self, companion: Companion) -> bool:
        """Return whether no other job has replaced a companion.

        If two jobs can both create one object (Swift checks each replica separately),
        the later object remains and its job publishes.
        """
        replacing = self.pair.replaced is not None
        if not companion.reproducible or not (self._store.eventually_consistent or replacing):
            return True
        content = companion.content()
        found = self._store.read(companion.name, len(content) + 1)
        return found in (None, content, self.pair.previous.get(companion.name))

    def prevails(self, stored: Stored | None) -> bool:
        """Return whether this job's announcement remains, and is older than the artifact there.

        The other job then announced as well and gives way: the remaining announcement
        decides.  Without this rule, each job would give way to the other.  An artifact
        without metadata comes from a job that announces nothing, and is kept.

        :param stored: the other job's artifact, None if it is already gone.
        """
        announced = [companion for companion in self._companions if companion.reproducible]
        if not (self._store.eventually_consistent and self._run.options.no_replace and announced):
            return False
        if not all(map(self.is_there, announced)):
            return False
        if stored is None:
            return True
        put = stored.modified
        if put is None or not stored.sha256:
            return False
        found = [self._store.stat(companion.name) for companion in announced]
        dates = [each.modified if each else None for each in found]
        return all(date is not None and date <= put for date in dates)

    def is_there(self, companion: Companion) -> bool:
        """Return whether the container has a companion."""
        if companion.reproducible:
            return self._has(companion.name, companion.content())
        return (
            companion.name in self._snapshot.objects or self._store.stat(companion.name) is not None
        )

    @property
    def is_complete(self) -> bool:
        """Whether the container has all companions."""
        return all(map(self.is_there, self._companions))

    def _has(self, name: str, content: bytes) -> bool:
        return self._store.read(name, len(content) + 1) == content
