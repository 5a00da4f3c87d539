"""A journey in Hertfordshire: two unaccompanied brothers over Easter, and the long way to the NRM (herts §4 to §8)."""

from pathlib import Path

import pytest

from tests.builders_clocks import HERTS
from tests.builders_story import Plot, a_named, asks, at, covers, is_back, is_met, late, says, starts, takes_up
from tests.builders_telling import tell

IDRIS, YONAS = "Idris", "Yonas"
PLOT = Plot(
    edition=HERTS,
    area="hertfordshire",
    year=2026,
    month=4,
    children={
        IDRIS: a_named(4, "hertfordshire", date_of_birth="2010-01-20"),
        YONAS: a_named(5, "hertfordshire", date_of_birth="2012-09-02"),
    },
)
CAST = PLOT.cast
POLICE, CSC, MASH, HEALTH, BORDER, HOME = CAST.police, CAST.csc, CAST.mash, CAST.health, CAST.border, CAST.home

STORY = [
    # A health visitor sees to the first steps (§6.4): refer at once, and within 24 hours at the latest (§6.1, §8.5).
    at(
        "Thu 02 Apr 16:20",
        says(
            HEALTH,
            "immediate_actions.recorded",
            IDRIS,
            identified_at="@Thu 02 Apr 15:50",
            actions_done=["assess_immediate_risk", "modern_slavery_helpline_advice"],
        ),
        says(HEALTH, "concern.recorded", YONAS),
        asks(CSC, IDRIS, "T-39 refer_at_once"),
        starts(IDRIS, "T-40 notify_within_limit", "N-128 legal_advice"),
    ),
    # By telephone first, so that a form must follow (§8.11); the outcome is owed within 24 hours.
    at(
        "Thu 02 Apr 17:10",
        takes_up(CSC),
        says(
            HEALTH,
            "referral.made",
            IDRIS,
            issues=["trafficking"],
            is_uasc=True,
            referred_by_phone_first="yes",
            entered_uk_on="2026-03-30",
        ),
        is_met(IDRIS, "T-39 refer_at_once", "T-40 notify_within_limit"),
        starts(IDRIS, "N-15 electronic_follow_up", "N-119 tell_of_voluntary_return", "T-77 immigration_legal_advice"),
        asks(CSC, IDRIS, "T-41 referral_outcome"),
    ),
    # Its alert nobody takes up that night; early legal advice from abroad (§4.11) is late when nothing was done.
    at(
        "Thu 02 Apr 21:10",
        covers(CSC, IDRIS, "T-41 referral_outcome", "N-114 immigration_legal_advice"),
        late(IDRIS, "N-114 immigration_legal_advice"),
    ),
    at(
        "Fri 03 Apr 09:00",
        says(HEALTH, "referral.confirmed", IDRIS),
        is_met(IDRIS, "C-17 electronic_follow_up"),
    ),
    # Good Friday does not stop 24 hours.
    at(
        "Fri 03 Apr 17:10",
        late(IDRIS, "T-41 referral_outcome", covers=CSC),
    ),
    at(
        "Fri 03 Apr 18:00",
        takes_up(CSC),
        says(
            CSC,
            "referral.decided",
            IDRIS,
            referral_outcome="strategy_discussion",
            contact_reference="HC-20417",
            outcome_notified_at="@",
        ),
        is_met(IDRIS, "N-16 referral_outcome"),
    ),
    at(
        "Sat 04 Apr 11:00",
        says(CSC, "advice.sought", IDRIS, advice_body="immigration_adviser", adviser_regulated=True),
        is_met(IDRIS, "T-77 immigration_legal_advice", "T-77 legal_advice"),
    ),
    # Placed: many are gone within 72 hours (§4.3, §7.4); the plan weighs it (§7.1, §7.2).
    at(
        "Sat 04 Apr 11:30",
        says(CSC, "placement.started", IDRIS, child={"is_looked_after": True}, placed_at="@Sat 04 Apr 10:30"),
        starts(IDRIS, "T-10 early_risk_after_placement", "N-49 placement_risk_plan"),
    ),
    # His brother runs from the home before anybody knew what he was: urgent (§7.1). No review, Bureau or PPN1 is in it.
    at(
        "Sun 05 Apr 02:00",
        says(HOME, "missing.reported", YONAS, missing_since="@Sun 05 Apr 01:15", is_uasc=True, missing_from="care"),
        asks(POLICE, YONAS, "T-16 uasc_missing_before_identified"),
        starts(YONAS, "N-119 tell_of_voluntary_return"),
    ),
    at("Sun 05 Apr 02:25", takes_up(POLICE), is_met(YONAS, "N-48 uasc_missing_before_identified")),
    at("Sun 05 Apr 19:00", is_back(POLICE, YONAS, harm="not_known")),
    at(
        "Tue 07 Apr 10:30",
        late(IDRIS, "T-10 early_risk_after_placement", hears=MASH),
    ),
    at(
        "Tue 07 Apr 11:30",
        takes_up(MASH),
        says(CSC, "plan.agreed", IDRIS),
        is_met(IDRIS, "T-10 early_risk_after_placement", "N-73 placement_risk_plan"),
    ),
    # The strategy discussion decides on a joint interview (§6.7) and weighs what powers there are (§6.8).
    at(
        "Wed 08 Apr 10:00",
        says(CSC, "strategy.held", IDRIS, meeting_kind="strat", strategy_outcome="section47"),
        starts(IDRIS, "N-72 decide_joint_interview", "N-77 weigh_powers"),
    ),
    at(
        "Wed 08 Apr 11:00",
        says(CSC, "section47.started", IDRIS, joint_interview_decided=True),
        is_met(IDRIS, "N-72 decide_joint_interview"),
    ),
    # After section 47 nothing more before the meeting (§6.8): a plan agreed all the same is put before the MASH.
    at(
        "Mon 13 Apr 15:00",
        says(CSC, "section47.concluded", IDRIS),
        starts(IDRIS, "T-42 post_s47_meeting", "N-71 consider_moving_child"),
    ),
    at(
        "Mon 13 Apr 16:00",
        says(CSC, "plan.agreed", IDRIS),
        asks(MASH, IDRIS, "T-42 acted_before_meeting"),
    ),
    at("Mon 13 Apr 16:30", takes_up(MASH), is_met(IDRIS, "N-70 acted_before_meeting")),
    # The meeting agrees that the police submit to the NRM (§8.5): only then, and not by Children's Services alone.
    at(
        "Wed 15 Apr 10:00",
        says(
            CSC,
            "strategy.held",
            IDRIS,
            meeting_kind="marm",
            post_s47_decisions=["move_child", "nrm_submission"],
            disruption_powers=["child_abduction_warning_notice"],
            nrm_submission_agreed=True,
            lead_first_responder="police_force",
        ),
        is_met(IDRIS, "N-70 post_s47_meeting", "N-71 consider_moving_child", "N-77 weigh_powers"),
        asks(POLICE, IDRIS, "T-75 submit_nrm_police"),
    ),
    at(
        "Wed 15 Apr 11:00",
        says(POLICE, "nrm.referred", IDRIS, form_channel="online", multi_agency_agreed=True),
        is_met(IDRIS, "N-102 submit_nrm_police"),
        starts(IDRIS, "T-86 nrm_reference", "T-87 nrm_first_decision"),
        asks(CSC, IDRIS, "N-99 support_after_nrm"),
    ),
    at(
        "Wed 15 Apr 12:00",
        says(POLICE, "nrm.acknowledged", IDRIS),
        says(CSC, "support.recorded", IDRIS),
        is_met(IDRIS, "N-106 nrm_reference", "N-124 support_after_nrm"),
    ),
    # Beacon needs consent (§8.3); an age is assessed at the earliest only where it is doubted (§7.4).
    at(
        "Thu 16 Apr 10:00",
        says(CSC, "consent.recorded", IDRIS, consent_purpose="beacon", position="given", giver="child"),
        says(CSC, "age.doubted", IDRIS, assessment_needed=True),
        starts(IDRIS, "N-122 beacon_referral", "T-76 age_assessment", "N-129 tell_home_office_age"),
    ),
    at(
        "Thu 16 Apr 14:00",
        says(CSC, "beacon.referred", IDRIS),
        says(CSC, "age.assessed", IDRIS, home_office_told_at="@"),
        is_met(IDRIS, "C-29 beacon_referral", "T-76 age_assessment", "N-129 tell_home_office_age"),
    ),
    # Border staff refer his brother: an outcome within 24 hours, their own word in writing within 48 (§7.5).
    at(
        "Fri 17 Apr 16:00",
        says(BORDER, "referral.made", YONAS, issues=["trafficking"]),
        starts(YONAS, "T-74 ukvi_confirmation", "T-52 immediate_actions"),
        asks(CSC, YONAS, "T-41 referral_outcome"),
    ),
    at(
        "Fri 17 Apr 16:45",
        takes_up(CSC),
        says(CSC, "immediate_actions.recorded", YONAS),
        is_met(YONAS, "N-13 immediate_actions"),
        starts(YONAS, "T-77 legal_advice"),
    ),
    at(
        "Sat 18 Apr 10:00",
        says(
            CSC,
            "referral.decided",
            YONAS,
            referral_outcome="section47",
            contact_reference="HC-20431",
            outcome_notified_at="@",
        ),
        is_met(YONAS, "T-41 referral_outcome"),
    ),
    at("Sun 19 Apr 16:00", late(YONAS, "T-74 ukvi_confirmation", covers=CSC)),
    at(
        "Mon 20 Apr 09:15",
        takes_up(CSC),
        says(BORDER, "referral.confirmed", YONAS),
        is_met(YONAS, "N-112 ukvi_confirmation"),
    ),
    # Now that he is known to be a victim, the source has nothing of its own to ask when he is missing again.
    at("Sat 25 Apr 23:30", says(HOME, "missing.reported", YONAS, missing_since="@Sat 25 Apr 22:00", is_uasc=True)),
    at("Tue 28 Apr 09:00", is_back(POLICE, YONAS, harm="yes")),
]


@pytest.mark.slow
def test_two_brothers_at_easter_are_answered_as_hertfordshire_says(tmp_path: Path) -> None:
    """T-10, T-16, T-39, T-40, T-41, T-42, T-52, T-74, T-75, T-76, T-77, T-86, N-15, N-71, N-72, N-77, N-99, N-102, N-122, X-26."""
    tell(tmp_path / "hub", PLOT, STORY)
