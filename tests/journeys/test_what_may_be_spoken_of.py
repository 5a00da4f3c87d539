"""Types that speak of something already here: only of what they can speak of, and receipts that tell no more (P11)."""

from tests.builders_hub import (
    BUREAU,
    CHARITY,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_grading,
    a_missing,
    a_sanitised,
    admits,
    alerts,
    leaves,
    passes,
    sees,
    sends,
)


def test_only_an_alert_is_acknowledged(journey: Town) -> None:
    sent = sends(journey, POLICE, "missing.reported", a_missing())
    passes(journey, hours=6)
    (alert,) = alerts(journey, POLICE, "alert.ppn1_due")
    for named in (sent.item, "i-nosuchthing", leaves(journey, desk=POLICE)[0]["id"]):
        assert sends(journey, POLICE, "alert.acknowledged", {"alert": named}).refused == "unknown_item"
    assert sends(journey, SCHOOL, "alert.acknowledged", {"alert": alert.ref}).refused == "unknown_item"
    assert sends(journey, POLICE, "alert.acknowledged", {"alert": alert.ref}).answer.outcome == "accepted"


def test_an_alert_raised_by_a_clock_is_acknowledged_though_the_record_was_in_hand_before_it(journey: Town) -> None:
    """The record stage keeps what it has read; what another writer added since must not surprise it."""
    child = sends(journey, POLICE, "missing.reported", a_missing()).child
    passes(journey, hours=6)
    (alert,) = alerts(journey, POLICE, "alert.ppn1_due")
    assert sends(journey, POLICE, "alert.acknowledged", {"alert": alert.ref}).answer.outcome == "accepted"
    assert sends(journey, POLICE, "missing.reported", a_missing(child)).answer.outcome == "accepted"
    assert len(journey.hub.ledger.read(0, 1000, ("child.alert_acknowledged.v1",))) == 1


def test_only_intelligence_is_graded_or_sanitised(journey: Town) -> None:
    missing = sends(journey, POLICE, "missing.reported", a_missing())
    assert sends(journey, BUREAU, "cpi.graded", a_grading(missing.item)).refused == "unknown_item"
    assert sends(journey, BUREAU, "cpi.sanitised", a_sanitised(missing.item)).refused == "unknown_item"


def test_a_receipt_for_speaking_of_anothers_item_names_no_child(journey: Town) -> None:
    cpi = sends(journey, CHARITY, "cpi.submitted", a_cpi(a_child()))
    graded = sends(journey, BUREAU, "cpi.graded", a_grading(cpi.item))
    corrected = sends(
        journey, CHARITY, "item.corrected", {"item": cpi.item, "reason_code": "wrong_detail", "correction": "Green."}
    )
    assert graded.receipt is not None
    assert graded.receipt.children == ()
    assert corrected.receipt is not None
    assert corrected.receipt.children == (cpi.child["ref"],)


def test_an_area_whose_text_knows_no_ppn1_asks_for_none(journey: Town) -> None:
    herts = admits(journey, "herts-police/missing", "police", "police_missing_persons", areas=["hertfordshire"])
    sends(journey, herts, "missing.reported", a_missing(), area="hertfordshire")
    passes(journey, hours=7)
    assert alerts(journey, herts) == []
    assert alerts(journey, POLICE) == []


def test_a_report_about_twenty_children_is_decided_as_one_step_and_its_signed_bytes_are_kept_once(
    journey: Town,
) -> None:
    sent = sends(journey, CHARITY, "cpi.submitted", a_cpi(*(a_child(n) for n in range(1, 21))))
    assert len({leaf["cause"] for ref in sent.items for leaf in leaves(journey, item=ref)}) == 1
    assert len([view for view in sees(journey, BUREAU).values() if view.type == "cpi.submitted"]) == 21
    sizes = [len(stored.state) for stored in journey.hub.ledger.recorder.select_notifications(1, 10_000)]
    assert sum(size > len(sent.event) for size in sizes) == 1


def test_a_page_is_cut_off_by_what_the_desk_may_know_of_and_by_nothing_else(journey: Town) -> None:
    """Twenty items that the school may not know of stand before one that it sent: its first page is no shorter for it."""
    for serial in range(1, 21):
        sends(journey, POLICE, "missing.reported", a_missing(a_child(serial), to=[SCHOOL]))
    own = [sends(journey, SCHOOL, "cpi.submitted", a_cpi(a_child(n))).item for n in range(30, 33)]
    assert [view.ref for view in journey.hub.view.items(SCHOOL, limit=2)] == own[:2]
    assert [view.ref for view in journey.hub.view.items(SCHOOL, after=2, limit=2)] == own[2:]
    assert journey.hub.view.items(SCHOOL, after=3) == []
    assert len(journey.hub.view.items(MASH, limit=5)) == 5
