"""A sender retracts what started a clock: nobody is asked any more, and whoever was asked learns why (P8, P11, P12)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from sightline.kernel.ids import DeskId
from sightline.view.reading import ItemView
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
    a_return,
    a_ruling,
    alerts,
    feed,
    passes,
    reopened,
)
from tests.builders_journeys import knows, says

T_70, T_30, T_06, T_02 = (
    "icta_referral", "initial_assessment_trafficking", "return_interview_looked_after", "circumstances_review",
)  # fmt: skip


def refers(town: Town, **changes: Any) -> str:
    form = {**least("referral.made"), "child": a_child(is_looked_after=True), "issues": ["trafficking"], **changes}
    return says(town, SCHOOL, "referral.made", form).item


def retracts(town: Town, desk: DeskId, item: str, reason: str = "entered_in_error") -> Sent:
    return says(town, desk, "item.retracted", {"item": item, "reason_code": reason})


def clocks(town: Town, kind: str, *codes: str) -> list[Any]:
    """Entries of that kind about clocks of those rules, or of any."""
    placed: list[Any] = [one.entry for one in town.hub.ledger.read(0, 100_000, [f"child.clock_{kind}.v1"])]
    return [entry for entry in placed if not codes or entry.code in codes]


def asked(town: Town, desk: DeskId, code: str = "") -> list[ItemView]:
    """What clocks ask of the desk, or asked, of that rule or any; not what takes that back."""
    found = [one for one in alerts(town, desk) if "about" not in one.body]
    return [one for one in found if not code or one.body.get("clock") == code]


def taken_back(town: Town, desk: DeskId) -> dict[str, str]:
    """Alert to why nobody asks it any more, as the desk is told."""
    found = [one for one in alerts(town, desk) if "about" in one.body and one.type.startswith("alert.duty")]
    assert {one.status for one in found} <= {"met"}
    assert {one.leaf for one in found} <= {entry.leaf for entry in feed(town, desk)}
    return {str(one.body["about"]): str(one.body.get("asks", "")) for one in found}


def statuses(found: Iterable[ItemView]) -> set[str]:
    return {one.status for one in found}


def test_p12_what_only_a_retracted_referral_started_is_asked_of_nobody_and_is_never_late(journey: Town) -> None:
    knows(journey)
    referral = refers(journey)
    started = {(one.code, one.situation) for one in clocks(journey, "started") if one.by == referral}
    assert {T_70, T_30} <= {code for code, _ in started}
    assert "open" in statuses(asked(journey, CSC))
    retraction = retracts(journey, SCHOOL, referral)
    voided = clocks(journey, "voided")
    assert {(one.code, one.situation) for one in voided} == started
    assert {(one.by, one.item, one.reason) for one in voided} == {(retraction.item, referral, "entered_in_error")}
    assert statuses(asked(journey, CSC)) == statuses(asked(journey, MASH)) == {"met"}
    passes(journey, days=30)
    assert clocks(journey, "late") == []


@pytest.mark.parametrize("desk", [CSC, MASH])
def test_p12_whoever_was_asked_is_told_that_nobody_asks_any_more_and_why(journey: Town, desk: DeskId) -> None:
    knows(journey)
    referral = refers(journey)
    before = {one.ref for one in asked(journey, desk)}
    assert taken_back(journey, desk) == {}
    retracts(journey, SCHOOL, referral, "wrong_child")
    told = taken_back(journey, desk)
    assert told.keys() == before
    why = "No longer asked, for what gave rise to it was retracted (wrong child): "
    assert all(text.startswith(why) for text in told.values())


def test_p11_who_must_not_see_what_was_retracted_hears_nothing_of_its_end(journey: Town) -> None:
    knows(journey)
    referral = refers(journey, exclude=[CSC])
    before = len(feed(journey, CSC))
    retracts(journey, SCHOOL, referral)
    assert clocks(journey, "voided")
    assert alerts(journey, CSC) == []
    assert len(feed(journey, CSC)) == before


def test_t_70_a_clock_goes_on_while_another_referral_says_the_same(journey: Town) -> None:
    knows(journey)
    first, second = refers(journey), refers(journey)
    reopened(journey)
    retracts(journey, SCHOOL, first)
    assert T_70 not in {one.code for one in clocks(journey, "voided")}
    assert {one.item for one in clocks(journey, "voided", T_30)} == {first}
    assert statuses(asked(journey, CSC, T_70)) == {"open"}
    reopened(journey)
    retracts(journey, SCHOOL, second)
    assert {one.item for one in clocks(journey, "voided", T_70, T_30)} == {first, second}
    assert "open" not in statuses(asked(journey, CSC))


def test_t_70_what_is_retracted_second_leaves_the_first_as_it_was(journey: Town) -> None:
    knows(journey)
    first, second = refers(journey), refers(journey)
    retracts(journey, SCHOOL, second)
    assert {one.item for one in clocks(journey, "voided")} == {second}
    assert T_70 not in {one.code for one in clocks(journey, "voided")}
    retracts(journey, SCHOOL, first)
    assert {one.item for one in clocks(journey, "voided", T_70)} == {first}


def test_t_02_whoever_heard_that_nobody_answered_hears_the_end_too(journey: Town) -> None:
    report = says(journey, POLICE, "missing.reported", a_missing())
    passes(journey, hours=7)
    passes(journey, hours=7)
    told = [desk for desk in (POLICE, MASH, CSC) if asked(journey, desk, T_02)]
    types = {one.type for desk in told for one in asked(journey, desk, T_02)}
    assert {"alert.duty_due", "alert.duty_cover"} <= types
    retracts(journey, POLICE, report.item)
    for desk in told:
        assert {one.ref for one in asked(journey, desk, T_02)} <= taken_back(journey, desk).keys()


def test_t_06_what_is_sent_again_with_another_time_is_due_by_that(journey: Town) -> None:
    """A correction names no new time, so it moves no clock: the wrong form is retracted and the right one sent."""
    child = a_child(is_looked_after=True)
    says(journey, POLICE, "missing.reported", a_missing(child))
    passes(journey, hours=3)
    wrong, right = journey.clock.now() - timedelta(hours=2), journey.clock.now()
    back = says(journey, POLICE, "missing.returned", a_return(child, wrong))
    correction = {"item": back.item, "reason_code": "wrong_detail", "correction": "It was two hours later."}
    says(journey, POLICE, "item.corrected", {**correction, "contains": {"correction": []}})
    assert [one.due for one in clocks(journey, "started", T_06)] == [wrong + timedelta(hours=72)]
    retracts(journey, POLICE, back.item)
    says(journey, POLICE, "missing.returned", a_return(child, right))
    assert [one.due for one in clocks(journey, "started", T_06)][1:] == [right + timedelta(hours=72)]
    passes(journey, hours=71)
    assert clocks(journey, "late", T_06) == []
    passes(journey, hours=1)
    assert len(clocks(journey, "late", T_06)) == 1


def test_t_70_what_was_done_is_not_undone_by_a_retraction_of_what_asked_for_it(journey: Town) -> None:
    knows(journey)
    referral = refers(journey)
    says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    retracts(journey, SCHOOL, referral)
    assert T_70 not in {one.code for one in clocks(journey, "voided")}
    assert taken_back(journey, CSC).keys().isdisjoint(one.ref for one in asked(journey, CSC, T_70))


# ------------------------------------------------------------------------------------------ records that are one child's


def two_records(town: Town) -> tuple[str, str]:
    """One child is referred by number and by name: two records, of which the MASH rules that they are one child's."""
    knows(town)
    child = a_child(is_looked_after=True)
    by_name = {name: child[name] for name in ("given_name", "family_name", "date_of_birth")}
    form = {**least("referral.made"), "issues": ["trafficking"]}
    first, second = (says(town, SCHOOL, "referral.made", {**form, "child": one}) for one in (child, by_name))
    says(town, MASH, "match.ruled", a_ruling(first.child, second.child, "same"))
    return first.item, second.item


