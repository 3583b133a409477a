"""Proofs that a log has an entry."""

from __future__ import annotations

import pytest

from tests.unit.tlog.trees import Fetching, flipped, make_log
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey
from wheelhouse_hashes.tlog.merkle import LogError, inclusion_ranges
from wheelhouse_hashes.tlog.note import Checkpoint, Note, sign
from wheelhouse_hashes.tlog.proof import MAX_PROOF, Proof
from wheelhouse_hashes.tlog.tile_reader import TileReader

KEY = SigningKey("example.org/log", bytes(32))
ENTRIES = [Entry(f"demo-{n}.tar.gz", f"{n:064x}", n) for n in range(11)]


def prove(index: int) -> Proof:
    """Return the proof of one of the entries."""
    objects, root = make_log([entry.encode() for entry in ENTRIES])
    size = len(ENTRIES)
    reader = TileReader(size, root, Fetching(objects))
    hashes = tuple(reader.ranges(inclusion_ranges(index, size)))
    note = Note.parse(sign(Checkpoint(KEY.name, size, root).encode(), KEY))
    return Proof(index, hashes, note, ENTRIES[index].encode())


def test_proofs_are_written_back_and_valid() -> None:
    for index, entry in enumerate(ENTRIES):
        content = prove(index).encode()
        read = Proof.parse(content)
        assert read.encode() == content
        assert read.check(KEY.verifier)[0] == entry


def test_golden_value() -> None:
    lines = prove(10).encode().decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith(
        "extra d2hlZWxob3VzZS1oYXNoZXMvdjEKZmlsZSBkZW1vLTEwLnRhci5negpzaXplIDEw"
    )
    assert lines[2] == "index 10"
    assert lines[3:5] == [
        "d7wxFCNwHwbsVTAPCXcFBxfFCZtDdlLy/r19AEvYvZ4=",
        "1hdcMVQlCng73HJyJI0BzoAz5U7BuOxYyL/crl/Q+k8=",
    ]
    assert lines[5:8] == ["", "example.org/log", "11"]
    assert lines[8] == "zhxwFt9EO2fe93HR7DC6ZDl6yawJGth9xgjP311KPec="


def test_any_flipped_bit_is_refused() -> None:
    content = prove(6).encode()
    # The note has a test of its own.
    for bit in range(content.index(b"example.org") * 8):
        with pytest.raises(LogError):
            Proof.parse(flipped(content, bit)).check(KEY.verifier)


def test_other_index_is_refused() -> None:
    proof = prove(6)
    for index in (0, 5, 7, 11, 2**62):
        with pytest.raises(LogError):
            Proof(index, proof.hashes, proof.note, proof.extra).check(KEY.verifier)


def test_proof_without_the_entry() -> None:
    proof = Proof(0, (), prove(0).note)
    assert Proof.parse(proof.encode()) == proof
    with pytest.raises(LogError, match="does not contain the entry"):
        proof.check(KEY.verifier)


NOTE = "a\n0\nAAAA\n\n\u2014 a AAAAAAA=\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE,
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 00\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex -1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra é\nindex 0\n\n{NOTE}",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + ("A" * 43 + "=\n") * 64 + f"\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra {'AAAA' * (MAX_PROOF // 4)}\nindex 0\n\n{NOTE}",
    ],
)
def test_other_texts_are_not_proofs(text: str) -> None:
    with pytest.raises(LogError):
        Proof.parse(text.encode())
