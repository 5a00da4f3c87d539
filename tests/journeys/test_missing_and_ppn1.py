"""Missing episodes and the PPN1 (catalogue N-20 to N-23, N-27, A-20 to A-26): who must be told, once, and what meets it."""

from datetime import timedelta

import pytest

from sightline.kernel.ids import DeskId
from tests.builders_hub import (
    CSC,
    HEALTH,
    JUSTIFIED,
    MASH,
    OTHER_CSC,
    POLICE,
    SCHOOL,
    START,
    Town,
    a_category,
    a_child,
    a_missing,
    a_ppn1,
    a_return,
    alerts,
    passes,
    sends,
)
from tests.builders_journeys import entries, missing, rules, says, shown, unseen, view

DUE = "alert.ppn1_due"
HARMED, STILL, THIRD = "returned_and_harmed", "missing_not_returned", "third_in_90_days"


def due(town: Town, circumstance: str = "") -> list[str]:
    """Circumstances of the PPN1s that the force's desk was ever asked for, in order."""
    found = [str(view.body["circumstance"]) for view in alerts(town, POLICE, DUE)]
    return [one for one in found if one == (circumstance or one)]


def comes_back(town: Town, **changes: str) -> None:
    says(town, POLICE, "missing.returned", a_return(a_child(), town.clock.now(), **changes))


def goes_missing(town: Town, category: str = "missing") -> None:
    """Reported the moment it happens."""
    since = town.clock.now().isoformat()
    missing(town, missing_since=since, missing_category=category)


def an_episode(town: Town, category: str = "missing") -> None:
    """An hour away, and back unharmed."""
    goes_missing(town, category)
    passes(town, hours=1)
    comes_back(town)


# --------------------------------------------------------------------------------------------- N-20: returned, harmed


def test_n_20_a_child_who_comes_back_harmed_makes_a_ppn1_due_at_once(journey: Town) -> None:
    goes_missing(journey)
    passes(journey, hours=1)
    comes_back(journey, harm_suffered="yes")
    (alert,) = alerts(journey, POLICE, DUE)
    assert (alert.body["row"], alert.body["circumstance"]) == ("N-20", HARMED)
    assert alert.body["due_at"] == (START + timedelta(hours=1)).isoformat(timespec="seconds")


@pytest.mark.parametrize("harm", ["no", "not_known"])
def test_n_23_a_short_absence_without_known_harm_asks_for_nothing(journey: Town, harm: str) -> None:
    goes_missing(journey)
    passes(journey, hours=1)
    comes_back(journey, harm_suffered=harm)
    passes(journey, hours=24)
    assert due(journey) == []


def test_me_06_harm_found_only_at_the_safe_and_well_check_makes_it_due(journey: Town) -> None:
    goes_missing(journey)
    passes(journey, hours=1)
    comes_back(journey, harm_suffered="not_known")
    passes(journey, hours=2)
    comes_back(journey, harm_suffered="yes")
    assert due(journey) == [HARMED]
    assert entries(journey, "child.episode_began.v1") == 1


def test_a_return_before_any_report_is_recorded_and_begins_nothing(journey: Town) -> None:
    sent = says(journey, POLICE, "missing.returned", a_return(a_child(), START))
    assert view(journey, MASH, sent.item).state == "disclosed"
    assert entries(journey, "child.episode_began.v1") == entries(journey, "child.episode_ended.v1") == 0
    passes(journey, hours=7)
    assert due(journey) == []


# ------------------------------------------------------------------------------------------- N-21: missing, not back


def test_n_21_is_judged_six_hours_after_the_report(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=5, minutes=59, seconds=59)
    assert due(journey) == []
    passes(journey, seconds=1)
    (alert,) = alerts(journey, POLICE, DUE)
    assert (alert.body["row"], alert.body["circumstance"], alert.body["counted_episodes"]) == ("N-21", STILL, 1)
    passes(journey, hours=48)
    assert due(journey) == [STILL]


def test_n_21_is_not_due_for_a_child_who_was_back_in_time(journey: Town) -> None:
    an_episode(journey)
    passes(journey, hours=6)
    assert due(journey) == []


def test_n_21_is_not_due_while_a_child_is_only_absent(journey: Town) -> None:
    missing(journey, missing_category="absent")
    passes(journey, hours=7)
    assert due(journey) == []


