"""Read a log: its checkpoint, tiles and entries, checked against each other."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, UsageError
from wheelhouse_hashes.tlog.keys import VerifierKey, encode_base64
from wheelhouse_hashes.tlog.merkle import HASH_SIZE, LogError, check_consistency, consistency_ranges
from wheelhouse_hashes.tlog.note import MAX_NOTE, Checkpoint, open_checkpoint
from wheelhouse_hashes.tlog.tile_reader import TileReader
from wheelhouse_hashes.tlog.tiles import (
    CHECKPOINT,
    MAX_BUNDLE,
    WIDTH,
    Bundles,
    Tile,
    decode_bundle,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.logs.places import Place

#: The environment variable of ``--log-key``.
KEY_VARIABLE = "WHEELHOUSE_UPLOADER_LOG_KEY"


#: Maximum size of an object that is kept as evidence, in bytes; usual bundles are smaller.
_MAX_KEPT = 256 * 1024

#: The number of objects that are kept: a bundle, and the tiles that lead to the root.
_KEPT = 8


class Missing(LogError):
    """The log does not have a tile or bundle that its checkpoint implies."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turn errors of a log into refusals: a missing object may heal, anything else is a fork."""
    try:
        yield
    except Missing as error:
        raise Refusal(Cause.UNREACHABLE, str(error)) from None
    except LogError as error:
        raise forked(str(error)) from None


class Fork(Refusal):
    """A log contradicts itself, its key or an earlier checkpoint; see :func:`forked`."""

    #: Whether the objects that show it were kept.
    kept = False


class Seen:
    """A signed checkpoint.

    :param note: the signed note.
    :param key: the key of the log.
    :param where: where it comes from, for messages.
    :raises Refusal: if it is not signed by the key (cause ``forked``).
    """

    def __init__(self, note: bytes, key: VerifierKey, where: str) -> None:
        #: The signed note.
        self.note = note
        #: Where it comes from, for messages.
        self.where = where
        try:
            #: What it says.
            self.checkpoint: Checkpoint = open_checkpoint(note, key)
        except LogError as error:
            raise forked(f"{where}: {error}") from None

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return self.checkpoint.root

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self.note == other.note

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"size {self.size}, root {encode_base64(self.root)}"


def forked(text: str, *, next: str = "") -> Fork:  # noqa: A002 (as in Refusal)
    """Return the refusal of a log that contradicts itself or its key."""
    return Fork(Cause.FORKED, text, may_heal=False, next=next)


def parse_key(text: str | None, option: str = "--log-key") -> VerifierKey:
    """Return the key of a log.

    :param text: the value of the option, None if it is not given.
    :param option: the name of the option.
    :raises UsageError: if it is missing or malformed.
    """
    if not text:
        raise UsageError(
            f"{option} is missing: give the key of the log, as log keygen printed it, or set "
            f"{KEY_VARIABLE}"
        )
    try:
        return VerifierKey.parse(text)
    except LogError as error:
        raise UsageError(f"{option}: {error}") from None


class LogReader:
    """Reads one log.

    :param place: where it is.
    :param key: its key.
    """

    def __init__(self, place: Place, key: VerifierKey) -> None:
        self.place = place
        self.key = key
        self._note: bytes | None = None
        self._last: deque[tuple[str, bytes]] = deque(maxlen=_KEPT)

    def evidence(self) -> Mapping[str, bytes]:
        """Return the checkpoint and the objects that were read last, by their addresses."""
        notes = [] if self._note is None else [(CHECKPOINT, self._note)]
        return {
            f"{self.place.shown} {path}": content[:_MAX_KEPT]
            for path, content in (*notes, *tuple(self._last))
        }

    def checkpoint(self, *, fresh: bool = False) -> Seen | None:
        """Return the checkpoint that the log has now, None if it has none.

        :param fresh: whether to bypass caches.
        :raises Refusal: if it is not signed by the key.
        """
        self._note = note = self.place.read(CHECKPOINT, MAX_NOTE, fresh=fresh)
        return None if note is None else Seen(note, self.key, f"{self.place.shown} {CHECKPOINT}")

    def tiles(self, seen: Seen) -> TileReader:
        """Return the tiles of a checkpoint; each is checked against its root."""
        return TileReader(seen.size, seen.root, self.tile)

    def tile(self, tile: Tile) -> bytes:
        """Return a tile; if only the full one is there, its first hashes.

        :raises Missing: if it does not exist.
        :raises LogError: if it has another size.
        """
        content, read = self._read(tile, WIDTH * HASH_SIZE)
        if len(content) != read.width * HASH_SIZE:
            expected = read.width * HASH_SIZE
            raise LogError(f"{read.path} has {len(content)} bytes instead of {expected}")
        return content[: tile.width * HASH_SIZE]

    def _read(self, tile: Tile, max_bytes: int) -> tuple[bytes, Tile]:
        for each in dict.fromkeys((tile, tile.full)):
            # The log may have deleted the partial tile after the full one was there.
            content = self.place.read(each.path, max_bytes)
            if content is not None and len(content) > max_bytes:
                raise LogError(f"{each.path} has more than {max_bytes} bytes")
            if content is not None:
                self._last.append((each.path, content))
                return content, each
        raise Missing(f"{self.place.shown} has no {tile.path}")

    def bundle(self, tile: Tile) -> list[bytes]:
        """Return the entries of a bundle, not checked against a root.

        :raises Missing: if it does not exist.
        :raises LogError: if it is malformed.
        """
        content, read = self._read(tile, MAX_BUNDLE)
        try:
            return decode_bundle(content, read.width)[: tile.width]
        except LogError as error:
            raise LogError(f"{read.path}: {error}") from None

    def entries(self, size: int, start: int = 0) -> Iterator[bytes]:
        """Yield entries, not checked against a root.

        :param size: the size of the tree.
        :param start: the first entry, a multiple of 256.
        """
        for tile in Bundles(size, start):
            yield from self.bundle(tile)

    def checked_entries(self, seen: Seen) -> Iterator[bytes]:
        """Yield all entries, each bundle checked with the tiles of a checkpoint.

        :raises LogError: if a bundle contradicts it, or an object is missing.
        """
        tiles = self.tiles(seen)
        for tile in Bundles(seen.size):
            entries = self.bundle(tile)
            tiles.check_bundle(tile, entries)
            yield from entries

    def check_extends(self, old: Seen, new: Seen) -> None:
        """Check that the tree of a checkpoint starts with that of a smaller one.

        :param old: the smaller one, or one of equal size.
        :param new: the larger one, whose tiles the log has.
        :raises Missing: if the log lacks a tile.
        :raises LogError: if it does not.
        """
        proof = []
        if 0 < old.size < new.size:
            proof = self.tiles(new).ranges(consistency_ranges(old.size, new.size))
        check_consistency(old.size, old.root, new.size, new.root, proof)
