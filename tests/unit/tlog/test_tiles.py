"""Tiles and bundles: paths, sizes, growth and checks against the root."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable

import pytest

from tests.unit.tlog.trees import Fetching, flipped, make_log, recursive_root, recursive_roots
from wheelhouse_hashes.tlog.merkle import (
    EMPTY_ROOT,
    LogError,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    root_of,
)
from wheelhouse_hashes.tlog.tile_reader import TileReader
from wheelhouse_hashes.tlog.tiles import (
    Bundles,
    Growth,
    LogObject,
    Tile,
    decode_bundle,
    edge_root,
    edge_tiles,
    encode_entries,
    parse_path,
)


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", Tile(0, 0)),
        ("tile/0/000.p/1", Tile(0, 0, 1)),
        ("tile/1/x001/x234/067", Tile(1, 1_234_067)),
        ("tile/2/x001/000", Tile(2, 1000)),
        ("tile/2/999.p/255", Tile(2, 999, 255)),
        ("tile/63/x123/x456/789.p/41", Tile(63, 123_456_789, 41)),
        ("tile/entries/000", Tile(-1, 0)),
        ("tile/entries/x001/234.p/7", Tile(-1, 1234, 7)),
    ],
)
def test_path(path: str, tile: Tile) -> None:
    assert parse_path(path) == tile
    assert tile.path == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "checkpoint", "tile/0", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000"),
        *("tile/64/000", "tile/-1/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01"),
        *("tile/0/000.p", "tile/0/000.p/", "tile/0/x000/001", "tile/0/001/000", "tile/0/x001"),
        *(
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/000\n",
            "tile/0/\u0660\u0660\u0660",
            "tile/data/000",
        ),
        *("tile/8/0/000", "tile/entries/x000/000", "tile/0/" + "x999/" * 7 + "999"),
    ],
)
def test_path_of_no_tile(path: str) -> None:
    with pytest.raises(LogError):
        parse_path(path)


def test_tiles_of_sizes() -> None:
    assert edge_tiles(0) == []
    assert edge_tiles(1) == [Tile(0, 0, 1)]
    assert edge_tiles(256) == [Tile(1, 0, 1)]
    assert edge_tiles(257) == [Tile(0, 1, 1), Tile(1, 0, 1)]
    # The example of the specification.
    assert edge_tiles(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    for bundles, expected in (
        (Bundles(0), []),
        (Bundles(256), [Tile(-1, 0)]),
        (Bundles(257), [Tile(-1, 0), Tile(-1, 1, 1)]),
        (Bundles(600, 300), [Tile(-1, 1), Tile(-1, 2, 88)]),
        (Bundles(512, 512), []),
    ):
        assert list(bundles) == bundles[:] == expected
        assert list(reversed(bundles)) == expected[::-1]
    # A signed checkpoint can have any size, so that they are not all made at once.
    assert Bundles(2**62 + 1)[-1] == Tile(-1, 2**54, 1)


#: Roots of trees of leaves ``leaf 0``, ``leaf 1``, ..., by size, as Go's package ``sumdb/tlog``
#: prints them.
GO_ROOTS = {
    255: "1xWSohnUBnZj7t4kf5tUw/ngKQaC1V3gm0lbB/HeQck=",
    256: "z17/2xHQknou31Ow5zx4N/ZZQU4AU32l2Q61xMSf8nQ=",
    257: "hVuTaqAMuYtRFEhCSa0514pr6TYj4mwB6OSH3AIYSlo=",
    300: "56/ILTiUT8eTBUUygJHUWCMojB9zTL2sBjlnE+vUtdU=",
    65_535: "tZJIDfIPDdRW4525zbCh+oXzYX7C0wz/xSdgw4d285M=",
    65_536: "4QC6VNaakQEvwTt4kP6seNaZaglyaLb3NdFzEcdAKmA=",
    65_537: "aJsidCyrKt6za6Yi/yc2M2RkhY9d5KLALzO/Fj59yl8=",
}


@pytest.mark.parametrize("sizes", [range(601), range(65_533, 65_540)])
def test_tiles_have_the_recursive_root(sizes: range) -> None:
    leaves = [b"leaf %d" % index for index in range(sizes.stop)]
    expected = recursive_roots(leaves)
    growth = Growth()
    list(growth.add(leaves[: sizes.start]))
    for size in sizes:
        assert growth.root() == expected(size)
        # The tiles are those of the specification: each hash is the root of a subtree.
        edges = [(tile.level, content) for tile, content in parsed(growth.partial())]
        assert edge_root(edges) == expected(size)
        if size in GO_ROOTS:
            assert growth.root() == base64.b64decode(GO_ROOTS[size])
        list(growth.add(leaves[size : size + 1]))
    assert recursive_roots(leaves)(130) == recursive_root(leaves[:130])


def parsed(objects: Iterable[LogObject]) -> list[tuple[Tile, bytes]]:
    """Return the tiles among the objects of a log."""
    found = [(parse_path(path), content) for path, content in objects]
    return [(tile, content) for tile, content in found if tile.level >= 0]


def test_growth_in_batches_makes_the_same_objects() -> None:
    entries = [b"entry %d" % index for index in range(1000)]
    whole, root = make_log(entries)
    objects: dict[str, bytes] = {}
    size = 0
    for batch in (1, 254, 1, 1, 300, 0, 443):
        edges = [(tile.level, objects[tile.path]) for tile in edge_tiles(size)]
        last = Bundles(size)[-1:]
        partial = objects[last[0].path] if size % 256 else b""
        growth = Growth(size, edges, partial)
        objects.update(growth.add(entries[size : size + batch]))
        objects.update(growth.partial())
        size += batch
    assert growth.root() == root
    assert {path: objects[path] for path in whole} == whole
    assert all(parse_path(path).path == path for path in objects)


def test_growth_with_tiles_of_another_size() -> None:
    for size, edges in ((1, []), (0, [(0, b"\0" * 32)]), (257, [(0, b"\0" * 32)])):
        with pytest.raises(LogError, match="not the tiles"):
            Growth(size, edges)


def test_entries_of_bundles() -> None:
    entries = [b"", b"a", b"x" * 65_535]
    bundle = encode_entries(entries)
    assert decode_bundle(bundle, 3) == entries
    assert decode_bundle(b"", 0) == []
    for content, width in ((bundle, 2), (bundle, 4), (bundle[:-1], 3), (b"\0", 1), (b"\0\2a", 1)):
        with pytest.raises(LogError):
            decode_bundle(content, width)
    with pytest.raises(LogError, match="maximum"):
        encode_entries([b"x" * 65_536])


@pytest.mark.parametrize(
    "size", [1, 3, 255, 256, 257, 600, pytest.param(70_000, marks=pytest.mark.thorough)]
)
def test_proofs_from_tiles(size: int) -> None:
    entries = [b"%d" % index for index in range(size)]
    objects, root = make_log(entries)
    reader = TileReader(size, root, Fetching(objects))
    chooser = random.Random(size)
    for index in {0, size - 1, size // 2, *(chooser.randrange(size) for _ in range(20))}:
        proof = reader.ranges(inclusion_ranges(index, size))
        check_inclusion(root, size, index, leaf_hash(entries[index]), proof)
    for old in {1, size, max(1, size // 3), *(chooser.randrange(1, size + 1) for _ in range(8))}:
        proof = reader.ranges(consistency_ranges(old, size))
        old_root = root_of(map(leaf_hash, entries[:old]))
        check_consistency(old, old_root, size, root, proof)


def test_empty_tree() -> None:
    assert make_log([]) == ({}, EMPTY_ROOT)
    assert edge_root([]) == EMPTY_ROOT
    with pytest.raises(LogError, match="has no tile"):
        TileReader(0, EMPTY_ROOT, Fetching({})).tile(0, 0)


def check(reader: TileReader, tile: Tile, content: bytes) -> None:
    if tile.level >= 0:
        reader.tile(tile.level, tile.number)
    else:
        reader.check_bundle(tile, decode_bundle(content, tile.width))


@pytest.mark.parametrize(
    ("size", "step"),
    [
        (3, 1),  # every bit
        (600, 8 * 331 + 3),
        pytest.param(258, 27, marks=pytest.mark.thorough),
    ],
)
def test_any_flipped_bit_of_a_tile_or_bundle_is_refused(size: int, step: int) -> None:
    entries = [b"%d" % index for index in range(size)]
    objects, root = make_log(entries)
    for path, content in objects.items():
        tile = parse_path(path)
        for bit in range(0, len(content) * 8, step):
            changed = {**objects, path: flipped(content, bit)}
            reader = TileReader(size, root, Fetching(changed))
            with pytest.raises(LogError):
                check(reader, tile, changed[path])


def test_tile_of_another_length_is_refused() -> None:
    objects, root = make_log([b"%d" % index for index in range(600)])
    for path in ("tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"):
        tile = parse_path(path)
        for content in (objects[path][:-1], objects[path] + b"\0", b""):
            reader = TileReader(600, root, Fetching({**objects, path: content}))
            with pytest.raises(LogError, match="bytes instead of"):
                reader.tile(tile.level, tile.number)


def test_wrong_size_is_refused() -> None:
    objects, root = make_log([b"%d" % index for index in range(300)])
    objects.update(make_log([b"%d" % index for index in range(299)])[0])
    with pytest.raises(LogError, match="do not have the root"):
        TileReader(299, root, Fetching(objects)).tile(0, 0)


def test_tiles_are_read_once() -> None:
    size = 1000
    entries = [b"%d" % index for index in range(size)]
    objects, root = make_log(entries)
    fetching = Fetching(objects)
    reader = TileReader(size, root, fetching)
    for index in (0, 1, 255, 999):
        reader.ranges(inclusion_ranges(index, size))
    reader.check_bundle(Tile(-1, 0), entries[:256])
    assert sorted(fetching.paths) == ["tile/0/000", "tile/0/003.p/232", "tile/1/000.p/3"]
