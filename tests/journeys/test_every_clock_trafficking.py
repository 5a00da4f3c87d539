"""Every rule of trafficking, the NRM, immigration and adulthood (catalogue 3.4, 3.5, 4.5, 4.7): started, met, off, late."""

from datetime import timedelta

import pytest

from tests.builders_clocks import (
    GUIDE,
    HERTS,
    LINCS,
    MET,
    TRAFF,
    UKVI,
    Case,
    every_rule,
    say,
)
from tests.builders_hub import CSC, HEALTH, MASH, POLICE, SCHOOL, START, Town, a_child, alerts, passes
from tests.builders_journeys import says

HOUR = timedelta(hours=1)
AT_ONCE, SOON = HOUR, 4 * HOUR
DAY = timedelta(days=1)
REFLECTION = timedelta(days=45, hours=15)
"""From Friday morning to the end of the forty-fifth day after it."""
NAMED = timedelta(days=14, hours=15)
"""To the end of the day that forms name."""
TODAY, NAMED_DAY, NOW = "2026-11-20", "2026-12-04", START.isoformat()

SUSPECTED = say(HEALTH, "trafficking.assessed", trafficking_conclusion="suspected")
INDICATED = say(HEALTH, "trafficking.assessed", trafficking_conclusion="indicators")
REFERRED = say(MASH, "nrm.referred")
POSITIVE = say(MASH, "nrm.reasonable_grounds", nrm_decision="reasonable_grounds_positive", decided_on=TODAY)
NEGATIVE = say(MASH, "nrm.reasonable_grounds", nrm_decision="reasonable_grounds_negative", decided_on=TODAY)
CONCLUDED = say(MASH, "nrm.conclusive_grounds", nrm_decision="conclusive_positive")
EXTENDED = say(MASH, "nrm.extended", reflection_until=NAMED_DAY)
CONSENTED = say(
    HEALTH, "consent.recorded", consent_purpose="beacon", position="given", giver="child", giver_relation="self"
)
UASC = say(SCHOOL, "referral.made", issues=["missing"], is_uasc=True)
AGREED = say(MASH, "strategy.held", meeting_kind="marm", nrm_submission_agreed=True)

