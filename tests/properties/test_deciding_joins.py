"""What concerns several children is decided by the strictest of their decisions, in whatever order they come (design §1)."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.values import Outcome
from sightline.ledger.ruling import join
from tests.builders_lives import an_item

CLASSES = ("administrative", "assessment", "health", "identity", "location", "narrative")
RULES = ("D-05", "D-11", "D-14", "D-34", "H-01", "H-04")
TOLD = ("nothing", "exists", "classes")
BASES = ("ca_1989_s47", "ca_2004_s11", "msa_2015_s52")

some = st.lists(st.sampled_from(BASES), min_size=1, unique=True).map(sorted)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """A decision that the gate would let through, about an item of `CLASSES`."""
    shown = draw(st.sets(st.sampled_from(CLASSES)))
    withheld = {c: draw(st.sets(st.sampled_from(RULES), min_size=1)) for c in CLASSES if c not in shown}
    rules = {rule for each in withheld.values() for rule in each} | draw(st.sets(st.sampled_from(RULES), min_size=1))
    return Outcome(
        outcome="disclose" if shown else "withhold",
        classes=tuple(sorted(shown)),
        withheld=tuple(sorted(f"{c}:{rule}" for c, each in withheld.items() for rule in each)),
        told=draw(st.sampled_from(TOLD if shown else TOLD[:2])),
        rules=tuple(sorted(rules)),
        basis=tuple(draw(some)) if shown else (),
        obligations=(),
    )


several = st.lists(outcomes(), min_size=1, max_size=4)


@given(several.flatmap(lambda decided: st.tuples(st.just(decided), st.permutations(decided))))
def test_the_order_of_the_children_changes_nothing(both: tuple[list[Outcome], list[Outcome]]) -> None:
    assert join(both[0]) == join(both[1])


@given(outcomes(), st.integers(2, 4))
def test_children_of_whom_the_same_was_decided_are_as_one(one: Outcome, times: int) -> None:
    assert join([one] * times) == one


@given(several)
def test_nothing_is_shown_that_is_not_shown_for_each(decided: list[Outcome]) -> None:
    joined = join(decided)
    assert set(joined.classes) == set.intersection(*(set(one.classes) for one in decided))
    assert all(TOLD.index(joined.told) <= TOLD.index(one.told) for one in decided)
    assert (joined.outcome == "disclose") == bool(joined.classes)


@given(several)
def test_what_is_shown_and_what_is_withheld_split_the_items_classes_exactly(decided: list[Outcome]) -> None:
    joined = join(decided)
    withheld = {entry.partition(":")[0] for entry in joined.withheld}
    assert withheld | set(joined.classes) == set(CLASSES)
    assert not withheld & set(joined.classes)
    assert {entry.partition(":")[2] for entry in joined.withheld} <= set(joined.rules)


@given(several, several)
def test_joining_in_two_steps_is_joining_in_one(some: list[Outcome], others: list[Outcome]) -> None:
    assert join([join(some), join(others)]) == join([*some, *others])


@given(several, outcomes())
def test_one_child_more_never_shows_more(decided: list[Outcome], another: Outcome) -> None:
    before, after = join(decided), join([*decided, another])
    item = an_item(*CLASSES)
    was, now = item.tell("a/desk", 1, b"before", before), item.tell("a/desk", 2, b"after", after)
    assert not was.is_less_than(now)
    assert now.is_less_than(was) or (after.classes, after.told) == (before.classes, before.told)
