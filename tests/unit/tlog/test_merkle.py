"""Merkle trees: constants of RFC 6962's authors, and every pair of sizes up to 130."""

from __future__ import annotations

import functools
import itertools

import pytest

from tests.unit.tlog.trees import LEAVES, flipped, recursive_root
from wheelhouse_hashes.tlog.merkle import (
    EMPTY_ROOT,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    range_root,
    root_of,
)

HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [recursive_root(LEAVES[:size]) for size in range(len(LEAVES))]


@functools.cache
def node(height: int, index: int) -> bytes:
    return root_of(HASHES[index << height : (index + 1) << height])


def inclusion(index: int, size: int) -> list[bytes]:
    return [range_root(start, end, node) for start, end in inclusion_ranges(index, size)]


def consistency(old: int, new: int) -> list[bytes]:
    return [range_root(start, end, node) for start, end in consistency_ranges(old, new)]


def test_hashes_are_those_of_the_rfc() -> None:
    # The constants of transparency-dev/merkle.
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert leaf_hash(b"L123456").hex() == (
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    )
    assert node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


def test_roots_are_those_of_the_recursive_definition() -> None:
    assert [root_of(HASHES[:size]) for size in range(len(LEAVES))] == ROOTS
    assert ROOTS[0] == EMPTY_ROOT


def test_every_inclusion_proof_up_to_130() -> None:
    for size in range(1, 131):
        for index in range(size):
            check_inclusion(ROOTS[size], size, index, HASHES[index], inclusion(index, size))


def test_every_consistency_proof_up_to_130() -> None:
    for new in range(1, 131):
        for old in range(1, new + 1):
            check_consistency(old, ROOTS[old], new, ROOTS[new], consistency(old, new))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 65])
def test_inclusion_proof_with_a_change_is_refused(size: int) -> None:
    for index in range(size):
        proof = inclusion(index, size)
        good = (ROOTS[size], size, index, HASHES[index], proof)
        check_inclusion(*good)
        others = [
            *((size, other, proof) for other in range(-1, size + 1) if other != index),
            (size, index, [*proof, HASHES[0]]),
            (size, index, [HASHES[0], *proof]),
            (size, index, proof[1:] if proof else [b""]),
            (0, index, proof),
            *((size, index, [*proof[:n], b"short", *proof[n + 1 :]]) for n in range(len(proof))),
        ]
        for other_size, other_index, other_proof in others:
            with pytest.raises(ProofError):
                check_inclusion(ROOTS[size], other_size, other_index, HASHES[index], other_proof)
        for bit in range(0, 256, 41):
            with pytest.raises(ProofError):
                check_inclusion(ROOTS[size], size, index, flipped(HASHES[index], bit), proof)
            with pytest.raises(ProofError):
                check_inclusion(flipped(ROOTS[size], bit), size, index, HASHES[index], proof)


def test_any_flipped_bit_of_a_proof_is_refused() -> None:
    proof = inclusion(9, 13)
    for each, bit in itertools.product(range(len(proof)), range(256)):
        changed = [*proof[:each], flipped(proof[each], bit), *proof[each + 1 :]]
        with pytest.raises(ProofError):
            check_inclusion(ROOTS[13], 13, 9, HASHES[9], changed)
    proof = consistency(6, 13)
    for each, bit in itertools.product(range(len(proof)), range(256)):
        changed = [*proof[:each], flipped(proof[each], bit), *proof[each + 1 :]]
        with pytest.raises(ProofError):
            check_consistency(6, ROOTS[6], 13, ROOTS[13], changed)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 7), (4, 8), (6, 8), (64, 65), (65, 129)])
def test_consistency_proof_with_a_change_is_refused(old: int, new: int) -> None:
    proof = consistency(old, new)
    cases = [
        (old, ROOTS[old], new, ROOTS[new], [*proof, HASHES[0]]),
        (old, ROOTS[old], new, ROOTS[new], [HASHES[0], *proof]),
        (old, ROOTS[old], new, ROOTS[new], proof[:-1]),
        (old, ROOTS[old], new, ROOTS[new], []),
        (old, ROOTS[new], new, ROOTS[old], proof),
        (new, ROOTS[new], old, ROOTS[old], proof),
        (old, flipped(ROOTS[old], 3), new, ROOTS[new], proof),
        (old, ROOTS[old], new, flipped(ROOTS[new], 3), proof),
        (old, b"short", new, ROOTS[new], proof),
    ]
    for case in cases:
        with pytest.raises(ProofError):
            check_consistency(*case)


def test_equal_sizes_and_the_empty_tree() -> None:
    check_consistency(5, ROOTS[5], 5, ROOTS[5], [])
    check_consistency(0, EMPTY_ROOT, 5, ROOTS[5], [])
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    for case in (
        (5, ROOTS[5], 5, ROOTS[4], []),
        (5, ROOTS[5], 5, ROOTS[5], [HASHES[0]]),
        (0, EMPTY_ROOT, 5, ROOTS[5], [HASHES[0]]),
        (0, ROOTS[1], 5, ROOTS[5], []),
        (0, EMPTY_ROOT, 0, ROOTS[1], []),
    ):
        with pytest.raises(ProofError):
            check_consistency(*case)


def test_ranges_of_no_tree() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_ranges(index, size)
    for old, new in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no older tree"):
            consistency_ranges(old, new)
