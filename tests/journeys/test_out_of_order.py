"""Bad input: dates that cannot be, words that come late or in the wrong order, owners that are gone. A defined result each.

Beside it: a second report while missing and a return without any (test_missing_and_ppn1), records that were joined or
parted (test_rulings), references that nobody knows (test_corrections_and_recalls).
"""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sightline.kernel.ids import DeskId
from sightline.view.reading import ItemView
from tests.builders_clocks import least
from tests.builders_hub import (
    CSC,
    MASH,
    OTHER_CSC,
    POLICE,
    START,
    Town,
    a_category,
    a_child,
    a_missing,
    a_return,
    alerts,
    holds,
    passes,
    sends,
    signs,
    submits,
)
from tests.builders_journeys import entries, says

ASKED, LATE, COVER, PPN1 = "alert.duty_due", "alert.duty_late", "alert.duty_cover", "alert.ppn1_due"
BEGAN, ENDED = "child.episode_began.v1", "child.episode_ended.v1"
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
LOOKED_AFTER = a_child(is_looked_after=True)


def gone(since: datetime, child: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """``missing.reported`` of a child who went then."""
    return a_missing(child or LOOKED_AFTER, missing_since=since.isoformat(), **changes)


def asked(town: Town, desk: DeskId, clock: str, type: str = ASKED) -> list[ItemView]:
    """What that rule asked of the desk."""
    return [view for view in alerts(town, desk, type) if view.body.get("clock") == clock]


def ppn1(town: Town) -> list[str]:
    """The circumstances in which a PPN1 was asked for."""
    return [str(view.body["circumstance"]) for view in alerts(town, POLICE, PPN1)]


def recorded(town: Town) -> int:
    """How many items agencies have recorded."""
    return entries(town, "child.item.v1")


# ------------------------------------------------------------------------------------------ dates that cannot be


@pytest.mark.parametrize("since", ["2026-02-30T10:00:00Z", "2026-11-20T10:00:00", "yesterday"])
def test_a_report_whose_date_is_none_is_refused_and_its_sender_is_told(town: Town, since: str) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(missing_since=since))
    assert (sent.refused, recorded(town)) == ("schema_invalid_field", 0)
    assert [notice.code for notice in town.hub.notices.of(POLICE)] == ["schema_invalid_field"]


def test_a_date_that_is_none_where_none_is_needed_is_kept_aside_and_named(journey: Town) -> None:
    sent = says(journey, CSC, "strategy.held", _about(least("strategy.held"), plan_review_date="2026-02-30"))
    assert sent.receipt
    assert [(one.code, one.pointer) for one in sent.receipt.defects] == [("malformed_field", "/plan_review_date")]


ENDS_OF_TIME = ["0001-01-01T00:00:00+14:00", "1900-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
FIELDS = [
    (POLICE, "missing.reported", "missing_since"),
    (POLICE, "missing.returned", "returned_at"),
    (CSC, "placement.started", "placed_at"),
    (CSC, "legal_order.made", "expires_at"),
    (CSC, "nrm.reasonable_grounds", "decided_on"),
    (CSC, "nrm.reasonable_grounds", "reflection_until"),
    (CSC, "strategy.held", "plan_review_date"),
]
"""What clocks count from, or end with."""


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["4lscb_guide", "4lscb_2013", "4lscb_2011"])
def test_no_day_from_the_first_to_the_last_is_beyond_a_clock(town: Town, edition: str) -> None:
    """T-06, T-10, T-47, T-49, T-71: forms that count from or to the ends of the calendar are recorded, and time goes on."""
    town.hub.admin.choose_edition("hampshire", edition, date(2026, 11, 20))
    town.hub.settle()
    events = []
    for serial, (desk, type, name, at) in enumerate((*one, at) for one in FIELDS for at in ENDS_OF_TIME):
        value = at[:10] if name in {"decided_on", "reflection_until", "plan_review_date"} else at
        form = _about(least(type), serial + 1, **{name: value})
        events.append(signs(town, desk, type, form))
    sent = submits(town, *events)
    assert [(one.refused, one.receipt and one.receipt.defects) for one in sent] == [("", ())] * len(events)
    for hours in (0, 1, 24 * 50):
        passes(town, hours=hours)
    holds(town)


@pytest.mark.parametrize("born", ["0001-01-01", "1890-02-03", "2030-01-01", "9999-12-31"])
def test_a_child_of_an_age_that_cannot_be_is_a_child_all_the_same(town: Town, born: str) -> None:
    sent = says(town, POLICE, "missing.reported", a_missing(a_child(date_of_birth=born)))
    assert sent.receipt
    assert (sent.receipt.defects, entries(town, BEGAN)) == ((), 1)


