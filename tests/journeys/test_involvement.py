"""Involvement: what a desk says of itself is a claim until another agency that may confirm stands behind it (design §6)."""

from tests.builders_hub import (
    CHARITY,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_cpi,
    a_missing,
    alerts,
    an_involvement,
    can_read,
    decision,
    feed,
    holds,
    leaves,
    passes,
    sees,
    sends,
)


def test_a_claim_alone_shows_nothing_and_tells_nothing(town: Town) -> None:
    child = sends(town, POLICE, "missing.reported", a_missing()).child
    sends(town, SCHOOL, "involvement.opened", an_involvement(child, "strategy"))
    later = sends(town, POLICE, "missing.categorised", {"child": child, "missing_category": "absent"})
    leaf = decision(town, SCHOOL, later.item)
    assert (leaf["eff"], leaf["told"]) == ("withhold", "nothing")
    assert "H-08" in leaf["rules"]
    assert later.item not in sees(town, SCHOOL)
    assert [entry.kind for entry in feed(town, SCHOOL)] == ["item"]  # its own involvement.opened, and no more
    holds(town)


def test_another_agencys_confirmation_opens_what_a_claim_did_not(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, SCHOOL, "involvement.opened", an_involvement(missing.child, "strategy"))
    assert not can_read(town, SCHOOL, missing.item)
    sends(town, MASH, "involvement.confirmed", {"child": missing.child, "involved_desk": SCHOOL})
    assert can_read(town, SCHOOL, missing.item)
    assert "D-05" in decision(town, SCHOOL, missing.item)["rules"]
    holds(town)


def test_nobody_confirms_a_claim_of_its_own_agency(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, CSC, "involvement.opened", an_involvement(missing.child, "allocated_team"))
    sends(town, CSC, "involvement.confirmed", {"child": missing.child, "involved_desk": CSC})
    cpi = sends(town, CHARITY, "cpi.submitted", a_cpi(missing.child))
    assert not can_read(town, CSC, cpi.item)
    assert decision(town, CSC, cpi.item)["told"] == "nothing"


def test_a_claim_of_another_kind_does_not_ride_on_a_confirmed_one(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    place = an_involvement(missing.child, "school_place", involved_desk=SCHOOL)
    sends(town, MASH, "involvement.opened", place)
    before = decision(town, SCHOOL, missing.item)
    assert "D-05" not in before["rules"]
    sends(town, SCHOOL, "involvement.opened", an_involvement(missing.child, "strategy"))
    assert "D-05" not in decision(town, SCHOOL, missing.item)["rules"]
    assert not can_read(town, SCHOOL, missing.item)
    sends(town, MASH, "involvement.confirmed", {"child": missing.child, "involved_desk": SCHOOL})
    assert can_read(town, SCHOOL, missing.item)
    holds(town)


def test_a_claim_nobody_confirmed_in_time_alerts_the_mash(town: Town) -> None:
    child = sends(town, POLICE, "missing.reported", a_missing()).child
    sends(town, SCHOOL, "involvement.opened", an_involvement(child, "school_place"))
    passes(town, hours=23, minutes=59)
    assert alerts(town, MASH, "alert.confirmation_due") == []
    passes(town, minutes=1)
    (alert,) = alerts(town, MASH, "alert.confirmation_due")
    assert "duty" in alert.classes
    assert alert.body["asks"] == "Confirm or close a claim of involvement with this child."


def test_a_confirmed_claim_asks_nobody_any_more(town: Town) -> None:
    child = sends(town, POLICE, "missing.reported", a_missing()).child
    sends(town, SCHOOL, "involvement.opened", an_involvement(child, "school_place"))
    sends(town, MASH, "involvement.confirmed", {"child": child, "involved_desk": SCHOOL})
    passes(town, hours=25)
    assert alerts(town, MASH, "alert.confirmation_due") == []


def test_the_end_of_an_involvement_recalls_nothing_and_shows_nothing_new(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL})
    later = sends(town, POLICE, "missing.categorised", {"child": missing.child, "missing_category": "absent"})
    assert can_read(town, SCHOOL, missing.item)
    assert not can_read(town, SCHOOL, later.item)
    assert leaves(town, desk=SCHOOL, typ="recall") == []
    holds(town)


def test_a_new_claim_takes_nothing_away_that_an_ended_involvement_had_opened(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL})
    between = sends(town, POLICE, "missing.categorised", {"child": missing.child, "missing_category": "absent"})
    sends(town, SCHOOL, "involvement.opened", an_involvement(missing.child, "strategy"))
    assert can_read(town, SCHOOL, missing.item)
    assert not can_read(town, SCHOOL, between.item)
    assert leaves(town, desk=SCHOOL, typ="recall") == []
    holds(town)


def test_a_mistaken_involvement_recalls_what_it_had_opened(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    assert can_read(town, SCHOOL, missing.item)
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL, "mistaken": True})
    assert not can_read(town, SCHOOL, missing.item)
    assert missing.item in {view.ref for view in sees(town, SCHOOL).values() if view.state == "recalled"}
    recalled = leaves(town, desk=SCHOOL, item=missing.item, typ="recall")
    assert len(recalled) == 1
    holds(town)


def test_a_mistake_found_after_the_end_is_still_recalled(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL})
    assert can_read(town, SCHOOL, missing.item)
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL, "mistaken": True})
    assert not can_read(town, SCHOOL, missing.item)
    assert len(leaves(town, desk=SCHOOL, item=missing.item, typ="recall")) == 1
    holds(town)


def test_a_stranger_cannot_end_anothers_involvement(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, CHARITY, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL, "mistaken": True})
    assert can_read(town, SCHOOL, missing.item)
