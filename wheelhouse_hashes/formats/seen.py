"""The facts about an artifact's bytes, read from disk or from the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wheelhouse_hashes.artifacts import new_hasher

#: Number of bytes kept from the head of a file, which show its kind, and from its
#: tail, which show whether it is complete.
HEAD_BYTES = 512

TAIL_BYTES = 1024


class Seen(NamedTuple):
    """The facts about an artifact's bytes."""

    #: The number of bytes.
    size: int
    #: Their digests: algorithm to lower-case hex, with every claimed algorithm.
    digests: Mapping[str, str]
    #: The first bytes, at most :data:`HEAD_BYTES`.
    head: bytes
    #: The last bytes, at most :data:`TAIL_BYTES`.
    tail: bytes
    #: False if a truncated body could not be distinguished from a complete one.
    length_known: bool = True
    #: True if the bytes were already in the folder.
    on_disk: bool = False
    #: True if the bytes were not read, and only the digests of a list are known.
    unread: bool = False


class Digester:
    """Processes the bytes of an artifact once, from first to last.

    :param algorithms: the digests to compute.
    """

    def __init__(self, algorithms: Iterable[str]) -> None:
        #: The number of bytes processed so far.
        self.size = 0
        self._head = self._tail = b""
        self._hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms of the computed digests."""
        return frozenset(self._hashers)

    def update(self, data: memoryview) -> None:
        """Process the next bytes."""
        if self.size < HEAD_BYTES:
            self._head = (self._head + bytes(data[:HEAD_BYTES]))[:HEAD_BYTES]
        self._tail = (self._tail + bytes(data[-TAIL_BYTES:]))[-TAIL_BYTES:]
        self.size += len(data)
        for hasher in self._hashers.values():
            hasher.update(data)

    def seen(self, *, length_known: bool = True, on_disk: bool = False) -> Seen:
        """Return the facts; the parameters are those of :class:`Seen`."""
        digests = {algorithm: hasher.hexdigest() for algorithm, hasher in self._hashers.items()}
        return Seen(self.size, digests, self._head, self._tail, length_known, on_disk)
