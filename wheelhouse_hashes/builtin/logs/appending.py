"""Append entries to a log, so that a crash at any time leaves a log that can be read.

The order of the writes: the batch, bundles, tiles, the signed checkpoint to the state
folder, the checkpoint to the log.  Everything before the last write is invisible to readers.
The same entries always give the same bytes, and a checkpoint of a size that was signed
before is never signed with another root.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.builtin.logs.reading import LogReader, Missing, Seen, forked, refusing
from wheelhouse_hashes.builtin.logs.staging import MAX_BYTES, MAX_ENTRIES, Batch, path_of
from wheelhouse_hashes.errors import Interrupted, StoreError
from wheelhouse_hashes.tlog.entries import name_and_digest
from wheelhouse_hashes.tlog.merkle import LogError
from wheelhouse_hashes.tlog.note import MAX_NOTE, Checkpoint, sign
from wheelhouse_hashes.tlog.tile_reader import TileReader
from wheelhouse_hashes.tlog.tiles import CHECKPOINT, Bundles, Growth

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.logs.places import WritablePlace
    from wheelhouse_hashes.run import Run, StateFolder
    from wheelhouse_hashes.tlog.entries import Entry
    from wheelhouse_hashes.tlog.keys import SigningKey

#: The file in the state folder with the checkpoint that was signed last.
SIGNED = "signed"

#: The file with the sizes whose batches may still be in the log.
BATCHES = "batches"


class Appender:
    """Appends to one log.

    :param run: the command in progress.
    :param place: where the log is.
    :param key: its private key.
    :param state: the open state folder of the key.
    :param dry: whether to write nothing.
    """

    def __init__(
        self,
        run: Run[Any],
        place: WritablePlace,
        key: SigningKey,
        state: StateFolder,
        *,
        dry: bool = False,
    ) -> None:
        self._dry = dry
        self._run = run
        self._place = place
        self._key = key
        self._state = state
        self._reader = LogReader(place, key.verifier)
        #: The checkpoint of the log, None if it has none yet.
        self.published: Seen | None = None
        self._growth = Growth()
        #: The digests of the names that were asked for, by name.
        self.known: dict[str, set[str]] = {}

    @property
    def size(self) -> int:
        """The number of entries of the log."""
        return self._growth.size

    def open(self, names: Iterable[str]) -> None:
        """Read the log; complete an append that was interrupted.

        :param names: the names whose digests are needed.
        :raises Refusal: if the log contradicts itself, or what was signed before.
        """
        self.known = {name: set() for name in names}
        with refusing():
            self._publish_signed()
            size = 0 if self.published is None else self.published.size
            self._add(self._reader.entries(size))
        if self.published is not None and self._growth.root() != self.published.root:
            raise forked(
                f"the entries at {self._place.shown} do not have the root of the checkpoint"
            )
        while (batch := self._staged()) is not None:
            if self._dry:
                self._add(batch.entries)
                continue
            self._run.note(f"completing an append of {len(batch.entries)} entries")
            self._append(batch)
        if not self._dry and self._state.read(BATCHES, 1000):
            self._forget_batches()

    def _publish_signed(self) -> None:
        """Read the checkpoint; publish the one that was signed, but not published."""
        self.published = self._reader.checkpoint(fresh=True)
        note = self._state.read(SIGNED, MAX_NOTE)
        if note is None:
            return
        where = f"the checkpoint that was signed last, in {self._state.path}"
        signed = Seen(note, self._key.verifier, where)
        size = 0 if self.published is None else self.published.size
        try:
            if self.published is not None and signed.size <= size:
                self._reader.check_extends(signed, self.published)
                return
            if self.published is not None:
                self._reader.check_extends(self.published, signed)
            if signed.size:
                self._reader.tiles(signed).tile(0, Bundles(signed.size)[-1].number)
        except Missing as error:
            raise forked(
                f"{self._place.shown} does not have the entries of {where} ({signed}): {error}",
                next="check the address; if the log was restored from a copy, restore a newer one",
            ) from None
        except LogError as error:
            raise forked(f"{self._place.shown} contradicts {where} ({signed}): {error}") from None
        self._publish(signed.note)

    def _noted(self, entries: Iterable[bytes]) -> Iterator[bytes]:
        """Yield entries of the log, and record the digests of the names in :attr:`known`."""
        known = self.known
        for entry in entries:
            read = name_and_digest(entry)
            if read is not None and read[0] in known:
                known[read[0]].add(read[1])
            yield entry

    def _add(self, entries: Iterable[bytes]) -> None:
        """Add entries that the log has to the tree in memory."""
        for _ in self._growth.add(self._noted(entries)):
            if self._run.stop.is_set():
                raise Interrupted("interrupted")

    def _staged(self) -> Batch | None:
        """Return the batch that was to be appended to this tree, None if there is none."""
        content = self._place.read(path_of(self.size), MAX_BYTES, fresh=True)
        if content is None:
            return None
        try:
            return Batch.parse(content, self.size, self._key.verifier)
        except LogError as error:
            raise forked(
                f"{self._place.shown}/{path_of(self.size)}: {error}",
                next="find out who wrote it, and delete it",
            ) from None

    def append(self, entries: Sequence[Entry]) -> None:
        """Append entries, and publish a checkpoint.

        :param entries: the entries, sorted; empty to publish the checkpoint of a new log.
        """
        if not entries and self.published is None:
            self._sign_and_publish()
        for start in range(0, len(entries), MAX_ENTRIES):
            part = entries[start : start + MAX_ENTRIES]
            self._append(Batch(self.size, [entry.encode() for entry in part]))

    def _append(self, batch: Batch) -> None:
        content = batch.encode(self._key)
        self._note_batch(batch.size)
        self._place.create(path_of(batch.size), content)
        before = {path for path, _ in self._growth.partial()}
        for path, made in self._growth.add(self._noted(batch.entries)):
            self._place.create(path, made)
            if self._run.stop.is_set():
                raise Interrupted("interrupted")
        for path, made in self._growth.partial():
            if path not in before:
                self._place.create(path, made)
        self._place.sync()
        self._check_readable()
        found = self._place.read(path_of(batch.size), len(content), fresh=True)
        if found != content:
            raise self._another_append()
        self._sign_and_publish()
        self._forget_batches()

    def _another_append(self) -> StoreError:
        error = StoreError(f"another append to {self._place.shown} has begun; nothing was signed")
        error.next = "wait until it has ended, then run this again"
        return error

    def _check_readable(self) -> None:
        """Check that the log serves what the next checkpoint covers."""
        tiles = TileReader(self.size, self._growth.root(), self._reader.tile)
        with refusing():
            last = Bundles(self.size)[-1]
            tiles.check_bundle(last, self._reader.bundle(last))

    def _sign_and_publish(self) -> None:
        checkpoint = Checkpoint(self._key.name, self.size, self._growth.root())
        note = sign(checkpoint.encode(), self._key)
        found = self._place.read(CHECKPOINT, MAX_NOTE, fresh=True)
        # Another append with the same entries may have published the same checkpoint.
        if found not in (None if self.published is None else self.published.note, note):
            raise self._another_append()
        self._state.write(SIGNED, note)
        self._publish(note)

    def _publish(self, note: bytes) -> None:
        before = None if self.published is None else self.published.note
        if not self._dry and before != note and not self._place.replace(CHECKPOINT, before, note):
            found = self._place.read(CHECKPOINT, MAX_NOTE, fresh=True)
            if found != note:
                raise forked(
                    f"another program replaced the checkpoint of {self._place.shown}",
                    next="find out which one, because two programs must not sign for one log; "
                    "then run this again",
                )
        self.published = Seen(note, self._key.verifier, f"{self._place.shown} {CHECKPOINT}")

    def _note_batch(self, size: int) -> None:
        sizes = (self._state.read(BATCHES, 1000) or b"").split()
        self._state.write(BATCHES, b" ".join([*sizes, str(size).encode()]))

    def _forget_batches(self) -> None:
        """Delete all batches but the last one, which stops a slow append to the same tree."""
        *old, last = dict.fromkeys((self._state.read(BATCHES, 1000) or b"").split())
        for size in old:
            self._place.delete(path_of(int(size)))
        if old:
            self._state.write(BATCHES, last)
