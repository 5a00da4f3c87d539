"""Missing episodes and the alerts that they raise: N-20, N-21, N-22, A-20 to A-26, T-04, T-08."""

from datetime import timedelta
from typing import Any

from tests.builders_hub import (
    BUREAU,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_category,
    a_child,
    a_missing,
    a_ppn1,
    a_return,
    admits,
    alerts,
    decision,
    holds,
    passes,
    sends,
)

from sightline.view.reading import ItemView


def due(town: Town, desk: Any = POLICE) -> list[str]:
    """The circumstances for which a PPN1 is asked of that desk, in order."""
    return [alert.body["circumstance"] for alert in ppn1s(town, desk)]


def ppn1s(town: Town, desk: Any = POLICE) -> list[ItemView]:
    return alerts(town, desk, "alert.ppn1_due")


def goes_missing(town: Town, child: Any = None, **changes: Any) -> Any:
    """A report of a child who went missing half an hour ago; the child as the police may name it."""
    since = (town.clock.now() - timedelta(minutes=30)).isoformat()
    return sends(town, POLICE, "missing.reported", a_missing(child, missing_since=since, **changes)).child


def returns(town: Town, child: Any, **changes: Any) -> None:
    sends(town, POLICE, "missing.returned", a_return(child, town.clock.now(), **changes))


def recorded(town: Town, topic: str) -> list[Any]:
    """Every ledger entry of that topic."""
    return [placed.entry for placed in town.hub.ledger.read(0, 10_000, (topic,))]


def test_n_21_a_child_still_missing_six_hours_after_the_report_needs_a_ppn1(town: Town) -> None:
    goes_missing(town)
    passes(town, hours=5, minutes=59, seconds=59)
    assert due(town) == []
    passes(town, seconds=1)
    (alert,) = ppn1s(town)
    assert alert.body["circumstance"] == "missing_not_returned"
    assert alert.body["row"] == "N-21"
    assert alert.body["counted_episodes"] == 1
    passes(town, days=3)
    assert len(ppn1s(town)) == 1
    holds(town)


def test_n_21_a_child_back_before_the_six_hours_needs_none(town: Town) -> None:
    child = goes_missing(town)
    passes(town, hours=5)
    returns(town, child)
    passes(town, hours=5)
    assert due(town) == []


def test_n_20_a_child_who_returns_harmed_needs_a_ppn1_at_once(town: Town) -> None:
    child = goes_missing(town)
    passes(town, hours=1)
    returns(town, child, harm_suffered="yes")
    assert due(town) == ["returned_and_harmed"]
    assert ppn1s(town)[0].body["row"] == "N-20"


def test_n_20_harm_that_comes_to_light_after_the_return_counts_all_the_same(town: Town) -> None:
    child = goes_missing(town)
    returns(town, child, harm_suffered="not_known")
    assert due(town) == []
    passes(town, hours=20)
    returns(town, child, harm_suffered="yes")
    assert due(town) == ["returned_and_harmed"]
    returns(town, child, harm_suffered="yes")
    assert due(town) == ["returned_and_harmed"]
    holds(town)


def test_n_22_the_third_episode_in_ninety_days_needs_a_ppn1_at_once(town: Town) -> None:
    child = a_child()
    for _ in range(2):
        child = goes_missing(town, child)
        returns(town, child)
        passes(town, days=30)
        assert due(town) == []
    goes_missing(town, child)
    (alert,) = ppn1s(town)
    assert (alert.body["circumstance"], alert.body["row"], alert.body["counted_episodes"]) == (
        "third_in_90_days",
        "N-22",
        3,
    )
    holds(town)


def test_n_22_a_first_episode_ninety_days_ago_is_out_of_the_window(town: Town) -> None:
    child = goes_missing(town)
    returns(town, child)
    passes(town, days=45)
    goes_missing(town, child)
    returns(town, child)
    passes(town, days=45)
    goes_missing(town, child)
    assert due(town) == []


def test_n_22_absences_are_not_counted_where_the_edition_does_not_name_them(town: Town) -> None:
    child = goes_missing(town)
    returns(town, child)
    for _ in range(3):
        passes(town, days=1)
        goes_missing(town, child, missing_category="absent")
        returns(town, child)
    assert due(town) == []


def test_a_23_one_alert_for_each_circumstance_of_each_episode(town: Town) -> None:
    child = goes_missing(town)
    passes(town, hours=7)
    returns(town, child, harm_suffered="yes")
    assert due(town) == ["missing_not_returned", "returned_and_harmed"]
    goes_missing(town, child)
    passes(town, hours=7)
    assert due(town) == ["missing_not_returned", "returned_and_harmed", "missing_not_returned"]


def test_a_26_a_later_change_of_category_is_judged_anew(town: Town) -> None:
    child = goes_missing(town, missing_category="absent")
    passes(town, hours=7)
    assert due(town) == []
    sends(town, POLICE, "missing.categorised", a_category(child, "missing"))
    assert due(town) == ["missing_not_returned"]
    holds(town)


def test_a_26_a_change_before_the_six_hours_waits_for_them(town: Town) -> None:
    child = goes_missing(town, missing_category="absent")
    passes(town, hours=3)
    sends(town, POLICE, "missing.categorised", a_category(child, "missing"))
    assert due(town) == []
    passes(town, hours=3)
    assert due(town) == ["missing_not_returned"]


