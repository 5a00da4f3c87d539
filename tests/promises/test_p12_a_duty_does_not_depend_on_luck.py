"""P12, its other half: alerts have an owner, are acknowledged, and escalate; what waits undecided is told of."""

from datetime import timedelta
from typing import Any

import pytest

from sightline.record import clocks
from sightline.view.notices import Notice
from sightline.view.reading import ItemView
from tests.builders_hub import (
    CHARITY,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_missing,
    a_return,
    alerts,
    can_read,
    passes,
    rows,
    sends,
    signs,
    submits,
)

ASKED, LATE, COVER = "alert.duty_due", "alert.duty_late", "alert.duty_cover"
OF_THE_AUTHORITY = "return_interview_looked_after"


def asked(town: Town, desk: Any, type: str) -> list[ItemView]:
    """What the desk is asked about the return interview."""
    return [one for one in alerts(town, desk, type) if one.body["clock"] == OF_THE_AUTHORITY]


def a_looked_after_child_returns(town: Town) -> None:
    child = a_child(is_looked_after=True)
    sends(town, POLICE, "missing.reported", a_missing(child))
    sends(town, POLICE, "missing.returned", a_return(child, town.clock.now()))


def heard(town: Town) -> list[ItemView]:
    """Whom an unanswered alert reached beside its owner, within a day."""
    passes(town, hours=4)
    passes(town, hours=4)
    return [*asked(town, MASH, LATE), *asked(town, CSC, COVER)]


# -------------------------------------------------------------------------------------------------------- owned, late


def test_an_alert_is_its_owners_until_somebody_of_its_acknowledges_it(town: Town) -> None:
    a_looked_after_child_returns(town)
    (alert,) = asked(town, CSC, ASKED)
    assert alert.status == "open"
    sends(town, CSC, "alert.acknowledged", {"alert": alert.ref})
    assert asked(town, CSC, ASKED)[0].status == "acknowledged"
    assert heard(town) == []


def test_nobodys_silence_is_the_end_of_it(town: Town) -> None:
    a_looked_after_child_returns(town)
    assert len(heard(town)) == 2


def test_the_word_of_a_desk_that_was_not_asked_does_not_count(town: Town) -> None:
    a_looked_after_child_returns(town)
    (alert,) = asked(town, CSC, ASKED)
    sends(town, POLICE, "alert.acknowledged", {"alert": alert.ref})
    assert asked(town, CSC, ASKED)[0].status == "open"
    assert len(heard(town)) == 2


# ---------------------------------------------------------------------------------------------------------- undecided


def waits(town: Town, seconds: int) -> None:
    """Time goes by, and the decider does nothing."""
    town.clock.advance(timedelta(seconds=seconds))
    town.hub.strike.delays()


def undecided(town: Town, desk: Any) -> list[Notice]:
    return [one for one in town.hub.notices.of(desk) if one.id.startswith("delayed-")]


def test_after_a_minute_undecided_the_sender_the_mash_and_the_police_are_told(town: Town) -> None:
    submits(town, signs(town, SCHOOL, "missing.reported", a_missing(), id="mr-1"))
    waits(town, 59)
    assert not any(undecided(town, desk) for desk in (SCHOOL, MASH, POLICE))
    waits(town, 1)
    (own,) = undecided(town, SCHOOL)
    assert (own.reference, own.code, own.type) == ("mr-1", "undecided", "missing.reported")
    assert [one.code for desk in (MASH, POLICE) for one in undecided(town, desk)] == ["telephone"] * 2
    assert undecided(town, CSC) == []


def test_what_is_not_urgent_is_told_to_its_sender_alone(town: Town) -> None:
    submits(town, signs(town, CHARITY, "cpi.submitted", a_cpi()))
    waits(town, 60)
    assert [len(undecided(town, desk)) for desk in (CHARITY, MASH, POLICE)] == [1, 0, 0]


def test_a_submission_about_several_children_is_told_of_once_however_often_one_looks(town: Town) -> None:
    submits(town, signs(town, SCHOOL, "cpi.submitted", a_cpi(a_child(1), a_child(2))))
    for _ in range(3):
        waits(town, 60)
    assert len(undecided(town, SCHOOL)) == 1
    assert len(town.hub.ledger.read(0, 1000, ("agency.submission_delayed.v1",))) == 1


def test_what_is_decided_in_time_is_told_of_to_nobody(town: Town) -> None:
    sent = sends(town, SCHOOL, "missing.reported", a_missing())
    waits(town, 600)
    assert can_read(town, MASH, sent.item)
    assert undecided(town, SCHOOL) == []


def test_after_the_delay_everything_is_decided_as_ever(town: Town) -> None:
    (sent,) = submits(town, signs(town, SCHOOL, "missing.reported", a_missing()))
    waits(town, 60)
    town.hub.settle()
    assert can_read(town, MASH, sent.item)
    assert town.hub.replay().exit_code == 0


# ------------------------------------------------------------------------------------------------- broken on purpose


def test_a_hub_that_lets_an_unanswered_alert_rest_is_seen(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "escalate", lambda *_, **__: None)
    a_looked_after_child_returns(town)
    assert heard(town) == []


def test_a_notice_deleted_with_sql_is_missed_by_its_ledger_entry(town: Town) -> None:
    submits(town, signs(town, SCHOOL, "missing.reported", a_missing()))
    waits(town, 60)
    rows(town, "DELETE FROM notices")
    told = {placed.entry.step for placed in town.hub.ledger.read(0, 1000, ("agency.submission_delayed.v1",))}
    assert told - {row[0] for row in rows(town, "SELECT id FROM notices")}
