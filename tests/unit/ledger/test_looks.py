"""For whom a step makes a difference: nobody is decided about again needlessly, and nobody is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sightline.kernel.ids import DeskId
from sightline.ledger.folds import ChildFold, Consent, Involvement, ItemFold
from sightline.ledger.looks import Before, Look, Looks, is_stale
from tests.builders_lives import an_item

THEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
SCHOOL, OTHER = DeskId("school/office"), DeskId("health/nurses")
EVERYONE = {SCHOOL, OTHER}


def a_fold(name: str = "c", **said: object) -> ChildFold:
    return ChildFold(id=name, as_of=THEN.timestamp(), born="2012-01-01", **said)  # type: ignore[arg-type]  # whatever a test says of it


def item_of(*children: str, position: int = 5) -> ItemFold:
    item = an_item("identity")
    item.children, item.position = list(children), position
    return item


def consent(position: str, agency: str, *, expires: float = 0.0) -> Consent:
    return Consent(position, "child", agency, False, expires)


def looked_at(
    child: ChildFold, change: Callable[[ChildFold], object], *others: ChildFold, item: ItemFold | None = None
) -> Look:
    """How the item's look differs after that change to the child."""
    before = Before()
    before.keep(child)
    change(child)
    folds = {one.id: one for one in (child, *others)}
    return Looks(folds, before, NOW).of(item or item_of("c"))


def differs_for(look: Look) -> set[DeskId]:
    return {desk for desk in EVERYONE if look.differs_for(desk)}


def says(child: ChildFold, *consents: Consent) -> None:
    child.consents["monitoring"] = list(consents)


CHANGES = [
    pytest.param(lambda c: c.move("missing", "missing", 9), EVERYONE, id="goes missing"),
    pytest.param(lambda c: c.move("trafficking", "suspected", 9), EVERYONE, id="may have been trafficked"),
    pytest.param(lambda c: c.move("urgency", "urgent", 9), EVERYONE, id="urgent"),
    pytest.param(lambda c: c.move("risk", "high", 9), EVERYONE, id="at higher risk"),
    pytest.param(lambda c: c.flags.append(("location_protected", "")), EVERYONE, id="location protected"),
    pytest.param(lambda c: c.flags.append(("conflict", OTHER)), {OTHER}, id="a desk in conflict"),
    pytest.param(lambda c: c.flags.append(("conflict", "health")), {OTHER}, id="an agency in conflict"),
    pytest.param(lambda c: setattr(c, "born", "2001-01-01"), EVERYONE, id="another birth date"),
    pytest.param(lambda c: setattr(c, "looked_after", "yes"), EVERYONE, id="looked after"),
    pytest.param(lambda c: says(c, consent("given", "mash")), EVERYONE, id="consents"),
    pytest.param(lambda c: says(c, consent("given", "x", expires=1.0)), set(), id="consent that had run out"),
    pytest.param(lambda c: c.involved.update({OTHER: Involvement(["strategy"])}), {OTHER}, id="a desk involved"),
    pytest.param(lambda c: c.involved.update({OTHER: Involvement([], ["gp"])}), {OTHER}, id="a desk's claim"),
    pytest.param(lambda c: c.involved.update({OTHER: Involvement([], [], {"gp": 9})}), {OTHER}, id="involved since"),
    pytest.param(lambda c: c.involved.update({OTHER: Involvement([], [], {"gp": 3})}), set(), id="involved before it"),
    pytest.param(lambda c: c.consents.update(other=[consent("given", "mash")]), set(), id="consents to something else"),
    pytest.param(lambda _: None, set(), id="nothing"),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_a_change_makes_a_difference_to_those_whom_it_concerns(
    change: Callable[[ChildFold], object], expected: set[DeskId]
) -> None:
    assert differs_for(looked_at(a_fold(), change)) == expected


def test_another_agencys_word_makes_one_to_the_agency_whose_own_word_did_not_count() -> None:
    child = a_fold(consents={"monitoring": [consent("given", "health")]})
    look = looked_at(child, lambda c: says(c, *c.consents["monitoring"], Consent("given", "child", "mash", True, 0.0)))
    assert differs_for(look) == {OTHER}


def test_the_end_of_a_situation_makes_none_to_what_was_recorded_while_it_lasted() -> None:
    child = a_fold(now={"missing": "missing"})
    assert looked_at(child, lambda c: c.move("missing", "none", 9)).is_same


def test_it_does_to_what_comes_when_it_is_over() -> None:
    child = a_fold(now={"missing": "missing"})
    child.move("missing", "none", 3)
    assert looked_at(child, lambda c: c.move("missing", "missing", 9)).everyone


def test_of_several_children_each_makes_a_difference() -> None:
    other = a_fold("d")
    look = looked_at(a_fold(), lambda c: c.flags.append(("conflict", OTHER)), other, item=item_of("d", "c"))
    assert differs_for(look) == {OTHER}


def test_what_is_flagged_of_a_record_that_may_be_the_same_childs_makes_one_too() -> None:
    maybe = a_fold("d", flags=[("location_protected", "")])
    assert looked_at(a_fold(), lambda c: c.candidates.append("d"), maybe).everyone


def test_an_item_about_no_child_never_differs() -> None:
    assert looked_at(a_fold(), lambda c: c.move("missing", "missing", 9), item=item_of()).is_same


def test_items_of_one_era_share_a_look_and_items_of_two_do_not() -> None:
    child = a_fold(now={"missing": "missing"})
    child.move("missing", "none", 7)
    looks = Looks({"c": child}, Before(), NOW)
    assert looks.of(item_of("c", position=5)) is looks.of(item_of("c", position=6))
    assert looks.of(item_of("c", position=5)) is not looks.of(item_of("c", position=8))


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        pytest.param(a_fold(), False, id="nothing has changed"),
        pytest.param(a_fold(consents={"x": [consent("given", "mash", expires=NOW.timestamp())]}), True, id="ran out"),
        pytest.param(a_fold(consents={"x": [consent("given", "mash", expires=THEN.timestamp())]}), False, id="had"),
        pytest.param(a_fold(consents={"x": [consent("given", "mash", expires=NOW.timestamp() + 1)]}), False, id="will"),
    ],
)
def test_time_alone_makes_a_difference_when_a_consent_runs_out(child: ChildFold, expected: bool) -> None:
    assert is_stale(child, NOW) is expected


def test_a_child_never_decided_about_is_always_looked_at() -> None:
    assert is_stale(ChildFold(id="c", born="2012-01-01"), NOW)


@pytest.mark.parametrize(("born", "expected"), [("2010-03-03", True), ("2010-03-04", False), ("", False)])
def test_time_alone_makes_a_difference_at_a_birthday_that_counts(born: str, expected: bool) -> None:
    child = a_fold()
    child.born = born
    assert is_stale(child, THEN + timedelta(days=1)) is expected
