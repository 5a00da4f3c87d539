"""Which child: exact identifiers bind by authority, names only raise a question, and until it is answered both are safe."""

import pytest

from tests.builders_hub import (
    BUREAU,
    CHARITY,
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
    a_ppn1,
    alerts,
    an_nhs_number,
    passes,
    rows,
)
from tests.builders_journeys import entries, involves, knows, missing, recalls, says, shown, unseen, view, withheld

POSSIBLE = "alert.match_possible"
BORN, NAME = "2011-05-04", "Oakapple-b"


def identified(scheme: str, value: str, **changes: object) -> dict[str, object]:
    """A child of whom a desk knows one identifier, and perhaps more."""
    return {"identifiers": [{"scheme": scheme, "value": value}]} | changes


def named(**changes: object) -> dict[str, object]:
    """A child of whom a desk knows name and birth date."""
    return {"given_name": "Perrin", "family_name": NAME, "date_of_birth": BORN} | changes


def reported(town: Town, child: dict[str, object], desk: str = POLICE) -> str:
    """The reference of the child's record that a report lands on."""
    return says(town, desk, "missing.reported", a_missing(child)).child["ref"]


# ------------------------------------------------------------------------------------------------- exact identifiers


@pytest.mark.parametrize(
    ("desk", "scheme", "value"),
    [
        (HEALTH, "nhs-number", an_nhs_number(7)),
        (POLICE, "pnc", "11/7A"),
        (POLICE, "force:hampshire-police", "P/7"),
        (CSC, "la-case:hampshire-council", "C-7"),
        (SCHOOL, "upn", "H123456789012"),
    ],
    ids=str,
)
def test_an_identifier_sent_by_its_authority_names_one_record_from_then_on(
    journey: Town, desk: str, scheme: str, value: str
) -> None:
    child = identified(scheme, value)
    assert reported(journey, child, desk) == reported(journey, child, CHARITY) == reported(journey, child, MASH)
    assert alerts(journey, MASH, POSSIBLE) == []


def test_an_identifier_repeated_by_others_binds_nothing(journey: Town) -> None:
    child = identified("nhs-number", an_nhs_number(7))
    first, second = reported(journey, child, POLICE), reported(journey, child, CHARITY)
    assert first != second
    assert reported(journey, child, HEALTH) not in {first, second}
    assert rows(journey, "SELECT COUNT(*) FROM bound_identifiers")[0][0] == 1


def test_another_agencys_own_scheme_binds_nothing(journey: Town) -> None:
    child = identified("la-case:hampshire-council", "C-7")
    assert reported(journey, child, POLICE) != reported(journey, child, CSC)


def test_two_identifiers_bound_to_two_children_open_a_third_record_and_two_questions(journey: Town) -> None:
    first = reported(journey, identified("pnc", "11/7A"), POLICE)
    second = reported(journey, identified("nhs-number", an_nhs_number(7)), HEALTH)
    both: dict[str, object] = {
        "identifiers": [
            {"scheme": "pnc", "value": "11/7A"},
            {"scheme": "nhs-number", "value": an_nhs_number(7)},
        ]
    }
    assert reported(journey, both, CHARITY) not in {first, second}
    assert len(alerts(journey, MASH, POSSIBLE)) == 2


def test_a_second_identifier_of_a_known_child_binds_to_its_record(journey: Town) -> None:
    known = reported(journey, identified("pnc", "11/7A"), POLICE)
    two: dict[str, object] = {
        "identifiers": [
            {"scheme": "pnc", "value": "11/7A"},
            {"scheme": "nhs-number", "value": an_nhs_number(7)},
        ]
    }
    assert reported(journey, two, HEALTH) == known
    assert reported(journey, identified("nhs-number", an_nhs_number(7)), CHARITY) == known


# ----------------------------------------------------------------------------------------------------- names


def test_names_never_merge_and_the_mash_is_asked(journey: Town) -> None:
    first, second = reported(journey, named()), reported(journey, named())
    assert first != second
    (alert,) = alerts(journey, MASH, POSSIBLE)
    assert alert.body["asks"] == "Rule whether two records are of one child."
    assert "duty" in alert.classes
    for desk in (POLICE, HEALTH, SCHOOL, CHARITY):
        assert alerts(journey, desk, POSSIBLE) == []


def test_another_birth_date_or_given_name_raises_no_question(journey: Town) -> None:
    reported(journey, named())
    reported(journey, named(date_of_birth="2011-05-05"))
    reported(journey, named(given_name="Robin"))
    assert alerts(journey, MASH, POSSIBLE) == []


def test_spelling_habits_raise_the_question_all_the_same(journey: Town) -> None:
    reported(journey, named())
    reported(journey, named(given_name="PERRIN", family_name="Oakäpple B"))
    assert len(alerts(journey, MASH, POSSIBLE)) == 1


def test_a_known_child_sent_again_raises_no_question(journey: Town) -> None:
    missing(journey)
    missing(journey)
    assert alerts(journey, MASH, POSSIBLE) == []