def test_t_03_a_child_who_is_said_to_go_missing_tomorrow_is_missing_now(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", gone(START + 24 * HOUR))
    passes(journey, hours=24)
    assert len(asked(journey, POLICE, "bureau_notification")) == 1


# ------------------------------------------------------------------------------------- a return before its report


def test_a_return_that_comes_before_its_report_ends_the_episode_when_the_report_comes(journey: Town) -> None:
    """T-02, T-03, N-21, A-22: nobody looks for a child who is back."""
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START - HOUR))
    passes(journey, minutes=20)
    says(journey, POLICE, "missing.reported", gone(START - 5 * HOUR), time=START - 4 * HOUR)
    assert (entries(journey, BEGAN), entries(journey, ENDED)) == (1, 1)
    passes(journey, hours=30)
    assert asked(journey, POLICE, "circumstances_review") == asked(journey, POLICE, "bureau_notification") == []
    assert ppn1(journey) == []


def test_t_06_the_interview_after_a_return_that_came_before_its_report_counts_from_the_return(journey: Town) -> None:
    """N-36: each missing episode."""
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START - HOUR))
    assert asked(journey, CSC, "return_interview_looked_after") == []
    says(journey, POLICE, "missing.reported", gone(START - 5 * HOUR), time=START - 4 * HOUR)
    (alert,) = asked(journey, CSC, "return_interview_looked_after")
    assert alert.body["due_at"] == (START + 71 * HOUR).isoformat(timespec="seconds")


def test_n_20_harm_told_with_a_return_before_its_report_makes_a_ppn1_due(journey: Town) -> None:
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START - HOUR, harm_suffered="yes"))
    assert ppn1(journey) == []
    says(journey, POLICE, "missing.reported", gone(START - 5 * HOUR), time=START - 4 * HOUR)
    assert ppn1(journey) == ["returned_and_harmed"]


@pytest.mark.parametrize("since", [START - 2 * HOUR, START], ids=["before it", "after it"])
def test_a_report_written_after_a_return_is_of_a_child_who_is_missing_again(journey: Town, since: datetime) -> None:
    """Where it is unclear whether a child is missing, the child is."""
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START - HOUR))
    passes(journey, minutes=20)
    says(journey, POLICE, "missing.reported", gone(since))
    assert (entries(journey, BEGAN), entries(journey, ENDED)) == (1, 0)


# --------------------------------------------------------------------------------- an older word after a newer one


def test_a_copy_of_a_report_that_comes_after_the_return_is_no_second_episode(journey: Town) -> None:
    """A-20: three copies are not three episodes in ninety days."""
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    written = journey.clock.now()
    passes(journey, hours=2)
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, journey.clock.now()))
    passes(journey, hours=1)
    for desk in (CSC, MASH):
        says(journey, desk, "missing.reported", gone(START - HOUR / 2), time=written)
    assert entries(journey, BEGAN) == 1
    passes(journey, hours=30)
    assert asked(journey, POLICE, "bureau_notification") == []
    assert ppn1(journey) == []


def test_a_report_written_after_the_return_opens_an_episode_whatever_time_it_gives(journey: Town) -> None:
    """Where it is unclear whether a child is missing, the child is."""
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    passes(journey, hours=2)
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, journey.clock.now()))
    passes(journey, hours=1)
    says(journey, POLICE, "missing.reported", gone(START + HOUR))
    assert (entries(journey, BEGAN), entries(journey, ENDED)) == (2, 1)


def test_a_return_from_before_the_child_went_does_not_end_the_search(journey: Town) -> None:
    """T-02, T-03: the return of an earlier time, told weeks late, calls nothing off."""
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START - 2 * WEEK))
    assert entries(journey, ENDED) == 0
    passes(journey, hours=24)
    assert (
        len(asked(journey, POLICE, "circumstances_review")) == len(asked(journey, POLICE, "bureau_notification")) == 1
    )


def test_n_20_harm_of_an_earlier_episode_is_told_while_the_child_is_missing_again(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    back = journey.clock.now()
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, back))
    passes(journey, hours=1)
    says(journey, POLICE, "missing.reported", gone(journey.clock.now()))
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, back, harm_suffered="yes"))
    assert ppn1(journey) == ["returned_and_harmed"]
    assert entries(journey, ENDED) == 1


def test_t_04_an_older_category_that_comes_after_a_newer_one_changes_nothing(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", gone(START, missing_category="absent"))
    passes(journey, hours=1)
    older = journey.clock.now()
    passes(journey, hours=1)
    says(journey, POLICE, "missing.categorised", a_category(LOOKED_AFTER, "missing"))
    says(journey, POLICE, "missing.categorised", a_category(LOOKED_AFTER, "absent"), time=older)
    passes(journey, hours=6)
    assert ppn1(journey) == ["missing_not_returned"]


def test_t_04_a_category_that_comes_before_the_report_holds_when_the_report_comes(journey: Town) -> None:
    says(journey, POLICE, "missing.categorised", a_category(LOOKED_AFTER, "missing"))
    report = gone(START - HOUR, missing_category="absent")
    says(journey, POLICE, "missing.reported", report, time=START - HOUR)
    passes(journey, hours=6)
    assert ppn1(journey) == ["missing_not_returned"]


def test_n_20_harm_found_at_a_check_before_the_return_is_told_with_the_return(journey: Town) -> None:
    """T-05, ME-06."""
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    says(journey, POLICE, "safe_and_well.recorded", _about(least("safe_and_well.recorded"), harm_suffered="yes"))
    assert ppn1(journey) == []
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START, harm_suffered="not_known"))
    assert ppn1(journey) == ["returned_and_harmed"]


