"""Merkle hash trees (RFC 6962, section 2.1) with SHA-256: roots and inclusion paths.

The RFC splits a tree at the largest power of two below its size. Pairing nodes level by level and
lifting a last odd one unchanged builds the same tree, bottom up, hashing every node once.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from cardwright.custody.errors import MerkleError

__all__ = [
    "HASH_LENGTH",
    "MerkleError",
    "leaf_hash",
    "node_hash",
    "paths",
    "root",
    "root_from_path",
]

HASH_LENGTH = 32
"""Octets of every hash here."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf: SHA-256 of a zero octet and the data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256 of an 0x01 octet and both children's hashes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute the tree's root hash; that of no leaves is the SHA-256 of nothing."""
    level = leaf_hashes
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else sha256().digest()


def paths(leaf_hashes: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """Compute the root and every leaf's inclusion path, from the leaf's sibling up to the root.

    Raises:
        MerkleError: MERKLE_EMPTY, there is no leaf.
    """
    if not leaf_hashes:
        raise MerkleError("MERKLE_EMPTY", "A tree without leaves has no paths: give one leaf.")
    levels: list[Sequence[bytes]] = [leaf_hashes]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    # Downwards, a node's path is its sibling followed by its parent's path: neighbours share work.
    above: list[tuple[bytes, ...]] = [()]
    for level in reversed(levels[:-1]):
        paired = len(level) // 2
        below: list[tuple[bytes, ...]] = []
        for parent in range(paired):
            path = above[parent]
            below.append((level[2 * parent + 1], *path))
            below.append((level[2 * parent], *path))
        below.extend(above[paired:])
        above = below
    return levels[-1][0], above


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Compute the root that `path` leads to (the algorithm of RFC 9162, section 2.1.3.2).

    The leaf is in the tree exactly when the result is the tree's root.

    Raises:
        MerkleError: MERKLE_INDEX (no such leaf in a tree of this size), MERKLE_PATH (a path of
            another length than this leaf's) or MERKLE_HASH (not 32 octets).
    """
    if not 0 <= index < size:
        raise MerkleError("MERKLE_INDEX", f"A tree of {size} leaves has no leaf {index}.")
    node, last, result = index, size - 1, leaf
    remaining = iter(path)
    while last:
        # A last node without a sibling is lifted as it is; every other meets its sibling.
        if node & 1 or node < last:
            sibling = next(remaining, b"")
            if len(sibling) != HASH_LENGTH:
                raise _path_error(index, size) if not sibling else _hash_error()
            result = node_hash(sibling, result) if node & 1 else node_hash(result, sibling)
        node >>= 1
        last >>= 1
    if next(remaining, None) is not None:
        raise _path_error(index, size)
    return result


def _parents(level: Sequence[bytes]) -> list[bytes]:
    pairs = len(level) - len(level) % 2
    parents = [
        sha256(b"\x01" + level[left] + level[left + 1]).digest() for left in range(0, pairs, 2)
    ]
    parents.extend(level[pairs:])
    return parents


def _path_error(index: int, size: int) -> MerkleError:
    return MerkleError(
        "MERKLE_PATH", f"The path has not the length of leaf {index}'s in a tree of {size}."
    )


def _hash_error() -> MerkleError:
    return MerkleError("MERKLE_HASH", f"A hash in the path has not {HASH_LENGTH} octets.")
