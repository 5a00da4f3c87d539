"""Trafficking, the NRM and age: catalogue A-30 to A-35."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol.age import (
    AgeEvidence,
    birth_date_for_purposes,
    is_treated_as_child,
    needs_age_assessment,
    standing,
)
from sightline.protocol.areas import OWN_TIMES, AreaProtocol, area_protocol
from sightline.protocol.calendar import age_on
from sightline.protocol.trafficking import (
    Decision,
    Elements,
    is_trafficking,
    nrm_needs_consent,
    nrm_step,
    trafficking_status,
)

OWN = {f"{name}_hours": 24 for name in OWN_TIMES}
GUIDE, MET, TRAFF = (area_protocol("hampshire", f"4lscb_{code}", OWN) for code in ("guide", "2013", "2011"))
HERTS, LINCS = (area_protocol(name, name, OWN) for name in ("hertfordshire", "lincolnshire"))
TODAY = date(2026, 11, 22)
GROWN, YOUNG = date(2001, 1, 1), date(2011, 1, 1)

# ---------------------------------------------------------------------------------------------------------------- age


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param({}, "unknown", id="nothing is said"),
        pytest.param({"says_under_18": True}, "presumed_child", id="they say so"),
        pytest.param({"documented": YOUNG}, "presumed_child", id="papers say so"),
        pytest.param({"agencies_concerned": True}, "presumed_child", id="an agency is concerned"),
        pytest.param({"claimed": GROWN}, "unknown", id="a claim to be older is no proof"),
        pytest.param({"says_over_18": True}, "unknown", id="nor is saying so"),
        pytest.param({"claimed": GROWN, "agencies_concerned": True}, "presumed_child", id="it outweighs nothing"),
        pytest.param({"documented": GROWN, "says_under_18": True}, "presumed_child", id="a dispute: benefit of doubt"),
        pytest.param({"documented": GROWN}, "adult", id="papers, and nothing against them"),
        pytest.param({"verified": GROWN, "says_under_18": True}, "adult", id="verified: an adult"),
        pytest.param({"verified": YOUNG, "documented": GROWN}, "child", id="verified: a child"),
    ],
)
def test_a_30_whoever_may_be_a_child_is_presumed_to_be_one(evidence: dict[str, Any], expected: str) -> None:
    """A-30."""
    assert standing(AgeEvidence(**evidence), TODAY) == expected


DATES = st.none() | st.dates(date(1996, 1, 1), TODAY)
EVIDENCE = st.builds(
    AgeEvidence,
    verified=DATES,
    claimed=DATES,
    documented=DATES,
    says_under_18=st.booleans(),
    says_over_18=st.booleans(),
    agencies_concerned=st.booleans(),
)
UNVERIFIED = EVIDENCE.map(lambda one: replace(one, verified=None))


@given(UNVERIFIED)
def test_a_30_what_points_to_a_child_makes_a_presumed_child(evidence: AgeEvidence) -> None:
    """A-30."""
    assert standing(replace(evidence, says_under_18=True), TODAY) == "presumed_child"
    assert standing(replace(evidence, agencies_concerned=True), TODAY) == "presumed_child"


@given(EVIDENCE)
def test_a_30_saying_to_be_older_changes_nothing(evidence: AgeEvidence) -> None:
    """A-30."""
    said = replace(evidence, says_over_18=True)
    assert standing(said, TODAY) == standing(replace(evidence, says_over_18=False), TODAY)


@given(UNVERIFIED, DATES)
def test_a_30_another_claimed_birth_date_never_ends_what_the_rest_presumes(
    evidence: AgeEvidence, claimed: date | None
) -> None:
    """A-30."""
    if is_treated_as_child(replace(evidence, claimed=None), TODAY):
        assert is_treated_as_child(replace(evidence, claimed=claimed), TODAY)


@given(EVIDENCE)
def test_a_30_the_presumption_never_makes_anybody_older(evidence: AgeEvidence) -> None:
    """A-30: neither than any birth date that was given nor than a child is."""
    used = birth_date_for_purposes(evidence, TODAY)
    if evidence.verified is not None:
        assert used == evidence.verified
    elif used is not None:
        given_dates = [born for born in (evidence.claimed, evidence.documented) if born]
        assert all(age_on(used, TODAY) <= age_on(born, TODAY) for born in given_dates)
        assert not is_treated_as_child(evidence, TODAY) or age_on(used, TODAY) < 18


@given(EVIDENCE, st.integers(0, 4000))
def test_a_30_time_alone_makes_nobody_a_child_again(evidence: AgeEvidence, days: int) -> None:
    """A-30, T-82."""
    if not is_treated_as_child(evidence, TODAY):
        assert not is_treated_as_child(evidence, TODAY + timedelta(days=days))


def test_a_30_a_verified_child_is_one_until_the_birthday() -> None:
    """A-30, T-82."""
    born = date(2008, 11, 23)
    assert standing(AgeEvidence(verified=born), TODAY) == "child"
    assert standing(AgeEvidence(verified=born), TODAY + timedelta(days=1)) == "adult"


@pytest.mark.parametrize(
    ("protocol", "claims", "doubt", "expected"),
    [
        (TRAFF, True, False, True),
        (TRAFF, False, True, False),
        (HERTS, True, False, False),
        (HERTS, True, True, True),
        (GUIDE, True, True, None),
        (MET, True, True, None),
        (LINCS, True, True, None),
    ],
)
def test_x_23_each_edition_asks_for_age_assessments_in_its_own_way(
    protocol: AreaProtocol, claims: bool, doubt: bool, expected: bool | None
) -> None:
    """X-23, C-26."""
    evidence = AgeEvidence(says_under_18=claims)
    assert needs_age_assessment(protocol, evidence, has_significant_doubt=doubt) is expected
    verified = replace(evidence, verified=YOUNG)
    assert needs_age_assessment(protocol, verified, has_significant_doubt=doubt) is False


# --------------------------------------------------------------------------------------------------------- trafficking


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_31_and_a_32_two_elements_for_a_child_and_three_for_an_adult(
    movement: bool, purpose: bool, means: bool, consented: bool
) -> None:
    """A-31, A-32, X-08: what a child consented to, and by what means, makes no difference."""
    elements = Elements(movement=movement, purpose=purpose, means=means, consented=consented)
    assert is_trafficking(elements, is_child=True) is (movement and purpose)
    assert is_trafficking(elements, is_child=False) is (movement and purpose and means)


DECISIONS: list[Decision] = [
    "pending",
    "reasonable_grounds_positive",
    "reasonable_grounds_negative",
    "conclusive_positive",
    "conclusive_negative",
    "reconsideration_requested",
]


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], "suspected"),
        (["pending"], "suspected"),
        (["pending", "reasonable_grounds_positive"], "reasonable_grounds"),
        (["reasonable_grounds_positive", "conclusive_positive"], "confirmed"),
        (["reasonable_grounds_negative"], "not_confirmed"),
        (["reasonable_grounds_positive", "conclusive_negative"], "not_confirmed"),
        (["conclusive_negative", "reconsideration_requested"], "not_confirmed"),
        (["conclusive_negative", "reconsideration_requested", "conclusive_positive"], "confirmed"),
    ],
)
def test_v_22_the_latest_decision_of_the_authority_is_the_status(decisions: list[Decision], expected: str) -> None:
    """V-20, V-22, N-94, N-96, N-97."""
    assert trafficking_status(indicators=3, is_suspected=True, decisions=decisions) == expected


@given(st.integers(0, 10_000))
def test_a_35_no_number_of_indicators_decides_anything(count: int) -> None:
    """A-35."""
    found = trafficking_status(indicators=count, is_suspected=False, decisions=[])
    assert found == ("indicators" if count else "none")


@given(st.integers(0, 40), st.booleans(), st.lists(st.sampled_from(DECISIONS), max_size=5))
def test_more_indicators_change_nothing_once_somebody_judged(
    count: int, suspected: bool, decisions: list[Decision]
) -> None:
    """A-35."""
    before = trafficking_status(indicators=count, is_suspected=suspected, decisions=decisions)
    after = trafficking_status(indicators=count + 1, is_suspected=suspected, decisions=decisions)
    assert after == before or {before, after} == {"none", "indicators"}


@pytest.mark.parametrize(
    ("protocol", "agreed", "route", "submitters"),
    [
        pytest.param(GUIDE, False, "refer", {"childrens_social_care"}, id="guide"),
        pytest.param(MET, False, "refer", {"childrens_social_care"}, id="met"),
        pytest.param(HERTS, False, "agree_at_meeting", {"local_authority", "police_force"}, id="herts, no meeting yet"),
        pytest.param(HERTS, True, "refer", {"local_authority", "police_force"}, id="herts, agreed"),
        pytest.param(LINCS, False, "refer", {"police_force", "designated_organisation"}, id="lincs"),
        pytest.param(TRAFF, False, "area_decides", set(), id="traff"),
    ],
)
def test_a_33_and_a_34_suspicion_is_reason_enough_and_the_route_is_the_areas(
    protocol: AreaProtocol, agreed: bool, route: str, submitters: set[str]
) -> None:
    """A-33, A-34, X-21, X-22, C-19, C-20."""
    step = nrm_step(protocol, is_suspected=True, agreed_at_meeting=agreed)
    assert (step.route, set(step.submitters)) == (route, submitters)
    assert nrm_step(protocol, is_suspected=False, agreed_at_meeting=agreed).route == "not_suspected"


def test_c_21_a_childs_referral_needs_no_consent_where_the_edition_speaks_of_it() -> None:
    """C-21, X-15."""
    assert [nrm_needs_consent(p) for p in (GUIDE, MET, HERTS, LINCS, TRAFF)] == [None, None, False, False, None]