def test_me_06_harm_found_at_a_check_after_the_return_makes_it_due_once(journey: Town) -> None:
    """N-20, A-23."""
    says(journey, POLICE, "missing.reported", gone(START - HOUR))
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START, harm_suffered="not_known"))
    for _ in range(2):
        says(journey, POLICE, "safe_and_well.recorded", _about(least("safe_and_well.recorded"), harm_suffered="yes"))
    assert ppn1(journey) == ["returned_and_harmed"]


# ---------------------------------------------------------------------------------------------------- late by weeks


def test_t_06_an_episode_told_weeks_late_is_over_and_its_interview_late_at_once(journey: Town) -> None:
    """N-20: what is due by the time of the events is due, what a missing child needs is not."""
    report = gone(START - 3 * WEEK)
    back = a_return(LOOKED_AFTER, START - 2 * WEEK, harm_suffered="yes")
    submits(
        journey, signs(journey, POLICE, "missing.reported", report), signs(journey, POLICE, "missing.returned", back)
    )
    journey.hub.settle()
    (late,) = asked(journey, MASH, "return_interview_looked_after", LATE)
    assert late.body["due_at"] == (START - 2 * WEEK + 72 * HOUR).isoformat(timespec="seconds")
    assert ppn1(journey) == ["returned_and_harmed"]
    assert asked(journey, POLICE, "bureau_notification") == []


def test_t_03_a_report_that_comes_weeks_late_asks_for_the_bureau_at_once(journey: Town) -> None:
    says(journey, POLICE, "missing.reported", gone(START - 3 * WEEK))
    assert len(asked(journey, POLICE, "bureau_notification")) == 1


def test_what_is_acknowledged_weeks_late_is_acknowledged_and_what_is_met_stays_met(journey: Town) -> None:
    """P12."""
    says(journey, POLICE, "missing.reported", gone(START))
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START))
    passes(journey, weeks=3)
    (alert,) = asked(journey, CSC, "return_interview_looked_after")
    assert alert.status == "open"
    says(journey, CSC, "alert.acknowledged", {"alert": alert.ref})
    assert asked(journey, CSC, "return_interview_looked_after")[0].status == "acknowledged"
    says(journey, CSC, "return_interview.held", _about(least("return_interview.held")))
    says(journey, CSC, "alert.acknowledged", {"alert": alert.ref})
    assert asked(journey, CSC, "return_interview_looked_after")[0].status == "met"


# ------------------------------------------------------------------------------------------------- an owner is gone


def test_what_an_owner_was_asked_before_it_was_withdrawn_reaches_the_next_desk(journey: Town) -> None:
    """T-06, P12."""
    says(journey, POLICE, "missing.reported", gone(START))
    says(journey, POLICE, "missing.returned", a_return(LOOKED_AFTER, START))
    for desk in (CSC, OTHER_CSC):
        stands(journey, desk, "withdrawn")
    passes(journey, hours=4)
    assert len(asked(journey, MASH, "return_interview_looked_after", LATE)) == 1


def test_where_nobody_is_left_time_goes_on_and_who_comes_back_finds_what_was_asked(journey: Town) -> None:
    """T-02: the clock is late all the same, and nothing that it asked is lost."""
    says(journey, POLICE, "missing.reported", gone(START))
    desks = (POLICE, MASH, CSC, OTHER_CSC)
    for desk in desks:
        stands(journey, desk, "suspended")
    for _ in range(7):
        passes(journey, hours=4)
    assert entries(journey, "child.clock_late.v1") == 2
    for desk in desks:
        stands(journey, desk, "good")
    assert [alert.status for alert in asked(journey, POLICE, "circumstances_review")] == ["open"]
    told = asked(journey, MASH, "circumstances_review", COVER)
    assert {str(alert.body["asks"]).partition(":")[0] for alert in told} == {"Late", "Not acknowledged"}


def stands(town: Town, desk: DeskId, standing: str) -> None:
    """The operator changes a desk's standing."""
    town.hub.admin.change_standing(desk, standing)
    town.hub.directory.refresh()
    town.hub.settle()


def _about(form: dict[str, Any], serial: int = 1, **changes: Any) -> dict[str, Any]:
    return {**form, "child": a_child(serial, is_looked_after=True), **changes}
