"""Look at an artifact and its companions after the upload, until both are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, StoreError
from wheelhouse_hashes.runtime.retry import Again, TryAgain, repeat
from wheelhouse_hashes.upload.companions import announced_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.stores.base import Store
    from wheelhouse_hashes.stores.stored import Stored
    from wheelhouse_hashes.upload.announcement import Announcement

#: Number of checks for this job's companions beside its artifact before different
#: companions count as another job's.
MAX_LOOKS = 4

#: Maximum number of times that a job sends its companions again because another job has
#: replaced them, but not the artifact.
_MAX_ANNOUNCEMENTS = 2

_NOT_VISIBLE = "not visible in the store yet"


class Confirmation:
    """The check that the container has the bytes that were sent.

    Without this, two jobs that upload different bytes under one name could leave one
    job's artifact beside the other's hash file, and both would report success.

    :param run: the command in progress.
    :param store: the container.
    :param announcement: the artifact and its companions.
    :param before: the artifact in the container before the upload, None if there was none.
    :param put: sends the artifact once more.
    """

    def __init__(
        self,
        run: Session[UploadOptions],
        store: Store,
        announcement: Announcement,
        before: Stored | None,
        put: Callable[[], Stored],
    ) -> None:
        self._run = run
        self._store = store
        self._artifact = announcement.artifact
        self._announcement = announcement
        self._before = before
        self._put = put
        self._sent: Stored | None = None
        self._may_announce = 0
        self._looks = 0
        self._late = False

    def confirm(self, sent: Stored, *, new: bool = True) -> None:
        """Look until the artifact and its companions are there.

        :param sent: the artifact.
        :param new: whether this job sent it, rather than found it.
        :raises Refusal: if the container has other bytes.
        :raises StoreError: if the store does not show the artifact in time.
        """
        self._run.activity.begin("confirming")
        self._sent = sent
        if new and not self._run.options.no_replace:
            self._may_announce = _MAX_ANNOUNCEMENTS
        try:
            repeat(self._look, self._run.budget)
        except TryAgain:
            if not self._late:
                raise self._conflict() from None
            raise StoreError(f"sent, but {_NOT_VISIBLE}: run the upload again") from None

    def _look(self) -> None:
        """Look once; raise :exc:`TryAgain` if the store may not have caught up."""
        before, announcement = self._before, self._announcement
        self._looks += 1
        found = self._store.stat(self._artifact.name)
        ours = found is not None and (found == self._sent or self._may_be_sent(found))
        if ours and announcement.is_complete:
            return
        # A store that has not caught up shows nothing or the previous version;
        # a third version comes from another job.
        late = found is None or (before is not None and found.etag == before.etag)
        self._late = late
        consistent, last = not self._store.eventually_consistent, self._looks >= MAX_LOOKS
        if not late and not ours and not last and announcement.prevails(found):
            self._sent = self._put()
            raise TryAgain(Again(Cause.STALE, _NOT_VISIBLE, at_once=True))
        if not late and ours and (consistent or last) and self._may_announce:
            # Another job announced its bytes and then did not send them, or took its
            # announcement back: the artifact that is there decides.
            self._may_announce -= 1
            announcement.send_again()
            raise TryAgain(Again(Cause.STALE, _NOT_VISIBLE, at_once=True))
        if consistent or (not late and (not ours or last)):
            raise self._conflict()
        raise TryAgain(Again(Cause.STALE, _NOT_VISIBLE))

    def _may_be_sent(self, found: Stored) -> bool:
        """Return whether an object can be the one that was sent, by the store's metadata.

        If the metadata are inconclusive, a changed etag is enough.
        """
        same = self._store.has_bytes_of(found, self._artifact)
        if same is None:
            return self._before is None or found.etag != self._before.etag
        return same

    def _conflict(self) -> Refusal:
        digest = announced_digest(self._run, self._store, self._artifact.name)
        there = (
            f"its hash file contains the digest {digest}"
            if digest and digest != self._artifact.digest(digest.algorithm)
            else "the artifact in the container has different content"
        )
        return Refusal(
            Cause.CONFLICT,
            f"after the upload, {there}; another job is uploading a different file "
            "under the same name: find out which file is correct and upload that one again",
        )
