"""Any proof that is made holds; any flipped bit of what it rests on is refused."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from sightline.formats.tile import Edge, node_from_tile
from sightline.kernel.errors import Refused

MOST = 700
HASHES = leaf_hashes([b"leaf %d" % n for n in range(MOST)])
TILES = {(tile.level, tile.index): tile.hashes for tile in Edge().extended(HASHES)[1]}


def node(level: int, index: int) -> bytes:
    return node_from_tile(level, index, lambda tile_level, tile_index: TILES[tile_level, tile_index])


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word for word, as a second opinion."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


def flipped(data: bytes, bit: int) -> bytes:
    """The same bytes but for one bit."""
    at, inside = divmod(bit % (8 * len(data)), 8)
    return data[:at] + bytes([data[at] ^ (1 << inside)]) + data[at + 1 :]


@dataclass(frozen=True)
class Place:
    """A smaller and a larger size, or an index and a size."""

    low: int
    high: int


leaves = st.integers(1, MOST).flatmap(lambda size: st.builds(Place, low=st.integers(0, size - 1), high=st.just(size)))
sizes = st.integers(1, MOST).flatmap(lambda size: st.builds(Place, low=st.integers(1, size), high=st.just(size)))
bits = st.integers(min_value=0)


@given(size=st.integers(1, MOST))
def test_tiles_frontier_and_definition_agree_on_every_root(size: int) -> None:
    expected = by_definition(HASHES[:size])
    assert tree_root(HASHES[:size]) == expected
    assert Edge().extended(HASHES[:size])[0].root() == expected
    assert Frontier.read(size, node).root() == expected


@given(cuts=st.lists(st.integers(0, MOST), max_size=5))
def test_an_edge_grown_in_any_steps_is_the_same(cuts: list[int]) -> None:
    edge, bounds = Edge(), sorted({0, *cuts, MOST})
    for start, end in pairwise(bounds):
        edge, _ = edge.extended(HASHES[start:end])
    assert edge == Edge().extended(HASHES)[0]


@given(place=leaves)
def test_any_inclusion_proof_holds(place: Place) -> None:
    proof = inclusion_proof(place.low, place.high, node)
    verify_inclusion(HASHES[place.low], place.low, place.high, proof, tree_root(HASHES[: place.high]))


@given(place=sizes)
def test_any_consistency_proof_holds(place: Place) -> None:
    old, new = tree_root(HASHES[: place.low]), tree_root(HASHES[: place.high])
    verify_consistency(place.low, old, place.high, new, consistency_proof(place.low, place.high, node))


@given(place=leaves, which=st.integers(min_value=0), bit=bits)
def test_any_flipped_bit_of_an_inclusion_proof_is_refused(place: Place, which: int, bit: int) -> None:
    proof = inclusion_proof(place.low, place.high, node)
    parts = [HASHES[place.low], tree_root(HASHES[: place.high]), *proof]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    with pytest.raises(Refused, match="inclusion_not_proved"):
        verify_inclusion(parts[0], place.low, place.high, parts[2:], parts[1])


@given(place=sizes, which=st.integers(min_value=0), bit=bits)
def test_any_flipped_bit_of_a_consistency_proof_is_refused(place: Place, which: int, bit: int) -> None:
    proof = consistency_proof(place.low, place.high, node)
    parts = [tree_root(HASHES[: place.low]), tree_root(HASHES[: place.high]), *proof]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    with pytest.raises(Refused, match="consistency_not_proved"):
        verify_consistency(place.low, parts[0], place.high, parts[1], parts[2:])


@given(place=leaves, index=st.integers(0, MOST - 1))
def test_no_leaf_is_proved_at_another_index(place: Place, index: int) -> None:
    if index != place.low:
        proof = inclusion_proof(place.low, place.high, node)
        with pytest.raises(Refused):
            verify_inclusion(HASHES[place.low], index, place.high, proof, tree_root(HASHES[: place.high]))


@given(entry=st.binary(max_size=600), bit=bits)
def test_any_flipped_bit_of_an_entry_gives_another_leaf(entry: bytes, bit: int) -> None:
    if entry:
        assert leaf_hash(flipped(entry, bit)) != leaf_hash(entry)
