"""Tiles and entry bundles of C2SP tlog-tiles, version 0.1.0.

A tile has up to 256 hashes of one level, a bundle the entries of one tile of level 0.  The
last tile of a level is partial, unless the size of the tree is a multiple of its span.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from wheelhouse_hashes.tlog.merkle import (
    HASH_SIZE,
    LogError,
    leaf_hashes,
    node_hash,
    root_of,
)

#: Number of hashes of a full tile.
WIDTH = 256

#: Number of levels of the tree between two levels of tiles.
HEIGHT = 8

#: Maximum size of an entry in a bundle, in bytes.
MAX_ENTRY = 65_535

#: The path of the checkpoint.
CHECKPOINT = "checkpoint"

#: Maximum size of a bundle, in bytes.
MAX_BUNDLE = WIDTH * (2 + MAX_ENTRY)

_MAX_NUMBER = 2**63

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)

#: An object of a log: its path and its content.
LogObject = tuple[str, bytes]


@dataclass(frozen=True)
class Tile:
    """The address of a tile or of a bundle."""

    #: The level of the tile, -1 for a bundle.
    level: int
    #: Its number within the level.
    number: int
    #: The number of its hashes or entries, 1 to 256.
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the address of the log."""
        level = "entries" if self.level < 0 else str(self.level)
        digits = f"{self.number % 1000:03}"
        rest = self.number // 1000
        while rest:
            digits = f"x{rest % 1000:03}/{digits}"
            rest //= 1000
        return f"tile/{level}/{digits}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @property
    def full(self) -> Tile:
        """The tile with the same number and all hashes."""
        return Tile(self.level, self.number)