@pytest.mark.parametrize("which", [0, 1])
def test_t_70_what_two_records_of_one_child_ask_goes_on_while_either_referral_stands(journey: Town, which: int) -> None:
    referrals = two_records(journey)
    retracts(journey, SCHOOL, referrals[which])
    assert T_70 not in {one.code for one in clocks(journey, "voided")}
    retracts(journey, SCHOOL, referrals[1 - which])
    assert len(clocks(journey, "voided", T_70)) == 1
    assert statuses(asked(journey, CSC, T_70)) == {"met"}


def test_t_70_what_is_done_for_a_child_meets_what_each_of_two_records_asked(journey: Town) -> None:
    two_records(journey)
    assert [one.status for one in asked(journey, CSC, T_70)] == ["open", "open"]
    says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    assert [one.status for one in asked(journey, CSC, T_70)] == ["met", "met"]


# ------------------------------------------------------------------------------------ what was done is taken back itself

S_W = "safe_and_well_check"


def is_missing(town: Town) -> bool:
    """Whether the hub holds that a child is missing, as far as its entries say."""
    kinds = [f"child.episode_{kind}.v1" for kind in ("began", "ended", "reopened")]
    entries = town.hub.ledger.read(0, 100_000, kinds)
    return bool(entries) and not type(entries[-1].entry).__qualname__.endswith("Ended")


