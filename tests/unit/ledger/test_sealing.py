"""Items' keys: one from all the children's, each use apart, and gone when one of them is (P9)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.errors import Corrupt
from sightline.ledger.sealing import ItemKey, child_ref, key_names

ONE, TWO = b"\x01" * 32, b"\x02" * 32
STREAM = UUID(int=1)


def a_key(*parents: bytes, stream: UUID = STREAM, version: int = 1) -> ItemKey:
    return ItemKey(parents or (ONE,), stream, version)


@given(plain=st.binary(max_size=300))
def test_what_was_sealed_opens_under_the_same_key_and_use(plain: bytes) -> None:
    assert a_key().open("body", a_key().seal("body", plain)) == plain


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a_key(TWO), id="another child's"),
        pytest.param(a_key(ONE, TWO), id="of two children"),
        pytest.param(a_key(stream=UUID(int=2)), id="another stream's"),
        pytest.param(a_key(version=2), id="another version's"),
    ],
)
def test_it_opens_under_no_other_key(other: ItemKey) -> None:
    with pytest.raises(Corrupt):
        other.open("body", a_key().seal("body", b"x"))


def test_it_opens_for_no_other_use() -> None:
    with pytest.raises(Corrupt):
        a_key().open("facts 7", a_key().seal("body", b"x"))


@given(flip=st.integers(0, 10**6))
def test_one_flipped_bit_is_corrupt(flip: int) -> None:
    sealed = bytearray(a_key().seal("body", b"some words"))
    sealed[flip % len(sealed)] ^= 1 << flip % 8
    with pytest.raises(Corrupt):
        a_key().open("body", bytes(sealed))


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    assert a_key().seal("body", b"x") != a_key().seal("body", b"x")


def test_names_and_commitments_are_derived_and_differ_by_use() -> None:
    key = a_key()
    assert key.name("l", "leaf 1") == a_key().name("l", "leaf 1")
    assert key.name("l", "leaf 1") != key.name("l", "leaf 2")
    assert key.commit("citem", "citem", b"x") == a_key().commit("citem", "citem", b"x")
    assert key.commit("citem", "citem", b"x") != key.commit("cjust", "citem", b"x")
    assert key.commit("citem", "citem", b"x") != key.commit("citem", "citem", b"y")
    assert len(key.commit("citem", "citem", b"")) == 43


def test_the_order_in_which_children_are_named_does_not_matter() -> None:
    assert key_names(["b", "a"], "hampshire") == key_names(["a", "b"], "hampshire") == ["child:a", "child:b"]
    assert key_names([], "hampshire") == ["area:hampshire"]


def test_a_childs_reference_tells_nothing_but_that_it_is_the_same_child() -> None:
    assert child_ref(ONE) == child_ref(ONE) != child_ref(TWO)
    assert child_ref(ONE).startswith("c-")
