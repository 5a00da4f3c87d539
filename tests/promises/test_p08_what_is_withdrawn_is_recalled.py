"""P8. What is withdrawn is recalled: from exactly the desks that had seen it, who must answer, and a clock runs."""

from typing import Any

import pytest

from sightline.formats.feed import START, check_chain
from sightline.kernel.errors import Refused
from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Sent,
    Town,
    a_category,
    a_child,
    a_consent,
    a_cpi,
    a_missing,
    a_return,
    a_withdrawal,
    alerts,
    an_involvement,
    can_read,
    decision,
    feed,
    holds,
    leaves,
    passes,
    rows,
    sees,
    sends,
    signs,
    submits,
)


@pytest.fixture
def consented(town: Town) -> tuple[Town, Sent, Sent]:
    """A child's own consent has shown a charity and a school something; a missing report was shared by duty."""
    missing = sends(town, POLICE, "missing.reported", a_missing(urgency="urgent"))
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child))
    return town, missing, shares(town, missing.child, CHARITY, SCHOOL)


def shares(town: Town, child: dict[str, str], *desks: str) -> Sent:
    """Something that authorities hear of by duty, sent to others too, who may see it only by consent."""
    return sends(town, POLICE, "missing.categorised", categorised(child, *desks))


def categorised(child: dict[str, str], *desks: str) -> dict[str, Any]:
    return a_category(child, "missing", missing_risk="high", to=list(desks))


def recalls(town: Town, desk: str = "", item: str = "") -> list[dict[str, Any]]:
    """The recall leaves for that desk and about that item."""
    return leaves(town, desk=desk, item=item, typ="recall")


def withdrawn(town: Town, child: dict[str, str]) -> Sent:
    return sends(town, CSC, "consent.withdrawn", a_withdrawal(child))


def test_a_withdrawn_consent_is_recalled_from_exactly_the_desks_that_had_seen_by_it(
    consented: tuple[Town, Sent, Sent],
) -> None:
    town, missing, shared = consented
    assert {desk for desk in CAST if can_read(town, desk, shared.item)} == set(CAST)
    withdrawn(town, missing.child)
    assert {leaf["desk"] for leaf in recalls(town)} == {CHARITY, SCHOOL}
    assert {desk for desk in CAST if can_read(town, desk, shared.item)} == set(CAST) - {CHARITY, SCHOOL}
    for desk in (CHARITY, SCHOOL):
        (recall,) = recalls(town, desk, shared.item)
        assert recall["kind"] == "lapsed"
        assert recall["of"] == decision(town, desk, shared.item)["sup"]
        assert sees(town, desk)[shared.item].state == "recalled"
        assert sees(town, desk)[shared.item].body == {}
    holds(town)


