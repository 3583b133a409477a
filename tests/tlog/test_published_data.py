"""Published test data of other implementations, in the folder ``TLOG_TEST_DATA``.

The data is not part of the project: inclusion and consistency probes of
transparency-dev/merkle, a log of transparency-dev/tessera with all its checkpoints, a
mirror of FiloSottile/sunlight (its entry bundles are fakes), and values printed by Go's
package ``sumdb/tlog``.
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
from typing import Any

import pytest

from tests.unit.tlog.trees import Fetching
from wheelhouse_hashes.tlog.keys import SigningKey, VerifierKey
from wheelhouse_hashes.tlog.merkle import (
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    root_of,
)
from wheelhouse_hashes.tlog.note import Checkpoint, open_checkpoint, sign
from wheelhouse_hashes.tlog.tile_reader import TileReader
from wheelhouse_hashes.tlog.tiles import Growth, Tile

#: The environment variable that names the folder.
VARIABLE = "TLOG_TEST_DATA"

DATA = pathlib.Path(os.environ.get(VARIABLE, ""))

pytestmark = pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set")

#: Its root is a placeholder of 12 bytes.
SKIPPED = "sizes-are-equal-one-and-proof-is-empty.json"

WORDS = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten"


def decode(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def load(path: pathlib.Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def accepts_inclusion(probe: dict[str, Any]) -> bool:
    proof = [decode(each) for each in probe["proof"] or ()]
    root, leaf = decode(probe["root"]), decode(probe["leafHash"])
    try:
        check_inclusion(root, probe["treeSize"], probe["leafIdx"], leaf, proof)
    except ProofError:
        return False
    return True


def accepts_consistency(probe: dict[str, Any]) -> bool:
    proof = [decode(each) for each in probe["proof"] or ()]
    roots = decode(probe["root1"]), decode(probe["root2"])
    try:
        check_consistency(probe["size1"], roots[0], probe["size2"], roots[1], proof)
    except ProofError:
        return False
    return True


def test_inclusion_probes() -> None:
    paths = sorted(DATA.glob("merkle/inclusion/**/*.json"))
    assert len(paths) == 98
    probes = {str(path): load(path) for path in paths}
    wrong = [name for name, p in probes.items() if accepts_inclusion(p) is p["wantErr"]]
    assert wrong == []


def test_consistency_probes() -> None:
    paths = sorted(DATA.glob("merkle/consistency/**/*.json"))
    assert len(paths) == 98
    probes = {str(path): load(path) for path in paths if path.name != SKIPPED}
    wrong = [name for name, p in probes.items() if accepts_consistency(p) is p["wantErr"]]
    assert wrong == []


def test_values_of_go() -> None:
    values = load(DATA / "go-vectors.json")
    sizes = [int(size) for size in values["roots"]]
    entries = [b"leaf %d" % index for index in range(max(sizes))]
    hashes = [leaf_hash(entry) for entry in entries]
    readers: dict[int, TileReader] = {}
    growth = Growth()
    objects: dict[str, bytes] = {}
    for size in sorted(sizes):
        objects.update(growth.add(entries[growth.size : size]))
        objects.update(growth.partial())
        root = decode(values["roots"][str(size)])
        assert growth.root() == root == root_of(hashes[:size])
        readers[size] = TileReader(size, root, Fetching(objects))
    for probe in values["inclusion"]:
        reader = readers[probe["size"]]
        proof = reader.ranges(inclusion_ranges(probe["index"], probe["size"]))
        assert proof == [decode(each) for each in probe["proof"]]
    for probe in values["consistency"]:
        reader = readers[probe["new"]]
        proof = reader.ranges(consistency_ranges(probe["old"], probe["new"]))
        assert proof == [decode(each) for each in probe["proof"]]
    for level, number, width, path in values["paths"]:
        assert Tile(level, number, width).path == path


def test_log_of_tessera_is_reproduced() -> None:
    log = DATA / "tessera-log"
    words = [word.encode() for word in WORDS.split()]
    seed = decode("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")[1:]
    key = SigningKey("example.com/log/testdata", seed)
    assert key.verifier.id.hex() == "33d7b496"
    count = 0
    growth = Growth()
    for size in range(16):
        note = (log / f"checkpoint.{size}").read_bytes()
        assert open_checkpoint(note, key.verifier).root == growth.root()
        assert sign(Checkpoint(key.name, size, growth.root()).encode(), key) == note
        for path, content in growth.partial():
            count += 1
            assert (log / path).read_bytes() == content
        list(growth.add(words[size : size + 1]))
    assert count == 30


def test_mirror_of_sunlight() -> None:
    mirror = DATA / "sunlight-mirror"
    key = VerifierKey.parse(load(mirror / "mirror.v0.json")["verifier_keys"][0])
    (log,) = (path for path in mirror.iterdir() if path.is_dir())
    checkpoint = open_checkpoint((log / "checkpoint").read_bytes(), key)
    assert checkpoint.size == 300

    def fetch(tile: Tile) -> bytes:
        return (log / tile.path).read_bytes()

    reader = TileReader(checkpoint.size, checkpoint.root, fetch)
    for index in (0, 255, 256, 299):
        number, place = divmod(index, 256)
        leaf = reader.tile(0, number)[place * 32 : place * 32 + 32]
        proof = reader.ranges(inclusion_ranges(index, 300))
        check_inclusion(checkpoint.root, 300, index, leaf, proof)
