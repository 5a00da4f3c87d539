"""Corrections and retractions: who is asked to let go of what, what they answer, and who hears when they do not (P8)."""

import pytest

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    OTHER_CSC,
    POLICE,
    SCHOOL,
    Sent,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_missing,
    a_withdrawal,
    alerts,
    feed,
    leaves,
    passes,
    sends,
)
from tests.builders_journeys import entries, missing, recalls, rules, says, shown, unseen, view

OVERDUE = "alert.recall_overdue"
PARTNERS = (BUREAU, CSC, OTHER_CSC, MASH, HEALTH)
"""Desks beside the sender that a missing report by the police is disclosed to."""


def corrects(town: Town, item: str, desk: str = POLICE, **changes: object) -> Sent:
    form: dict[str, object] = {"item": item, "reason_code": "wrong_detail", "correction": "It was the day before."}
    return says(town, desk, "item.corrected", form | {"contains": {"correction": []}} | changes)


def retracts(town: Town, item: str, reason: str, desk: str = POLICE) -> Sent:
    return says(town, desk, "item.retracted", {"item": item, "reason_code": reason})


def recall_of(town: Town, desk: str, item: str) -> str:
    """The name of the one recall that the desk was sent."""
    (leaf,) = leaves(town, desk=desk, item=item, typ="recall")
    return str(leaf["id"])


# ------------------------------------------------------------------------------------------------------- corrected


def test_a_correction_recalls_from_everybody_who_had_seen_it_but_its_sender(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    corrects(journey, sent.item)
    for desk in PARTNERS:
        assert recalls(journey, desk, sent.item) == ["corrected"]
        assert [entry.kind for entry in feed(journey, desk)].count("recall") == 1
    for desk in (POLICE, SCHOOL):
        assert recalls(journey, desk, sent.item) == []


def test_what_was_corrected_is_still_seen_with_its_recall(journey: Town) -> None:
    sent = missing(journey)
    corrects(journey, sent.item)
    seen = view(journey, MASH, sent.item)
    assert seen.state == "disclosed"
    assert seen.recall == recall_of(journey, MASH, sent.item)


def test_the_correction_itself_reaches_whoever_had_the_report(journey: Town) -> None:
    sent = missing(journey)
    fixed = corrects(journey, sent.item)
    for desk in PARTNERS:
        assert view(journey, desk, fixed.item).body["correction"] == "It was the day before."


def test_correcting_twice_recalls_twice(journey: Town) -> None:
    sent = missing(journey)
    corrects(journey, sent.item)
    corrects(journey, sent.item)
    assert recalls(journey, MASH, sent.item) == ["corrected", "corrected"]


def test_whoever_was_kept_out_of_an_item_is_kept_out_of_its_correction(journey: Town) -> None:
    sent = missing(journey, exclude=["hampshire-council"])
    fixed = corrects(journey, sent.item)
    assert unseen(journey, CSC, fixed.item)
    assert recalls(journey, CSC, sent.item) == []


def test_a_part_of_a_cpi_is_corrected_alone(journey: Town) -> None:
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    corrects(journey, cpi.items[1], CHARITY)
    assert [recalls(journey, BUREAU, item) for item in cpi.items] == [[], ["corrected"], []]


def test_what_two_children_share_is_corrected_too(journey: Town) -> None:
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    corrects(journey, cpi.items[0], CHARITY)
    assert [recalls(journey, BUREAU, item) for item in cpi.items] == [["corrected"], [], []]


@pytest.mark.parametrize("kind", ["item.corrected", "item.retracted"])
def test_only_the_agency_that_sent_an_item_takes_it_back(journey: Town, kind: str) -> None:
    sent = missing(journey)
    form = {"item": sent.item, "reason_code": "unreliable"}
    form |= {"correction": "No."} if kind == "item.corrected" else {}
    for desk in (MASH, SCHOOL):
        assert sends(journey, desk, kind, form).refused == "unknown_item"
    assert not sends(journey, BUREAU, kind, form).refused


# ------------------------------------------------------------------------------------------------------- retracted


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("unreliable", "stop_use"),
        ("entered_in_error", "stop_use"),
        ("legal", "stop_use"),
        ("other", "stop_use"),
        ("wrong_child", "wrong_disclosure"),
    ],
)
def test_a_retraction_recalls_as_its_reason_says(journey: Town, reason: str, kind: str) -> None:
    sent = missing(journey)
    retracts(journey, sent.item, reason)
    for desk in PARTNERS:
        assert rules(journey, desk, sent.item) == ["H-07"]
        assert recalls(journey, desk, sent.item) == [kind]
        assert view(journey, desk, sent.item).state == "recalled"
    assert recalls(journey, POLICE, sent.item) == []
    assert "narrative" in shown(journey, POLICE, sent.item)


