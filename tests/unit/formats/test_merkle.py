"""RFC 6962 §2.1. The eight leaves and their roots and proofs are those of the Certificate Transparency reference tests."""

from collections.abc import Callable

import pytest

from sightline.formats.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    range_root,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from sightline.kernel.errors import Refused

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
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

ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

INCLUSION = {
    (0, 1): [],
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], B, D],
}

CONSISTENCY = {
    (1, 1): [],
    (1, 8): [A, B, C],
    (6, 8): [F, E, ROOTS[4]],
    (2, 5): [B, D],
}


def node(level: int, index: int) -> bytes:
    """A perfect subtree over `LEAVES`, by the recursive definition."""
    if level == 0:
        return leaf_hash(LEAVES[index])
    return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


@pytest.mark.parametrize("size", ROOTS)
def test_the_reference_roots_come_out_leaf_by_leaf_and_from_subtrees(size: int) -> None:
    hashes = leaf_hashes(LEAVES[:size])
    assert tree_root(hashes).hex() == ROOTS[size]
    assert range_root(0, size, node).hex() == ROOTS[size]
    assert Frontier.read(size, node).root().hex() == ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_the_reference_inclusion_proofs_are_made_and_hold(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    made = inclusion_proof(index, size, node)
    assert [step.hex() for step in made] == proof
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_the_reference_consistency_proofs_are_made_and_hold(sizes: tuple[int, int], proof: list[str]) -> None:
    old, new = sizes
    made = consistency_proof(old, new, node)
    assert [step.hex() for step in made] == proof
    verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), made)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda proof: proof[:-1], id="one hash short"),
        pytest.param(lambda proof: [*proof, bytes(32)], id="one hash more"),
        pytest.param(lambda proof: [proof[0][:31], *proof[1:]], id="a hash of 31 bytes"),
    ],
)
def test_a_proof_of_another_length_is_refused_before_hashing(change: Callable[[list[bytes]], list[bytes]]) -> None:
    root = bytes.fromhex(ROOTS[8])
    with pytest.raises(Refused, match="proof_length"):
        verify_inclusion(leaf_hash(LEAVES[5]), 5, 8, change(inclusion_proof(5, 8, node)), root)
    with pytest.raises(Refused, match="proof_length"):
        verify_consistency(6, bytes.fromhex(ROOTS[6]), 8, root, change(consistency_proof(6, 8, node)))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (-1, 8)])
def test_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(Refused, match="index_outside_tree"):
        inclusion_proof(index, size, node)
    with pytest.raises(Refused, match="index_outside_tree"):
        verify_inclusion(bytes(32), index, size, [], bytes(32))


@pytest.mark.parametrize(("old", "new"), [(0, 8), (8, 7), (-1, 8)])
def test_only_a_tree_that_is_not_smaller_can_extend_one_with_leaves(old: int, new: int) -> None:
    with pytest.raises(Refused, match="sizes_not_ordered"):
        consistency_proof(old, new, node)
    with pytest.raises(Refused, match="sizes_not_ordered"):
        verify_consistency(old, bytes(32), new, bytes(32), [])


def test_equal_sizes_with_different_roots_are_refused() -> None:
    with pytest.raises(Refused, match="consistency_not_proved"):
        verify_consistency(3, bytes(32), 3, bytes.fromhex(ROOTS[3]), [])


def test_a_leaf_is_never_a_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_a_frontier_needs_a_peak_for_each_set_bit() -> None:
    with pytest.raises(ValueError, match="peak"):
        Frontier(3, [bytes(32)])
