"""Two referrals, returns or alerts wait for one child: an answer to one is none to the other (T-06, T-30, N-20, P9, P11)."""

from typing import Any

from sightline.kernel.ids import DeskId
from tests.builders_clocks import least
from tests.builders_hub import (
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Sent,
    Town,
    a_child,
    a_missing,
    a_ppn1,
    a_return,
    alerts,
    passes,
    sends,
)
from tests.builders_journeys import knows, says

UNCLEAR = ("answer_unclear", "/answers")
T_30 = "initial_assessment_trafficking"


def defects(sent: Sent) -> set[tuple[str, str]]:
    assert sent.receipt
    return {(defect.code, defect.pointer) for defect in sent.receipt.defects}


def clocks(town: Town, code: str, *kinds: str) -> set[str]:
    """Situations of the clocks of that rule of which such entries were made."""
    placed = town.hub.ledger.read(0, 100_000, [f"child.clock_{kind}.v1" for kind in kinds])
    entries: list[Any] = [one.entry for one in placed]
    return {entry.situation for entry in entries if entry.code == code}


def waiting(town: Town, code: str) -> set[str]:
    """Situations of those that run."""
    return clocks(town, code, "started") - clocks(town, code, "met", "cancelled")


def tells(town: Town, desk: DeskId, type: str, **changes: Any) -> Sent:
    """That desk sends the least form of its type about one child."""
    return says(town, desk, type, {**least(type), "child": a_child(is_looked_after=True), **changes})


def refers(town: Town, **changes: Any) -> str:
    return tells(town, SCHOOL, "referral.made", issues=["trafficking"], **changes).item


def drops(town: Town, **changes: Any) -> Sent:
    return tells(town, MASH, "referral.decided", referral_outcome="no_further_action", **changes)


def went_and_came_back(town: Town, times: int, **changes: Any) -> list[Sent]:
    """A child goes missing and comes back, as often as that."""
    back = []
    for _ in range(times):
        child = a_child(is_looked_after=True)
        says(town, POLICE, "missing.reported", a_missing(child, missing_since=town.clock.now().isoformat()))
        passes(town, hours=2)
        back.append(says(town, POLICE, "missing.returned", a_return(child, town.clock.now(), **changes)))
        passes(town, hours=2)
    return back


# ----------------------------------------------------------------------------------------------------------- referrals


def test_t_30_a_referral_that_is_dropped_does_not_call_off_the_assessment_that_another_asks_for(journey: Town) -> None:
    knows(journey)
    first, second = refers(journey), refers(journey)
    drops(journey, referral=second)
    assert waiting(journey, T_30) == {first}
    passes(journey, days=14)
    assert clocks(journey, T_30, "late") == {first}
    late = [a for a in alerts(journey, MASH) if a.body["clock"] == T_30 and str(a.body["asks"]).startswith("Late: ")]
    assert len(late) == 1


def test_t_30_a_decision_that_says_not_on_which_referral_drops_none_and_its_sender_is_told(journey: Town) -> None:
    knows(journey)
    both = {refers(journey), refers(journey)}
    assert UNCLEAR in defects(drops(journey))
    assert waiting(journey, T_30) == both


def test_p11_who_was_shown_one_of_two_answers_that_one_and_learns_of_no_other(journey: Town) -> None:
    knows(journey)
    refers(journey)
    secret = refers(journey, exclude=[MASH])
    assert UNCLEAR not in defects(drops(journey))
    assert waiting(journey, T_30) == {secret}


def test_p9_what_an_agency_calls_a_referral_is_read_in_no_entry(journey: Town) -> None:
    knows(journey)
    first, second = refers(journey), refers(journey)
    for item, name in ((first, "HCC-4711-OAK"), (second, "HCC-4712-OAK")):
        tells(journey, CSC, "referral.acknowledged", referral=item, contact_reference=name)
    drops(journey, contact_reference="HCC-4712-OAK")
    assert waiting(journey, T_30) == {first}
    assert not any("HCC-47" in repr(vars(placed.entry)) for placed in journey.hub.ledger.read(0, 100_000))


# ------------------------------------------------------------------------------------- episodes: interviews and PPN1s


def test_t_06_one_interview_is_not_that_of_another_return(journey: Town) -> None:
    rule = "return_interview_looked_after"
    _, second = went_and_came_back(journey, 2)
    assert UNCLEAR in defects(tells(journey, CSC, "return_interview.held"))
    assert len(waiting(journey, rule)) == 2
    tells(journey, CSC, "return_interview.held", answers=[second.item])
    assert len(waiting(journey, rule)) == 1
    passes(journey, hours=72)
    assert clocks(journey, rule, "late") == waiting(journey, rule)


def test_n_20_a_ppn1_on_one_return_is_not_that_on_another(journey: Town) -> None:
    went_and_came_back(journey, 2, harm_suffered="yes")
    asked = alerts(journey, POLICE, "alert.ppn1_due")
    assert [alert.status for alert in asked] == ["open", "open"]
    sends(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), "returned_and_harmed"))
    statuses = {alert.ref: alert.status for alert in alerts(journey, POLICE, "alert.ppn1_due")}
    assert sorted(statuses.values()) == ["met", "open"]
    (left,) = (ref for ref, status in statuses.items() if status == "open")
    sends(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), "returned_and_harmed", answers=[left]))
    assert {alert.status for alert in alerts(journey, POLICE, "alert.ppn1_due")} == {"met"}
