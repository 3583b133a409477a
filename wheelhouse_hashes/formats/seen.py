"""What reading the bytes of an artifact showed, on disk or from the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wheelhouse_hashes.artifacts import new_hasher

#: How many bytes of the head of a file tell what kind of file it is, and how
#: many of its tail tell whether it is whole.
HEAD_BYTES = 512

TAIL_BYTES = 1024


@dataclass(frozen=True)
class Seen:
    """What was seen of an artifact's bytes."""

    #: The number of bytes.
    size: int
    #: Their digests: algorithm to lower-case hex; each claimed algorithm is there.
    digests: Mapping[str, str]
    #: The first bytes, at most :data:`HEAD_BYTES`.
    head: bytes
    #: The last bytes, at most :data:`TAIL_BYTES`.
    tail: bytes
    #: False if a body that was cut could not be told from one that ended.
    length_known: bool = True
    #: True if the bytes were in the folder already.
    on_disk: bool = False


class Digester:
    """Sees the bytes of an artifact once, from its first to its last.

    :param algorithms: the digests to compute.
    """

    def __init__(self, algorithms: Iterable[str]) -> None:
        #: The number of bytes up to now.
        self.size = 0
        self._head = self._tail = b""
        self._hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}

    @property
    def algorithms(self) -> frozenset[str]:
        """The digests that are computed."""
        return frozenset(self._hashers)

    def update(self, data: memoryview) -> None:
        """See the next bytes."""
        if self.size < HEAD_BYTES:
            self._head = (self._head + bytes(data[:HEAD_BYTES]))[:HEAD_BYTES]
        self._tail = (self._tail + bytes(data[-TAIL_BYTES:]))[-TAIL_BYTES:]
        self.size += len(data)
        for hasher in self._hashers.values():
            hasher.update(data)

    def seen(self, *, length_known: bool = True, on_disk: bool = False) -> Seen:
        """Return what was seen; the parameters are those of :class:`Seen`."""
        digests = {algorithm: hasher.hexdigest() for algorithm, hasher in self._hashers.items()}
        return Seen(self.size, digests, self._head, self._tail, length_known, on_disk)
