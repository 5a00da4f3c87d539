"""Clocks of the procedures (catalogue 3): asked for, met, late, called off; and the alerts that nobody answers (P12)."""

from datetime import UTC, datetime, timedelta

import pytest

from sightline.kernel.ids import DeskId
from sightline.view.reading import ItemView
from tests.builders_hub import (
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_category,
    a_child,
    a_return,
    alerts,
    passes,
    sends,
)
from tests.builders_journeys import entries, missing, says

ASKED, LATE, COVER = "alert.duty_due", "alert.duty_late", "alert.duty_cover"
FRIDAY_MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def asked(town: Town, desk: DeskId, clock: str, type: str = ASKED) -> list[ItemView]:
    """Alerts of that clock that the desk sees, in order."""
    return [view for view in alerts(town, desk, type) if view.body["clock"] == clock]


def comes_back(town: Town, *, is_looked_after: bool = False) -> None:
    child = a_child(is_looked_after=is_looked_after)
    says(town, POLICE, "missing.returned", a_return(child, town.clock.now(), harm_suffered="no"))


# ------------------------------------------------------------------------------------------------------- T-02: due, late


def test_t_02_the_review_is_asked_for_at_six_hours_and_not_before(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=5)
    assert asked(journey, POLICE, "circumstances_review") == []
    passes(journey, hours=1)
    (alert,) = asked(journey, POLICE, "circumstances_review")
    assert (alert.body["row"], alert.status) == ("T-02", "open")
    assert alert.body["due_at"] == (FRIDAY_MORNING + timedelta(hours=6)).isoformat(timespec="seconds")


def test_t_02_what_was_reviewed_in_time_is_not_asked_for(journey: Town) -> None:
    missing(journey)
    says(journey, POLICE, "missing.categorised", a_category(a_child(), "missing"))
    passes(journey, hours=24)
    assert asked(journey, POLICE, "circumstances_review") == []
    assert entries(journey, "child.clock_met.v1") == 1


def test_t_02_a_review_that_nobody_made_is_late_after_eight_hours_and_the_mash_hears_of_it(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=7)
    assert asked(journey, MASH, "circumstances_review", LATE) == []
    passes(journey, hours=1)
    assert entries(journey, "child.clock_late.v1") == 1
    (late,) = asked(journey, MASH, "circumstances_review", COVER)
    assert str(late.body["asks"]).startswith("Late: ")


def test_a_return_calls_off_what_only_a_missing_child_needs(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=6)
    comes_back(journey)
    (alert,) = asked(journey, POLICE, "circumstances_review")
    assert alert.status == "met"
    passes(journey, hours=48)
    assert (
        asked(journey, MASH, "circumstances_review", LATE) == asked(journey, CSC, "circumstances_review", COVER) == []
    )
    assert asked(journey, POLICE, "bureau_notification") == []


# ----------------------------------------------------------------------------------------------------- T-03: the Bureau


def test_t_03_the_bureau_is_told_after_more_than_a_day(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=23)
    assert asked(journey, POLICE, "bureau_notification") == []
    passes(journey, hours=1)
    (alert,) = asked(journey, POLICE, "bureau_notification")
    assert alert.body["row"] == "T-03"


def test_t_03_an_absent_child_is_not_told_of_until_thought_missing(journey: Town) -> None:
    missing(journey, missing_category="absent")
    passes(journey, hours=30)
    assert asked(journey, POLICE, "bureau_notification") == []
    says(journey, POLICE, "missing.categorised", a_category(a_child(), "missing"))
    passes(journey, hours=24)
    assert len(asked(journey, POLICE, "bureau_notification")) == 1


# ---------------------------------------------------------------------------------------------- T-06: return interviews


@pytest.mark.parametrize(("looked_after", "count"), [(True, 1), (False, 0)])
def test_t_06_a_return_interview_is_asked_of_the_authority_for_a_looked_after_child(
    journey: Town, looked_after: bool, count: int
) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=looked_after)
    assert len(asked(journey, CSC, "return_interview_looked_after")) == count


