"""What reading the bytes of an artifact showed, on disk or from the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