def test_a_child_made_missing_after_the_judgement_is_judged_anew(journey: Town) -> None:
    """A-26: a category change evaluates the circumstances again."""
    sent = missing(journey, missing_category="absent")
    passes(journey, hours=7)
    says(journey, POLICE, "missing.categorised", a_category(sent.child, "missing"))
    assert due(journey) == [STILL]


def test_a_child_made_missing_before_the_judgement_is_judged_at_its_time(journey: Town) -> None:
    sent = missing(journey, missing_category="absent")
    passes(journey, hours=3)
    says(journey, POLICE, "missing.categorised", a_category(sent.child, "missing"))
    passes(journey, hours=2, minutes=59)
    assert due(journey) == []
    passes(journey, minutes=1)
    assert due(journey) == [STILL]


def test_the_force_and_the_mash_are_asked_and_nobody_else_learns_of_it(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=6)
    (alert,) = alerts(journey, POLICE, DUE)
    assert alert.body["asks"] == "Issue a PPN1 to Children's Services for this child."
    assert [one.ref for one in alerts(journey, MASH, DUE)] == [alert.ref]
    for desk in (CSC, HEALTH, SCHOOL):
        assert alerts(journey, desk, DUE) == []
        assert unseen(journey, desk, alert.ref)


# ------------------------------------------------------------------------------------------- N-22: three in 90 days


def test_whom_a_report_is_kept_from_is_not_told_by_what_is_asked_for_because_of_it(journey: Town) -> None:
    """The judgement comes six hours after the report, and another desk hears of what nobody acknowledged (P11)."""
    missing(journey, exclude=[MASH])
    passes(journey, hours=6)
    assert due(journey) == [STILL]
    passes(journey, hours=24)
    assert alerts(journey, MASH, DUE) == []
    assert [view for view in journey.hub.view.alerts(MASH) if view.state == "disclosed"] == []


def test_n_22_the_third_episode_in_ninety_days_makes_a_ppn1_due_at_once(journey: Town) -> None:
    an_episode(journey)
    passes(journey, days=1)
    an_episode(journey)
    passes(journey, days=1)
    assert due(journey) == []
    goes_missing(journey)
    (alert,) = alerts(journey, POLICE, DUE)
    assert (alert.body["row"], alert.body["circumstance"], alert.body["counted_episodes"]) == ("N-22", THIRD, 3)


@pytest.mark.parametrize(
    ("short_of", "expected"),
    [(timedelta(seconds=1), [THIRD]), (timedelta(0), []), (timedelta(seconds=-1), [])],
    ids=["just-inside", "exactly-ninety-days", "just-outside"],
)
def test_n_22_an_episode_that_began_ninety_days_ago_no_longer_counts(
    journey: Town, short_of: timedelta, expected: list[str]
) -> None:
    an_episode(journey)
    journey.clock.set(START + timedelta(days=45))
    an_episode(journey)
    journey.clock.set(START + timedelta(days=90) - short_of)
    goes_missing(journey)
    assert due(journey) == expected


def test_n_22_absences_do_not_count_until_they_are_made_missing(journey: Town) -> None:
    an_episode(journey)
    an_episode(journey)
    goes_missing(journey, "absent")
    assert due(journey) == []
    says(journey, POLICE, "missing.categorised", a_category(a_child(), "missing"))
    assert due(journey) == [THIRD]


def test_a_second_report_while_the_child_is_missing_adds_no_episode(journey: Town) -> None:
    an_episode(journey)
    goes_missing(journey)
    says(journey, CSC, "missing.reported", a_missing())
    says(journey, HEALTH, "missing.reported", a_missing())
    assert entries(journey, "child.episode_began.v1") == 2
    assert due(journey) == []


# ------------------------------------------------------------------------- one alert each, and what becomes of it


def test_each_circumstance_of_each_episode_asks_once(journey: Town) -> None:
    """A-23."""
    an_episode(journey)
    an_episode(journey)
    goes_missing(journey)
    passes(journey, hours=6)
    says(journey, POLICE, "missing.categorised", a_category(a_child(), "absent"))
    says(journey, POLICE, "missing.categorised", a_category(a_child(), "missing"))
    comes_back(journey, harm_suffered="yes")
    comes_back(journey, harm_suffered="yes")
    assert sorted(due(journey)) == sorted([THIRD, STILL, HARMED])
    goes_missing(journey)
    assert due(journey, THIRD) == [THIRD, THIRD]