def test_retracting_again_recalls_nothing_more(journey: Town) -> None:
    sent = missing(journey)
    retracts(journey, sent.item, "unreliable")
    retracts(journey, sent.item, "wrong_child")
    assert recalls(journey, MASH, sent.item) == ["stop_use"]


def test_a_retracted_item_stays_retracted_when_it_is_corrected(journey: Town) -> None:
    sent = missing(journey)
    retracts(journey, sent.item, "unreliable")
    corrects(journey, sent.item)
    assert recalls(journey, MASH, sent.item) == ["stop_use"]
    assert view(journey, MASH, sent.item).state == "recalled"


def test_what_nobody_else_had_seen_is_taken_back_without_a_recall(journey: Town) -> None:
    sent = says(journey, SCHOOL, "consent.recorded", a_consent(a_child(), exclude=[MASH, CSC, OTHER_CSC]))
    retracts(journey, sent.item, "entered_in_error", SCHOOL)
    assert leaves(journey, item=sent.item, typ="recall") == []
    assert "identity" in shown(journey, SCHOOL, sent.item)


# ----------------------------------------------------------------------------------------------- answers and clocks


def test_a_recall_nobody_answers_in_time_is_the_mashs_to_chase(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    says(journey, CSC, "consent.withdrawn", a_withdrawal(a_child()))
    recall = recall_of(journey, SCHOOL, sent.item)
    passes(journey, hours=71, minutes=59)
    assert alerts(journey, MASH, OVERDUE) == []
    passes(journey, minutes=1)
    (alert,) = alerts(journey, MASH, OVERDUE)
    assert alert.body["about"] == recall
    passes(journey, hours=72)
    assert len(alerts(journey, MASH, OVERDUE)) == 1
    for desk in (SCHOOL, POLICE, HEALTH):
        assert alerts(journey, desk, OVERDUE) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"answer": "removed"},
        {"answer": "not_found"},
        {"answer": "acted_on"},
        {"answer": "passed_to", "passed_to": ["exampleton-council"]},
        {"answer": "retained_own_basis", "basis": "ca_1989_s47"},
    ],
    ids=lambda answer: str(answer["answer"]),
)
def test_any_answer_ends_the_wait(journey: Town, answer: dict[str, object]) -> None:
    sent = missing(journey, to=[SCHOOL])
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    says(journey, CSC, "consent.withdrawn", a_withdrawal(a_child()))
    says(journey, SCHOOL, "recall.answered", {"recall": recall_of(journey, SCHOOL, sent.item)} | answer)
    assert entries(journey, "child.recall_answered.v1") == 1
    passes(journey, hours=73)
    assert alerts(journey, MASH, OVERDUE) == []


def test_each_desk_answers_for_itself(journey: Town) -> None:
    sent = missing(journey)
    retracts(journey, sent.item, "unreliable")
    for desk in PARTNERS[1:]:
        says(journey, desk, "recall.answered", {"recall": recall_of(journey, desk, sent.item), "answer": "removed"})
    theirs = recall_of(journey, BUREAU, sent.item)
    assert sends(journey, MASH, "recall.answered", {"recall": theirs, "answer": "removed"}).refused == "unknown_item"
    passes(journey, hours=73)
    assert [alert.body["about"] for alert in alerts(journey, MASH, OVERDUE)] == [theirs]


def test_a_recall_of_what_two_children_share_is_answered_and_chased_like_any_other(journey: Town) -> None:
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(a_child(1), a_child(2)))
    corrects(journey, cpi.items[0], CHARITY)
    recall = recall_of(journey, BUREAU, cpi.items[0])
    passes(journey, hours=72)
    (alert,) = alerts(journey, MASH, OVERDUE)
    assert alert.body["about"] == recall
    says(journey, BUREAU, "recall.answered", {"recall": recall, "answer": "removed"})
    assert entries(journey, "matter.recall_answered.v1") == 1


