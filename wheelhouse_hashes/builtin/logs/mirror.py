"""All entries of a log, in memory, checked against a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.builtin.logs.reading import LogReader, Seen, forked
from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.tlog.entries import name_and_digest
from wheelhouse_hashes.tlog.merkle import leaf_hashes, root_of
from wheelhouse_hashes.tlog.tiles import Bundles

if TYPE_CHECKING:
    import threading


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry of a log."""

    #: Its index.
    index: int
    #: The SHA-256 digest, in hex.
    sha256: str
    #: How it was checked, for ``--explain``.
    checked: str = "all entries"


def checked_entries(
    reader: LogReader, seen: Seen, stop: threading.Event
) -> Iterator[tuple[int, bytes]]:
    """Yield the index and the content of every entry; then check them against the root.

    The iterator must be read to its end: the check comes last.

    :param reader: the log.
    :param seen: its checkpoint.
    :param stop: set when the run must end.
    :raises Refusal: if the entries do not have the root of the checkpoint.
    """
    leaves: list[bytes] = []
    for tile in Bundles(seen.size):
        if stop.is_set():
            raise Interrupted("interrupted")
        entries = reader.bundle(tile)
        yield from enumerate(entries, len(leaves))
        leaves += leaf_hashes(entries)
    if root_of(leaves) != seen.root:
        for _ in reader.checked_entries(seen):
            pass  # raises an error that names the bundle
        raise forked(f"the entries at {reader.place.shown} do not have the root of {seen.where}")


class Mirror:
    """The entries of a log by name.

    :param entries: the index and the content of each entry.
    """

    def __init__(self, entries: Iterable[tuple[int, bytes]]) -> None:
        self._logged: dict[str, list[Logged]] = {}
        #: The indexes of entries that are not of a known version.
        self.unreadable: list[int] = []
        #: The number of entries.
        self.size = 0
        for index, content in entries:
            self.size += 1
            read = name_and_digest(content)
            if read is None:
                self.unreadable.append(index)
                continue
            known = self._logged.setdefault(read[0], [])
            if all(each.sha256 != read[1] for each in known):
                known.append(Logged(index, read[1]))

    def find(self, name: str) -> list[Logged]:
        """Return the entries for a name, one for each digest."""
        return self._logged.get(name, [])