CASES = [
    Case(
        rows="T-70 N-98",
        code="icta_referral",
        edition=GUIDE,
        start=SUSPECTED,
        near=INDICATED,
        met=say(CSC, "icta.referred"),
        late=AT_ONCE,
    ),
    Case(
        rows="T-71 N-95",
        code="reflection_period",
        edition=GUIDE,
        start=POSITIVE,
        near=NEGATIVE,
        met=CONCLUDED,
        off=say(MASH, "nrm.reconsidered", nrm_decision="reasonable_grounds_negative"),
        late=REFLECTION,
        silent=True,
    ),
    Case(
        rows="N-95 N-94",
        code="investigate_after_grounds",
        edition=MET,
        start=POSITIVE,
        near=NEGATIVE,
        late=SOON,
    ),
    Case(
        rows="T-74 N-112",
        code="ukvi_confirmation",
        edition=HERTS,
        start=say(UKVI, "referral.made"),
        near=say(SCHOOL, "referral.made"),
        met=say(UKVI, "referral.confirmed", confirmed_by="letter"),
        late=2 * DAY,
        silent=True,
    ),
    Case(
        rows="T-75 N-102",
        code="submit_nrm",
        edition=HERTS,
        start=AGREED,
        near=say(MASH, "strategy.held", meeting_kind="marm", nrm_submission_agreed=False),
        met=REFERRED,
    ),
    Case(
        rows="T-75 N-102",
        code="submit_nrm_police",
        edition=HERTS,
        start=say(MASH, "strategy.held", nrm_submission_agreed=True, lead_first_responder="police_force"),
        near=AGREED,
        met=say(POLICE, "nrm.referred"),
    ),
    Case(
        rows="T-76",
        code="age_assessment",
        edition=HERTS,
        start=say(HEALTH, "age.doubted", assessment_needed=True),
        near=say(HEALTH, "age.doubted", assessment_needed=False),
        met=say(CSC, "age.assessed"),
    ),
    Case(
        rows="N-129",
        code="tell_home_office_age",
        edition=HERTS,
        start=say(HEALTH, "age.doubted", assessment_needed=False),
        near=say(HEALTH, "age.doubted", assessment_needed=False, home_office_told_at=NOW),
        met=say(CSC, "age.assessed", home_office_told_at=NOW),
        silent=True,
    ),
    Case(
        rows="T-77 N-128",
        code="legal_advice",
        edition=HERTS,
        start=SUSPECTED,
        near=say(SCHOOL, "immediate_actions.recorded", actions_done=["early_legal_advice"]),
        met=say(CSC, "advice.sought", advice_body="legal_adviser"),
        silent=True,
    ),
    Case(
        rows="T-77 N-114",
        code="immigration_legal_advice",
        edition=HERTS,
        start=say(SCHOOL, "referral.made", entered_uk_on="2026-10-01"),
        near=say(SCHOOL, "referral.made"),
        met=say(CSC, "advice.sought", advice_body="immigration_adviser"),
        late=SOON,
        silent=True,
    ),
    Case(
        rows="T-86 N-106",
        code="nrm_reference",
        edition=HERTS,
        start=REFERRED,
        near=SUSPECTED,
        met=say(CSC, "nrm.acknowledged"),
        silent=True,
    ),
    Case(
        rows="T-87 N-94",
        code="nrm_first_decision",
        edition=GUIDE,
        start=REFERRED,
        near=SUSPECTED,
        met=NEGATIVE,
        silent=True,
    ),
    Case(
        rows="T-87 N-96",
        code="nrm_conclusive_decision",
        edition=HERTS,
        start=POSITIVE,
        near=NEGATIVE,
        met=CONCLUDED,
        off=say(MASH, "nrm.reconsidered", nrm_decision="reasonable_grounds_negative"),
        silent=True,
    ),
    Case(
        rows="N-107 N-94 T-87",
        code="nrm_evidence_requested",
        edition=GUIDE,
        start=say(MASH, "nrm.information_requested", wanted_by=NAMED_DAY),
        near=REFERRED,
        met=say(CSC, "nrm.information_added"),
        off=CONCLUDED,
        late=NAMED,
    ),
    Case(
        rows="N-108",
        code="nrm_new_information",
        edition=HERTS,
        before=(REFERRED,),
        near_before=(),
        start=SUSPECTED,
        near=SUSPECTED,
        met=say(CSC, "nrm.information_added"),
    ),
    Case(
        rows="N-109 T-87",
        code="nrm_reconsideration",
        edition=HERTS,
        start=NEGATIVE,
        near=POSITIVE,
        met=say(SCHOOL, "nrm.reconsideration_requested"),
        off=say(MASH, "nrm.reconsidered", nrm_decision="reasonable_grounds_positive"),
    ),
    Case(
        rows="N-97",
        code="care_after_negative",
        edition=GUIDE,
        start=NEGATIVE,
        near=POSITIVE,
        met=say(CSC, "assessment.completed"),
        off=say(MASH, "nrm.reconsidered", nrm_decision="reasonable_grounds_positive"),
    ),
    Case(
        rows="N-90 N-91 N-93",
        code="nrm_duty",
        edition=GUIDE,
        start=SUSPECTED,
        near=SUSPECTED,
        near_before=(REFERRED,),
        met=REFERRED,
    ),
    Case(
        rows="N-101 N-104",
        code="nrm_meeting",
        edition=HERTS,
        start=SUSPECTED,
        near=INDICATED,
        met=AGREED,
        silent=True,
    ),
    Case(
        rows="N-110",
        code="nrm_reasonable_grounds",
        edition=LINCS,
        start=say(HEALTH, "trafficking.assessed", trafficking_conclusion="reasonable_grounds_met"),
        near=SUSPECTED,
        met=say(POLICE, "nrm.referred"),
    ),
    Case(
        rows="N-99 N-124",
        code="support_after_nrm",
        edition=HERTS,
        start=REFERRED,
        near=SUSPECTED,
        met=say(CSC, "support.recorded"),
    ),
    Case(
        rows="N-100",
        code="police_investigate",
        edition=HERTS,
        start=REFERRED,
        near=say(POLICE, "nrm.referred"),
        late=SOON,
    ),
    Case(
        rows="N-105",
        code="nrm_disagreement",
        edition=HERTS,
        start=say(SCHOOL, "escalation.raised", escalation_about="nrm_submission"),
        near=say(SCHOOL, "escalation.raised", escalation_about="delay"),
        met=say(MASH, "escalation.resolved"),
        off=say(POLICE, "nrm.referred"),
    ),
    Case(
        rows="N-113",
        code="immigration_too_early",
        edition=LINCS,
        start=say(SCHOOL, "advice.sought", advice_body="ukba_or_ukvi"),
        near=say(SCHOOL, "advice.sought", advice_body="ukba_or_ukvi", protection_need_addressed=True),
        late=SOON,
    ),
    Case(
        rows="N-115",
        code="tell_of_defence",
        edition=HERTS,
        before=(SUSPECTED,),
        near_before=(),
        start=say(MASH, "missing.returned", offences_by_child="Carried a package."),
        near=say(MASH, "missing.returned", offences_by_child="Carried a package."),
        met=say(POLICE, "advice.sought", told_of_statutory_defence=True),
    ),
    Case(
        rows="N-118 N-127",
        code="services_abroad",
        edition=GUIDE,
        start=say(MASH, "return_to_origin.assessed", return_decision="return"),
        near=say(MASH, "return_to_origin.assessed", return_decision="undecided"),
        met=say(CSC, "return_to_origin.assessed", return_decision="return", services_abroad_notified_at=NOW),
        off=say(CSC, "return_to_origin.assessed", return_decision="no_return"),
    ),
    Case(
        rows="N-119",
        code="tell_of_voluntary_return",
        edition=HERTS,
        start=UASC,
        near=say(SCHOOL, "referral.made", issues=["missing"], is_uasc=False),
        met=say(CSC, "return_to_origin.assessed", voluntary_return_offered=True),
        silent=True,
    ),
    Case(
        rows="N-126",
        code="consider_reintegration",
        edition=GUIDE,
        start=REFERRED,
        near=SUSPECTED,
        met=say(CSC, "return_to_origin.assessed"),
        silent=True,
    ),
    Case(
        rows="N-120",
        code="accommodate_uasc",
        edition=GUIDE,
        before=(UASC,),
        start=say(MASH, "age.assessed", assessed_as="child"),
        near=say(MASH, "age.assessed", assessed_as="adult"),
        met=say(CSC, "placement.started"),
    ),
    Case(
        rows="N-121",
        code="uasc_safety_plan",
        edition=GUIDE,
        before=(UASC,),
        near_before=(),
        start=SUSPECTED,
        near=SUSPECTED,
        met=say(CSC, "safety_plan.agreed"),
    ),
    Case(
        rows="N-122",
        code="beacon_referral",
        edition=HERTS,
        start=CONSENTED,
        near=say(HEALTH, "consent.recorded", **{**CONSENTED.changes, "position": "refused"}),
        met=say(CSC, "beacon.referred"),
        off=say(HEALTH, "consent.withdrawn", consent_purpose="beacon", giver="child", giver_relation="self"),
    ),
    Case(
        rows="N-123",
        code="protection_beside_nrm",
        edition=LINCS,
        start=REFERRED,
        near=REFERRED,
        near_before=(say(MASH, "section47.started"),),
        met=say(CSC, "section47.started"),
        late=SOON,
    ),
    Case(
        rows="N-151",
        code="aftercare_plan",
        edition=GUIDE,
        before=(SUSPECTED,),
        start=say(MASH, "plan.agreed", plan_kind="pathway_plan"),
        near=say(MASH, "plan.agreed", plan_kind="pathway_plan", recovery_barriers=["poverty"]),
        met=say(CSC, "plan.agreed", plan_kind="pathway_plan", recovery_barriers=["poverty"]),
    ),
    Case(
        rows="N-152",
        code="public_protection_liaison",
        edition=MET,
        start=say(MASH, "adult_safeguarding.referred"),
        near=say(MASH, "adult_safeguarding.referred", public_protection_unit_liaison=True),
        met=say(CSC, "advice.sought", advice_body="police_public_protection_unit"),
    ),
    Case(
        rows="N-153",
        code="sub_group",
        edition=TRAFF,
        before=(SUSPECTED,),
        near_before=(),
        start=say(MASH, "placement.started"),
        near=say(MASH, "placement.started"),
        met=say(MASH, "strategy.held", meeting_kind="lscb_sub_group"),
    ),
    Case(
        rows="T-84",
        code="vulnerable_witness",
        edition=TRAFF,
        start=say(CSC, "abe.planned"),
        near=say(CSC, "abe.planned", witness_category=["s16_vulnerable"]),
        met=say(CSC, "abe.planned", witness_category=["s17_intimidated"]),
        off=say(CSC, "abe.held"),
        silent=True,
    ),
]


