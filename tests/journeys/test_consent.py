"""Consent is not the lawful basis: whose word counts, for what, for how long, and before whom (design §6)."""

from typing import Any

import pytest

from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    OTHER_CSC,
    POLICE,
    SCHOOL,
    Sent,
    Town,
    a_category,
    a_consent,
    a_flag,
    a_missing,
    a_withdrawal,
    can_read,
    decision,
    passes,
    sends,
)


@pytest.fixture
def child(journey: Town) -> dict[str, str]:
    """A child whom the police know."""
    return sends(journey, POLICE, "missing.reported", a_missing()).child


def shared(town: Town, child: dict[str, str], *desks: str) -> Sent:
    """Something that only consent can open to those desks."""
    return sends(town, POLICE, "missing.categorised", a_category(child, "missing", missing_risk="high", to=list(desks)))


def position(town: Town, desk: Any, sent: Sent) -> bool:
    """Whether consent opened it to that desk."""
    return can_read(town, desk, sent.item) and "D-02" in decision(town, desk, sent.item)["rules"]


def test_a_consent_recorded_by_one_agency_opens_it_to_another(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    assert not position(journey, SCHOOL, sent)
    sends(journey, HEALTH, "consent.recorded", a_consent(child))
    assert position(journey, SCHOOL, sent)


def test_a_consent_that_a_desk_records_in_its_own_favour_is_only_a_claim(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL, CHARITY)
    sends(journey, SCHOOL, "consent.recorded", a_consent(child))
    assert not position(journey, SCHOOL, sent)
    assert position(journey, CHARITY, sent)  # to everybody else it is what the child said


@pytest.mark.parametrize("confirming", [MASH, CSC, OTHER_CSC])
def test_the_claim_counts_once_a_confirming_desk_of_another_agency_recorded_it_too(
    journey: Town, child: dict[str, str], confirming: Any
) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, SCHOOL, "consent.recorded", a_consent(child))
    sends(journey, CHARITY, "consent.recorded", a_consent(child, giver="guardian"))
    assert not position(journey, SCHOOL, sent)
    sends(journey, confirming, "consent.recorded", a_consent(child))
    assert position(journey, SCHOOL, sent)


def test_a_refusal_outweighs_a_consent_of_somebody_else(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child))
    parent = {"giver": "pr_holder", "giver_relation": "parent", "present": ["parent"]}
    sends(journey, HEALTH, "consent.recorded", a_consent(child, "refused", **parent))
    assert not position(journey, SCHOOL, sent)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, **parent))
    assert position(journey, SCHOOL, sent)


def test_the_latest_word_of_each_giver_stands(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    for said, counts in (("refused", False), ("given", True), ("not_sought", False), ("given", True)):
        sends(journey, HEALTH, "consent.recorded", a_consent(child, said))
        assert position(journey, SCHOOL, sent) is counts


def test_a_consent_to_one_purpose_is_none_to_another(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, consent_purpose="service_provision"))
    assert not position(journey, SCHOOL, sent)


def test_a_withdrawn_consent_can_be_given_again(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child))
    sends(journey, CSC, "consent.withdrawn", a_withdrawal(child))
    assert not position(journey, SCHOOL, sent)
    sends(journey, HEALTH, "consent.recorded", a_consent(child))
    assert position(journey, SCHOOL, sent)


@pytest.mark.parametrize(
    ("seconds", "stands"), [(-1, True), (0, False), (1, False)], ids=["just before", "at", "after"]
)
def test_a_consent_ends_at_its_end(journey: Town, child: dict[str, str], seconds: int, stands: bool) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, expires_at="2026-11-20T12:00:00Z"))
    passes(journey, hours=3, seconds=seconds)
    assert position(journey, SCHOOL, sent) is stands


def test_a_consent_that_was_over_when_it_came_opens_nothing(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, expires_at="2020-01-01T00:00:00Z"))
    assert not position(journey, SCHOOL, sent)


@pytest.mark.parametrize("said", ["given", "refused"])
def test_in_front_of_a_suspected_exploiter_a_word_changes_nothing(
    journey: Town, child: dict[str, str], said: str
) -> None:
    sent = shared(journey, child, SCHOOL)
    opened = said == "refused"
    if opened:
        sends(journey, HEALTH, "consent.recorded", a_consent(child))
    sends(journey, MASH, "flag.raised", a_flag(child, "suspected_exploiter", relation="sponsor"))
    assert position(journey, SCHOOL, sent) is opened
    sends(journey, HEALTH, "consent.recorded", a_consent(child, said, present=["self", "sponsor"]))
    assert position(journey, SCHOOL, sent) is opened


def test_a_suspected_exploiters_withdrawal_changes_nothing(journey: Town, child: dict[str, str]) -> None:
    sent = shared(journey, child, SCHOOL)
    parent = {"giver": "pr_holder", "giver_relation": "parent", "present": ["parent"]}
    sends(journey, HEALTH, "consent.recorded", a_consent(child, **parent))
    sends(journey, MASH, "flag.raised", a_flag(child, "suspected_exploiter", relation="parent"))
    sends(journey, CSC, "consent.withdrawn", a_withdrawal(child, giver="pr_holder", giver_relation="parent"))
    assert position(journey, SCHOOL, sent)


def test_a_suspicion_about_another_record_of_the_same_child_is_heeded_too(journey: Town, child: dict[str, str]) -> None:
    """Protective facts of a possible match apply until a person rules (design §5)."""
    same = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}
    sends(journey, HEALTH, "flag.raised", a_flag(same, "suspected_exploiter", relation="sponsor"))
    sent = shared(journey, child, SCHOOL)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, present=["self", "sponsor"]))
    assert not position(journey, SCHOOL, sent)
    sends(journey, HEALTH, "consent.recorded", a_consent(child, present=["self"]))
    assert position(journey, SCHOOL, sent)
