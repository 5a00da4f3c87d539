"""Which child: exact identifiers bind, names only raise a question; protective facts apply to all candidates meanwhile."""

from typing import Any

from tests.builders_hub import (
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_flag,
    a_missing,
    alerts,
    an_nhs_number,
    can_read,
    decision,
    leaves,
    passes,
    sends,
)

NAMED = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}
"""`a_child(1)` by name and birth date alone."""


def questions(town: Town, desk: Any = MASH) -> int:
    """How many questions of identity that desk is asked."""
    return len(alerts(town, desk, "alert.match_possible"))


def test_an_identifier_of_an_agency_with_authority_binds(journey: Town) -> None:
    first = sends(journey, POLICE, "missing.reported", a_missing())
    by_number = {"identifiers": [{"scheme": "force:hampshire-police", "value": "P/00001"}]}
    second = sends(journey, SCHOOL, "missing.reported", a_missing(by_number))
    assert second.child == first.child
    assert questions(journey) == 0


def test_an_identifier_of_an_agency_without_authority_binds_nothing(journey: Town) -> None:
    first = sends(journey, SCHOOL, "missing.reported", a_missing({"identifiers": a_child()["identifiers"]}))
    second = sends(journey, POLICE, "missing.reported", a_missing({"identifiers": a_child()["identifiers"]}))
    assert second.child != first.child


def test_the_same_name_and_birth_date_never_merge_but_raise_a_question_at_the_mash(journey: Town) -> None:
    first = sends(journey, POLICE, "missing.reported", a_missing())
    second = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    assert second.answer.outcome == "accepted"
    assert second.child != first.child
    assert questions(journey) == 1
    (alert,) = alerts(journey, MASH, "alert.match_possible")
    assert "duty" in alert.classes
    assert alert.body["asks"] == "Rule whether two records are of one child."
    assert questions(journey, CSC) == 1  # escalation
    assert questions(journey, HEALTH) == 0


def test_spelling_habits_do_not_hide_a_match(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing(a_child(given_name="Zoë", family_name="O'Hara")))
    sends(journey, SCHOOL, "missing.reported", a_missing(NAMED | {"given_name": "ZOE", "family_name": "o’hara"}))
    assert questions(journey) == 1


def test_another_birth_date_is_another_child(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    sends(journey, SCHOOL, "missing.reported", a_missing(NAMED | {"date_of_birth": "2011-05-05"}))
    assert questions(journey) == 0


def test_identifiers_bound_to_two_children_open_a_third_record_at_once_with_both_as_candidates(journey: Town) -> None:
    one = sends(journey, POLICE, "missing.reported", a_missing(a_child(1)))
    two = sends(journey, HEALTH, "missing.reported", a_missing(a_child(2)))
    both = [
        {"scheme": "force:hampshire-police", "value": "P/00001"},
        {"scheme": "nhs-number", "value": an_nhs_number(2)},
    ]
    third = sends(journey, SCHOOL, "missing.reported", a_missing({"identifiers": both}))
    assert len({str(sent.child) for sent in (one, two, third)}) == 3
    assert questions(journey) == 2


def test_a_protective_flag_applies_to_both_records_whichever_it_was_raised_on(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing())
    newer = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    for raised_on, sent in ((older.child, newer), (newer.child, older)):
        sends(journey, MASH, "flag.raised", a_flag(raised_on, "location_protected"))
        assert "location" not in decision(journey, MASH, sent.item)["classes"]
        assert "location:D-14" in decision(journey, MASH, sent.item)["withheld"]
        sends(journey, MASH, "flag.lifted", a_flag(raised_on, "location_protected"))
        assert "location" in decision(journey, MASH, sent.item)["classes"]


def test_a_flag_raised_long_after_and_in_a_fresh_process_reaches_the_other_record(town: Town) -> None:
    """Whom a change touches follows from the ledger, not from what the decider happens to have in hand."""
    from tests.builders_hub import holds, reopened  # noqa: PLC0415

    older = sends(town, POLICE, "missing.reported", a_missing())
    newer = sends(town, SCHOOL, "missing.reported", a_missing(NAMED))
    mended = reopened(town)
    sends(mended, MASH, "flag.raised", a_flag(older.child, "location_protected"))
    assert "location:D-14" in decision(mended, MASH, newer.item)["withheld"]
    holds(mended)
    mended.hub.close()
    town.hub = reopened(mended).hub


def test_a_conflict_about_one_record_keeps_the_desk_from_both(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing())
    newer = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    sends(journey, MASH, "flag.raised", a_flag(older.child, "conflict", desk=str(HEALTH)))
    assert not can_read(journey, HEALTH, older.item)
    assert not can_read(journey, HEALTH, newer.item)
    assert {leaf["item"] for leaf in leaves(journey, desk=HEALTH, typ="recall")} == {
        leaf["item"] for sent in (older, newer) for leaf in leaves(journey, item=sent.item)
    }


def test_consent_counts_only_for_the_record_that_it_names(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    sends(journey, HEALTH, "consent.recorded", a_consent(NAMED))
    assert not can_read(journey, SCHOOL, older.item)


def test_a_question_nobody_ruled_on_is_asked_again_when_its_clock_strikes(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    passes(journey, hours=23, minutes=59)
    assert questions(journey) == 1
    passes(journey, minutes=1)
    assert questions(journey) == 2
    passes(journey, days=5)
    assert questions(journey) == 2


def test_a_match_delays_nothing(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    sent = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    assert can_read(journey, POLICE, sent.item)
    assert can_read(journey, MASH, sent.item)
