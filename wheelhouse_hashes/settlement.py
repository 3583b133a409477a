"""Settle one artifact: claims, bytes, verdict, and another try where it can heal."""

from __future__ import annotations

import contextlib
import pathlib
import time
from collections.abc import Sequence
from dataclasses import replace

from wheelhouse_hashes.artifacts import (
    DEFAULT_ALGORITHM,
    Claim,
    Finding,
    ListedArtifact,
    Outcome,
    Verdict,
    new_hasher,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, TransferError
from wheelhouse_hashes.exchange import Answer
from wheelhouse_hashes.folder import TargetFolder, disk_errors, hash_file_on_disk, identity
from wheelhouse_hashes.options import ACCEPT
from wheelhouse_hashes.report import waiting_line
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.transfer import BUFFER, Attempt
from wheelhouse_hashes.verification import (
    HEAD_BYTES,
    HEALABLE,
    TAIL_BYTES,
    Seen,
    claims_of,
    judge,
    objection,
)
from wheelhouse_hashes.waiting import backoff

#: An object that did not change for so long, in seconds, is not in flux.
QUIET = 3600.0

#: Causes under which the refused bytes are worth a look.
_KEPT_FOR_A_LOOK = frozenset({Cause.MISMATCH, Cause.CORRUPT, Cause.CONFLICT, Cause.STALE})

Heard = Sequence[Claim | Finding]


class Settlement:
    """The way of one artifact to its verdict.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param folder: where it is to be.
    :param page_date: when the listing last changed, in seconds since the
        epoch; None if unknown.
    """

    def __init__(
        self, artifact: ListedArtifact, run: Run, folder: TargetFolder, page_date: float | None
    ) -> None:
        self.artifact = artifact
        self.run = run
        self.folder = folder
        self._page_date = page_date
        self._private = folder.private / artifact.name
        self._existing: pathlib.Path | None = None
        self._existing_seen: Seen | None = None
        self._existing_identity: tuple[int, ...] = ()
        self._existing_is_bad = False
        self._before: Seen | None = None

    def settle(self) -> Verdict:
        """Try until there is a verdict that further waiting cannot better.

        :raises Interrupted: if the run was told to end.
        """
        try:
            self._existing = self.folder.existing(self.artifact.name)
            verdict = self._try_until_final()
            verdict = self._conclude(verdict)
        except Refusal as refusal:
            verdict = self._refused(refusal)
        return verdict

    def _try_until_final(self) -> Verdict:
        pauses = backoff()
        fresh = said = False
        while True:
            retry_after = 0.0
            with self.run.client.attempt(fresh=fresh) as attempt:
                try:
                    verdict = self._try_once()
                except Refusal as refusal:
                    verdict = self._refused(refusal)
                    if isinstance(refusal, TransferError):
                        retry_after = refusal.retry_after or 0.0
            if verdict.cause not in HEALABLE:
                return verdict
            if not self._is_of_the_way(verdict):
                if not fresh:
                    fresh = True  # at once: a cache or a stale replica may have answered
                    continue
                if verdict.cause is Cause.MISSING_ARTIFACT and self.artifact.displaced:
                    return verdict  # deleted, and its row in the listing lags
                if verdict.cause is not Cause.STALE and self._is_quiet(attempt):
                    return verdict
            if not said and self.run.budget.seconds:
                said = True
                seconds = self.run.budget.seconds
                name, cause, text = self.artifact.name, verdict.cause, verdict.text
                self.run.say(waiting_line(name, cause, text, seconds))
            if not self.run.budget.pause(max(next(pauses), retry_after)):
                return verdict

    def _is_of_the_way(self, verdict: Verdict) -> bool:
        """Tell whether a refusal comes from the way and not from the store's state."""
        if verdict.cause is Cause.TRUNCATED:
            # Unless all of a body of known length came, and it is short.
            return not (verdict.digests and self._before and self._before.length_known)
        return verdict.cause in (Cause.UNREACHABLE, Cause.CORRUPT)

    def _is_quiet(self, attempt: Attempt) -> bool:
        """Tell whether nothing that was answered has changed for an hour."""
        dates = attempt.dates if self._page_date is None else [*attempt.dates, self._page_date]
        now = time.time()
        return bool(dates) and all(date is not None and now - date > QUIET for date in dates)

    def _try_once(self) -> Verdict:
        heard = [*self.artifact.claims, *self.run.plugins.claims(self.artifact, self.run)]
        _refuse_findings(heard)
        if self._existing is not None:
            verdict = self._judge_existing(self._existing, heard)
            if verdict.good:
                return verdict
            self._existing_is_bad = verdict.cause is not Cause.MISSING_HASH
        reception = _Reception(self, heard)
        try:
            reception.receive()
        except TransferError as error:
            if error.cause is not Cause.MISSING_ARTIFACT:
                raise
            return replace(self._refused(error), claims=claims_of(heard))
        verdict = self._judge(heard, reception.seen, self._private)
        self._before = reception.seen
        return verdict

    def _judge_existing(self, path: pathlib.Path, heard: Heard) -> Verdict:
        algorithms = _algorithms(heard)
        if self._existing_seen is None or not set(algorithms) <= set(self._existing_seen.digests):
            with disk_errors(f"read {path}"):
                self._existing_identity = identity(path)
                self._existing_seen = hash_file_on_disk(path, algorithms)
        return self._judge(heard, self._existing_seen, path)

    def _judge(self, heard: Heard, seen: Seen, path: pathlib.Path) -> Verdict:
        accept = self.run.options.missing_hash == ACCEPT
        before = None if seen.on_disk else self._before
        verdict = judge(self.artifact, heard, seen, accept_missing=accept, before=before)
        if verdict.good:
            findings = self.run.plugins.inspect(self.artifact, path, self.run)
            if findings:
                verdict = judge(self.artifact, [*heard, *findings], seen)
        return verdict

    def _refused(self, refusal: Refusal) -> Verdict:
        return Verdict(
            self.artifact.name,
            Outcome.REFUSED,
            cause=refusal.cause,
            text=str(refusal),
            claims=claims_of(self.artifact.claims),
            expected_size=self.artifact.size,
        )

    def _conclude(self, verdict: Verdict) -> Verdict:
        """Act on a final verdict: names, ``.rejected``, what is left to say."""
        if verdict.good and verdict.on_disk:
            return replace(verdict, text=_join(verdict.text, "already in the folder"))
        if verdict.cause is Cause.MISSING_ARTIFACT:
            verdict = self._missing(verdict)
        if self._existing is not None:
            verdict = self._clear_the_name(verdict, self._existing)
        if verdict.good:
            self.folder.publish(self._private)
        elif verdict.cause in _KEPT_FOR_A_LOOK and self._private.exists():
            self.folder.reject(self._private)
        return verdict

    def _clear_the_name(self, verdict: Verdict, existing: pathlib.Path) -> Verdict:
        """Take a bad file from under the final name, unless another run replaced it."""
        said = "" if verdict.good else "the copy in the folder was left there, unverified"
        if self._existing_is_bad:
            with contextlib.suppress(FileNotFoundError):
                if identity(existing) == self._existing_identity:
                    said = f"the copy in the folder was bad: {self.folder.reject(existing)}"
        return replace(verdict, text=_join(verdict.text, said))

    def _missing(self, verdict: Verdict) -> Verdict:
        """Tell an artifact that was withdrawn from one that was announced and is missing."""
        if not self.artifact.listed:
            said = "its hash file or another companion is there, and it never came"
            return replace(verdict, text=_join(verdict.text, said))
        if verdict.claims or self._existing is not None:
            return verdict
        cause = Cause.MISSING_ARTIFACT.value
        text = f"{cause}: it is listed, but neither it nor a hash file of it exists"
        return replace(verdict, outcome=Outcome.WITHDRAWN, cause=None, text=text)


class _Reception:
    """One read of an artifact's body into its private file."""

    def __init__(self, settlement: Settlement, heard: list[Claim | Finding]) -> None:
        self._settlement = settlement
        self._heard = heard
        self._head = self._tail = b""
        self._hashers = {algorithm: new_hasher(algorithm) for algorithm in _algorithms(heard)}
        self._size = 0
        self._answer: Answer | None = None

    def receive(self) -> None:
        """Read the body: hash it, write it, once."""
        artifact, path = self._settlement.artifact, self._settlement._private
        with disk_errors(f"write {path.name}"):
            path.unlink(missing_ok=True)
            with open(path, "xb", buffering=BUFFER) as file:

                def take(data: bytes) -> None:
                    if self._size < HEAD_BYTES:
                        self._head = (self._head + data)[:HEAD_BYTES]
                    self._tail = (self._tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
                    self._size += len(data)
                    file.write(data)
                    for hasher in self._hashers.values():
                        hasher.update(data)

                self._answer = self._settlement.run.client.download(
                    artifact.url, take, begin=self._begin, headers=artifact.headers
                )

    def _begin(self, answer: Answer) -> None:
        """Hear what the headers claim; do not read a body that nobody vouches for."""
        run, artifact = self._settlement.run, self._settlement.artifact
        self._heard += run.plugins.response_claims(artifact, answer.headers, run)
        _refuse_findings(self._heard)
        if not claims_of(self._heard) and run.options.missing_hash != ACCEPT:
            raise Refusal(Cause.MISSING_HASH, "no source claims a digest of this artifact")
        for algorithm in _algorithms(self._heard):
            self._hashers.setdefault(algorithm, new_hasher(algorithm))

    @property
    def seen(self) -> Seen:
        """What was read."""
        assert self._answer is not None
        digests = {name: hasher.hexdigest() for name, hasher in self._hashers.items()}
        return Seen(self._size, digests, self._head, self._tail, self._answer.length_known)


def _refuse_findings(heard: Heard) -> None:
    """Refuse at once if a source objects: no bytes can change that."""
    if objected := objection(heard):
        raise Refusal(*objected)


def _algorithms(heard: Heard) -> tuple[str, ...]:
    """Return what has to be computed: the default, and all that is claimed."""
    return tuple(
        dict.fromkeys((DEFAULT_ALGORITHM, *(c.digest.algorithm for c in claims_of(heard))))
    )


def _join(*sentences: str) -> str:
    return "; ".join(sentence for sentence in sentences if sentence)
