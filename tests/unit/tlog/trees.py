"""Trees and logs for tests, made as the specifications say, one hash at a time."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence

from wheelhouse_hashes.tlog.tiles import Growth, Tile

#: The leaves that most tests use.
LEAVES = [b"leaf %d" % index for index in range(131)]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree, by the recursive definition of RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    below = recursive_root(leaves[:half]) + recursive_root(leaves[half:])
    return hashlib.sha256(b"\1" + below).digest()


def recursive_roots(leaves: Sequence[bytes]) -> Callable[[int], bytes]:
    """Return a function that returns the root of the first leaves.

    It is :func:`recursive_root`, but subtrees that trees have in common are hashed once.
    """

    @functools.cache
    def root(start: int, end: int) -> bytes:
        if end - start == 1:
            return hashlib.sha256(b"\0" + leaves[start]).digest()
        half = 1
        while half * 2 < end - start:
            half *= 2
        below = root(start, start + half) + root(start + half, end)
        return hashlib.sha256(b"\1" + below).digest()

    return lambda size: root(0, size) if size else hashlib.sha256(b"").digest()


def make_log(entries: Sequence[bytes]) -> tuple[dict[str, bytes], bytes]:
    """Return the objects of a log, without its checkpoint, and its root."""
    growth = Growth()
    objects = dict(growth.add(entries))
    objects.update(growth.partial())
    return objects, growth.root()


class Fetching:
    """Returns tiles of a log, and counts them."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = objects
        self.paths: list[str] = []

    def __call__(self, tile: Tile) -> bytes:
        self.paths.append(tile.path)
        return self.objects[tile.path]


def flipped(content: bytes, bit: int) -> bytes:
    """Return a content with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