def ended_by(town: Town, item: str) -> set[tuple[str, str]]:
    """Rules and situations of the clocks that the item met or called off."""
    return {(one.code, one.situation) for kind in ("met", "cancelled") for one in clocks(town, kind) if one.by == item}


def comes_back(town: Town, child: dict[str, Any], **changes: Any) -> Sent:
    return says(town, POLICE, "missing.returned", a_return(child, town.clock.now(), **changes))


@pytest.mark.parametrize("reason", ["wrong_child", "entered_in_error", "unreliable"])
def test_t_02_a_return_that_is_taken_back_leaves_the_child_missing_and_all_that_it_ended_runs_on(
    journey: Town, reason: str
) -> None:
    child = a_child(is_looked_after=True)
    says(journey, POLICE, "missing.reported", a_missing(child))
    due = {(one.code, one.situation): one.due for one in clocks(journey, "started")}
    passes(journey, hours=1)
    back = comes_back(journey, child)
    ended = ended_by(journey, back.item)
    assert {T_02} <= {code for code, _ in ended}
    passes(journey, hours=1)
    retraction = retracts(journey, POLICE, back.item, reason)
    assert is_missing(journey)
    resumed = clocks(journey, "resumed")
    assert {(one.code, one.situation) for one in resumed} == ended
    assert {(one.by, one.item) for one in resumed} == {(retraction.item, back.item)}
    assert {T_06} <= {one.code for one in clocks(journey, "voided")}
    passes(journey, hours=9)
    # Nothing was put off by the mistake: what was due in the meantime is late by its own time.
    late = {(one.code, one.situation) for one in clocks(journey, "late")}
    assert {key for key in ended if (at := due[key]) and at < journey.clock.now() - timedelta(hours=3)} <= late
    assert "open" in statuses(asked(journey, POLICE, T_02))


def test_n_21_a_child_whose_return_is_taken_back_is_still_missing_after_six_hours(journey: Town) -> None:
    child = a_child()
    says(journey, POLICE, "missing.reported", a_missing(child))
    back = comes_back(journey, child)
    passes(journey, hours=7)
    assert alerts(journey, POLICE, "alert.ppn1_due") == []
    retracts(journey, POLICE, back.item, "wrong_child")
    (alert,) = alerts(journey, POLICE, "alert.ppn1_due")
    assert alert.body["circumstance"] == "missing_not_returned"


def test_t_02_the_true_return_ends_what_the_one_that_was_taken_back_had_ended(journey: Town) -> None:
    child = a_child(is_looked_after=True)
    says(journey, POLICE, "missing.reported", a_missing(child))
    wrong = comes_back(journey, child)
    retracts(journey, POLICE, wrong.item, "wrong_child")
    passes(journey, hours=1)
    right = comes_back(journey, child)
    assert ended_by(journey, right.item) == ended_by(journey, wrong.item)
    assert not is_missing(journey)
    passes(journey, days=2)
    assert clocks(journey, "late", T_02) == []


