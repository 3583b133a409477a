"""The newest entries of a large log, checked against a checkpoint with its tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin.logs.mirror import Logged
from wheelhouse_hashes.tlog.entries import name_and_digest
from wheelhouse_hashes.tlog.tiles import WIDTH, Bundles

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.logs.reading import LogReader, Seen

#: Maximum number of bundles to look through: 4,096 entries.
MAX_BUNDLES = 16


class Newest:
    """Looks for names in the newest bundles, reading no more of them than needed.

    :param reader: the log.
    :param seen: its checkpoint.
    """

    def __init__(self, reader: LogReader, seen: Seen) -> None:
        self._reader = reader
        #: The tiles of the checkpoint.
        self.tiles = reader.tiles(seen)
        start = max(0, seen.size - (MAX_BUNDLES + 1) * WIDTH)
        self._left = Bundles(seen.size, start)[-MAX_BUNDLES:]
        self._logged: dict[str, list[Logged]] = {}
        #: The first entry that was looked at.
        self.start = seen.size

    def find(self, name: str) -> list[Logged]:
        """Return the entries for a name, one for each digest; empty if none is that new.

        :raises LogError: if the log contradicts its checkpoint, or lacks a bundle.
        """
        while name not in self._logged and self._left:
            tile = self._left.pop()
            try:
                entries = self._reader.bundle(tile)
                self.tiles.check_bundle(tile, entries)
            except BaseException:
                self._left.append(tile)  # for the next try
                raise
            self.start = tile.number * WIDTH
            for index, entry in enumerate(entries, self.start):
                read = name_and_digest(entry)
                if read is not None:
                    known = self._logged.setdefault(read[0], [])
                    if all(each.sha256 != read[1] for each in known):
                        known.append(Logged(index, read[1], "tiles"))
        return self._logged.get(name, [])