def test_t_06_one_return_asks_once_however_often_it_is_told(journey: Town) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=True)
    started = entries(journey, "child.clock_started.v1")
    comes_back(journey, is_looked_after=True)
    assert len(asked(journey, CSC, "return_interview_looked_after")) == 1
    assert entries(journey, "child.clock_started.v1") == started


def test_t_06_after_72_hours_it_is_late(journey: Town) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=True)
    passes(journey, hours=71)
    assert entries(journey, "child.clock_late.v1") == 0
    passes(journey, hours=1)
    assert entries(journey, "child.clock_late.v1") == 1
    (late,) = [a for a in asked(journey, MASH, "return_interview_looked_after", LATE) if a.body["asks"][:4] == "Late"]
    assert late.body["due_at"] == (FRIDAY_MORNING + timedelta(hours=72)).isoformat(timespec="seconds")


# --------------------------------------------------------------------------------------------------- P12: acknowledging


def test_an_alert_that_is_acknowledged_goes_no_further(journey: Town) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=True)
    (alert,) = asked(journey, CSC, "return_interview_looked_after")
    sends(journey, CSC, "alert.acknowledged", {"alert": alert.ref})
    (after,) = asked(journey, CSC, "return_interview_looked_after")
    assert after.status == "acknowledged"
    passes(journey, hours=5)
    assert asked(journey, MASH, "return_interview_looked_after", LATE) == []


def test_an_alert_that_nobody_acknowledges_reaches_the_next_desk_in_office_hours(journey: Town) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=True)
    passes(journey, hours=4)
    (late,) = asked(journey, MASH, "return_interview_looked_after", LATE)
    assert str(late.body["asks"]).startswith("Not acknowledged: ")
    assert asked(journey, CSC, "return_interview_looked_after", COVER) == []


def test_out_of_hours_it_reaches_whoever_covers(journey: Town) -> None:
    passes(journey, hours=10)
    missing(journey)
    comes_back(journey, is_looked_after=True)
    passes(journey, hours=4)
    assert asked(journey, MASH, "return_interview_looked_after", LATE) == []
    assert len(asked(journey, CSC, "return_interview_looked_after", COVER)) == 1


def test_what_the_next_desk_does_not_acknowledge_either_reaches_cover_and_no_further(journey: Town) -> None:
    missing(journey)
    comes_back(journey, is_looked_after=True)
    for _ in range(6):
        passes(journey, hours=4)
    assert len(asked(journey, MASH, "return_interview_looked_after", LATE)) == 1
    assert len(asked(journey, CSC, "return_interview_looked_after", COVER)) == 1


@pytest.mark.parametrize("desk", [HEALTH, SCHOOL])
def test_a_desk_that_is_not_asked_sees_no_alert(journey: Town, desk: DeskId) -> None:
    missing(journey, to=[HEALTH, SCHOOL])
    passes(journey, hours=30)
    assert alerts(journey, desk, ASKED) == alerts(journey, desk, LATE) == alerts(journey, desk, COVER) == []


def test_who_must_not_see_what_started_a_clock_sees_none_of_its_alerts(journey: Town) -> None:
    """An alert tells that there is something to act on: to an excluded desk it would tell of the report (P11)."""
    missing(journey, exclude=["hampshire-council"])
    passes(journey, hours=30)
    assert [v for type in (ASKED, LATE, COVER) for v in alerts(journey, CSC, type)] == []
    assert len(asked(journey, POLICE, "bureau_notification")) == 1


def test_where_nobody_can_act_for_the_owner_the_next_desk_is_asked(journey: Town) -> None:
    missing(journey)
    journey.hub.admin.change_standing(POLICE, "suspended")
    journey.hub.directory.refresh()
    passes(journey, hours=6)
    assert len(asked(journey, MASH, "circumstances_review")) == 1
