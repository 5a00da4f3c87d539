"""What protects one record protects every record that may be the same child's, until a person rules (design §5)."""

from tests.builders_hub import (
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_category,
    a_consent,
    a_flag,
    a_missing,
    can_read,
    decision,
    leaves,
    reopened,
    sends,
)

NAMED = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}
"""`a_child(1)` by name and birth date alone: a record of its own, and a question for the MASH."""


def test_a_flag_on_either_record_protects_both_and_lifting_it_ends_that(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing())
    newer = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    for raised_on, sent in ((older.child, newer), (newer.child, older)):
        sends(journey, MASH, "flag.raised", a_flag(raised_on, "location_protected"))
        assert "location:D-14" in decision(journey, MASH, sent.item)["withheld"]
        sends(journey, MASH, "flag.lifted", a_flag(raised_on, "location_protected"))
        assert "location" in decision(journey, MASH, sent.item)["classes"]


def test_a_flag_raised_in_a_fresh_process_reaches_the_other_record_too(journey: Town) -> None:
    """Whom a change touches follows from the ledger, not from what the decider happens to have in hand."""
    older = sends(journey, POLICE, "missing.reported", a_missing())
    newer = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    reopened(journey)
    sends(journey, MASH, "flag.raised", a_flag(older.child, "location_protected"))
    assert "location:D-14" in decision(journey, MASH, newer.item)["withheld"]
    reopened(journey)
    sends(journey, MASH, "flag.raised", a_flag(newer.child, "safe_word_set"))
    sends(journey, MASH, "flag.lifted", a_flag(older.child, "location_protected"))
    assert "location" in decision(journey, MASH, newer.item)["classes"]


def test_a_conflict_about_one_record_keeps_the_desk_from_both(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing())
    newer = sends(journey, SCHOOL, "missing.reported", a_missing(NAMED))
    assert can_read(journey, HEALTH, older.item)
    sends(journey, MASH, "flag.raised", a_flag(older.child, "conflict", desk=str(HEALTH)))
    assert not can_read(journey, HEALTH, older.item)
    assert not can_read(journey, HEALTH, newer.item)
    assert len(leaves(journey, desk=HEALTH, typ="recall")) == 2


def test_a_suspicion_about_one_record_questions_consent_given_for_the_other(journey: Town) -> None:
    older = sends(journey, POLICE, "missing.reported", a_missing())
    sends(journey, HEALTH, "flag.raised", a_flag(NAMED, "suspected_exploiter", relation="sponsor"))
    sent = sends(
        journey, POLICE, "missing.categorised", a_category(older.child, "missing", missing_risk="high", to=[SCHOOL])
    )
    sends(journey, HEALTH, "consent.recorded", a_consent(older.child, present=["self", "sponsor"]))
    assert not can_read(journey, SCHOOL, sent.item)
    sends(journey, HEALTH, "consent.recorded", a_consent(older.child, present=["self"]))
    assert can_read(journey, SCHOOL, sent.item)