def test_a_ppn1_issued_before_it_was_due_is_not_asked_for(journey: Town) -> None:
    missing(journey)
    says(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), STILL))
    passes(journey, hours=7)
    assert due(journey) == []


def test_a_further_report_that_an_absent_child_is_missing_is_judged_like_the_first(journey: Town) -> None:
    missing(journey, missing_category="absent")
    says(journey, CSC, "missing.reported", a_missing())
    passes(journey, hours=6)
    assert due(journey) == [STILL]
    assert entries(journey, "child.episode_began.v1") == 1


def test_a_further_report_of_absence_makes_a_missing_child_no_less_missing(journey: Town) -> None:
    missing(journey)
    says(journey, CSC, "missing.reported", a_missing(missing_category="absent"))
    passes(journey, hours=6)
    assert due(journey) == [STILL]


def test_a_ppn1_meets_the_alert_of_its_circumstance_and_no_other(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=6)
    comes_back(journey, harm_suffered="yes")
    before = entries(journey, "child.alert_met.v1")
    says(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), STILL))
    assert entries(journey, "child.alert_met.v1") == before + 1
    says(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), STILL))
    assert entries(journey, "child.alert_met.v1") == before + 1
    says(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), HARMED))
    assert entries(journey, "child.alert_met.v1") == before + 2


@pytest.mark.parametrize(("circumstance", "row"), [(HARMED, "N-20"), (STILL, "N-21"), (THIRD, "N-22")])
def test_a_ppn1_tells_childrens_services_by_duty(journey: Town, circumstance: str, row: str) -> None:
    sent = says(journey, POLICE, "ppn1.issued", a_ppn1(a_child(), circumstance), purpose="referral")
    for desk in (CSC, OTHER_CSC):
        assert row in rules(journey, desk, sent.item)
        assert "narrative" in shown(journey, desk, sent.item)
    assert not {"N-20", "N-21", "N-22"} & set(rules(journey, MASH, sent.item))


def test_n_27_every_report_tells_the_mash_whatever_its_purpose(journey: Town) -> None:
    sent = says(journey, POLICE, "missing.reported", a_missing(), purpose="assessment")
    assert rules(journey, MASH, sent.item) == ["N-27"]
    assert "narrative" in shown(journey, MASH, sent.item)
    assert view(journey, OTHER_CSC, sent.item).state == "exists"


@pytest.mark.parametrize("desk", [SCHOOL, CSC, HEALTH])
def test_n_25_and_n_41_whoever_reports_a_child_missing_the_police_are_shown_what_happened(
    journey: Town, desk: DeskId
) -> None:
    sent = says(journey, desk, "missing.reported", a_missing(reporter_enquiries={"made": True}))
    assert {"narrative", "location"} <= shown(journey, POLICE, sent.item)


def test_n_135_what_comes_up_in_a_placement_is_shared_with_the_police(journey: Town) -> None:
    """Where the sender says why, as for every form that is no duty."""
    form = {
        "child": a_child(),
        "noted_at": START.isoformat(),
        "visitor_incidents": [{"incident_text": "Two men asked for her at the door.", "turned_away": True}],
        "sharing": JUSTIFIED,
    }
    sent = says(journey, CSC, "concern.recorded", form)
    assert "third_party" in shown(journey, POLICE, sent.item)


def test_an_alert_is_acknowledged_by_whoever_was_asked_and_by_nobody_else(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=6)
    (alert,) = alerts(journey, POLICE, DUE)
    stranger = sends(journey, CSC, "alert.acknowledged", {"alert": alert.ref})
    assert stranger.refused == "unknown_item"
    says(journey, POLICE, "alert.acknowledged", {"alert": alert.ref})
    assert entries(journey, "child.alert_acknowledged.v1") == 1
    assert len(alerts(journey, POLICE, DUE)) == 1


def test_the_end_of_an_episode_takes_nothing_back(journey: Town) -> None:
    sent = says(journey, CSC, "missing.reported", a_missing(), purpose="assessment")
    assert "D-33" in rules(journey, POLICE, sent.item)
    passes(journey, hours=1)
    comes_back(journey)
    assert "D-33" in rules(journey, POLICE, sent.item)
    assert view(journey, POLICE, sent.item).recall == ""