def test_a_26_a_change_to_missing_makes_the_episode_count(town: Town) -> None:
    child = a_child()
    for _ in range(2):
        child = goes_missing(town, child)
        returns(town, child)
        passes(town, days=1)
    goes_missing(town, child, missing_category="absent")
    assert due(town) == []
    sends(town, POLICE, "missing.categorised", a_category(child, "missing"))
    assert due(town) == ["third_in_90_days"]


def test_a_second_report_of_a_missing_child_opens_no_second_episode(town: Town) -> None:
    child = goes_missing(town)
    goes_missing(town, child)
    assert len(recorded(town, "child.episode_began.v1")) == 1
    passes(town, hours=7)
    assert due(town) == ["missing_not_returned"]


def test_a_second_report_that_says_more_than_the_first_is_believed(town: Town) -> None:
    child = goes_missing(town, missing_category="absent")
    goes_missing(town, child, missing_category="missing")
    passes(town, hours=7)
    assert due(town) == ["missing_not_returned"]


def test_a_second_report_does_not_make_a_missing_child_merely_absent(town: Town) -> None:
    child = goes_missing(town)
    goes_missing(town, child, missing_category="absent")
    passes(town, hours=7)
    assert due(town) == ["missing_not_returned"]


def test_a_return_without_a_report_is_recorded_and_nothing_more(town: Town) -> None:
    sent = sends(town, POLICE, "missing.returned", a_return(a_child(), town.clock.now(), harm_suffered="yes"))
    assert sent.answer.outcome == "accepted"
    assert due(town) == []
    holds(town)


def test_the_alert_is_met_by_its_ppn1(town: Town) -> None:
    child = goes_missing(town)
    passes(town, hours=6)
    (alert,) = ppn1s(town)
    sends(town, POLICE, "ppn1.issued", a_ppn1(child, "returned_and_harmed"))
    assert recorded(town, "child.alert_met.v1") == []
    issued = sends(town, POLICE, "ppn1.issued", a_ppn1(child, "missing_not_returned"))
    (met,) = recorded(town, "child.alert_met.v1")
    assert (met.alert, met.by) == (alert.ref, issued.item)


def test_a_ppn1_issued_before_it_was_due_raises_no_alert(town: Town) -> None:
    child = goes_missing(town)
    sends(town, POLICE, "ppn1.issued", a_ppn1(child, "missing_not_returned"))
    passes(town, hours=7)
    assert due(town) == []
    returns(town, child)
    goes_missing(town, child)
    passes(town, hours=7)
    assert due(town) == ["missing_not_returned"]


def test_the_issued_ppn1_reaches_childrens_services_by_duty(town: Town) -> None:
    child = goes_missing(town)
    for circumstance, row in (
        ("returned_and_harmed", "N-20"),
        ("missing_not_returned", "N-21"),
        ("third_in_90_days", "N-22"),
    ):
        issued = sends(town, POLICE, "ppn1.issued", a_ppn1(child, circumstance))
        leaf = decision(town, CSC, issued.item)
        assert row in leaf["rules"]
        assert leaf["eff"] == "disclose"
        assert not {"N-20", "N-21", "N-22"} & set(decision(town, MASH, issued.item)["rules"])


def test_n_27_the_mash_is_told_of_every_missing_report_by_duty(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    assert "N-27" in decision(town, MASH, sent.item)["rules"]
    assert "N-27" not in decision(town, CSC, sent.item)["rules"]


def test_the_alert_is_seen_by_its_owner_the_escalation_desk_and_whoever_gave_rise_to_it(town: Town) -> None:
    child = a_child()
    for _ in range(2):
        child = goes_missing(town, child)
        returns(town, child)
    sent = sends(town, SCHOOL, "missing.reported", a_missing(a_child()))
    (alert,) = ppn1s(town)
    assert "duty" in alert.classes
    assert "H-09" in decision(town, POLICE, alert.ref)["rules"]
    assert [a.ref for a in ppn1s(town, MASH)] == [alert.ref]
    leaf = decision(town, SCHOOL, alert.ref)
    assert leaf["classes"] == ["administrative"] or leaf["eff"] == "withhold"
    assert ppn1s(town, BUREAU) == []
    assert sent.item


def test_an_alert_is_acknowledged_by_a_signed_event(town: Town) -> None:
    goes_missing(town)
    passes(town, hours=6)
    (alert,) = ppn1s(town)
    sent = sends(town, POLICE, "alert.acknowledged", {"alert": alert.ref})
    assert sent.answer.outcome == "accepted"
    (entry,) = recorded(town, "child.alert_acknowledged.v1")
    assert (entry.alert, entry.by) == (alert.ref, POLICE)


def test_nobody_acknowledges_an_alert_that_it_cannot_see_nor_an_item_that_is_none(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    passes(town, hours=6)
    (alert,) = ppn1s(town)
    assert sends(town, SCHOOL, "alert.acknowledged", {"alert": alert.ref}).refused == "unknown_item"
    assert sends(town, POLICE, "alert.acknowledged", {"alert": sent.item}).refused == "unknown_item"
    assert sends(town, POLICE, "alert.acknowledged", {"alert": "i-nosuchthing"}).refused == "unknown_item"


def test_an_area_whose_text_knows_no_ppn1_raises_none(town: Town) -> None:
    herts = admits(town, "herts-police/missing", "police", "police_missing_persons", areas=["hertfordshire"])
    sends(town, herts, "missing.reported", a_missing(), area="hertfordshire")
    passes(town, hours=7)
    assert due(town, herts) == []
    assert due(town) == []