def test_what_rests_on_a_duty_stands(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, _ = consented
    before = {desk: decision(town, desk, missing.item)["classes"] for desk in (MASH, CSC, HEALTH, BUREAU)}
    withdrawn(town, missing.child)
    assert all(can_read(town, desk, missing.item) for desk in before)
    assert before == {desk: decision(town, desk, missing.item)["classes"] for desk in before}
    assert "D-34" in decision(town, MASH, missing.item)["rules"]
    assert recalls(town, item=missing.item) == []


def test_a_recall_is_numbered_in_the_feed_and_stands_for_the_decision_too(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, shared = consented
    before = len(feed(town, SCHOOL))
    withdrawn(town, missing.child)
    (entry,) = feed(town, SCHOOL)[before:]
    assert (entry.kind, entry.leaf) == ("recall", recalls(town, SCHOOL, shared.item)[0]["id"])
    assert check_chain(feed(town, SCHOOL), after=0, before=START)


def test_a_recall_must_be_answered_and_a_late_one_alerts_the_mash(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, shared = consented
    withdrawn(town, missing.child)
    (of_school,), (of_charity,) = recalls(town, SCHOOL), recalls(town, CHARITY)
    answered = sends(town, SCHOOL, "recall.answered", {"recall": of_school["id"], "answer": "removed"})
    assert answered.answer.outcome == "accepted"
    passes(town, hours=71, minutes=59)
    assert alerts(town, MASH, "alert.recall_overdue") == []
    passes(town, minutes=1)
    (alert,) = alerts(town, MASH, "alert.recall_overdue")
    assert alert.body["asks"] == "A recall has not been answered in time."
    assert alert.body["about"] == of_charity["id"]
    passes(town, days=10)
    assert len(alerts(town, MASH, "alert.recall_overdue")) == 1
    assert shared.item
    holds(town)


def test_a_recall_of_what_concerns_no_one_child_has_its_clock_too(town: Town) -> None:
    shared = sends(town, CHARITY, "cpi.submitted", a_cpi())
    assert can_read(town, BUREAU, shared.item)
    sends(town, CHARITY, "item.retracted", {"item": shared.item, "reason_code": "unreliable"})
    (recall,) = recalls(town, BUREAU, shared.item)
    assert recall["kind"] == "stop_use"
    passes(town, hours=72)
    assert [a.body["about"] for a in alerts(town, MASH, "alert.recall_overdue")] == [recall["id"]]
    holds(town)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("wrong_child", "wrong_disclosure"), ("unreliable", "stop_use"), ("entered_in_error", "stop_use")],
)
def test_a_retraction_is_recalled_by_its_reason(town: Town, reason: str, kind: str) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    readers = {desk for desk in CAST if desk != POLICE and can_read(town, desk, sent.item)}
    sends(town, POLICE, "item.retracted", {"item": sent.item, "reason_code": reason})
    assert {leaf["desk"]: leaf["kind"] for leaf in recalls(town, item=sent.item)} == dict.fromkeys(readers, kind)
    assert can_read(town, POLICE, sent.item)
    assert not any(can_read(town, desk, sent.item) for desk in readers)


def test_a_correction_asks_every_reader_to_put_it_right_and_stays_readable(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    correction = {"item": sent.item, "reason_code": "wrong_detail", "correction": "It was a green coat."}
    sends(town, POLICE, "item.corrected", correction)
    readers = {desk for desk in CAST if can_read(town, desk, sent.item)}
    assert {leaf["desk"]: leaf["kind"] for leaf in recalls(town, item=sent.item)} == dict.fromkeys(
        readers - {POLICE}, "corrected"
    )
    assert MASH in readers
    assert sees(town, MASH)[sent.item].recall


def test_sight_that_comes_back_is_told_of_again(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, shared = consented
    withdrawn(town, missing.child)
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child))
    assert can_read(town, SCHOOL, shared.item)
    assert [entry.kind for entry in feed(town, SCHOOL)] == ["item", "recall", "item"]


def test_what_was_never_sealed_is_recalled_all_the_same(consented: tuple[Town, Sent, Sent]) -> None:
    """Decided, and narrowed before anybody could have read it: both leaves stand, the recall speaks for them."""
    town, missing, _ = consented
    (sent,) = submits(town, signs(town, POLICE, "missing.categorised", categorised(missing.child, SCHOOL)))
    while town.hub.decide():
        pass
    withdrawn(town, missing.child)
    assert [leaf["typ"] for leaf in leaves(town, desk=SCHOOL, item=sent.item)] == ["decision", "decision", "recall"]
    assert not can_read(town, SCHOOL, sent.item)


def test_shared_and_withdrawn_in_one_batch_is_recalled_as_well(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, _ = consented
    sent, _ = submits(
        town,
        signs(town, POLICE, "missing.categorised", categorised(missing.child, SCHOOL)),
        signs(town, CSC, "consent.withdrawn", a_withdrawal(missing.child)),
    )
    town.hub.settle()
    assert [leaf["typ"] for leaf in leaves(town, desk=SCHOOL, item=sent.item)] == ["decision", "decision", "recall"]
    holds(town)


def test_the_end_of_a_situation_recalls_nothing(town: Town) -> None:
    """Missing status counts at its strongest since the item was recorded (design §6)."""
    word = sends(town, HEALTH, "consent.recorded", a_consent(a_child(), "refused", to=[POLICE]))
    assert not can_read(town, POLICE, word.item)
    missing = sends(town, POLICE, "missing.reported", a_missing(word.child))
    assert "D-33" in decision(town, POLICE, word.item)["rules"]
    sends(town, POLICE, "missing.returned", a_return(missing.child, town.clock.now()))
    assert can_read(town, POLICE, word.item)
    assert recalls(town) == []


def test_an_expired_consent_is_recalled_when_its_clock_strikes(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child, expires_at="2026-11-21T09:00:00Z"))
    shared = shares(town, missing.child, SCHOOL)
    passes(town, hours=23, minutes=59, seconds=59)
    assert can_read(town, SCHOOL, shared.item)
    passes(town, seconds=1)
    assert not can_read(town, SCHOOL, shared.item)
    assert len(recalls(town, SCHOOL, shared.item)) == 1
    holds(town)


def test_a_later_consent_does_not_put_off_the_end_of_an_earlier_one(town: Town) -> None:
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child, expires_at="2026-11-21T09:00:00Z"))
    guardian = {"giver": "guardian", "giver_relation": "guardian", "expires_at": "2026-12-21T09:00:00Z"}
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child, **guardian))
    shared = shares(town, missing.child, SCHOOL)
    assert can_read(town, SCHOOL, shared.item)
    passes(town, days=2)
    assert not can_read(town, SCHOOL, shared.item)  # a guardian's alone opens nothing here (D-02)


