"""Merkle trees of :rfc:`6962`: hashes, roots, and proofs.

Hashes are bytes.  A range of leaves is a pair of its first index and the one after its last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

#: The number of bytes of a hash.
HASH_SIZE = 32

#: The root of the tree without leaves.
EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]


class LogError(ValueError):
    """Data of a log that is malformed, or that contradicts a checkpoint or a signature."""


class ProofError(LogError):
    """A proof does not lead to the root that it is for."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (:rfc:`6962`, section 2.1).

    :param entry: the content of the leaf.
    """
    return hashlib.sha256(b"\0" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hashes of leaves, see :func:`leaf_hash`; faster for many of them."""
    sha256 = hashlib.sha256
    return [sha256(b"\0" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split_point(count: int) -> int:
    """Return how many leaves are left of a node: the largest power of two below a count.

    :param count: the number of leaves below the node, at least 2.
    """
    return 1 << ((count - 1).bit_length() - 1)


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the root of a tree.

    :param hashes: the hashes of its leaves, or of complete subtrees of one size.
    """
    # Written out, because function calls take most of the time for a million entries.
    sha256 = hashlib.sha256
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        last = level[-1:] if len(level) & 1 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        level += last
    return level[0]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots are the inclusion proof of a leaf, that of the leaf first.

    :param index: the index of the leaf.
    :param size: the size of the tree.
    :raises ValueError: if the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the ranges whose roots are the consistency proof of two sizes.

    :param old: the smaller size; 0 and equal sizes have an empty proof.
    :param new: the larger size.
    :raises ValueError: if the old size is larger.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves has no older tree of {old}")
    ranges: list[Range] = []
    start, end = 0, new
    if old in (0, new):
        return ranges
    while end != old:
        middle = start + split_point(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # The old tree as a whole is known; any other subtree where the descent ends is not.
    return ([(start, end)] if start else []) + ranges[::-1]


def range_root(start: int, end: int, node: Callable[[int, int], bytes]) -> bytes:
    """Return the root of a range that a proof names.

    :param start: the first index, a multiple of the largest power of two in the range.
    :param end: the index after the last one.
    :param node: returns the root of a complete subtree: its height, and its number among
        the subtrees of that height.
    """
    count = end - start
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, start >> height)
    middle = start + split_point(count)
    return node_hash(range_root(start, middle, node), range_root(middle, end, node))


def check_inclusion(
    root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a tree has a leaf (:rfc:`9162`, section 2.1.3.2).

    :param root: the root of the tree.
    :param size: its size.
    :param index: the index of the leaf.
    :param leaf: the hash of the leaf.
    :param proof: the hashes, that of the leaf's sibling first.
    :raises ProofError: if the proof is not valid.
    """
    _check_hashes([root, leaf, *proof])
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _, found = _climb(index, size - 1, leaf, proof)
    if found != root:
        raise ProofError(f"the tree of size {size} does not have this leaf at {index}")


def check_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a tree starts with an older one (:rfc:`9162`, section 2.1.4.2).

    :param old_size: the size of the older tree.
    :param old_root: its root.
    :param new_size: the size of the newer tree.
    :param new_root: its root.
    :param proof: the hashes.
    :raises ProofError: if the proof is not valid.
    """
    _check_hashes([old_root, new_root, *proof])
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {new_size} leaves has no older tree of {old_size}")
    if (old_size == 0 and old_root != EMPTY_ROOT) or (new_size == 0 and new_root != EMPTY_ROOT):
        raise ProofError("the root of the empty tree is wrong")
    if old_size in (0, new_size):
        if proof or (old_size and old_root != new_root):
            raise ProofError(f"the proof is not empty, or two trees of size {old_size} differ")
        return
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofError("the consistency proof is empty")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if _climb(node, last, hashes[0], hashes[1:]) != (old_root, new_root):
        raise ProofError(f"the tree of size {new_size} does not start with that of {old_size}")


def _climb(node: int, last: int, start: bytes, proof: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the tree that ends with a node, and of the whole tree.

    :param node: the index of the node within its level.
    :param last: the index of the last node of that level.
    :param start: the hash of the node.
    :param proof: the hashes of the other nodes, from the bottom to the top.
    :raises ProofError: if the number of hashes is wrong.
    """
    old = new = start
    for each in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, each)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    return old, new


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise ProofError(f"a hash does not have {HASH_SIZE} bytes")
