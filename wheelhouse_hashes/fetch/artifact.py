"""Fetch one artifact: claims, bytes, verdict, and retries where they can help."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from dataclasses import replace
from io import FileIO
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import ListedArtifact, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.disk.files import hash_file, identity_of
from wheelhouse_hashes.disk.ownership import is_own
from wheelhouse_hashes.errors import DiskError, Refusal, TransferError, disk_errors
from wheelhouse_hashes.fetch.download import (
    Download,
    Items,
    join_sentences,
    refuse_findings,
)
from wheelhouse_hashes.fetch.inquiry import Inquiry
from wheelhouse_hashes.fetch.target_folder import Rejected
from wheelhouse_hashes.formats.urls import origins_of, shown
from wheelhouse_hashes.http.attempt import Attempt
from wheelhouse_hashes.http.client import MAX_ARTIFACT
from wheelhouse_hashes.runtime.retry import Again, TryAgain
from wheelhouse_hashes.verdict.conclude import judge_file
from wheelhouse_hashes.verdict.demand import check_demand
from wheelhouse_hashes.verdict.outside import QUIET, Address, Provenance, with_elsewhere
from wheelhouse_hashes.verdict.rules import NO_CLAIM, algorithms_of, claims_of, refused

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable

    from wheelhouse_hashes.fetch.target_folder import TargetFolder
    from wheelhouse_hashes.formats.seen import Seen
    from wheelhouse_hashes.listing.sources import Sources
    from wheelhouse_hashes.options import FetchOptions
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.runtime.activity import ByteCount
    from wheelhouse_hashes.transport import Listing

#: Causes for which the refused bytes are kept in ``.rejected``, for inspection.
_KEPT_CAUSES = frozenset(
    {Cause.REPLACED, Cause.MISMATCH, Cause.CORRUPT, Cause.CONFLICT, Cause.STALE}
)

#: Causes that say nothing against a copy in the folder: what is lacking is a claim.
_LACKING_CAUSES = frozenset({Cause.MISSING_HASH, Cause.NOT_LISTED, Cause.NOT_ATTESTED, Cause.WEAK})

#: The text about a file in the folder that another user could have changed at any time.
_COPIED = "already in the folder, but owned by another user or with other names: replaced by a copy"


class _NotFinal(TryAgain):
    """A verdict that another try may improve."""

    def __init__(self, verdict: Verdict, again: Again) -> None:
        super().__init__(again)
        self.verdict = verdict


class ArtifactFetch:
    """The fetch of one artifact, up to its verdict.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param folder: the target folder.
    :param listing: the listing that has it.
    :param sources: the sources of ``--against``.
    """

    def __init__(
        self,
        artifact: ListedArtifact,
        run: Session[FetchOptions],
        folder: TargetFolder,
        listing: Listing,
        sources: Sources,
    ) -> None:
        self.artifact = artifact
        self._run = run
        self.folder = folder
        self._listing = listing
        self._inquiry = Inquiry(artifact, run, sources)
        self._private = folder.private / artifact.name
        self._existing = False
        self._copied = False
        self._existing_seen: Seen | None = None
        self._existing_identity: tuple[int, ...] = ()
        self._existing_is_bad = False
        self._before: Seen | None = None
        self._fresh = False
        #: The time left for transfers, in seconds: ``--timeout`` limits all tries together.
        self._seconds = run.options.timeout
        self._cut: Download | None = None
        self._attempt = Attempt()

    def ask(self) -> None:
        """Ask the sources for claims ahead of the first try.

        :raises Interrupted: if the run was interrupted.
        """
        self._inquiry.ask_ahead(self._seconds)

    def run(self) -> Verdict:
        """Retry until the verdict is good, or until waiting longer cannot improve it.

        :raises Interrupted: if the run was interrupted.
        """
        try:
            self._existing = self.folder.exists(self.artifact.name)
            verdict = self._try_until_final()
            verdict = self._conclude(verdict)
        except Refusal as refusal:
            verdict = self._refused(refusal)
        if not verdict.good or verdict.on_disk:
            with contextlib.suppress(OSError):
                # Not left for the folder's cleanup: a full disk needs the space now.
                self.folder.receiving.unlink(self.artifact.name)
        return verdict

    def _try_until_final(self) -> Verdict:
        waiting = self._run.waiting(self.artifact.name)
        try:
            return self._run.repeat(self._try, waiting)
        except _NotFinal as last:
            return last.verdict

    def _try(self) -> Verdict:
        """Return the verdict of one try.

        :raises _NotFinal: if another try may improve it.
        """
        had = self._received
        self._run.throttle.next(retry=True)
        with self._inquiry.attempt(fresh=self._fresh, seconds=self._seconds) as attempt:
            self._attempt = attempt
            verdict, retry_after = self._try_and_catch()
        self._seconds -= attempt.downloading
        cause = verdict.cause
        if cause is None or not verdict.may_heal:
            return verdict
        at_once = False
        if not self._is_transport_failure(verdict):
            if self._seconds < attempt.downloading:
                return verdict  # no time for another download
            if not self._fresh:
                # A cache or a stale replica may have answered.
                self._fresh = at_once = True
            elif self._is_stable(verdict, cause, attempt):
                return verdict
        if not at_once:
            self._run.activity.begin("waiting")
        progressed = self._received > had
        raise _NotFinal(verdict, Again(cause, verdict.text, retry_after, at_once, progressed))

    def _is_stable(self, verdict: Verdict, cause: Cause, attempt: Attempt) -> bool:
        """Return whether waiting cannot change what the store answers."""
        if cause is Cause.MISSING_ARTIFACT and self.artifact.superseded:
            return True  # deleted, but still in an outdated listing
        if verdict.text == NO_CLAIM and self._run.budget.seconds:
            return not self._run.unlisted.may_appear(self.artifact) or self._is_quiet(attempt)
        # A replaced artifact may heal only if something changed lately, see verdict.outside.
        return cause not in (Cause.STALE, Cause.REPLACED) and self._is_quiet(attempt)

    @property
    def _received(self) -> int:
        """The number of bytes that a retry need not request again."""
        return self._cut.size if self._cut is not None else 0

    def _is_transport_failure(self, verdict: Verdict) -> bool:
        """Return whether the transport, not the state of the store, caused a refusal."""
        if verdict.cause is Cause.TRUNCATED:
            # If a body of known length arrived in full, the stored object itself is short.
            return not (verdict.digests and self._before and self._before.length_known)
        return verdict.cause in (Cause.UNREACHABLE, Cause.CORRUPT)

    def _is_quiet(self, attempt: Attempt) -> bool:
        """Return whether everything served has been unchanged for :data:`QUIET` seconds."""
        page_date = self._listing.last_modified
        dates = attempt.dates if page_date is None else [*attempt.dates, page_date]
        now = time.time()
        return bool(dates) and all(date is not None and now - date > QUIET for date in dates)

    def _try_and_catch(self) -> tuple[Verdict, float]:
        """Return the verdict of one try, and the seconds that ``Retry-After`` asks for."""
        try:
            return self._try_once(), 0.0
        except Refusal as refusal:
            return self._refused(refusal), refusal.retry_after or 0.0

    def _try_once(self) -> Verdict:
        heard = self._inquiry.heard()
        refuse_findings(heard)
        check_demand(self._run.options, heard)
        if self._existing:
            verdict = self._judge_existing(heard)
            if verdict.good:
                return verdict
            self._existing_is_bad = verdict.cause not in _LACKING_CAUSES
        download = self._cut or Download(self.artifact, self._run, self.folder.receiving)
        self._cut = None
        self._run.activity.begin("receiving", lambda: download.received, moves=True)
        try:
            download.receive(heard)
        except TransferError as error:
            self._cut = download
            if error.cause is not Cause.MISSING_ARTIFACT:
                raise
            return replace(self._refused(error), claims=claims_of(heard))
        seen = download.seen
        verdict = self._judge(download.heard, seen, self._private, download.origins)
        if verdict.cause is Cause.REPLACED and self._run.unlisted.insist(self.artifact):
            # The age of its hash file counts, and perhaps its digest.
            more = self._run.plugins.claims(self.artifact, self._run)
            heard = [*download.heard, *download.comparable(more)]
            verdict = self._judge(heard, seen, self._private, download.origins)
        self._before = seen
        return download.with_encoding(verdict)

    def _judge_existing(self, heard: Items) -> Verdict:
        """Judge the file in the folder; if another user can change it, a copy of it."""
        wanted = algorithms_of(heard)
        seen = self._existing_seen
        if seen is None or self._copied or not set(wanted) <= set(seen.digests):
            name = self.artifact.name
            with disk_errors(f"read {self.folder.path / name}"), self.folder.open(name) as file:
                status = os.fstat(file.fileno())
                self._existing_identity = identity_of(status)
                counter = self._run.activity.begin("hashing")
                self._copied = not is_own(status)
                if self._copied:
                    seen = self._copy(file, wanted, status.st_size, counter)
                else:
                    seen = hash_file(file, wanted, self._run.stop, counter)
            self._existing_seen = seen
        path = self._private if self._copied else self.folder.path / self.artifact.name
        return self._judge(heard, seen, path)

    def _copy(self, file: FileIO, algorithms: Iterable[str], size: int, counter: ByteCount) -> Seen:
        """Copy the file in the folder to the private one, and hash it.

        :param size: the most bytes to copy: its owner may add to the file without end.
        """
        if size > MAX_ARTIFACT:
            raise DiskError(f"it has more than {MAX_ARTIFACT} bytes; remove it")
        with FileIO(self.folder.receiving.create(self.artifact.name), "r+b") as copy:
            return hash_file(file, algorithms, self._run.stop, counter, copy=copy, size=size)

    def _judge(
        self, heard: Items, seen: Seen, path: pathlib.Path, answered: Collection[str] = ()
    ) -> Verdict:
        self._run.activity.begin("judging")
        before = None if seen.on_disk else self._before
        origins = frozenset((*origins_of(self.artifact.url), *answered))
        provenance = Provenance(origins, self._attempt.ages)
        home = origins.union(self._listing.origins)
        for each in self._inquiry.against:
            address = Address(each.linked, each.answered)
            heard = with_elsewhere(heard, address, home, checked=self._run.verify_tls)
        return judge_file(
            self._run, self.artifact, heard, seen, path, before=before, provenance=provenance
        )

    def _refused(self, refusal: Refusal) -> Verdict:
        claims = claims_of(self.artifact.claims)
        size = self.artifact.size
        verdict = Verdict(self.artifact.name, Outcome.REFUSED, claims=claims, expected_size=size)
        return refused(verdict, refusal)

    def _conclude(self, verdict: Verdict) -> Verdict:
        """Act on a final verdict: publish or reject the file, and complete the text."""
        if verdict.good and verdict.on_disk:
            if self._copied:
                self.folder.publish(self.artifact.name)
            text = _COPIED if self._copied else "already in the folder"
            return replace(verdict, text=join_sentences(verdict.text, text))
        if verdict.cause is Cause.MISSING_ARTIFACT:
            verdict = self._missing(verdict)
        name = self.artifact.name
        if self._existing:
            verdict = self._clear_the_name(verdict)
        if verdict.good:
            self.folder.publish(name)
        elif verdict.cause in _KEPT_CAUSES and verdict.digests and self.folder.receiving.has(name):
            done = self.folder.reject(name, received=True)
            if done is Rejected.FULL:
                text = join_sentences(verdict.text, f"not kept: {done.value}")
                verdict = replace(verdict, text=text)
        return verdict

    def _clear_the_name(self, verdict: Verdict) -> Verdict:
        """Remove a bad file from the final name, unless another run replaced it."""
        note = "" if verdict.good else "the copy in the folder was left there, unverified"
        if self._existing_is_bad:
            with contextlib.suppress(FileNotFoundError):
                name = self.artifact.name
                if identity_of(self.folder.status(name)) == self._existing_identity:
                    done = self.folder.reject(name, received=False)
                    note = f"the copy in the folder was bad: {done.value}"
        return replace(verdict, text=join_sentences(verdict.text, note))

    def _missing(self, verdict: Verdict) -> Verdict:
        """Distinguish a withdrawn artifact from one that is announced but missing."""
        if not self.artifact.listed:
            note = "its hash file or another companion exists, but the artifact never appeared"
            return replace(verdict, text=join_sentences(verdict.text, note))
        if self._existing or (verdict.claims and not self.artifact.superseded):
            return verdict
        cause = Cause.MISSING_ARTIFACT.value
        reason = f"neither it nor its hash file exists: {shown(self.artifact.url)}"
        if verdict.claims:  # its hash file is not deleted yet, or is still visible
            reason = "deleted: superseded by newer dev builds"
        text = f"{cause}: listed, but {reason}"
        return replace(verdict, outcome=Outcome.WITHDRAWN, cause=None, text=text)