def parse_path(path: str) -> Tile:
    """Return the tile or bundle that a path names.

    :raises LogError: if it names none.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise LogError(f"{path!r} is not the path of a tile")
    level = -1 if match["level"] == "entries" else int(match["level"])
    number = int(re.sub("[x/]", "", match["number"]))
    tile = Tile(level, number, int(match["width"] or WIDTH))
    is_partial = match["width"] is not None
    if (
        tile.path != path
        or level > 63  # noqa: PLR2004 (the format's limit)
        or number >= _MAX_NUMBER
        or (is_partial and tile.width >= WIDTH)
    ):
        raise LogError(f"{path!r} is not the path of a tile")
    return tile


def edge_tiles(size: int) -> list[Tile]:
    """Return the partial tiles of a tree, from level 0 upwards.

    Their hashes are the roots of complete subtrees that cover the whole tree.

    :param size: the size of the tree.
    """
    tiles = []
    level = 0
    while size:
        number, width = divmod(size, WIDTH)
        if width:
            tiles.append(Tile(level, number, width))
        size, level = number, level + 1
    return tiles


class Bundles(Sequence[Tile]):
    """The bundles of a tree; made when they are needed, because a size can be any number.

    :param size: the size of the tree.
    :param start: the first entry that is needed.
    """

    def __init__(self, size: int, start: int = 0) -> None:
        self._size = size
        self._numbers = range(start // WIDTH, -(-size // WIDTH))

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Tile: ...

    @overload
    def __getitem__(self, index: slice) -> list[Tile]: ...

    def __getitem__(self, index: int | slice) -> Tile | list[Tile]:
        if isinstance(index, slice):
            return list(map(self._tile, self._numbers[index]))
        return self._tile(self._numbers[index])

    def _tile(self, number: int) -> Tile:
        return Tile(-1, number, min(WIDTH, self._size - number * WIDTH))


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Return entries as they are in a bundle.

    :raises LogError: if one is too long.
    """
    longest = max(map(len, entries), default=0)
    if longest > MAX_ENTRY:
        raise LogError(f"an entry has {longest} bytes; the maximum is {MAX_ENTRY}")
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(content: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle.

    :param content: the bundle.
    :param width: the number of its entries.
    :raises LogError: if it has another number of entries.
    """
    entries: list[bytes] = []
    position, length = 0, len(content)
    while position < length:
        start = position + 2
        if start > length:
            raise _cut_off()
        position = start + (content[position] << 8 | content[position + 1])
        if position > length:
            raise _cut_off()
        entries.append(content[start:position])
    if len(entries) != width:
        raise LogError(f"it has {len(entries)} entries instead of {width}")
    return entries


def _cut_off() -> LogError:
    return LogError("its last entry is cut off")


class Tree:
    """Adds leaves to a tree, and makes the tiles of the larger one.

    :param size: the size of the tree.
    :param edges: its partial tiles, by level.
    :raises LogError: if a tile has another size than expected.
    """

    def __init__(self, size: int = 0, edges: Iterable[tuple[int, bytes]] = ()) -> None:
        self.size = size
        self._edges: list[list[bytes]] = []
        for level, hashes in edges:
            self._edge(level)[:] = split_hashes(hashes)
        expected = {tile.level: tile.width for tile in edge_tiles(size)}
        if {n: len(edge) for n, edge in enumerate(self._edges) if edge} != expected:
            raise LogError(f"these are not the tiles of a tree of size {size}")

    def _edge(self, level: int) -> list[bytes]:
        while len(self._edges) <= level:
            self._edges.append([])
        return self._edges[level]

    @property
    def free(self) -> int:
        """The number of leaves until the tile of level 0 is full, 1 to 256."""
        return WIDTH - self.size % WIDTH

    def add(self, leaves: Sequence[bytes]) -> list[LogObject]:
        """Add leaves, at most :attr:`free`; return the tiles that are full now.

        :param leaves: their hashes.
        """
        made: list[LogObject] = []
        self.size += len(leaves)
        edge = self._edge(0)
        edge += leaves
        level, number = 0, self.size
        while number and number % WIDTH == 0 and edge:
            number //= WIDTH
            made.append((Tile(level, number - 1).path, b"".join(edge)))
            above = self._edge(level + 1)
            above.append(root_of(edge))
            edge.clear()
            level, edge = level + 1, above
        return made

    def partial(self) -> list[LogObject]:
        """Return the partial tiles."""
        return [(tile.path, b"".join(self._edges[tile.level])) for tile in edge_tiles(self.size)]

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return edge_root((n, b"".join(edge)) for n, edge in enumerate(self._edges) if edge)


class Growth:
    """Adds entries to a log, and makes the tiles and bundles of the larger one.

    :param size: the number of its entries.
    :param edges: its partial tiles, by level.
    :param bundle: its partial bundle.
    :raises LogError: if a tile has another size than expected.
    """

    def __init__(
        self, size: int = 0, edges: Iterable[tuple[int, bytes]] = (), bundle: bytes = b""
    ) -> None:
        self._tree = Tree(size, edges)
        self._bundle = bytearray(bundle)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._tree.size

    def add(self, entries: Iterable[bytes]) -> Iterator[LogObject]:
        """Add entries; yield the bundles and tiles that are full now.

        :param entries: the entries.
        :raises LogError: if one is too long.
        """
        left = iter(entries)
        while part := list(itertools.islice(left, self._tree.free)):
            self._bundle += encode_entries(part)
            tiles = self._tree.add(leaf_hashes(part))
            if self.size % WIDTH == 0:
                yield Tile(-1, self.size // WIDTH - 1).path, bytes(self._bundle)
                self._bundle.clear()
            yield from tiles

    def partial(self) -> Iterator[LogObject]:
        """Yield the partial bundle and tiles; call it after the last entry."""
        for tile in edge_tiles(self.size):
            if tile.level == 0:
                yield Tile(-1, tile.number, tile.width).path, bytes(self._bundle)
        yield from self._tree.partial()

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return self._tree.root()


def split_hashes(tile: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [tile[i : i + HASH_SIZE] for i in range(0, len(tile), HASH_SIZE)]


def edge_root(edges: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the root of a tree.

    :param edges: its partial tiles, with their levels, from level 0 upwards.
    """
    root: bytes | None = None
    for _, tile in edges:
        # The subtrees of a tile are larger than all those of the levels below it.
        hashes = split_hashes(tile)
        while hashes:
            count = len(hashes) & -len(hashes)
            subtree = root_of(hashes[-count:])
            root = subtree if root is None else node_hash(subtree, root)
            del hashes[-count:]
    return root_of(()) if root is None else root
