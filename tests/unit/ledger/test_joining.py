"""One fold of several records: where they contradict one another, what protects more counts (D-64, design §5)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from sightline.ledger.child import Child
from sightline.ledger.folding import Touched
from sightline.ledger.folds import ChildFold, Consent, Involvement
from sightline.ledger.joining import joined, rejoin
from sightline.ledger.working import Working

ONE, OTHER, THIRD = (UUID(int=n).hex for n in (1, 2, 3))


def a_joining(*records: str, category: str = "none", risk: str = "none_recorded") -> Child.Joined:
    about: dict[str, Any] = {"originator_id": UUID(records[0]), "originator_version": 2, "step": "s"}
    said: dict[str, Any] = {"records": list(records), "category": category, "risk": risk}
    return Child.Joined(timestamp=datetime(2026, 3, 2, tzinfo=UTC), **about, **said)


def one_of(first: dict[str, Any], second: dict[str, Any], **joining: Any) -> ChildFold:
    """What stands for two records that are so."""
    folds = [ChildFold(id=ONE, **first), ChildFold(id=OTHER, **second)]
    return joined("joint", a_joining(ONE, OTHER, **joining), folds, 9)


@pytest.mark.parametrize(
    ("first", "second", "born"),
    [
        pytest.param("2008-05-04", "2009-05-04", "2009-05-04", id="the younger age counts"),
        pytest.param("2008-05-04", "", "2008-05-04", id="what one of them knows"),
        pytest.param("unknown", "2008-05-04", "2008-05-04", id="what could be read"),
        pytest.param("unknown", "", "unknown", id="nothing could be read"),
        pytest.param("", "", "", id="nothing was said"),
    ],
)
def test_birth_dates(first: str, second: str, born: str) -> None:
    assert one_of({"born": first}, {"born": second}).born == born


def test_what_protects_either_protects_both() -> None:
    fold = one_of({"flags": [("safe_word_set", "")], "presumed": True}, {"flags": [("location_protected", "")]})
    assert fold.flags == [("location_protected", ""), ("safe_word_set", "")]
    assert fold.presumed


def test_the_strongest_situation_stands_but_for_an_episode_that_is_known_to_be_over() -> None:
    told = {"now": {"missing": "missing", "trafficking": "suspected"}}, {"now": {"trafficking": "confirmed"}}
    fold = one_of(*told)
    assert (fold.situation("trafficking"), fold.situation("missing")) == ("confirmed", "none")
    assert fold.strongest("missing", 8) == "missing"
    assert one_of(*told, category="missing").situation("missing") == "missing"


def test_consents_stand_in_the_order_in_which_they_were_recorded() -> None:
    given, refused = (
        Consent(position, "child", "a", False, 0.0, at) for position, at in (("given", 7), ("refused", 5))
    )
    fold = one_of({"consents": {"p": [given]}}, {"consents": {"p": [refused]}})
    assert fold.consents["p"] == [refused, given]


def test_a_claim_on_one_record_is_nothing_beside_what_is_confirmed_on_the_other() -> None:
    claims, stands = Involvement(claimed=["strategy"]), Involvement(kinds=["strategy"], past={"gp": 3})
    fold = one_of({"involved": {"a/desk": claims}}, {"involved": {"a/desk": stands}})
    assert fold.involved["a/desk"] == stands


def test_who_leaves_takes_what_it_was_told_and_marks_all_that_was_mixed() -> None:
    working = Working(store=None, vault=lambda _: None)  # type: ignore[arg-type]  # everything is in hand
    for record in (ONE, OTHER, THIRD):
        working.children[record], working.items_of[record] = ChildFold(id=record), []
    rejoin(a_joining(ONE, OTHER, THIRD), 5, working, Touched())
    for child in working.sides(OTHER):
        child.flags = [("location_protected", "")]
    touched = Touched()
    for records in ((OTHER,), (ONE, THIRD)):
        rejoin(a_joining(*records), 6, working, touched)
    assert working.person(OTHER).flags == [("location_protected", "")]
    assert working.person(ONE) is working.person(THIRD)
    assert working.person(ONE).flags == []
    assert touched.wrong == {ONE, OTHER, THIRD}
