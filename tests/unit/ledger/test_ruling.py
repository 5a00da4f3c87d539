"""Rulings: asked once for what is equal, asked again for what could not be decided, forgotten when there are too many."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sightline.kernel.errors import Unavailable
from sightline.ledger import documents as d
from sightline.ledger import facts as f
from sightline.ledger.ruling import Memo, Ruling

ANSWER = {
    "outcome": "disclose",
    "classes": ["identity"],
    "withheld": [],
    "told": "classes",
    "rules": ["D-34"],
    "basis": ["ca_2004_s11"],
    "obligations": [],
}


class Engine:
    """Answers what it is told to, and counts."""

    policy = engine = ""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer: Mapping[str, Any] = ANSWER

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        self.asked += facts
        return [self.answer] * len(facts)


def facts_of(serial: int) -> d.Facts:
    """Facts that differ from all others by their area."""
    child = f.NO_CHILD.section(("not_sought", "none"))
    desk = d.interned(d.DESK, tuple((() if n in {"roles", "told_by_duty"} else False) for n in d.DESK))
    item = d.interned(d.ITEM, tuple((("identity",) if n == "classes" else False) for n in d.ITEM))
    return d.Facts(child, desk, item, d.interned(d.PROTOCOL, (f"area-{serial}", "", ())))


def test_equal_facts_are_asked_once() -> None:
    engine = Engine()
    memo = Memo(engine)
    for _ in range(3):
        memo.fill([facts_of(1), facts_of(1), facts_of(2)])
    assert len(engine.asked) == memo.asked == 2
    assert isinstance(memo.ruling((facts_of(1),)), Ruling)


def test_a_full_memo_forgets_and_still_knows_all_that_is_wanted_now() -> None:
    engine = Engine()
    memo = Memo(engine, limit=3)
    memo.fill(facts_of(n) for n in range(3))
    memo.fill([facts_of(0), facts_of(1), facts_of(9)])
    for serial in (0, 1, 9):
        assert isinstance(memo.ruling((facts_of(serial),)), Ruling)


def by_parity(facts: d.Facts) -> tuple[object, ...]:
    """A key that half of all areas share."""
    area = str(facts.protocol.values[0])
    return (int(area.removeprefix("area-")) % 2,)


def test_a_memo_that_forgets_documents_keeps_the_rulings_that_they_share() -> None:
    engine = Engine()
    memo = Memo(engine, limit=3, key=by_parity)
    for first in range(0, 20, 2):
        memo.fill([facts_of(first), facts_of(first + 1)])
        assert isinstance(memo.ruling((facts_of(first), facts_of(first + 1))), Ruling)
    assert len(engine.asked) == 2


@pytest.mark.parametrize(("keys", "asked_again"), [(2, 0), (3, 0), (4, 1)])
def test_rulings_beyond_the_limit_are_forgotten_and_asked_again(keys: int, asked_again: int) -> None:
    engine = Engine()
    memo = Memo(engine, limit=3)
    for serial in range(keys):
        memo.fill([facts_of(serial)])
    memo.fill([facts_of(0)])
    assert isinstance(memo.ruling((facts_of(0),)), Ruling)
    assert len(engine.asked) == keys + asked_again


def test_what_could_not_be_decided_is_asked_again_the_next_time() -> None:
    engine = Engine()
    memo = Memo(engine)
    engine.answer = {"undecidable": "deadline"}
    memo.fill([facts_of(1)])
    assert memo.ruling((facts_of(1),)) == "deadline"
    assert memo.ruling((facts_of(1), facts_of(1))) == "deadline"
    engine.answer = ANSWER
    memo.fill([facts_of(1)])
    assert isinstance(memo.ruling((facts_of(1),)), Ruling)
    assert isinstance(memo.ruling((facts_of(1), facts_of(1))), Ruling)


def test_an_answer_too_few_is_none() -> None:
    class Short(Engine):
        def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
            return super().decide(facts)[1:]

    with pytest.raises(Unavailable):
        Memo(Short()).fill([facts_of(1), facts_of(2)])


def test_an_answer_about_other_classes_is_no_ruling() -> None:
    engine = Engine()
    engine.answer = {**ANSWER, "classes": ["health", "identity"]}
    memo = Memo(engine)
    memo.fill([facts_of(1)])
    assert memo.ruling((facts_of(1),)) == "decision_malformed"