def test_a_question_left_open_is_asked_again_when_its_time_is_up(journey: Town) -> None:
    reported(journey, named())
    reported(journey, named())
    passes(journey, hours=23, minutes=59)
    assert len(alerts(journey, MASH, POSSIBLE)) == 1
    passes(journey, minutes=1)
    assert len(alerts(journey, MASH, POSSIBLE)) == 2
    passes(journey, hours=48)
    assert len(alerts(journey, MASH, POSSIBLE)) == 2


def test_a_possible_match_delays_nothing(journey: Town) -> None:
    reported(journey, named())
    sent = says(journey, POLICE, "missing.reported", a_missing(named()))
    assert "narrative" in shown(journey, MASH, sent.item)
    assert "narrative" in shown(journey, HEALTH, sent.item)


# ------------------------------------------------------------------------------------------- until a person has ruled


def test_a_protected_place_of_one_candidate_is_protected_for_the_other(journey: Town) -> None:
    says(journey, CSC, "flag.raised", a_flag(named(), "location_protected"))
    sent = says(journey, POLICE, "missing.reported", a_missing(named(address="1 Example Row")))
    assert "location:D-14" in withheld(journey, HEALTH, sent.item)
    assert "address" not in view(journey, HEALTH, sent.item).body["child"]
    assert view(journey, BUREAU, sent.item).body["child"]["address"] == "1 Example Row"


def test_a_flag_raised_later_on_one_candidate_recalls_the_others_whereabouts(journey: Town) -> None:
    sent = says(journey, POLICE, "missing.reported", a_missing(named(address="1 Example Row")))
    flagged = says(journey, CSC, "missing.reported", a_missing(named()))
    assert "location" in shown(journey, HEALTH, sent.item)
    says(journey, CSC, "flag.raised", a_flag(flagged.child, "location_protected"))
    assert "location" not in shown(journey, HEALTH, sent.item)
    assert recalls(journey, HEALTH, sent.item) == ["lapsed"]


def test_a_match_found_later_protects_what_was_recorded_before(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "flag.raised", a_flag(a_child(), "location_protected"))
    sent = says(journey, POLICE, "missing.reported", a_missing(identified("pnc", "11/7A", address="1 Example Row")))
    assert "location" in shown(journey, HEALTH, sent.item)
    both = identified("pnc", "11/7A") | {k: a_child()[k] for k in ("given_name", "family_name", "date_of_birth")}
    says(journey, POLICE, "missing.reported", a_missing(both))
    assert "location" not in shown(journey, HEALTH, sent.item)


def test_a_suspected_exploiter_of_one_candidate_puts_consent_for_the_other_in_question(journey: Town) -> None:
    says(journey, CSC, "flag.raised", a_flag(named(), "suspected_exploiter", relation="parent"))
    sent = says(journey, POLICE, "missing.reported", a_missing(named(), to=[SCHOOL]))
    form = a_consent(sent.child, giver="pr_holder", giver_relation="parent")
    says(journey, POLICE, "consent.recorded", form)
    assert unseen(journey, SCHOOL, sent.item)


def test_consent_and_involvement_concern_only_the_record_they_name(journey: Town) -> None:
    first = says(journey, POLICE, "missing.reported", a_missing(named()))
    second = says(journey, POLICE, "missing.reported", a_missing(named(), to=[CHARITY]))
    says(journey, POLICE, "consent.recorded", a_consent(first.child))
    involves(journey, first.child, SCHOOL)
    assert "narrative" in shown(journey, SCHOOL, first.item)
    assert unseen(journey, SCHOOL, second.item)
    assert unseen(journey, CHARITY, second.item)


def test_episodes_of_possible_matches_are_counted_together_only_provisionally(journey: Town) -> None:
    for _ in range(2):
        reported(journey, named())
    assert alerts(journey, POLICE, "alert.ppn1_due") == []
    reported(journey, named())
    assert entries(journey, "child.episode_began.v1") == 3
    (alert,) = alerts(journey, POLICE, "alert.ppn1_due")
    assert alert.body["circumstance"] == "third_in_90_days_if_one_child"
    assert alert.body["counted_episodes"] == 3
    assert alert.body["asks"].startswith("Find out with the MASH whether records are of one child")


def test_absences_of_possible_matches_count_for_nothing_where_only_missing_counts(journey: Town) -> None:
    for _ in range(3):
        says(journey, POLICE, "missing.reported", a_missing(named(), missing_category="absent"))
    assert alerts(journey, POLICE, "alert.ppn1_due") == []


def test_a_ppn1_that_was_issued_meets_the_provisional_alert(journey: Town) -> None:
    children = [says(journey, POLICE, "missing.reported", a_missing(named())).child for _ in range(3)]
    says(journey, POLICE, "ppn1.issued", a_ppn1(children[2], "third_in_90_days"))
    assert entries(journey, "child.alert_met.v1") == 1