# ------------------------------------------------------------------------------------------------- broken on purpose


def test_a_recall_is_answered_by_the_desk_that_it_was_sent_to_and_no_other(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, _ = consented
    withdrawn(town, missing.child)
    (of_school,) = recalls(town, SCHOOL)
    for desk in (CHARITY, MASH, CSC):
        sent = sends(town, desk, "recall.answered", {"recall": of_school["id"], "answer": "removed"})
        assert sent.refused == "unknown_item"
    passes(town, hours=72)
    assert of_school["id"] in {a.body["about"] for a in alerts(town, MASH, "alert.recall_overdue")}


def test_a_recall_taken_out_of_the_register_is_missed_by_replay(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, shared = consented
    withdrawn(town, missing.child)
    (recall,) = recalls(town, SCHOOL, shared.item)
    rows(town, "DELETE FROM leaves WHERE id = ?", recall["id"])
    (difference,) = town.hub.replay().differences
    assert (difference.verdict, difference.leaf) == ("missing", recall["id"])


def test_a_recall_taken_out_of_the_feed_leaves_a_gap(consented: tuple[Town, Sent, Sent]) -> None:
    town, missing, _ = consented
    withdrawn(town, missing.child)
    sends(town, HEALTH, "consent.recorded", a_consent(missing.child))
    rows(town, "DELETE FROM feed WHERE desk = ? AND kind = 'recall'", SCHOOL)
    with pytest.raises(Refused) as why:
        check_chain(feed(town, SCHOOL), after=0, before=START)
    assert why.value.code == "feed_gap"


def test_a_decider_that_forgets_to_recall_is_found_out_by_replay(town: Town) -> None:
    """The fold says that the school was shown nothing: no recall is made, and replay, which folds anew, misses it."""
    missing = sends(town, POLICE, "missing.reported", a_missing())
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    assert can_read(town, SCHOOL, missing.item)
    derivation = town.hub.decide._derivation  # noqa: SLF001  # the decider's memory, tampered with
    assert derivation is not None
    for item in derivation.working.items.values():
        item.told.pop(SCHOOL, None)
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL, "mistaken": True})
    assert recalls(town, SCHOOL) == []
    assert "missing" in {d.verdict for d in town.hub.replay().differences}
