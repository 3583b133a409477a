"""Read hashes of a tree from its tiles, each checked against the root."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wheelhouse_hashes.tlog.merkle import HASH_SIZE, LogError, leaf_hash, range_root, root_of
from wheelhouse_hashes.tlog.tiles import HEIGHT, WIDTH, Tile, edge_root, edge_tiles, split_hashes

#: The largest level of tiles: a tree has fewer than 2**64 leaves.
_MAX_LEVEL = 7


class TileReader:
    """Reads hashes of a tree from its tiles, and checks each tile against the root.

    :param size: the size of the tree.
    :param root: its root.
    :param fetch: returns the content of a tile.
    """

    def __init__(self, size: int, root: bytes, fetch: Callable[[Tile], bytes]) -> None:
        self.size = size
        self.root = root
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._checked = False

    def _check_edges(self) -> None:
        """Read the partial tiles: together they have the root.

        :raises LogError: if they do not.
        """
        edges = [(tile, self._get(tile)) for tile in edge_tiles(self.size)]
        if edge_root((tile.level, content) for tile, content in edges) != self.root:
            raise LogError(f"the tiles do not have the root of the checkpoint of size {self.size}")
        self._tiles = {(tile.level, tile.number): content for tile, content in edges}
        self._checked = True

    def _get(self, tile: Tile) -> bytes:
        content = self._fetch(tile)
        if len(content) != tile.width * HASH_SIZE:
            raise LogError(
                f"{tile.path} has {len(content)} bytes instead of {tile.width * HASH_SIZE}"
            )
        return content

    def tile(self, level: int, number: int) -> bytes:
        """Return a tile of the tree.

        :raises LogError: if it contradicts the root.
        """
        if not self._checked:
            self._check_edges()
        known = self._tiles.get((level, number))
        if known is not None:
            return known
        if level > _MAX_LEVEL or number >= self.size >> (HEIGHT * (level + 1)):
            raise LogError(f"a tree of size {self.size} has no tile {number} of level {level}")
        content = self._get(Tile(level, number))
        if root_of(split_hashes(content)) != self._hash(level + 1, number):
            raise LogError(f"{Tile(level, number).path} contradicts the checkpoint")
        self._tiles[level, number] = content
        return content

    def _hash(self, level: int, index: int) -> bytes:
        number, place = divmod(index, WIDTH)
        return self.tile(level, number)[place * HASH_SIZE : (place + 1) * HASH_SIZE]

    def node(self, height: int, index: int) -> bytes:
        """Return the root of a complete subtree, see :func:`.merkle.range_root`."""
        level, above = divmod(height, HEIGHT)
        number, place = divmod(index << above, WIDTH)
        tile = self.tile(level, number)
        hashes = tile[place * HASH_SIZE : (place + (1 << above)) * HASH_SIZE]
        return root_of(split_hashes(hashes))

    def ranges(self, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
        """Return the roots of ranges: a proof."""
        return [range_root(start, end, self.node) for start, end in ranges]

    def check_bundle(self, bundle: Tile, entries: Iterable[bytes]) -> None:
        """Check the entries of a bundle.

        :param bundle: the bundle.
        :param entries: its entries, as many as it has in this tree.
        :raises LogError: if they contradict the root.
        """
        leaves = [leaf_hash(entry) for entry in entries]
        if bundle.width == WIDTH:
            right = root_of(leaves) == self._hash(1, bundle.number)
        else:
            right = b"".join(leaves) == self.tile(0, bundle.number)
        if not right:
            raise LogError(f"{bundle.path} contradicts the checkpoint")
