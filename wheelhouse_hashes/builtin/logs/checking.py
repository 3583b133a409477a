"""Claims from a log, for ``fetch`` and ``verify``.

A log with fewer than 65,536 entries is mirrored: all of its entries are read.  Only that shows
a name with two digests.  Of a larger log only a proof beside the artifact, or the newest
bundles, are read.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Digest, Finding, ListedArtifact, Tier
from wheelhouse_hashes.builtin.logs.memory import Watch
from wheelhouse_hashes.builtin.logs.mirror import Logged, Mirror, checked_entries
from wheelhouse_hashes.builtin.logs.newest import Newest
from wheelhouse_hashes.builtin.logs.places import open_place
from wheelhouse_hashes.builtin.logs.reading import Fork, LogReader, Seen, forked, parse_key
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import waiting_line
from wheelhouse_hashes.tlog.merkle import LogError
from wheelhouse_hashes.tlog.proof import SUFFIX, Proof

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

SOURCE = "log"

#: A log with as many entries is not mirrored.
MIRROR_LIMIT = 65_536

_LIGHT = (
    "the log has {size} entries, so it is not read as a whole: whether it has two digests for a "
    "name is not checked (log audit does)"
)


class CheckedLog:
    """The log of a run.

    :param run: the command in progress.
    :param where: where the log is.
    :param key: its public key, None if it is not given.
    :param file: a file with an earlier checkpoint, None if there is none.
    :raises UsageError: if the key or the file cannot be read.
    """

    def __init__(
        self, run: Run[CheckOptions], where: str, key: str | None, file: str | None
    ) -> None:
        self._run = run
        self._reader = LogReader(open_place(run, where), parse_key(key))
        self._watch = Watch(run, self._reader, file)
        self._lock = threading.RLock()
        self._seen: Seen | None = None
        self._entries: Mirror | Newest | None = None
        #: Counts how often the log was read, so that threads that wait together read it once.
        self._readings = 0
        #: Whether something contradicted the log since its checkpoint was read.
        self._forked = False

    def open(self, *, fresh: bool = False) -> None:
        """Read the checkpoint, and the entries if they are few.

        :param fresh: whether to bypass caches.
        :raises Refusal: if the log contradicts itself or an earlier checkpoint.
        """
        with self._lock, self._noting_forks(), self._watch.keeping_evidence():
            seen = self._watch.current(fresh=fresh)
            self._readings += 1
            if self._seen is not None and self._seen.note == seen.note:
                return
            if seen.size < MIRROR_LIMIT:
                self._entries = Mirror(checked_entries(self._reader, seen, self._run.stop))
                self._watch.remember(seen)
            else:
                self._run.note_once("log light", _LIGHT.format(size=seen.size))
                self._entries = Newest(self._reader, seen)
            self._seen = seen

    def close(self) -> None:
        """Remember the checkpoint of a large log, unless something contradicted it."""
        large = isinstance(self._entries, Newest) and not self._run.stop.is_set()
        if large and self._seen is not None and not self._forked:
            self._watch.remember(self._seen)

    def claims(self, artifact: ListedArtifact) -> Sequence[Claim | Finding]:
        """Return the digest that the log has for an artifact, or why it has none."""
        readings = self._readings
        found = self._find(artifact)
        if not found and self._run.fresh:
            found = self._find_again(artifact, readings)
        pauses = self._run.budget.pauses()
        waiting = False
        # Only fetch repeats the hook when an artifact is not in the log yet.
        while not found and self._run.verb == "verify":
            if not waiting and self._run.budget.seconds:
                text = waiting_line(artifact.name, Cause.NOT_LOGGED, "", self._run.budget.seconds)
                self._run.note(text)
            waiting, readings = True, self._readings
            if not self._run.budget.pause(next(pauses)):
                break
            found = self._find_again(artifact, readings)
        return self._described(found)

    def _find_again(self, artifact: ListedArtifact, readings: int) -> list[Logged]:
        """Read the log again, unless another thread has done so; then look again."""
        with self._lock:
            if self._readings == readings:
                self.open(fresh=True)
        return self._find(artifact)

    @contextlib.contextmanager
    def _noting_forks(self) -> Iterator[None]:
        try:
            yield
        except Fork:
            self._forked = True
            raise

    def _find(self, artifact: ListedArtifact) -> list[Logged]:
        entries = self._entries
        with self._noting_forks(), self._watch.keeping_evidence():
            if isinstance(entries, Mirror):
                return entries.find(artifact.name)
            is_listed = artifact.name + SUFFIX in artifact.companions
            found = self._proved(artifact) if is_listed else []
            if not found and isinstance(entries, Newest):
                with self._lock:
                    found = entries.find(artifact.name)
            return found or ([] if is_listed else self._proved(artifact))

    def _proved(self, artifact: ListedArtifact) -> list[Logged]:
        """Read the proof beside an artifact; check it and its checkpoint.

        :raises Refusal: if it is not valid.
        """
        content = self._companion(artifact)
        if content is None or self._seen is None:
            return []
        name = f"{printable(artifact.name)}{SUFFIX}"
        with self._watch.keeping_evidence(**{name: content}):
            return [self._check(content, artifact, name, self._seen)]

    def _check(self, content: bytes, artifact: ListedArtifact, name: str, seen: Seen) -> Logged:
        """Return the entry that a proof leads to.

        :param content: the proof.
        :param artifact: the artifact that it is beside.
        :param name: its name, for messages.
        :param seen: the checkpoint of the log.
        """
        try:
            proof = Proof.parse(content)
            entry, _ = proof.check(self._reader.key)
            if entry.name != artifact.name:
                raise LogError(f"it is the proof of {printable(entry.name)!r}")
        except LogError as error:
            raise forked(f"{name}: {error}", next="get the proof again, from the log") from None
        proved = Seen(proof.note.encode(), self._reader.key, name)
        older, newer = sorted((proved, seen), key=lambda each: each.size)
        self._reader.check_extends(older, newer)
        return Logged(proof.index, entry.sha256, "proof")

    def _companion(self, artifact: ListedArtifact) -> bytes | None:
        """Return the proof beside an artifact, None if there is none."""
        if not artifact.url:
            return None
        try:
            content = self._run.companion(artifact, SUFFIX)
        except TransferError as error:
            if error.transient:
                raise
            return None
        # A server may return an error page for an object that does not exist.
        is_proof = content is not None and content.startswith(b"c2sp.org/tlog-proof")
        return content if is_proof or artifact.name + SUFFIX in artifact.companions else None

    def _described(self, found: Sequence[Logged]) -> Sequence[Claim | Finding]:
        """Return the claim of an entry, or the finding that there is none, or two digests."""
        where, seen = self._reader.place.shown, self._seen
        if seen is None or not found:
            size = 0 if seen is None else seen.size
            searched = "all" if isinstance(self._entries, Mirror) else "the newest"
            text = f"the log at {where} has no entry for it ({searched} of {size} searched)"
            return [Finding(Cause.NOT_LOGGED, text)]
        if len(found) > 1:
            digests = " and ".join(f"sha256:{e.sha256} (entry {e.index})" for e in found)
            text = f"the log at {where} has two digests for it: {digests}"
            return [Finding(Cause.LOGGED_TWICE, text)]
        (entry,) = found
        evidence = {
            "log": seen.checkpoint.origin,
            "entry": str(entry.index),
            "size": str(seen.size),
            "checked": entry.checked,
        }
        digest = Digest("sha256", entry.sha256)
        return [Claim(digest, SOURCE, where, Tier.LOGGED, evidence=evidence)]
