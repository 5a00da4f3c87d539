"""A journey in Portsmouth under the edition of 2013: a boy is absent, again, and missing, over Christmas (§5.2-§5.6)."""

from pathlib import Path

import pytest

from tests.builders_clocks import MET
from tests.builders_story import (
    Plot,
    a_named,
    asks,
    at,
    called_off,
    covers,
    due,
    is_back,
    is_met,
    late,
    says,
    starts,
    takes_up,
)
from tests.builders_telling import tell

ROBIN = "Robin"
PLOT = Plot(edition=MET, area="portsmouth", year=2026, month=12, children={ROBIN: a_named(2, "portsmouth")})
CAST = PLOT.cast
POLICE, CSC, SCHOOL = CAST.police, CAST.csc, CAST.school
TWELVE_POINTS = dict.fromkeys(
    (
        "emotional_neglect",
        "physical_abuse_by_family",
        "family_breakdown",
        "family_domestic_abuse",
        "family_substance_misuse",
        "low_self_esteem",
        "isolated_from_peers",
        "staying_out_late",
        "multiple_callers",
        "concerning_mobile_use",
        "expressions_of_despair",
        "drugs_misuse",
    ),
    True,
)

STORY = [
    # Absent: no investigation, but a review after six to eight hours (§5.3.1). He is back before it.
    at(
        "Fri 04 Dec 17:00",
        says(
            POLICE,
            "missing.reported",
            ROBIN,
            missing_since="@Fri 04 Dec 16:30",
            missing_category="absent",
            missing_risk="none_or_tolerable",
        ),
        starts(ROBIN, "T-02 circumstances_review_absent"),
    ),
    at(
        "Fri 04 Dec 20:30",
        is_back(POLICE, ROBIN, harm="no"),
        called_off(ROBIN, "T-02 circumstances_review_absent"),
        asks(CSC, ROBIN, "T-07 return_interview_at_home"),
    ),
    at("Sat 05 Dec 00:30", covers(CSC, ROBIN, "T-07 return_interview_at_home")),
    at(
        "Mon 07 Dec 09:30",
        takes_up(CSC),
        says(CSC, "return_interview.declined", ROBIN),
        is_met(ROBIN, "T-07 return_interview_at_home"),
    ),
    # Absent again; at the review he is thought missing (§5.2), from when on the Bureau's day counts and a CYP is due.
    at(
        "Fri 11 Dec 19:00",
        says(
            POLICE,
            "missing.reported",
            ROBIN,
            missing_since="@Fri 11 Dec 18:40",
            missing_category="absent",
            missing_risk="none_or_tolerable",
        ),
        starts(ROBIN, "T-02 circumstances_review_absent"),
    ),
    at("Sat 12 Dec 01:00", due(POLICE, ROBIN, "T-02 circumstances_review_absent")),
    at(
        "Sat 12 Dec 02:00",
        says(POLICE, "missing.categorised", ROBIN, missing_category="missing", missing_risk="high"),
        is_met(ROBIN, "T-02 circumstances_review_absent"),
        starts(ROBIN, "T-03 bureau_notification"),
        due(POLICE, ROBIN, "N-21 missing_not_returned"),
    ),
    at(
        "Sat 12 Dec 03:00",
        says(POLICE, "ppn1.issued", ROBIN, {CSC: "N-21"}, ppn1_circumstance="missing_not_returned"),
    ),
    at(
        "Sat 12 Dec 09:15",
        is_back(POLICE, ROBIN, harm="not_known"),
        called_off(ROBIN, "T-03 bureau_notification"),
        starts(ROBIN, "T-05 safe_and_well_check"),
        asks(CSC, ROBIN, "T-07 return_interview_at_home"),
    ),
    at(
        "Sat 12 Dec 09:40",
        says(POLICE, "safe_and_well.recorded", ROBIN, harm_suffered="no"),
        takes_up(CSC),
        is_met(ROBIN, "T-05 safe_and_well_check"),
    ),
    at(
        "Tue 15 Dec 11:00",
        says(CSC, "return_interview.held", ROBIN, held_at="@", return_interview_outcome=["no_further_action"]),
        is_met(ROBIN, "T-07 return_interview_at_home"),
    ),
    # The third episode in ninety days, and two of them only absent: a CYP (§5.2), an assessment in seven working days.
    at(
        "Thu 17 Dec 21:00",
        says(
            POLICE,
            "missing.reported",
            ROBIN,
            missing_since="@Thu 17 Dec 20:00",
            missing_category="absent",
            missing_risk="none_or_tolerable",
        ),
        starts(ROBIN, "T-02 circumstances_review_absent"),
        due(POLICE, ROBIN, "N-22 third_in_90_days"),
        asks(CSC, ROBIN, "N-40 repeat_missing_strategy"),
    ),
    at(
        "Thu 17 Dec 21:30",
        says(POLICE, "ppn1.issued", ROBIN, {CSC: "N-22"}, ppn1_circumstance="third_in_90_days"),
        asks(CSC, ROBIN, "T-08 repeat_missing_assessment"),
    ),
    at(
        "Thu 17 Dec 22:10",
        is_back(POLICE, ROBIN, harm="no"),
        called_off(ROBIN, "T-02 circumstances_review_absent"),
        asks(CSC, ROBIN, "T-07 return_interview_at_home"),
        takes_up(CSC),
    ),
    at(
        "Fri 18 Dec 14:00",
        says(CSC, "return_interview.held", ROBIN, held_at="@", return_interview_outcome=["further_assessment"]),
        is_met(ROBIN, "T-07 return_interview_at_home"),
    ),
    # His school talks it over, is still worried and refers him (§5.2): a decision within a day, SERAF in seven.
    at(
        "Mon 21 Dec 09:30",
        says(SCHOOL, "concern.discussed", ROBIN, concern_remains=True),
        starts(ROBIN, "N-03 act_on_remaining_concern"),
    ),
    at(
        "Mon 21 Dec 10:15",
        says(SCHOOL, "referral.made", ROBIN, issues=["sexual_exploitation"]),
        is_met(ROBIN, "N-03 act_on_remaining_concern"),
        starts(ROBIN, "T-31 seraf_in_initial_assessment", "N-06 inform_lead_officer"),
        asks(CSC, ROBIN, "T-32 strategy_decision"),
    ),
    at(
        "Mon 21 Dec 11:00",
        takes_up(CSC),
        says(CSC, "referral.acknowledged", ROBIN, lead_officer_informed=True),
        is_met(ROBIN, "N-06 inform_lead_officer"),
    ),
    at(
        "Tue 22 Dec 09:00",
        says(CSC, "strategy.held", ROBIN, meeting_kind="strategy_discussion"),
        is_met(ROBIN, "T-32 strategy_decision", "N-40 repeat_missing_strategy"),
        starts(ROBIN, "N-54 tell_referrer_outcome"),
    ),
    at(
        "Tue 22 Dec 16:00",
        says(CSC, "referral.decided", ROBIN, outcome_notified_at="@"),
        is_met(ROBIN, "N-54 tell_referrer_outcome"),
    ),
    # Seven working days from the 17th, without Christmas Day and the Monday in lieu of Boxing Day: the 30th.
    at(
        "Thu 31 Dec 00:00",
        late(ROBIN, "T-08 repeat_missing_assessment", covers=CSC),
    ),
    at(
        "Thu 31 Dec 10:00",
        takes_up(CSC),
        says(CSC, "assessment.completed", ROBIN, assessment_kind="initial_assessment"),
        is_met(ROBIN, "T-08 repeat_missing_assessment"),
    ),
    # From the 21st it is the 4th of January: the SERAF comes in time, with a moderate risk (§5.6.2).
    at(
        "Mon 04 Jan 15:00",
        says(CSC, "seraf.completed", ROBIN, **TWELVE_POINTS),
        is_met(ROBIN, "T-31 seraf_in_initial_assessment"),
        starts(ROBIN, "N-82 seraf_moderate", "N-82 safety_plan_after_seraf"),
    ),
    at(
        "Tue 05 Jan 10:00",
        says(CSC, "strategy.called", ROBIN, meeting_kind="strategy_meeting", planned_for="@Thu 07 Jan 14:00"),
        is_met(ROBIN, "N-82 seraf_moderate"),
        starts(ROBIN, "N-57 invite_specialist"),
    ),
    at(
        "Wed 06 Jan 09:00",
        says(
            CSC,
            "strategy.called",
            ROBIN,
            meeting_kind="strategy_meeting",
            planned_for="@Thu 07 Jan 14:00",
            invited_attendees=["trafficking_or_cse_specialist"],
        ),
        is_met(ROBIN, "N-57 invite_specialist"),
    ),
    at(
        "Thu 07 Jan 15:20",
        says(CSC, "strategy.held", ROBIN, meeting_kind="strategy_meeting", plan_review_date="2027-02-03"),
        starts(ROBIN, "T-47 plan_review"),
    ),
    at(
        "Thu 07 Jan 15:30",
        says(CSC, "safety_plan.agreed", ROBIN, plan_kind="strategy_meeting_2013", agreed_at="@Thu 07 Jan 15:00"),
        is_met(ROBIN, "N-82 safety_plan_after_seraf"),
        starts(ROBIN, "T-45 category_3_review"),
    ),
    # The day that the meeting set is over; a review four weeks after the plan was agreed is still in time.
    at(
        "Thu 04 Feb 00:00",
        late(ROBIN, "T-47 plan_review", covers=CSC),
    ),
    at(
        "Thu 04 Feb 11:00",
        takes_up(CSC),
        says(CSC, "strategy.held", ROBIN, meeting_kind="review_meeting"),
        is_met(ROBIN, "T-47 plan_review", "T-45 category_3_review"),
    ),
]


@pytest.mark.slow
def test_a_boy_absent_again_and_again_before_christmas_is_answered_as_in_2013(tmp_path: Path) -> None:
    """T-02, T-03, T-05, T-07, T-08, T-31, T-32, T-45, T-47, N-03, N-06, N-21, N-22, N-40, N-54, N-57, N-82, X-02, X-03."""
    tell(tmp_path / "hub", PLOT, STORY)
