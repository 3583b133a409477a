"""Merkle trees: constants of RFC 6962's authors, and every pair of sizes up to 130."""

from __future__ import annotations

import base64
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


#: The leaves of the examples of RFC 6962's authors, as in transparency-dev/merkle.
RFC_LEAVES = tuple(
    map(
        bytes.fromhex,
        (
            *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
            "606162636465666768696a6b6c6d6e6f",
        ),
    )
)

#: The roots of trees of the first of these leaves, by size, in base64.
RFC_ROOTS = {
    1: "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
    2: "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
    3: "rra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=",
    5: "Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=",
    6: "duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8=",
    7: "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=",
    8: "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
}

#: Proofs for them, from the same place: index or old size, size, and hashes.
RFC_INCLUSION = (
    (0, 1, ""),
    (
        *(0, 8, "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c="),
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    ),
    (
        *(5, 8, "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="),
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ),
    (2, 3, "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="),
)
RFC_CONSISTENCY = (
    (1, 1, ""),
    (
        *(6, 8, "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o="),
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ),
    (
        *(2, 5, "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4="),
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    ),
)


def decode(*texts: str) -> list[bytes]:
    return [base64.b64decode(text) for text in texts if text]


def test_trees_of_the_rfc() -> None:
    for size, root in RFC_ROOTS.items():
        hashes = [leaf_hash(leaf) for leaf in RFC_LEAVES[:size]]
        assert [root_of(hashes)] == decode(root)


@pytest.mark.parametrize("probe", RFC_INCLUSION)
def test_inclusion_probe(probe: tuple[int, int, str]) -> None:
    index, size, *texts = probe
    (root,), proof, leaf = decode(RFC_ROOTS[size]), decode(*texts), leaf_hash(RFC_LEAVES[index])
    check_inclusion(root, size, index, leaf, proof)
    # The kinds of the published probes that must be refused.
    for wrong in (
        (b"", size, index, leaf, proof),
        (root, 0, index, leaf, proof),
        (root, size, size, leaf, proof),
        (root, size, -1, leaf, proof),
        (root, size, index ^ 2, leaf, proof),
        (root, size * 2, index, leaf, proof),
        (root, size, index, b"", proof),
        (b"", size, index, b"", proof),
        (leaf + leaf, size, index, leaf, proof),
        (root, size, index, leaf, [*proof, root]),
        (root, size, index, leaf, [root, *proof]),
        (root, size, index, leaf, [*proof[1:], b""]),
    ):
        with pytest.raises(ProofError):
            check_inclusion(*wrong)


@pytest.mark.parametrize("probe", RFC_CONSISTENCY)
def test_consistency_probe(probe: tuple[int, int, str]) -> None:
    old, new, *texts = probe
    (before, after), proof = decode(RFC_ROOTS[old], RFC_ROOTS[new]), decode(*texts)
    check_consistency(old, before, new, after, proof)
    for wrong in (
        (old, before, new, b"", proof),
        (old, b"", new, after, proof),
        (0, before, new, after, proof),
        (old, before, 0, after, proof),
        (-1, before, new, after, proof),
        (new + 1, before, new, after, proof),
        (old, before, new * 2, after, proof),
        (old, before, new, after, [*proof, after]),
        (old, before, new, after, [after, *proof]),
        (old, before, new, EMPTY_ROOT, proof),
    ):
        with pytest.raises(ProofError):
            check_consistency(*wrong)
