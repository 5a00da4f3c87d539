"""A birthday changes what a decision rests on, at local midnight, though nobody says a word (catalogue 3.5, D-65)."""

from datetime import UTC, datetime
from typing import Any

import orjson

from tests.builders_hub import CHARITY, HEALTH, POLICE, SCHOOL, Sent, Town, a_child, a_cpi, a_missing, holds, rows
from tests.builders_journeys import entries, recalls, says, shown
from tests.builders_lives import latest_and_anew

EVE = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""Somebody born on 25 November 2008 is 18 at the midnight that follows."""


def told_of(town: Town, born: str, **changes: Any) -> Sent:
    return says(town, POLICE, "missing.reported", a_missing(a_child(date_of_birth=born), **changes))


def band(town: Town, sent: Sent) -> str:
    """The age band on which the item was last decided for the police."""
    position = rows(town, "SELECT position FROM item_folds WHERE ref = ?", sent.item)[0][0]
    latest, _ = latest_and_anew(town)
    return str(orjson.loads(latest[position, POLICE][0])["child"]["age_band"])


def strikes(town: Town, at: datetime) -> None:
    town.clock.set(at)
    town.hub.settle()


def test_a_child_is_of_age_from_the_midnight_of_the_18th_birthday_on(journey: Town) -> None:
    sent = told_of(journey, "2008-11-25")
    strikes(journey, datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC))
    assert band(journey, sent) == "16_to_17"
    strikes(journey, datetime(2026, 11, 25, tzinfo=UTC))
    assert band(journey, sent) == "adult"
    assert entries(journey, "child.clock_struck.v1") >= 1
    holds(journey)


def test_midnight_is_that_of_the_place_in_summer_too(journey: Town) -> None:
    sent = told_of(journey, "2009-06-10")
    strikes(journey, datetime(2027, 6, 9, 22, 59, 59, tzinfo=UTC))
    assert band(journey, sent) == "16_to_17"
    strikes(journey, datetime(2027, 6, 9, 23, tzinfo=UTC))
    assert band(journey, sent) == "adult"


def test_every_threshold_has_its_own_clock_and_a_corrected_birth_date_moves_it(journey: Town) -> None:
    told_of(journey, "2014-05-04")
    due = "SELECT ref, due FROM clocks WHERE kind = 'birthday' ORDER BY due"
    assert [row[0] for row in rows(journey, due)] == ["13", "16", "18"]
    before = rows(journey, due)
    told_of(journey, "2014-05-05")
    assert [after[1] - was[1] for after, was in zip(rows(journey, due), before, strict=True)] == [86400] * 3


def test_who_is_of_age_already_has_no_birthday_to_wait_for(journey: Town) -> None:
    told_of(journey, "2008-11-20")
    assert rows(journey, "SELECT COUNT(*) FROM clocks WHERE kind = 'birthday'")[0][0] == 0


def test_a_birth_date_in_one_childs_part_of_a_cpi_counts_too(journey: Town) -> None:
    says(journey, SCHOOL, "cpi.submitted", a_cpi(a_child(1), a_child(2, date_of_birth="2013-01-01")))
    assert rows(journey, "SELECT COUNT(*) FROM clocks WHERE kind = 'birthday'")[0][0] == 4


def test_protection_does_not_end_on_the_18th_birthday(journey: Town) -> None:
    """D-65: what was shown of the child stays shown, and nobody is asked to let go of it."""
    sent = told_of(journey, "2008-11-25", to=[CHARITY, SCHOOL])
    before = {desk: shown(journey, desk, sent.item) for desk in (POLICE, HEALTH, CHARITY, SCHOOL)}
    strikes(journey, datetime(2026, 11, 25, tzinfo=UTC))
    for desk, classes in before.items():
        assert shown(journey, desk, sent.item) == classes
        assert recalls(journey, desk, sent.item) == []
