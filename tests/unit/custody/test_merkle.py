from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.custody import merkle
from cardwright.custody.merkle import MerkleError

# Leaves, roots and paths of the Certificate Transparency reference tree (the test data of the
# RFC 6962 log implementations: google/certificate-transparency, merkle_tree_test).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def split_root(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 words it: split at the largest power of two below the size."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\x01" + split_root(hashes[:split]) + split_root(hashes[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_root_is_that_of_the_reference_tree(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size - 1]


def test_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert merkle.root([]) == sha256(b"").digest()


def test_path_is_that_of_the_reference_tree() -> None:
    _, all_paths = merkle.paths(HASHES)
    assert [node.hex() for node in all_paths[5]] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_paths_of_no_leaves_are_refused() -> None:
    with pytest.raises(MerkleError) as caught:
        merkle.paths([])
    assert caught.value.code == "MERKLE_EMPTY"


@given(st.integers(1, 130))
def test_every_path_leads_to_the_root_of_the_recursive_definition(size: int) -> None:
    hashes = [merkle.leaf_hash(str(n).encode()) for n in range(size)]
    root, all_paths = merkle.paths(hashes)
    assert root == merkle.root(hashes) == split_root(hashes)
    for index, (leaf, path) in enumerate(zip(hashes, all_paths, strict=True)):
        assert merkle.root_from_path(leaf, index, size, path) == root


@given(st.integers(2, 60), st.data())
def test_a_path_proves_its_own_leaf_and_place_alone(size: int, data: st.DataObject) -> None:
    hashes = [merkle.leaf_hash(str(n).encode()) for n in range(size)]
    root, all_paths = merkle.paths(hashes)
    index, other = data.draw(st.permutations(range(size)).map(lambda order: order[:2]))
    assert merkle.root_from_path(hashes[other], index, size, all_paths[index]) != root
    with suppress(MerkleError):  # another place may ask for a path of another length
        found = merkle.root_from_path(hashes[index], other, size, all_paths[index])
        assert found != root


@pytest.mark.parametrize(
    ("index", "size", "path", "code"),
    [
        (8, 8, [HASHES[0]] * 3, "MERKLE_INDEX"),
        (-1, 8, [HASHES[0]] * 3, "MERKLE_INDEX"),
        (0, 0, [], "MERKLE_INDEX"),
        (0, 8, [HASHES[0]] * 2, "MERKLE_PATH"),
        (0, 8, [HASHES[0]] * 4, "MERKLE_PATH"),
        (0, 2, [HASHES[0][:31]], "MERKLE_HASH"),
    ],
)
def test_a_malformed_path_is_refused(index: int, size: int, path: list[bytes], code: str) -> None:
    with pytest.raises(MerkleError) as caught:
        merkle.root_from_path(HASHES[0], index, size, path)
    assert caught.value.code == code
