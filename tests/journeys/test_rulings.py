"""A person rules whether two records are of one child: joined they are decided as one, parted they are what they were."""

import pytest

from sightline.kernel.ids import DeskId
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Sent,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_missing,
    a_return,
    a_ruling,
    alerts,
    an_involvement,
    an_nhs_number,
    can_read,
    holds,
    leaves,
    passes,
    reopened,
    rows,
    sends,
    signs,
    submits,
)
from tests.builders_journeys import entries, involves, recalls, rules, says, shown, unseen, withheld

POSSIBLE, BREACH, DUE = "alert.match_possible", "alert.breach_due", "alert.ppn1_due"
NAMED: dict[str, object] = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}
"""`a_child(1)` by name and birth date alone."""

UPN = {"identifiers": [{"scheme": "upn", "value": "H123456789012"}]}
PNC = {"identifiers": [{"scheme": "pnc", "value": "11/7A"}]}


def two(town: Town) -> tuple[Sent, Sent]:
    """One child, reported by the police by number, and by the school by name: two records and a question."""
    first = says(town, POLICE, "missing.reported", a_missing())
    return first, says(town, SCHOOL, "missing.reported", a_missing(NAMED, to=[CHARITY]))


def rule(town: Town, ruling: str, first: Sent, second: Sent) -> Sent:
    """The MASH rules on the records of those two."""
    return says(town, MASH, "match.ruled", a_ruling(first.child, second.child, ruling))


# ---------------------------------------------------------------------------------------------------------- who rules


def test_the_question_names_both_records_to_the_mash(journey: Town) -> None:
    first, second = two(journey)
    (alert,) = alerts(journey, MASH, POSSIBLE)
    assert set(alert.children) == {first.child["ref"], second.child["ref"]}


@pytest.mark.parametrize("desk", [POLICE, CSC, HEALTH, SCHOOL], ids=str)
def test_only_the_mash_may_rule(journey: Town, desk: DeskId) -> None:
    first, second = two(journey)
    assert (
        sends(journey, desk, "match.ruled", a_ruling(first.child, second.child, "same")).refused
        == "source_may_not_send"
    )


def test_a_ruling_on_a_record_that_nobody_knows_is_refused(journey: Town) -> None:
    first, _ = two(journey)
    assert sends(journey, MASH, "match.ruled", a_ruling(first.child, {"ref": "c-0"}, "same")).refused == "unknown_child"


def test_a_ruling_answers_the_question_and_it_is_not_asked_again(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "different", first, second)
    assert entries(journey, "child.alert_met.v1") == 1
    passes(journey, hours=30)
    says(journey, POLICE, "missing.reported", a_missing(a_child(2)))
    says(journey, POLICE, "missing.reported", a_missing(a_child()))
    assert len(alerts(journey, MASH, POSSIBLE)) == 1


def test_the_reason_is_kept_with_the_ruling_and_shown_to_the_social_workers(journey: Town) -> None:
    ruled = rule(journey, "same", *two(journey))
    assert "reason" in journey.hub.view.item(CSC, ruled.item).body
    assert unseen(journey, SCHOOL, ruled.item)


# ------------------------------------------------------------------------------------------------------ not the same


def test_different_children_no_longer_share_what_protects_them(journey: Town) -> None:
    first, second = two(journey)
    says(journey, MASH, "flag.raised", a_flag(first.child, "location_protected"))
    assert "location:D-14" in withheld(journey, MASH, second.item)
    rule(journey, "different", first, second)
    assert "location" in shown(journey, MASH, second.item)
    assert "location:D-14" in withheld(journey, MASH, first.item)


def test_episodes_of_different_children_are_not_counted_together(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "different", first, second)
    says(journey, POLICE, "missing.returned", a_return(first.child, journey.clock.now()))
    says(journey, POLICE, "missing.reported", a_missing(first.child))
    assert alerts(journey, POLICE, DUE) == []


# ---------------------------------------------------------------------------------------------------------- the same


