"""A desk that is opened later is shown at once what is open for its role and area, on the grounds of everything else (P12)."""

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
    admits,
    alerts,
    decision,
    feed,
    leaves,
    passes,
    sends,
)
from tests.builders_journeys import knows, says

NIGHT = DeskId("hampshire-mash/night")
ISLAND = DeskId("island-mash/desk")


def refers(town: Town, **changes: Any) -> Sent:
    """A school refers a child: its receipt and the decision on it are asked of the MASH."""
    form = {**least("referral.made"), "child": a_child(is_looked_after=True), "issues": ["trafficking"], **changes}
    return says(town, SCHOOL, "referral.made", form)


def opens(town: Town, desk: DeskId, sector: str, role: str, **what: Any) -> DeskId:
    """A desk joins the hub, and whatever follows from that is done."""
    admits(town, desk, sector, role, **what)
    town.hub.settle()
    return desk


def slices(town: Town) -> list[str]:
    """Reasons of the slices that the ledger records."""
    placed: list[Any] = [one.entry for one in town.hub.ledger.read(0, 100_000, ("policy.slice_opened.v1",))]
    return [entry.reason for entry in placed]


def wanted(town: Town, desk: DeskId) -> set[str]:
    """Alerts that the desk is shown and that nothing has met."""
    return {alert.ref for alert in alerts(town, desk) if alert.status != "met"}


def test_p12_a_desk_opened_later_is_shown_the_open_alerts_of_its_role_at_once(journey: Town) -> None:
    knows(journey)
    refers(journey)
    asked = wanted(journey, MASH)
    assert asked
    opens(journey, NIGHT, "mash", "mash")
    assert wanted(journey, NIGHT) == asked
    for alert in asked:
        theirs, ours = decision(journey, NIGHT, alert), decision(journey, MASH, alert)
        assert {name for name in ("eff", "classes", "rules", "basis") if theirs[name] != ours[name]} == set()
    told = {leaf["id"] for leaf in leaves(journey, desk=NIGHT, typ="decision")}
    assert {entry.leaf for entry in feed(journey, NIGHT)} == told
    assert len(told) == len(asked)


def test_p12_what_it_is_shown_it_can_answer(journey: Town) -> None:
    knows(journey)
    refers(journey)
    opens(journey, NIGHT, "mash", "mash")
    for alert in sorted(wanted(journey, NIGHT)):
        sends(journey, NIGHT, "alert.acknowledged", {"alert": alert})
    assert {alert.status for alert in alerts(journey, MASH)} == {"acknowledged", "met"} & {
        alert.status for alert in alerts(journey, NIGHT)
    }


def test_an_alert_that_was_met_is_not_shown_anew(journey: Town) -> None:
    knows(journey)
    refers(journey)
    refers(journey, child=a_child(2, is_looked_after=True))
    before = wanted(journey, MASH)
    says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    left = wanted(journey, MASH)
    assert len(left) == len(before) - 1 > 0
    opens(journey, NIGHT, "mash", "mash")
    assert {alert.ref for alert in alerts(journey, NIGHT)} == left


def test_p11_whoever_must_not_see_what_gave_rise_to_an_alert_does_not_by_opening_a_desk(journey: Town) -> None:
    knows(journey)
    refers(journey, exclude=["hampshire-mash"])
    opens(journey, NIGHT, "mash", "mash")
    assert alerts(journey, NIGHT) == [] == list(feed(journey, NIGHT))


def test_a_desk_whose_role_nothing_is_asked_of_costs_nothing(journey: Town) -> None:
    knows(journey)
    refers(journey)
    opens(journey, DeskId("elm-school/safeguarding"), "education", "school")
    assert slices(journey) == []


def test_a_desk_costs_nothing_where_no_alert_was_raised(town: Town) -> None:
    knows(town)
    opens(town, NIGHT, "mash", "mash")
    assert slices(town) == []


def test_p12_a_desk_of_several_areas_is_shown_what_is_open_in_each_and_nothing_of_others(journey: Town) -> None:
    for serial, area in enumerate(("hampshire", "isle_of_wight", "portsmouth"), 1):
        report = a_missing(a_child(serial), missing_since=journey.clock.now().isoformat())
        sends(journey, POLICE, "missing.reported", report, area=area)
    passes(journey, hours=6)
    both, third = DeskId("joint-police/missing"), DeskId("port-police/missing")
    opens(journey, both, "police", "police_missing_persons", areas=("hampshire", "isle_of_wight"))
    opens(journey, third, "police", "police_missing_persons", areas=("portsmouth",))
    assert len(wanted(journey, both)) == 2 * len(wanted(journey, third)) > 0
    assert wanted(journey, both).isdisjoint(wanted(journey, third))


def test_p12_what_was_asked_while_nobody_held_the_role_waits_for_the_desk_that_comes(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing(), area="isle_of_wight")
    passes(journey, hours=8)
    assert {leaf["desk"] for leaf in leaves(journey, typ="decision")}.isdisjoint({ISLAND})
    opens(journey, ISLAND, "mash", "mash", areas=("isle_of_wight",))
    assert wanted(journey, ISLAND)
    assert slices(journey) == [f"opened:{ISLAND}"]


def test_p12_who_stood_in_for_a_role_that_nobody_held_keeps_what_it_was_asked(journey: Town) -> None:
    opens(journey, ISLAND, "mash", "mash", areas=("isle_of_wight",))
    sends(journey, POLICE, "missing.reported", a_missing(), area="isle_of_wight")
    passes(journey, hours=8)
    stood_in = wanted(journey, ISLAND)
    police = DeskId("island-police/missing")
    opens(journey, police, "police", "police_missing_persons", areas=("isle_of_wight",))
    theirs = wanted(journey, police)
    assert wanted(journey, ISLAND) == stood_in > theirs
    assert theirs
    sends(journey, police, "missing.reviewed", {**least("missing.reviewed"), "child": a_child()}, area="isle_of_wight")
    assert wanted(journey, police) < theirs
    assert theirs - wanted(journey, ISLAND) == theirs - wanted(journey, police)