TestEveryRule = every_rule(CASES)

pytestmark = pytest.mark.slow


# ----------------------------------------------------------------------------------- what a table of cases does not show

COMING_OF_AGE = "coming_of_age"
TURNS_18 = "2008-11-21"
"""On the day after the tests begin."""


def asked(town: Town, code: str) -> list[str]:
    """States of that rule's alerts for Children's Services."""
    return [view.status for view in alerts(town, CSC, "alert.duty_due") if view.body["clock"] == code]


@pytest.mark.parametrize(("conclusion", "states"), [("suspected", ["open"]), ("indicators", [])])
def test_n_150_t_83_on_the_eighteenth_birthday_support_is_asked_for(
    journey: Town, conclusion: str, states: list[str]
) -> None:
    form = {
        "child": a_child(date_of_birth=TURNS_18),
        "trafficking_tool": "risk_matrix",
        "completed_on": TODAY,
        "trafficking_conclusion": conclusion,
        "sharing": {"relevant": True, "may_help": True},
    }
    says(journey, POLICE, "trafficking.assessed", form)
    passes(journey, hours=14)
    assert asked(journey, COMING_OF_AGE) == []
    passes(journey, hours=1)
    assert asked(journey, COMING_OF_AGE) == states


def test_n_150_what_was_arranged_for_adult_life_meets_it(journey: Town) -> None:
    sharing = {"relevant": True, "may_help": True}
    child = a_child(date_of_birth=TURNS_18, trafficking_status="confirmed")
    says(journey, POLICE, "missing.returned", {"child": child, "returned_at": NOW, "harm_suffered": "no"})
    passes(journey, days=1)
    assert asked(journey, COMING_OF_AGE) == ["open"]
    form = {"child": child, "referred_at": "2026-11-21T09:00:00Z", "sharing": sharing}
    says(journey, POLICE, "adult_safeguarding.referred", form)
    assert asked(journey, COMING_OF_AGE) == ["met"]


