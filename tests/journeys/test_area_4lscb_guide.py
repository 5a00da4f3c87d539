"""A journey in Hampshire under the 4LSCB guide: a girl leaves her children's home before the August bank holiday (§39-§111)."""

from pathlib import Path

import pytest

from tests.builders_clocks import GUIDE
from tests.builders_hub import a_child, a_cpi
from tests.builders_story import Plot, asks, at, called_off, covers, due, is_back, is_met, late, says, starts, takes_up
from tests.builders_telling import tell

WREN = "Wren"
PLOT = Plot(edition=GUIDE, area="hampshire", year=2026, month=8, children={WREN: a_child(1, is_looked_after=True)})
CAST = PLOT.cast
POLICE, CSC, MASH, SCHOOL = CAST.police, CAST.csc, CAST.mash, CAST.school

STORY = [
    # She is reported missing: the MASH is told of every report (§42), a review comes after six to eight hours (§43).
    at(
        "Fri 28 Aug 18:40",
        says(
            POLICE,
            "missing.reported",
            WREN,
            {MASH: "N-27"},
            missing_since="@Fri 28 Aug 17:45",
            missing_category="missing",
            missing_risk="medium",
            missing_from="care",
        ),
        starts(WREN, "T-02 circumstances_review", "T-03 bureau_notification", "N-28 mash_information_check"),
    ),
    at(
        "Sat 29 Aug 00:40",
        due(POLICE, WREN, "T-02 circumstances_review", "N-21 missing_not_returned"),
    ),
    at(
        "Sat 29 Aug 02:10",
        takes_up(POLICE),
        says(POLICE, "missing.reviewed", WREN),
        says(POLICE, "ppn1.issued", WREN, {CSC: "N-21"}, ppn1_circumstance="missing_not_returned"),
        is_met(WREN, "T-02 circumstances_review"),
    ),
    at("Sat 29 Aug 10:00", says(MASH, "mash_check.recorded", WREN), is_met(WREN, "N-28 mash_information_check")),
    # More than a day after she went, not after she was reported (§97).
    at(
        "Sat 29 Aug 17:45",
        due(POLICE, WREN, "T-03 bureau_notification"),
    ),
    at(
        "Sat 29 Aug 18:05",
        says(POLICE, "bureau.notified", WREN),
        is_met(WREN, "T-03 bureau_notification"),
    ),
    # Back, she is seen at once (§45); harm found then makes a PPN1 due (§95). The interview has 72 hours, holiday or not.
    at(
        "Sun 30 Aug 14:00",
        says(POLICE, "missing.returned", WREN, returned_at="@Sun 30 Aug 13:20", harm_suffered="not_known"),
        starts(WREN, "T-05 safe_and_well_check"),
        asks(CSC, WREN, "T-06 return_interview_looked_after"),
    ),
    at(
        "Sun 30 Aug 14:40",
        says(POLICE, "safe_and_well.recorded", WREN, harm_suffered="yes"),
        is_met(WREN, "T-05 safe_and_well_check"),
        due(POLICE, WREN, "N-20 returned_and_harmed"),
    ),
    at("Sun 30 Aug 15:30", says(POLICE, "ppn1.issued", WREN, {CSC: "N-20"}, ppn1_circumstance="returned_and_harmed")),
    at("Sun 30 Aug 18:00", covers(CSC, WREN, "T-06 return_interview_looked_after")),
    at("Tue 01 Sep 08:45", takes_up(CSC)),
    at(
        "Tue 01 Sep 10:00",
        says(CSC, "return_interview.held", WREN, held_at="@"),
        is_met(WREN, "T-06 return_interview_looked_after"),
        starts(WREN, "N-38 return_interview_decision", "N-39 return_interview_cpi_review"),
    ),
    at(
        "Tue 01 Sep 11:10",
        says(CSC, "cpi.submitted", WREN, **a_cpi()),
        is_met(WREN, "N-39 return_interview_cpi_review"),
    ),
    # Her school refers her: seven working days (§81), the ICTA at once (§29, §69), her parents are informed (§104).
    at(
        "Tue 01 Sep 12:00",
        says(SCHOOL, "referral.made", WREN, {MASH: "N-03"}, issues=["sexual_exploitation", "trafficking"]),
        is_met(WREN, "N-38 return_interview_decision"),
        starts(WREN, "T-30 initial_assessment_trafficking", "N-50 screen_cse_concern", "N-10 inform_pr_holders"),
        asks(CSC, WREN, "T-70 icta_referral"),
    ),
    at("Tue 01 Sep 12:40", takes_up(CSC), says(CSC, "icta.referred", WREN), is_met(WREN, "T-70 icta_referral")),
    at(
        "Tue 01 Sep 14:00",
        says(MASH, "referral.decided", WREN, referral_outcome="accepted", cp_issue_identified=True),
        asks(CSC, WREN, "T-33 strategy_after_acceptance"),
    ),
    at(
        "Tue 01 Sep 14:45",
        says(CSC, "strategy.held", WREN, meeting_kind="strategy_discussion", strategy_outcome="section47"),
        is_met(WREN, "T-33 strategy_after_acceptance"),
    ),
    at("Tue 01 Sep 16:00", says(CSC, "section47.started", WREN), starts(WREN, "N-56 s47_strategy_meeting")),
    at(
        "Wed 02 Sep 15:00",
        says(
            CSC,
            "trafficking.assessed",
            WREN,
            trafficking_tool="child_trafficking_assessment_tool",
            trafficking_conclusion="suspected",
        ),
        is_met(WREN, "T-30 initial_assessment_trafficking"),
        starts(WREN, "N-90 nrm_duty"),
    ),
    at(
        "Thu 03 Sep 10:00",
        says(CSC, "strategy.held", WREN, meeting_kind="s47_strategy_meeting"),
        is_met(WREN, "N-56 s47_strategy_meeting"),
    ),
    at("Thu 03 Sep 11:00", says(CSC, "screening.recorded", WREN), is_met(WREN, "N-50 screen_cse_concern")),
    # The immediate safety plan (§71): no address for weeks, a police marker, nothing lifted without an assessment.
    at(
        "Thu 03 Sep 14:00",
        says(
            CSC,
            "safety_plan.agreed",
            WREN,
            address_withheld={"address_withheld_from_child": True},
            police_marker_requested=True,
        ),
        starts(WREN, "T-17 address_withheld", "T-18 safety_plan_restrictions"),
        asks(POLICE, WREN, "N-137 police_marker"),
    ),
    at(
        "Thu 03 Sep 15:00",
        says(POLICE, "police_marker.recorded", WREN, marker_state="placed"),
        is_met(WREN, "N-137 police_marker"),
    ),
    at(
        "Thu 03 Sep 16:00",
        says(CSC, "nrm.referred", WREN),
        is_met(WREN, "N-90 nrm_duty"),
        starts(WREN, "T-87 nrm_first_decision", "N-126 consider_reintegration"),
    ),
    # Missing again, and thought trafficked: the golden hour (§99), her photograph (§71), meetings until she is back (§70).
    at(
        "Sat 05 Sep 22:15",
        says(
            POLICE,
            "missing.reported",
            WREN,
            {MASH: "N-27"},
            missing_since="@Sat 05 Sep 22:00",
            missing_category="missing",
            missing_risk="high",
        ),
        starts(WREN, "T-02 circumstances_review", "T-03 bureau_notification", "N-28 mash_information_check"),
        starts(WREN, "T-01 golden_hour_police", "T-13 strategy_while_missing"),
        asks(CSC, WREN, "T-01 golden_hour_social_care", "N-136 photo_to_police"),
    ),
    at("Sat 05 Sep 22:35", takes_up(CSC), is_met(WREN, "T-01 golden_hour_social_care")),
    at(
        "Sat 05 Sep 22:40",
        says(CSC, "biometric.passed_on", WREN, material_type="photograph", passed_to="police", child_is_missing=True),
        is_met(WREN, "N-136 photo_to_police"),
    ),
    at(
        "Sat 05 Sep 23:05",
        says(POLICE, "missing.located", WREN, wellbeing_confirmed=True),
        is_met(WREN, "T-01 golden_hour_police"),
    ),
    at(
        "Sat 05 Sep 23:50",
        is_back(POLICE, WREN, harm="no"),
        called_off(WREN, "T-02 circumstances_review", "T-03 bureau_notification", "T-13 strategy_while_missing"),
        asks(CSC, WREN, "T-06 return_interview_looked_after"),
    ),
    at("Sat 05 Sep 23:55", takes_up(CSC)),
    at(
        "Mon 07 Sep 11:00",
        says(MASH, "mash_check.recorded", WREN),
        says(
            CSC,
            "return_interview.held",
            WREN,
            held_at="@",
            return_interview_outcome=["instigate_safeguarding"],
            cpi_review_done=True,
        ),
        is_met(WREN, "T-06 return_interview_looked_after", "N-28 mash_information_check"),
    ),
    # Reasonable grounds: police investigate, 45 days to recover (App 3). The safety plan is stepped down meanwhile.
    at(
        "Fri 18 Sep 10:00",
        says(CSC, "nrm.reasonable_grounds", WREN, nrm_decision="reasonable_grounds_positive", decided_on="2026-09-17"),
        is_met(WREN, "T-87 nrm_first_decision"),
        starts(WREN, "T-71 reflection_period", "T-87 nrm_conclusive_decision"),
        asks(POLICE, WREN, "N-95 investigate_after_grounds"),
    ),
    at("Fri 18 Sep 10:20", takes_up(POLICE), is_met(WREN, "N-95 investigate_after_grounds")),
    at(
        "Tue 22 Sep 15:00",
        says(CSC, "safety_plan.stepped_down", WREN),
        is_met(WREN, "T-17 address_withheld", "T-18 safety_plan_restrictions"),
    ),
    # The 45th day after the 17th of September is the 1st of November, in winter time.
    at(
        "Mon 02 Nov 00:00",
        late(WREN, "T-71 reflection_period", covers=CSC),
    ),
    at(
        "Mon 02 Nov 09:30",
        takes_up(CSC),
        says(CSC, "nrm.conclusive_grounds", WREN, nrm_decision="conclusive_positive"),
        is_met(WREN, "T-71 reflection_period", "T-87 nrm_conclusive_decision"),
    ),
]


@pytest.mark.slow
def test_a_girl_who_leaves_her_home_before_a_bank_holiday_is_answered_as_the_guide_says(tmp_path: Path) -> None:
    """T-01, T-02, T-03, T-05, T-06, T-13, T-17, T-18, T-30, T-33, T-70, T-71, T-87, N-20, N-21, N-27, N-28, N-38, N-39, X-02."""
    tell(tmp_path / "hub", PLOT, STORY)
