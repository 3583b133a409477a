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

#: The folder.  Without the variable, conftest.py leaves this module out.
DATA = pathlib.Path(os.environ["TLOG_TEST_DATA"])

#: The probe whose root is a placeholder of 12 bytes; it wants to be accepted.
PLACEHOLDER = "sizes-are-equal-one-and-proof-is-empty.json"

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


def probes(kind: str) -> list[str]:
    """Return the names of the probes of one kind."""
    folder = DATA / "merkle" / kind
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))


@pytest.mark.parametrize("name", probes("inclusion"))
def test_inclusion_probe(name: str) -> None:
    probe = load(DATA / "merkle/inclusion" / name)
    assert accepts_inclusion(probe) is not probe["wantErr"]


@pytest.mark.parametrize("name", probes("consistency"))
def test_consistency_probe(name: str) -> None:
    probe = load(DATA / "merkle/consistency" / name)
    # A root of another length than 32 bytes is always refused here.
    wanted = not probe["wantErr"] and pathlib.PurePath(name).name != PLACEHOLDER
    assert accepts_consistency(probe) is wanted


def test_every_file_of_the_folder_is_used() -> None:
    """A file that is added must get a test."""
    assert {kind: len(probes(kind)) for kind in ("inclusion", "consistency")} == {
        "inclusion": 98,
        "consistency": 98,
    }
    used = {"README.md", "go-vectors.json", "merkle", "tessera-log", "sunlight-mirror"}
    assert {path.name for path in DATA.iterdir()} == used
    paths = (path.relative_to(DATA / "tessera-log") for path in DATA.glob("tessera-log/**/*"))
    notes = {"checkpoint", *(f"checkpoint.{size}" for size in range(16))}
    tiles = {f"tile/{level}/000.p/{n}" for level in ("0", "entries") for n in range(1, 16)}
    assert {str(path) for path in paths if (DATA / "tessera-log" / path).is_file()} == notes | tiles


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
    assert (log / "checkpoint").read_bytes() == note


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