def test_an_involvement_with_either_record_opens_what_is_known_of_both(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    assert can_read(journey, CHARITY, first.item)
    assert not can_read(journey, CHARITY, second.item)
    rule(journey, "same", first, second)
    assert can_read(journey, CHARITY, second.item)
    holds(journey)


def test_the_reference_of_either_record_leads_to_both(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, second.child, CHARITY)
    rule(journey, "same", first, second)
    for sent in (first, second):
        seen = {one.ref for one in journey.hub.view.child(CHARITY, sent.child["ref"])}
        assert {first.item, second.item} <= seen


def test_a_report_on_one_record_ends_by_a_return_that_names_the_other(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing())
    second = says(journey, SCHOOL, "flag.raised", a_flag(NAMED, "safe_word_set"))
    rule(journey, "same", first, second)
    says(journey, POLICE, "missing.returned", a_return(second.child, journey.clock.now()))
    later = says(journey, SCHOOL, "flag.raised", a_flag(second.child, "location_protected"))
    assert entries(journey, "child.episode_ended.v1") == 1
    assert "D-33" not in rules(journey, POLICE, later.item)


def test_consent_refused_for_either_record_is_refused_for_both(journey: Town) -> None:
    first, second = two(journey)
    says(journey, HEALTH, "consent.recorded", a_consent(second.child))
    assert can_read(journey, CHARITY, second.item)
    rule(journey, "same", first, second)
    says(journey, HEALTH, "consent.recorded", a_consent(first.child, "refused"))
    assert "narrative" not in shown(journey, CHARITY, second.item)


def test_a_flag_that_is_lifted_for_the_child_is_lifted_for_both_records(journey: Town) -> None:
    first, second = two(journey)
    says(journey, MASH, "flag.raised", a_flag(second.child, "location_protected"))
    rule(journey, "same", first, second)
    assert "location:D-14" in withheld(journey, MASH, first.item)
    says(journey, MASH, "flag.lifted", a_flag(first.child, "location_protected"))
    for sent in (first, second):
        assert "location" in shown(journey, MASH, sent.item)


def test_a_third_episode_of_the_child_makes_a_ppn1_due_when_the_records_are_joined(journey: Town) -> None:
    first, second = two(journey)
    says(journey, POLICE, "missing.returned", a_return(first.child, journey.clock.now()))
    says(journey, POLICE, "missing.reported", a_missing(first.child))
    assert [alert.body["circumstance"] for alert in alerts(journey, POLICE, DUE)] == ["third_in_90_days_if_one_child"]
    rule(journey, "same", first, second)
    assert alerts(journey, POLICE, DUE)[-1].body["circumstance"] == "third_in_90_days"
    assert alerts(journey, POLICE, DUE)[-1].body["counted_episodes"] == 3


def test_what_was_decided_before_stays_as_it_was_and_replays(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    before = [leaf for leaf in leaves(journey) if leaf["typ"] == "decision"]
    rule(journey, "same", first, second)
    rule(journey, "different", first, second)
    assert leaves(journey, typ="decision")[: len(before)] == before
    holds(journey)


def test_three_records_of_one_child_are_one(journey: Town) -> None:
    sent = [says(journey, POLICE, "missing.reported", a_missing(NAMED, to=[CHARITY])) for _ in range(3)]
    rule(journey, "same", sent[0], sent[1])
    rule(journey, "same", sent[2], sent[1])
    involves(journey, sent[2].child, CHARITY)
    assert all(can_read(journey, CHARITY, one.item) for one in sent)
    rule(journey, "different", sent[0], sent[1])
    assert [can_read(journey, CHARITY, one.item) for one in sent] == [True, False, True]
    holds(journey)


def test_a_name_that_joined_records_share_raises_one_question_about_a_new_one(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "same", first, second)
    third = says(journey, POLICE, "missing.reported", a_missing(NAMED))
    assert third.child["ref"] not in {first.child["ref"], second.child["ref"]}
    assert len(alerts(journey, MASH, POSSIBLE)) == 2


def test_identifiers_of_both_joined_records_open_no_third_record(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing(PNC))
    second = says(journey, SCHOOL, "missing.reported", a_missing(UPN))
    rule(journey, "same", first, second)
    both = {"identifiers": [*PNC["identifiers"], *UPN["identifiers"]]}
    sent = says(journey, HEALTH, "missing.reported", a_missing(both))
    assert sent.child == first.child
    assert alerts(journey, MASH, POSSIBLE) == []


def test_ruling_what_holds_already_changes_nothing(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "same", first, second)
    before = len(leaves(journey, item=first.item))
    rule(journey, "same", second, first)
    assert len(leaves(journey, item=first.item)) == before
    assert entries(journey, "child.joined.v1") == 2


# ------------------------------------------------------------------------------------------------------ parted again


def test_what_was_shown_only_because_records_were_joined_is_recalled_as_a_wrong_disclosure(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    rule(journey, "same", first, second)
    rule(journey, "different", first, second)
    assert recalls(journey, CHARITY, second.item) == ["wrong_disclosure"]
    assert not can_read(journey, CHARITY, second.item)
    assert can_read(journey, CHARITY, first.item)
    assert recalls(journey, CHARITY, first.item) == []
    holds(journey)


def test_a_wrong_disclosure_is_put_before_a_person_at_once_and_again_after_72_hours(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    rule(journey, "same", first, second)
    rule(journey, "different", first, second)
    passes(journey, seconds=1)
    (alert,) = alerts(journey, MASH, BREACH)
    assert alert.body["due_at"] == "2026-11-23T09:00:00+00:00"
    passes(journey, hours=71, minutes=59)
    assert len(alerts(journey, MASH, BREACH)) == 1
    passes(journey, minutes=1)
    assert len(alerts(journey, MASH, BREACH)) == 2


def test_a_breach_that_somebody_took_on_is_not_asked_about_again(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    rule(journey, "same", first, second)
    rule(journey, "different", first, second)
    passes(journey, seconds=1)
    says(journey, MASH, "alert.acknowledged", {"alert": alerts(journey, MASH, BREACH)[0].ref})
    passes(journey, hours=72)
    assert len(alerts(journey, MASH, BREACH)) == 1


def test_what_was_recorded_after_the_joining_goes_to_the_record_that_it_named(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "same", first, second)
    involves(journey, second.child, CHARITY)
    says(journey, MASH, "flag.raised", a_flag(first.child, "location_protected"))
    rule(journey, "different", first, second)
    assert can_read(journey, CHARITY, second.item)
    assert not can_read(journey, CHARITY, first.item)
    assert "location:D-14" in withheld(journey, MASH, first.item)
    assert "location" in shown(journey, MASH, second.item)
    holds(journey)


def test_a_child_who_was_held_to_have_returned_is_missing_again(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing())
    second = says(journey, SCHOOL, "flag.raised", a_flag(NAMED, "safe_word_set"))
    rule(journey, "same", first, second)
    says(journey, POLICE, "missing.returned", a_return(second.child, journey.clock.now()))
    passes(journey, hours=7)
    assert alerts(journey, POLICE, DUE) == []
    rule(journey, "different", first, second)
    (alert,) = alerts(journey, POLICE, DUE)
    assert alert.body["circumstance"] == "missing_not_returned"
    assert alert.children == (first.child["ref"],)
    says(journey, POLICE, "missing.returned", a_return(first.child, journey.clock.now()))
    assert entries(journey, "child.episode_ended.v1") == 2


def test_an_item_that_named_both_is_a_question_to_a_person(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing(PNC))
    second = says(journey, SCHOOL, "missing.reported", a_missing(UPN))
    rule(journey, "same", first, second)
    both = {"identifiers": [*PNC["identifiers"], *UPN["identifiers"]]}
    unclear = says(journey, HEALTH, "flag.raised", a_flag(both, "location_protected"))
    clear = says(journey, HEALTH, "flag.raised", a_flag(UPN, "safe_word_set"))
    rule(journey, "different", first, second)
    (alert,) = alerts(journey, MASH, POSSIBLE)
    assert alert.body["about"] == unclear.item != clear.item
    for sent in (first, second):
        assert "location:D-14" in withheld(journey, MASH, sent.item)
    holds(journey)


def test_a_clock_that_another_childs_return_had_called_off_runs_again(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing())
    second = says(journey, SCHOOL, "flag.raised", a_flag(NAMED, "safe_word_set"))
    rule(journey, "same", first, second)
    says(journey, POLICE, "missing.returned", a_return(second.child, journey.clock.now()))
    passes(journey, hours=30)
    asked = [alert.body["clock"] for alert in alerts(journey, POLICE, "alert.duty_due")]
    rule(journey, "different", first, second)
    passes(journey, seconds=1)
    again = [alert.body["clock"] for alert in alerts(journey, POLICE, "alert.duty_due")]
    assert "bureau_notification" not in asked
    assert "bureau_notification" in again


def test_parting_and_joining_survive_a_restart_of_the_hub(journey: Town) -> None:
    first, second = two(journey)
    involves(journey, first.child, CHARITY)
    rule(journey, "same", first, second)
    reopened(journey)
    says(journey, MASH, "involvement.closed", {"child": second.child, "involved_desk": CHARITY})
    later = says(journey, POLICE, "missing.reported", a_missing(second.child, to=[CHARITY]))
    assert not can_read(journey, CHARITY, later.item)
    reopened(journey)
    rule(journey, "different", first, second)
    newest = says(journey, POLICE, "missing.reported", a_missing(first.child))
    assert can_read(journey, CHARITY, newest.item)


def test_a_ruling_among_other_events_of_one_batch_counts_for_those_after_it(journey: Town) -> None:
    first, second = two(journey)
    involved = an_involvement(first.child, "strategy", involved_desk=str(CHARITY))
    sent = submits(
        journey,
        signs(journey, POLICE, "missing.returned", a_return(second.child, journey.clock.now())),
        signs(journey, MASH, "match.ruled", a_ruling(first.child, second.child, "same")),
        signs(journey, MASH, "involvement.opened", involved),
        signs(journey, POLICE, "missing.returned", a_return(second.child, journey.clock.now())),
    )
    journey.hub.settle()
    assert [one.answer.outcome for one in sent] == ["accepted"] * 4
    assert can_read(journey, CHARITY, second.item)
    assert entries(journey, "child.episode_ended.v1") == 2


# --------------------------------------------------------------------------------------------- several children, or none


def test_a_cpi_about_two_records_that_are_one_child_is_decided_on_both(journey: Town) -> None:
    first, second = two(journey)
    sent = says(journey, SCHOOL, "cpi.submitted", a_cpi(first.child, second.child, a_child(3)))
    says(journey, MASH, "flag.raised", a_flag(first.child, "conflict", desk=str(BUREAU)))
    rule(journey, "different", first, second)
    assert ["H-04" in rules(journey, BUREAU, item) for item in sent.items] == [True, True, False, False]
    rule(journey, "same", first, second)
    assert ["H-04" in rules(journey, BUREAU, item) for item in sent.items] == [True, True, True, False]
    holds(journey)


def test_a_cpi_about_no_child_is_untouched_by_any_ruling(journey: Town) -> None:
    first, second = two(journey)
    sent = says(journey, SCHOOL, "cpi.submitted", a_cpi())
    before = leaves(journey, item=sent.item)
    rule(journey, "same", first, second)
    rule(journey, "different", first, second)
    assert leaves(journey, item=sent.item) == before


def test_an_identifier_heard_after_the_joining_names_the_record_that_it_came_with(journey: Town) -> None:
    first, second = two(journey)
    rule(journey, "same", first, second)
    number = {"identifiers": [{"scheme": "nhs-number", "value": an_nhs_number(77)}]}
    says(journey, HEALTH, "missing.reported", a_missing({**number, "ref": second.child["ref"]}))
    rule(journey, "different", first, second)
    assert says(journey, POLICE, "missing.reported", a_missing(number)).child == second.child
    assert rows(journey, "SELECT COUNT(*) FROM match_rulings WHERE ruling = 'different'")[0][0] == 2