def test_a_return_of_an_earlier_episode_that_is_taken_back_changes_nothing_of_the_one_now(journey: Town) -> None:
    child = a_child()
    says(journey, POLICE, "missing.reported", a_missing(child))
    passes(journey, hours=1)
    first = comes_back(journey, child)
    passes(journey, days=1)
    says(journey, POLICE, "missing.reported", a_missing(child))
    retracts(journey, POLICE, first.item)
    assert journey.hub.ledger.read(0, 100_000, ["child.episode_reopened.v1"]) == []
    assert is_missing(journey)
    comes_back(journey, child)
    assert not is_missing(journey)


def test_a_return_told_ahead_and_taken_back_does_not_end_the_episode_that_is_reported_then(journey: Town) -> None:
    knows(journey)
    ahead = comes_back(journey, a_child())
    retracts(journey, POLICE, ahead.item, "wrong_child")
    late = a_missing(a_child())
    says(journey, POLICE, "missing.reported", late, time=journey.clock.now() - timedelta(hours=5))
    assert is_missing(journey)


def test_t_05_a_check_that_is_taken_back_was_not_done_and_is_asked_for_again(journey: Town) -> None:
    child = a_child()
    says(journey, POLICE, "missing.reported", a_missing(child))
    comes_back(journey, child, harm_suffered="not_known")
    asked_first = {one.ref for one in asked(journey, POLICE, S_W)} | {one.ref for one in asked(journey, MASH, S_W)}
    form = {**least("safe_and_well.recorded"), "child": child, "harm_suffered": "no"}
    check = says(journey, POLICE, "safe_and_well.recorded", form)
    assert S_W in {code for code, _ in ended_by(journey, check.item)}
    passes(journey, days=2)
    late_before = len(clocks(journey, "late", S_W))
    retracts(journey, POLICE, check.item, "wrong_child")
    assert [one.code for one in clocks(journey, "resumed")] == [S_W]
    assert asked_first.isdisjoint(one.ref for one in asked(journey, POLICE, S_W) if one.status == "open")
    assert [one.status for one in asked(journey, POLICE, S_W) if one.ref not in asked_first] == ["open"]
    passes(journey, minutes=1)
    assert len(clocks(journey, "late", S_W)) == late_before + 1
    says(journey, POLICE, "safe_and_well.recorded", form)
    assert statuses(asked(journey, POLICE, S_W)) == {"met"}


def test_t_70_what_is_withdrawn_for_legal_reasons_was_done(journey: Town) -> None:
    knows(journey)
    refers(journey)
    done = says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    assert T_70 in {code for code, _ in ended_by(journey, done.item)}
    retracts(journey, CSC, done.item, "legal")
    assert clocks(journey, "resumed") == []
    assert "open" not in statuses(asked(journey, CSC, T_70))


def test_t_70_what_nobody_asks_any_more_is_not_asked_again(journey: Town) -> None:
    knows(journey)
    referral = refers(journey)
    done = says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    retracts(journey, SCHOOL, referral)
    retracts(journey, CSC, done.item)
    assert T_70 not in {one.code for one in clocks(journey, "resumed")}


def test_t_70_it_is_asked_again_on_behalf_of_the_referral_that_still_stands(journey: Town) -> None:
    knows(journey)
    first, second = refers(journey), refers(journey)
    done = says(journey, CSC, "icta.referred", {**least("icta.referred"), "child": a_child()})
    retracts(journey, SCHOOL, first)
    reopened(journey)
    retracts(journey, CSC, done.item)
    assert T_70 in {one.code for one in clocks(journey, "resumed")}
    assert "open" in statuses(asked(journey, CSC, T_70))
    retracts(journey, SCHOOL, second)
    assert T_70 in {one.code for one in clocks(journey, "voided")}
    assert "open" not in statuses(asked(journey, CSC, T_70))