def test_an_unanswered_recall_of_what_is_about_no_child_is_chased_too(journey: Town) -> None:
    (item,) = says(journey, CHARITY, "cpi.submitted", a_cpi()).items
    retracts(journey, item, "unreliable", CHARITY)
    passes(journey, hours=72)
    assert len(alerts(journey, MASH, OVERDUE)) == 1


# -------------------------------------------------------------------------------------- references, and standing


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("item.corrected", {"reason_code": "other", "correction": "No."}),
        ("item.retracted", {"reason_code": "other"}),
        ("alert.acknowledged", {}),
        ("recall.answered", {"answer": "removed"}),
    ],
)
def test_what_is_not_there_and_what_is_not_shown_get_one_answer(
    journey: Town, kind: str, more: dict[str, object]
) -> None:
    sent = missing(journey)
    field = {"alert.acknowledged": "alert", "recall.answered": "recall"}.get(kind, "item")
    not_shown = sends(journey, SCHOOL, kind, {field: sent.item} | more)
    not_there = sends(journey, SCHOOL, kind, {field: "i-00000000000000000000000000000000"} | more)
    assert not_shown.answer.refusal == not_there.answer.refusal
    assert not_shown.refused == "unknown_item"


@pytest.mark.parametrize("ref", ["c-00000000000000000000000000000000", "perrin"])
def test_a_child_that_is_not_there_is_refused(journey: Town, ref: str) -> None:
    assert sends(journey, SCHOOL, "consent.recorded", a_consent({"ref": ref})).refused == "unknown_child"


def test_an_item_is_no_child_and_a_child_no_item(journey: Town) -> None:
    sent = missing(journey)
    assert sends(journey, POLICE, "consent.recorded", a_consent({"ref": sent.item})).refused == "unknown_child"
    form = {"item": sent.child["ref"], "reason_code": "other"}
    assert sends(journey, POLICE, "item.retracted", form).refused == "unknown_item"


def test_a_child_is_named_by_reference_by_whoever_sent_or_was_shown_it(journey: Town) -> None:
    sent = missing(journey)
    says(journey, POLICE, "missing.reported", a_missing(sent.child))
    says(journey, BUREAU, "missing.reported", a_missing(sent.child))
    says(journey, MASH, "consent.recorded", a_consent(sent.child))


def test_reading_what_is_not_there_and_what_is_not_shown_gets_one_answer(journey: Town) -> None:
    sent = missing(journey)
    for ref in (sent.item, "i-00000000000000000000000000000000"):
        with pytest.raises(Refused) as refused:
            journey.hub.view.item(SCHOOL, ref)
        assert refused.value.code == "not_found"
    for ref in (sent.child["ref"], "c-00000000000000000000000000000000"):
        with pytest.raises(Refused) as refused:
            journey.hub.view.child(SCHOOL, ref)
        assert refused.value.code == "not_found"


def changes_standing(town: Town, desk: DeskId, standing: str) -> None:
    """As the hub's operators do; every request looks again, as the next one here does."""
    town.hub.admin.change_standing(desk, standing)
    town.hub.directory.refresh()


def test_a_suspended_desks_reads_stop_at_once_and_come_back_with_its_standing(journey: Town) -> None:
    sent = missing(journey)
    changes_standing(journey, HEALTH, "suspended")
    for read in (
        lambda: journey.hub.view.item(HEALTH, sent.item),
        lambda: journey.hub.view.items(HEALTH),
        lambda: journey.hub.view.alerts(HEALTH),
        lambda: journey.hub.view.child(HEALTH, sent.child["ref"]),
    ):
        with pytest.raises(Refused) as refused:
            read()
        assert refused.value.code == "desk_not_in_standing"
    journey.hub.settle()
    assert rules(journey, HEALTH, sent.item) == ["H-05"]
    assert recalls(journey, HEALTH, sent.item) == ["lapsed"]
    changes_standing(journey, HEALTH, "good")
    journey.hub.settle()
    assert "narrative" in shown(journey, HEALTH, sent.item)