def test_t_71_an_extension_ends_the_first_period_and_begins_one_until_the_day_it_names(journey: Town) -> None:
    child = a_child()
    first = {"child": child, "nrm_decision": "reasonable_grounds_positive", "decided_on": TODAY}
    says(journey, POLICE, "nrm.reasonable_grounds", first)
    passes(journey, days=10)
    says(journey, POLICE, "nrm.extended", {"child": child, "reflection_until": "2027-02-01"})
    passes(journey, days=63)  # 1 February, 09:00: the first period's end went by without a word.
    assert [view for view in alerts(journey, MASH) if view.body["clock"] == "reflection_period"] == []
    passes(journey, hours=15)
    late = [view for view in alerts(journey, CSC) if view.body["clock"] == "reflection_period"]
    assert [view.body["due_at"] for view in late] == ["2027-02-02T00:00:00+00:00"]


def test_what_an_owner_says_itself_it_is_not_told_at_the_start_but_it_is_late_all_the_same(journey: Town) -> None:
    sharing = {"relevant": True, "may_help": True}
    form = {"child": a_child(), "decided_at": NOW, "referral_outcome": "section47", "cp_issue_identified": True}
    says(journey, CSC, "referral.decided", form | {"sharing": sharing})
    assert asked(journey, "strategy_after_acceptance") == []
    passes(journey, hours=1)
    (late,) = [view for view in alerts(journey, MASH) if view.body.get("clock") == "strategy_after_acceptance"]
    assert str(late.body["asks"]).startswith("Late: ")


def test_what_is_wanted_at_once_and_nobody_acknowledged_is_told_to_the_next_desk_once(journey: Town) -> None:
    sharing = {"relevant": True, "may_help": True}
    form = {"child": a_child(), "decided_at": NOW, "referral_outcome": "section47", "cp_issue_identified": True}
    says(journey, MASH, "referral.decided", form | {"sharing": sharing})
    assert asked(journey, "strategy_after_acceptance") == ["open"]
    passes(journey, hours=1)
    heard = [view.type for view in alerts(journey, MASH) if view.body.get("clock") == "strategy_after_acceptance"]
    assert heard.count("alert.duty_late") == 1
