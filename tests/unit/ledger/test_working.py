"""Folds in hand: dropped when there are many, and there again whenever they are needed."""

from dataclasses import dataclass, field

import pytest

from sightline.ledger.folds import ChildFold, ItemFold
from sightline.ledger.working import Working
from tests.builders_lives import Nothing, an_item


@dataclass
class Stored(Nothing):
    """A store of some children. It counts how often each is asked for."""

    folds: dict[str, ChildFold]
    asked: list[str] = field(default_factory=list)

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        self.asked += ids
        return {name: self.folds[name] for name in ids if name in self.folds}

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        return {}


class Kept(Stored):
    """The same, and every item there could be."""

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        return {position: an_item("identity") for position in positions}


@pytest.fixture
def stored() -> Stored:
    names = ("a", "b", "c", "d")
    return Stored({name: ChildFold(id=name, candidates=["b"] if name == "a" else []) for name in names})


def working(store: Stored) -> Working:
    return Working(store, lambda _: None)


def test_a_child_comes_with_those_who_may_be_the_same(stored: Stored) -> None:
    hand = working(stored)
    hand.load_children(["a"])
    assert hand.children.keys() == {"a", "b"}


def test_a_child_that_stayed_gets_those_back_who_may_be_the_same_and_did_not(stored: Stored) -> None:
    hand = working(stored)
    hand.load_children(["a", "c"])
    hand.load_children(["a"])
    hand.settle(kept=2)
    assert hand.children.keys() == {"a"}
    hand.load_children(["a"])
    assert hand.children.keys() == {"a", "b"}


def test_what_stands_for_a_child_gets_those_back_who_may_be_the_same_and_did_not_stay() -> None:
    one, joint = ChildFold(id="a", joined="a+"), ChildFold(id="a+", members=["a"], candidates=["b"])
    hand = working(Stored({"a": one, "a+": joint, "b": ChildFold(id="b")}))
    hand.load_children(["a", "b"])
    hand.children = {"a": one, "a+": joint}
    hand.load_children(["a"])
    assert hand.children.keys() == {"a", "a+", "b"}


def test_the_children_looked_at_last_stay(stored: Stored) -> None:
    hand = working(stored)
    for name in ("c", "d", "b", "c"):
        hand.load_children([name])
    hand.settle(kept=2)
    hand.load_children(["c"])
    assert stored.asked == ["c", "d", "b"]


def test_few_children_all_stay(stored: Stored) -> None:
    hand = working(stored)
    hand.load_children(["b", "c"])
    hand.settle(kept=2)
    assert hand.children.keys() == {"b", "c"}


def test_the_items_asked_for_last_stay() -> None:
    hand = working(Stored({}))
    hand.items = {position: an_item("identity") for position in (1, 2, 3)}
    hand.load_items([1])
    hand.settle(kept=2)
    assert hand.items.keys() == {1}


def test_an_item_that_did_not_stay_is_there_again_when_it_is_asked_for() -> None:
    hand = working(Kept({}))
    hand.load_items([1, 2, 3])
    hand.settle(kept=2)
    hand.load_items([2])
    assert hand.items.keys() == {2, 3}
