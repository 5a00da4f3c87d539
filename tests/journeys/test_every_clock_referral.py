"""Every rule of referral, assessment, strategy and SERAF (catalogue 3.2, 4.1, 4.3, 4.4): started, met, called off, late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.builders_clocks import (
    GUIDE,
    HERTS,
    LINCS,
    MET,
    TRAFF,
    Case,
    Lives,
    Say,
    called_off,
    is_late,
    is_met,
    lived,
    reaches_its_owner,
    say,
    starts,
)
from tests.builders_hub import CSC, HEALTH, MASH, POLICE, SCHOOL, START

HOUR = timedelta(hours=1)
AT_ONCE, SOON = HOUR, 4 * HOUR
DAY = timedelta(days=1)
SEVEN_WORKING_DAYS = timedelta(days=11, hours=15)
"""From Friday morning to the end of the Tuesday after next."""
NAMED = timedelta(days=14, hours=15)
"""To the end of the day that forms name."""
NAMED_DAY, NAMED_TIME = "2026-12-04", "2026-12-05T00:00:00Z"
NOW = START.isoformat()

SUSPECTED = say(HEALTH, "trafficking.assessed", trafficking_conclusion="suspected")
UNFOUNDED = say(HEALTH, "trafficking.assessed", trafficking_conclusion="no_indicators")
DROPPED = say(MASH, "referral.decided", referral_outcome="no_further_action")
ACCEPTED = say(MASH, "referral.decided", referral_outcome="section47", cp_issue_identified=True)


def referred(*issues: str, by: Any = SCHOOL, **changes: Any) -> Say:
    """A referral for these issues."""
    return say(by, "referral.made", issues=list(issues), **changes)


def meeting(kind: str, **changes: Any) -> Say:
    """A meeting that was held."""
    return say(MASH, "strategy.held", meeting_kind=kind, **changes)


VULNERABILITIES = (
    "emotional_neglect", "physical_abuse_by_family", "sexual_abuse", "family_breakdown", "family_domestic_abuse",
    "family_substance_misuse", "family_mental_health", "low_self_esteem", "unsuitable_accommodation",
    "isolated_from_peers", "no_protective_adult",
)  # fmt: skip
MODERATE = ("staying_out_late", "multiple_callers", "concerning_mobile_use", "expressions_of_despair", "drugs_misuse")


def seraf(points: int, **changes: Any) -> Say:
    """A SERAF that comes to that many points, none for a significant indicator."""
    ticks: Mapping[str, Any] = dict.fromkeys([*VULNERABILITIES, *MODERATE][:points], True)
    return say(HEALTH, "seraf.completed", **{**ticks, **changes})


ADULT = {"date_of_birth": "2007-05-04"}
CASES = [
    Case(
        rows="T-30 N-52 N-92",
        code="initial_assessment_trafficking",
        edition=GUIDE,
        start=referred("trafficking"),
        near=referred("missing"),
        met=say(CSC, "assessment.completed", assessment_kind="single_assessment"),
        off=DROPPED,
        late=SEVEN_WORKING_DAYS,
        silent=True,
    ),
    Case(
        rows="T-31 N-51",
        code="seraf_in_initial_assessment",
        edition=MET,
        start=referred("sexual_exploitation"),
        near=referred("criminal_exploitation"),
        met=seraf(3),
        off=DROPPED,
        late=SEVEN_WORKING_DAYS,
        silent=True,
    ),
    Case(
        rows="T-32 N-53",
        code="strategy_decision",
        edition=MET,
        start=referred("sexual_exploitation"),
        near=referred("missing"),
        met=meeting("strategy_discussion"),
        off=DROPPED,
        late=DAY,
    ),
    Case(
        rows="T-33 T-53 N-09",
        code="strategy_after_acceptance",
        edition=GUIDE,
        start=ACCEPTED,
        near=say(MASH, "referral.decided", referral_outcome="accepted", cp_issue_identified=False),
        met=meeting("strategy_discussion"),
        late=AT_ONCE,
    ),
    Case(
        rows="T-34 T-53",
        code="local_authority_decision",
        edition=TRAFF,
        start=referred("trafficking"),
        near=say(SCHOOL, "concern.recorded"),
        met=say(CSC, "referral.decided", referral_outcome="accepted"),
        late=DAY,
    ),
    Case(
        rows="T-35 N-58",
        code="strategy_2011",
        edition=TRAFF,
        start=ACCEPTED,
        near=DROPPED,
        met=meeting("strategy_discussion", designated_doctor_attended=True),
    ),
    Case(
        rows="T-36 N-65",
        code="joint_visit",
        edition=TRAFF,
        before=(SUSPECTED,),
        start=say(POLICE, "legal_order.made", order_kind="police_protection"),
        near=say(POLICE, "legal_order.made", order_kind="recovery_order"),
        met=say(POLICE, "joint_visit.held", police_present=True, childrens_services_present=True),
        late=2 * DAY,
        silent=True,
    ),
    *(
        Case(
            rows=rows,
            code=code,
            edition=TRAFF,
            start=say(SCHOOL, "immediate_actions.recorded"),
            near=say(SCHOOL, "trafficking.assessed", trafficking_conclusion="indicators"),
            late=AT_ONCE,
        )
        for rows, code in [
            ("T-37 T-38 N-60", "found_tell_police"),
            ("T-37 T-38 N-60", "found_tell_childrens_services"),
            ("T-37 N-60", "found_tell_health"),
        ]
    ),
    Case(
        rows="T-39 T-53 N-12 N-18 N-111",
        code="refer_at_once",
        edition=LINCS,
        start=SUSPECTED,
        near=UNFOUNDED,
        met=referred("trafficking"),
        late=AT_ONCE,
    ),
    Case(
        rows="T-40 N-15",
        code="notify_within_limit",
        edition=HERTS,
        start=say(SCHOOL, "immediate_actions.recorded", identified_at=(START - 2 * HOUR).isoformat()),
        near=say(CSC, "immediate_actions.recorded"),
        met=referred("trafficking"),
        late=22 * HOUR,
        silent=True,
    ),
    Case(
        rows="T-41 N-16",
        code="referral_outcome",
        edition=HERTS,
        start=referred("missing"),
        near=say(SCHOOL, "concern.recorded"),
        met=say(
            CSC,
            "referral.decided",
            referral_outcome="accepted",
            contact_reference="C-1",
            outcome_notified_at=NOW,
        ),
        late=DAY,
    ),
    Case(
        rows="T-42 N-70",
        code="post_s47_meeting",
        edition=LINCS,
        start=say(MASH, "section47.concluded"),
        near=say(MASH, "section47.started"),
        met=meeting("multi_agency_meeting"),
    ),
    Case(
        rows="T-42 N-70",
        code="acted_before_meeting",
        edition=HERTS,
        before=(say(MASH, "section47.concluded"),),
        start=say(CSC, "plan.agreed"),
        near=say(CSC, "plan.agreed", urgency="immediate_danger"),
        late=SOON,
    ),
    Case(
        rows="T-43",
        code="disclosure_advice",
        edition=GUIDE,
        start=say(SCHOOL, "disclosure.recorded", decision="await_advice"),
        near=say(SCHOOL, "disclosure.recorded", decision="redact"),
        met=say(SCHOOL, "disclosure.recorded", decision="disclose"),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="T-44 N-80 N-81",
        code="seraf_review",
        edition=MET,
        before=(seraf(7),),
        start=say(MASH, "placement.started"),
        near=say(MASH, "placement.started"),
        near_before=(seraf(12),),
        met=seraf(7),
    ),
    Case(
        rows="T-45 N-82",
        code="category_3_review",
        edition=MET,
        before=(seraf(12),),
        start=say(CSC, "safety_plan.agreed", agreed_at=NOW),
        near=say(CSC, "safety_plan.agreed", agreed_at=NOW),
        near_before=(seraf(7),),
        met=meeting("review_meeting"),
        late=28 * DAY,
        silent=True,
    ),
    Case(
        rows="T-46 N-83",
        code="category_4_review",
        edition=MET,
        before=(seraf(16),),
        start=say(CSC, "safety_plan.agreed", agreed_at=NOW),
        near=say(CSC, "safety_plan.agreed", agreed_at=NOW),
        near_before=(seraf(12),),
        met=meeting("review_meeting"),
        off=seraf(7),
        late=28 * DAY,
        silent=True,
    ),
    Case(
        rows="T-47",
        code="plan_review",
        edition=MET,
        start=meeting("strategy_meeting", plan_review_date=NAMED_DAY),
        near=meeting("strategy_meeting"),
        met=say(CSC, "plan.agreed", plan_kind="safeguarding_plan"),
        late=NAMED,
        silent=True,
    ),
    Case(
        rows="T-48",
        code="mace_agenda",
        edition=LINCS,
        start=say(SCHOOL, "screening.recorded", submitted_to_mace=True),
        near=say(SCHOOL, "screening.recorded", submitted_to_mace=False),
        met=meeting("mace"),
        late=7 * DAY,
    ),
    Case(
        rows="N-19",
        code="screening_tool",
        edition=LINCS,
        start=referred("criminal_exploitation"),
        near=referred("missing"),
        met=say(SCHOOL, "screening.recorded"),
        off=DROPPED,
    ),
    Case(
        rows="T-49 N-67",
        code="proceedings_after_epo",
        edition=TRAFF,
        start=say(POLICE, "legal_order.made", order_kind="emergency_protection_order", expires_at=NAMED_TIME),
        near=say(POLICE, "legal_order.made", order_kind="recovery_order", expires_at=NAMED_TIME),
        met=say(CSC, "legal_order.made", order_kind="interim_care_order"),
        off=say(CSC, "legal_order.made", order_kind="other", other_proceedings_considered=True),
        late=NAMED,
        silent=True,
    ),
    Case(
        rows="T-50",
        code="interview_interpreter",
        edition=TRAFF,
        start=say(CSC, "abe.planned", communication_support={"arranged": "not_yet"}),
        near=say(CSC, "abe.planned", communication_support={"arranged": "not_needed"}),
        met=say(CSC, "abe.planned", communication_support={"arranged": "interpreter"}),
    ),
    Case(
        rows="T-54 T-85 N-117",
        code="intermediary_request",
        edition=HERTS,
        start=say(CSC, "abe.planned"),
        near=say(CSC, "abe.planned", communication_support={"arranged": "both", "intermediary_requested_at": NOW}),
        met=say(CSC, "abe.planned", communication_support={"arranged": "both", "intermediary_requested_at": NOW}),
        off=say(CSC, "abe.held"),
    ),
    Case(
        rows="T-51",
        code="watch_until_settled",
        edition=HERTS,
        start=UNFOUNDED,
        near=SUSPECTED,
        met=say(CSC, "assessment.completed", assessment_outcome="no_further_action"),
        off=SUSPECTED,
        silent=True,
    ),
    Case(
        rows="T-52 N-13 N-14",
        code="immediate_actions",
        edition=HERTS,
        start=referred("modern_slavery"),
        near=referred("missing"),
        met=say(SCHOOL, "immediate_actions.recorded"),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="N-03 N-04",
        code="act_on_remaining_concern",
        edition=GUIDE,
        start=say(SCHOOL, "concern.discussed", concern_remains=True),
        near=say(SCHOOL, "concern.discussed", concern_remains=False),
        met=referred("missing"),
        off=say(SCHOOL, "concern.discussed", concern_remains=False),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="N-01 N-02",
        code="discuss_screened_concern",
        edition=GUIDE,
        start=say(SCHOOL, "screening.recorded", screening_result="some_concern"),
        near=say(SCHOOL, "screening.recorded", screening_result="no_concern"),
        met=say(SCHOOL, "concern.discussed", concern_remains=False),
        silent=True,
    ),
    Case(
        rows="N-50",
        code="screen_cse_concern",
        edition=GUIDE,
        start=referred("sexual_exploitation"),
        near=referred("missing"),
        met=say(SCHOOL, "screening.recorded"),
        off=DROPPED,
        silent=True,
    ),
    Case(
        rows="N-06",
        code="inform_lead_officer",
        edition=MET,
        start=referred("missing"),
        near=say(SCHOOL, "concern.recorded"),
        met=say(CSC, "referral.acknowledged", lead_officer_informed=True),
        silent=True,
    ),
    Case(
        rows="N-07 N-08",
        code="inform_allocated_worker",
        edition=GUIDE,
        before=(
            say(MASH, "involvement.opened", involvement_kind="allocated_team", involved_desk="hampshire-council/csc"),
        ),
        start=referred("missing"),
        near=referred("missing"),
        near_before=(),
        met=say(CSC, "referral.acknowledged", allocated_social_worker_informed=True),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="N-10",
        code="inform_pr_holders",
        edition=GUIDE,
        start=referred("missing"),
        near=referred("missing"),
        near_before=(say(SCHOOL, "flag.raised", flag="suspected_exploiter", relation="parent"),),
        met=say(
            CSC,
            "consent.recorded",
            consent_purpose="referral",
            position="given",
            giver="pr_holder",
            giver_relation="parent",
        ),
        off=say(SCHOOL, "flag.raised", flag="suspected_exploiter", relation="parent"),
        silent=True,
    ),
    Case(
        rows="N-11",
        code="invite_agencies",
        edition=GUIDE,
        start=say(MASH, "assessment.started", assessment_kind="single_assessment"),
        near=say(MASH, "assessment.started", assessment_kind="single_assessment", invited_agencies=["health"]),
        met=say(MASH, "assessment.started", assessment_kind="single_assessment", invited_agencies=["health"]),
    ),
    Case(
        rows="N-15",
        code="electronic_follow_up",
        edition=HERTS,
        start=referred("missing", referred_by_phone_first="yes"),
        near=referred("missing", referred_by_phone_first="no"),
        met=say(SCHOOL, "referral.confirmed"),
        silent=True,
    ),
    *(
        Case(
            rows="N-17 N-66 N-13",
            code=code,
            edition=HERTS,
            start=referred("missing", urgency="immediate_danger"),
            near=referred("missing", urgency="urgent"),
            late=AT_ONCE,
        )
        for code in ("immediate_risk_police", "immediate_risk_childrens_services")
    ),
    Case(
        rows="N-161",
        code="health_need_at_first_contact",
        edition=TRAFF,
        start=say(SCHOOL, "immediate_actions.recorded", actions_done=["urgent_health"]),
        near=say(SCHOOL, "immediate_actions.recorded", actions_done=["police_if_danger"]),
        late=AT_ONCE,
    ),
    Case(
        rows="N-162",
        code="place_of_safety",
        edition=TRAFF,
        start=SUSPECTED,
        near=say(SCHOOL, "immediate_actions.recorded", actions_done=["safe_accommodation"]),
        met=say(MASH, "placement.started"),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="N-164",
        code="shared_language",
        edition=TRAFF,
        start=say(HEALTH, "trafficking.assessed", sponsor_indicators=["sponsor_is_intermediary"]),
        near=say(
            HEALTH, "trafficking.assessed", sponsor_indicators=["sponsor_is_intermediary"], language_matches_adult="yes"
        ),
        met=say(MASH, "documents.checked", language_matches_adult="no"),
    ),
    Case(
        rows="N-54",
        code="tell_referrer_outcome",
        edition=MET,
        start=meeting("strategy_discussion"),
        near=meeting("strategy_discussion", referrer_informed_at=NOW),
        met=say(CSC, "referral.decided", referral_outcome="accepted", outcome_notified_at=NOW),
    ),
    Case(
        rows="N-55",
        code="strategy_meeting_trafficking",
        edition=MET,
        start=say(HEALTH, "trafficking.assessed", trafficking_conclusion="indicators"),
        near=UNFOUNDED,
        met=say(MASH, "strategy.called", meeting_kind="strategy_meeting"),
    ),
    Case(
        rows="N-56",
        code="s47_strategy_meeting",
        edition=GUIDE,
        start=SUSPECTED,
        near=say(HEALTH, "trafficking.assessed", trafficking_conclusion="indicators"),
        met=meeting("s47_strategy_meeting"),
    ),
    Case(
        rows="N-57",
        code="invite_specialist",
        edition=MET,
        start=say(MASH, "strategy.called", meeting_kind="strategy_meeting", planned_for=NAMED_TIME),
        near=say(MASH, "strategy.called", meeting_kind="strategy_discussion", planned_for=NAMED_TIME),
        met=meeting("strategy_meeting", attendee_kinds=["trafficking_or_cse_specialist"]),
        late=NAMED,
        silent=True,
    ),
    Case(
        rows="N-57",
        code="invite_immigration",
        edition=MET,
        before=(SUSPECTED,),
        start=say(MASH, "strategy.called", meeting_kind="strategy_meeting", planned_for=NAMED_TIME),
        near=say(MASH, "strategy.called", meeting_kind="strategy_meeting", planned_for=NAMED_TIME),
        near_before=(),
        met=say(MASH, "strategy.called", meeting_kind="strategy_meeting", invited_agencies=["ukba_or_ukvi"]),
        late=NAMED,
        silent=True,
    ),
    Case(
        rows="N-62 N-58",
        code="involve_immigration",
        edition=TRAFF,
        start=referred("trafficking"),
        near=referred("sexual_exploitation"),
        met=say(CSC, "advice.sought", advice_body="ukba_or_ukvi"),
    ),
    Case(
        rows="N-59",
        code="s47_with_child_alert",
        edition=TRAFF,
        start=say(POLICE, "ppn1.issued", form_name="CYPR", ppn1_circumstance="child_at_risk", rating="high"),
        near=say(POLICE, "ppn1.issued", form_name="CYPR", ppn1_circumstance="other", other_reason="x", rating="high"),
        met=say(CSC, "section47.started"),
        late=AT_ONCE,
    ),
    Case(
        rows="N-63",
        code="concern_in_writing",
        edition=TRAFF,
        start=say(CSC, "referral.acknowledged"),
        near=referred("missing"),
        met=say(CSC, "referral.confirmed"),
        silent=True,
    ),
    Case(
        rows="N-64",
        code="agree_safe_word",
        edition=TRAFF,
        start=meeting("strategy_discussion"),
        near=meeting("strategy_discussion", safe_word_set=True),
        met=say(CSC, "flag.raised", flag="safe_word_set"),
    ),
    *(
        Case(
            rows="N-68 T-78",
            code=code,
            edition=TRAFF,
            start=say(MASH, "legal_order.made", order_kind="care_order", la_holds_parental_responsibility=True),
            near=say(MASH, "legal_order.made", order_kind="care_order", la_holds_parental_responsibility=False),
            late=SOON,
        )
        for code in ("tell_police_of_responsibility", "tell_health_of_responsibility")
    ),
    Case(
        rows="N-69",
        code="check_fingerprints",
        edition=TRAFF,
        start=say(CSC, "biometric.taken", material_type="fingerprint", taken_in_custody=True),
        near=say(CSC, "biometric.taken", material_type="photograph", taken_in_custody=True),
        met=say(POLICE, "biometric.checked"),
    ),
    Case(
        rows="N-71",
        code="consider_moving_child",
        edition=HERTS,
        before=(referred("trafficking", is_uasc=True),),
        near_before=(referred("trafficking", is_uasc=False),),
        start=say(MASH, "section47.concluded"),
        near=say(MASH, "section47.concluded"),
        met=meeting("multi_agency_meeting", post_s47_decisions=["move_child"]),
        silent=True,
    ),
    Case(
        rows="N-72",
        code="decide_joint_interview",
        edition=LINCS,
        start=meeting("strategy_discussion", strategy_outcome="section47"),
        near=meeting("strategy_discussion", strategy_outcome="single_assessment"),
        met=say(CSC, "section47.started", joint_interview_decided=False),
    ),
    Case(
        rows="N-73",
        code="same_nationality_placement",
        edition=TRAFF,
        before=(SUSPECTED,),
        start=say(MASH, "placement.started"),
        near=say(MASH, "placement.started", same_nationality_children_weighed=True),
        met=say(CSC, "placement.ended"),
    ),
    Case(
        rows="N-74",
        code="unsuitable_placement",
        edition=TRAFF,
        before=(SUSPECTED,),
        start=say(CSC, "placement.started", placement_kind="hostel"),
        near=say(CSC, "placement.started", placement_kind="foster"),
        met=say(CSC, "placement.started", placement_kind="foster"),
        late=SOON,
    ),
    Case(
        rows="N-77",
        code="weigh_powers",
        edition=HERTS,
        start=meeting("multi_agency_meeting"),
        near=meeting("multi_agency_meeting", disruption_powers=["recovery_order"]),
        met=meeting("multi_agency_meeting", disruption_powers=["recovery_order"]),
        silent=True,
    ),
    Case(
        rows="N-78",
        code="perpetrators_identified",
        edition=GUIDE,
        start=referred("sexual_exploitation", alleged_perpetrators=[{"name": "Corbin Thistlewood"}]),
        near=referred("sexual_exploitation", alleged_perpetrators=[]),
        met=meeting("strategy_meeting", disruption_powers=["repeat_premises_search"]),
    ),
    Case(
        rows="N-80",
        code="seraf_not_at_risk",
        edition=MET,
        start=seraf(5),
        near=seraf(6),
        met=say(CSC, "support.recorded"),
        off=seraf(6),
        silent=True,
    ),
    Case(
        rows="N-81",
        code="seraf_mild",
        edition=MET,
        start=seraf(6),
        near=seraf(11),
        met=say(CSC, "plan.agreed"),
        off=seraf(11),
    ),
    Case(
        rows="N-82 N-55",
        code="seraf_moderate",
        edition=MET,
        start=seraf(11),
        near=seraf(10),
        met=say(CSC, "strategy.called", meeting_kind="multi_agency_meeting"),
        off=seraf(16),
    ),
    Case(
        rows="N-83 N-55",
        code="seraf_significant",
        edition=MET,
        start=seraf(16),
        near=seraf(15),
        met=meeting("multi_agency_meeting"),
        off=seraf(15),
    ),
    Case(
        rows="N-82 N-83",
        code="safety_plan_after_seraf",
        edition=MET,
        start=seraf(16),
        near=seraf(10),
        met=say(CSC, "safety_plan.agreed"),
        off=seraf(6),
        silent=True,
    ),
    Case(
        rows="N-84 T-83",
        code="seraf_adult",
        edition=MET,
        child=ADULT,
        start=seraf(11),
        near=seraf(10),
        met=say(CSC, "plan.agreed", plan_kind="pathway_plan"),
        off=seraf(10),
    ),
    Case(
        rows="N-85",
        code="seraf_discussion",
        edition=MET,
        start=seraf(3, vehicles_of_unknown_adults="current"),
        near=seraf(8),
        met=say(CSC, "concern.discussed", discussed_with=["manager"], concern_remains=False),
        off=seraf(8),
    ),
]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Lives]:
    """Every edition's cases, lived through once."""
    editions = {case.edition for case in CASES}
    return {edition: lived(tmp_path_factory.mktemp(edition) / "hub", edition, CASES) for edition in sorted(editions)}


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_starts_on_its_event_and_not_beside_it(lives: Mapping[str, Lives], case: Case) -> None:
    starts(lives[case.edition], case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_was_asked_is_met(lives: Mapping[str, Lives], case: Case) -> None:
    is_met(lives[case.edition], case)


@pytest.mark.parametrize("case", [case for case in CASES if case.off], ids=lambda case: case.id)
def test_it_is_called_off(lives: Mapping[str, Lives], case: Case) -> None:
    called_off(lives[case.edition], case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_is_late_at_its_hour_or_never(lives: Mapping[str, Lives], case: Case) -> None:
    is_late(lives[case.edition], case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_its_alert_reaches_its_owner(lives: Mapping[str, Lives], case: Case) -> None:
    reaches_its_owner(lives[case.edition], case)
