"""Two desks hold one role in one area: what is asked of the role is asked of both, and done for both when one does it (P12).

Each is shown the alert, may acknowledge it and may do what it asks. What became of it is then the alert's `status` for both:
the feed does not say so once more.
"""

from typing import Any

import pytest

from sightline.kernel.ids import DeskId
from tests.builders_clocks import least
from tests.builders_hub import (
    CSC,
    OTHER_CSC,
    SCHOOL,
    Sent,
    Town,
    a_child,
    admits,
    alerts,
    feed,
    passes,
    sends,
)
from tests.builders_journeys import knows, says

BOTH = (CSC, OTHER_CSC)
T_70 = "icta_referral"
AWAY = DeskId("elsewhere-council/csc")


def refers(town: Town, desk: DeskId = SCHOOL, **changes: Any) -> Sent:
    form = {**least("referral.made"), "child": a_child(is_looked_after=True), "issues": ["trafficking"], **changes}
    return says(town, desk, "referral.made", form)


def asked(town: Town, desk: DeskId, type: str = "alert.duty_due") -> dict[str, str]:
    """Alerts of the one rule that the desk is shown, of that type, to what became of them."""
    return {one.ref: one.status for one in alerts(town, desk, type) if one.body.get("clock") == T_70}


def acknowledges(town: Town, desk: DeskId, alert: str) -> Sent:
    return sends(town, desk, "alert.acknowledged", {"alert": alert})


def one_alert(town: Town) -> str:
    """One alert, asked of both."""
    knows(town)
    refers(town)
    ours, theirs = asked(town, CSC), asked(town, OTHER_CSC)
    assert ours == theirs == dict.fromkeys(ours, "open")
    (ref,) = ours
    return ref


def statuses(town: Town, alert: str) -> list[str]:
    """What became of it, as each of the two is shown."""
    return [asked(town, desk)[alert] for desk in BOTH]


def complaints(town: Town) -> list[str]:
    """What either is told because nobody took something up."""
    told = [str(one.body["asks"]) for desk in BOTH for one in alerts(town, desk) if "asks" in one.body]
    return [text for text in told if text.startswith("Not acknowledged")]


either = pytest.mark.parametrize(("one", "other"), [BOTH, BOTH[::-1]])


@either
def test_p12_either_may_acknowledge_and_both_are_shown_that_somebody_did(
    journey: Town, one: DeskId, other: DeskId
) -> None:
    alert = one_alert(journey)
    before = len(feed(journey, other))
    acknowledges(journey, one, alert)
    assert statuses(journey, alert) == ["acknowledged", "acknowledged"]
    assert len(feed(journey, other)) == before, "its status says so, not another entry"
    passes(journey, hours=1)
    assert complaints(journey) == []


def test_p12_what_neither_acknowledges_both_hear_of_again(journey: Town) -> None:
    one_alert(journey)
    passes(journey, hours=1)
    assert len(complaints(journey)) == 2


@either
def test_p12_either_may_do_what_is_asked_and_neither_is_left_with_it(journey: Town, one: DeskId, other: DeskId) -> None:
    alert = one_alert(journey)
    acknowledges(journey, other, alert)
    says(journey, one, "icta.referred", {**least("icta.referred"), "child": a_child()})
    assert statuses(journey, alert) == ["met", "met"]
    passes(journey, days=30)
    assert {status for desk in BOTH for status in asked(journey, desk).values()} == {"met"}
    assert asked(journey, CSC, "alert.duty_late") == asked(journey, OTHER_CSC, "alert.duty_late") == {}


def test_p12_both_may_acknowledge_and_what_is_met_stays_met(journey: Town) -> None:
    alert = one_alert(journey)
    acknowledges(journey, CSC, alert)
    assert acknowledges(journey, OTHER_CSC, alert).answer.outcome == "accepted"
    assert statuses(journey, alert) == ["acknowledged", "acknowledged"]
    says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    acknowledges(journey, OTHER_CSC, alert)
    assert statuses(journey, alert) == ["met", "met"]


def test_p11_one_of_two_that_must_not_see_a_referral_leaves_it_to_the_other(journey: Town) -> None:
    knows(journey)
    refers(journey, exclude=[CSC])
    (alert,) = asked(journey, OTHER_CSC)
    assert asked(journey, CSC) == {}
    acknowledges(journey, OTHER_CSC, alert)
    assert asked(journey, OTHER_CSC) == {alert: "acknowledged"}
    passes(journey, hours=1)
    assert complaints(journey) == []


def test_what_one_of_them_says_itself_is_asked_of_neither_and_late_of_both(journey: Town) -> None:
    """Whose role it is has said it (DECISIONS 30): the clock runs for both all the same."""
    knows(journey)
    refers(journey, CSC)
    assert asked(journey, CSC) == asked(journey, OTHER_CSC) == {}
    passes(journey, hours=1)
    assert asked(journey, CSC, "alert.duty_late") == asked(journey, OTHER_CSC, "alert.duty_late") != {}


def test_p12_the_same_role_in_another_area_takes_nothing_up_for_them(journey: Town) -> None:
    """Not even where it sent what gave rise to the alert."""
    knows(journey)
    admits(journey, AWAY, "childrens_social_care", "childrens_social_care", areas=("hertfordshire",))
    refers(journey, AWAY)
    (alert,) = asked(journey, CSC)
    assert acknowledges(journey, AWAY, alert).refused == "unknown_item"
    assert statuses(journey, alert) == ["open", "open"]
